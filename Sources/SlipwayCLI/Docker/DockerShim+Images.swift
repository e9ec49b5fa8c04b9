import Diagnostics
import DockerCommandLine
import HostOS
import OCI
import Slipway

/// `docker images`, `rmi`, `image prune`.
extension DockerShim {
  func listImages() throws {
    var rows: [[String]] = []
    let wanted = try invocation.arguments.first.map { try ImageReference(parsing: $0) }
    for image in try DockerImages(try bench(quiet: true)).all() {
      let id = invocation.has("no-trunc") ? image.id.description : image.id.short
      for name in image.names where wanted.map({ $0.name == name.name && ($0.tag ?? name.tag) == name.tag }) ?? true {
        rows.append([name.familiarName, name.tag ?? "<none>", id, age(image), "\(image.size)"])
      }
    }
    if invocation.has("quiet") { return rows.forEach { say($0[2]) } }
    Self.write(DockerColumns([["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]] + rows).text)
  }

  private func age(_ image: DockerImage) -> String { image.config.created ?? "N/A" }

  func removeImages() throws -> Diagnostics.ExitCode {
    let removal = DockerRemoval(try bench(quiet: true))
    var code = Diagnostics.ExitCode.success
    for name in invocation.arguments {
      do { for line in try removal.remove(name, force: invocation.has("force")) { say(line) } } catch {
        let failed = Self.report(error)
        if !(invocation.has("force") && error is DockerError) { code = failed }
      }
    }
    return code
  }

  func pruneImages() throws {
    let lines = try DockerRemoval(try bench(quiet: true)).prune(all: invocation.has("all"))
    if !lines.isEmpty { say("Deleted Images:\n\(lines.joined(separator: "\n"))\n") }
    say("Total reclaimed space: 0B")
  }
}
