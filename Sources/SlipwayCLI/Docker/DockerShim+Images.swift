import Diagnostics
import DockerCommandLine
import GoTemplate
import HostOS
import OCI
import Slipway

/// `docker images`, `rmi`, `image prune`, `history`.
extension DockerShim {
  func listImages() throws {
    let filter = try DockerImageFilter(invocation.list("filter"), invocation.arguments.first, images: try images)
    var columns = [
      ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("CreatedSince", "CREATED"), ("Size", "SIZE"),
    ]
    if invocation.has("digests") { columns.insert(("Digest", "DIGEST"), at: 2) }
    var listing = DockerListing(columns: columns.map { ($0.0, $0.1) })
    listing.others = [
      ("Digest", "DIGEST"), ("CreatedAt", "CREATED AT"), ("Containers", "CONTAINERS"), ("SharedSize", "SHARED SIZE"),
      ("UniqueSize", "UNIQUE SIZE"), ("VirtualSize", "SIZE"),
    ]
    for image in try images.all() {
      for name in image.names.isEmpty ? [nil] : image.names.map(Optional.some) where filter.takes(image, name) {
        listing.rows.append(row(image, name))
      }
    }
    // An image with several names has one ID.
    if invocation.has("quiet") {
      var seen: Set<TemplateValue> = []
      listing.rows.removeAll { !seen.insert($0["ID"] ?? .null).inserted }
    }
    Self.write(try listing.text(format: format, quiet: invocation.has("quiet") ? "ID" : nil))
  }

  var images: DockerImages {
    get throws { DockerImages(try bench(quiet: true)) }
  }

  var format: String? { invocation["format"] }

  private func row(_ image: DockerImage, _ name: ImageReference?) -> [String: TemplateValue] {
    let id = invocation.has("no-trunc") ? image.id.description : image.id.short
    let size = DockerUnits.size(image.size)
    return [
      "Repository": .text(name?.familiarName ?? "<none>"), "Tag": .text(name?.tag ?? "<none>"), "ID": .text(id),
      "Digest": .text(name == nil ? "<none>" : image.top.digest.description),
      "CreatedSince": .text(DockerUnits.since(image.config.created)),
      "CreatedAt": .text(DockerUnits.date(image.config.created)), "Size": .text(size), "VirtualSize": .text(size),
      "Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
    ]
  }

  // MARK: Removal

  func removeImages() throws -> Diagnostics.ExitCode {
    let removal = DockerRemoval(try bench(quiet: true))
    var code = Diagnostics.ExitCode.success
    for name in invocation.arguments {
      do {
        for line in try removal.remove(name, force: invocation.has("force")) { say(line) }
      } catch {
        let failed = Self.report(error)
        if !invocation.has("force") || !(error is DockerError) { code = failed }
      }
    }
    return code
  }

  func pruneImages() throws {
    let lines = try DockerRemoval(try bench(quiet: true)).prune(all: invocation.has("all"))
    if !lines.isEmpty { say("Deleted Images:\n\(lines.joined(separator: "\n"))\n") }
    say("Total reclaimed space: 0B")
  }

  // MARK: History

  func history() throws {
    let image = try images.image(invocation.arguments[0])
    var listing = DockerListing(columns: [
      ("ID", "IMAGE"), ("CreatedSince", "CREATED"), ("CreatedBy", "CREATED BY"), ("Size", "SIZE"),
      ("Comment", "COMMENT"),
    ])
    listing.others = [("CreatedAt", "CREATED AT")]
    let isWhole = invocation.has("no-trunc")
    let isHuman = invocation["human"] != "false"
    for (index, step) in image.steps.enumerated() {
      let command = step.createdBy.replacing("\t", with: " ")
      let shown = isWhole || command.count <= 45 ? command : command.prefix(44) + "…"
      listing.rows.append([
        "ID": .text(index > 0 ? "<missing>" : isWhole ? image.id.description : image.id.short),
        "CreatedSince": .text(isHuman ? DockerUnits.since(step.created) : step.created ?? "N/A"),
        "CreatedAt": .text(step.created ?? "N/A"), "CreatedBy": .text(String(shown)),
        "Size": .text(isHuman ? DockerUnits.size(step.size) : "\(step.size)"), "Comment": .text(step.comment),
      ])
    }
    Self.write(try listing.text(format: format, quiet: invocation.has("quiet") ? "ID" : nil))
  }
}
