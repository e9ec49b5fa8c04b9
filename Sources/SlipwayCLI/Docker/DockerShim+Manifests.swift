import Diagnostics
import DockerCommandLine
import GoTemplate
import OCI
import Slipway

/// `docker manifest` and `docker buildx imagetools`.
extension DockerShim {
  func createManifest() async throws {
    let list = invocation.arguments[0]
    let lists = try DockerManifests(try bench())
    try await lists.create(list, of: Array(invocation.arguments.dropFirst()), amends: invocation.has("amend"))
    say("Created manifest list \(try Self.fullName(list))")
  }

  func annotateManifest() throws {
    var changes = AnnotateManifest.Changes()
    changes.os = invocation["os"]
    changes.architecture = invocation["arch"]
    changes.variant = invocation["variant"]
    changes.osVersion = invocation["os-version"]
    changes.osFeatures = invocation.list("os-features").flatMap { $0.split(separator: ",").map(String.init) }
    try DockerManifests(try bench(quiet: true)).annotate(invocation.arguments[0], invocation.arguments[1], changes)
  }

  func pushManifest() async throws {
    say(try await DockerManifests(try bench()).push(invocation.arguments[0], purge: invocation.has("purge")))
  }

  func inspectManifest() async throws {
    let names = invocation.arguments
    let lists = try DockerManifests(try bench(quiet: true))
    let document = try await lists.document(names[names.count - 1], in: names.count == 2 ? names[0] : nil)
    let content = TemplateValue(json: document.bytes) ?? .null
    guard invocation.has("verbose") else { return say(content.json(indent: "\t")) }
    let entry: TemplateValue = [
      "Ref": .text(try Self.fullName(names[names.count - 1])),
      "Descriptor": [
        "mediaType": .text(document.descriptor.mediaType.rawValue),
        "digest": .text(document.descriptor.digest.description), "size": .integer(document.descriptor.size),
      ],
      "Manifest": content,
    ]
    say(entry.json(indent: "\t"))
  }

  func removeManifests() throws {
    let lists = try DockerManifests(try bench(quiet: true))
    for name in invocation.arguments { try lists.remove(name) }
  }

  private static func fullName(_ text: String) throws -> String {
    try ImageReference(parsing: text).withDefaultTag.description
  }

  // MARK: imagetools

  func createImageTool() async throws {
    var sources = invocation.arguments
    let tags = invocation.list("tag")
    if invocation.has("append") { sources = tags.prefix(1) + sources }
    guard !sources.isEmpty else { throw DockerError("ERROR: no sources specified") }
    guard !tags.isEmpty else { throw DockerError("ERROR: no tag was given: write --tag REGISTRY/NAME:TAG") }
    // What is an index already, or is an image alone, gets more names.
    if sources.count == 1, invocation.list("annotation").isEmpty {
      for tag in tags {
        _ = try await CopyImage(from: "docker://\(sources[0])", to: "docker://\(tag)", ImageOptions(), try bench())
          .run()
      }
      return
    }
    let merge = try MergeManifests(
      sources, as: tags, annotations: invocation.list("annotation"), ImageOptions(), try bench())
    _ = try await merge.run()
  }

  func inspectImageTool() async throws {
    let name = try ImageReference(parsing: invocation.arguments[0]).withDefaultTag
    let document = try await DockerManifests(try bench(quiet: true)).registryDocument(name)
    if invocation.has("raw") { return Self.write(String(decoding: document.bytes, as: UTF8.self)) }
    guard let format, !format.isEmpty else { return Self.write(Self.text(of: document, name)) }
    var manifest: [TemplateValue.Member] = [
      .init("schemaVersion", 2), .init("mediaType", .text(document.descriptor.mediaType.rawValue)),
      .init("digest", .text(document.descriptor.digest.description)), .init("size", .integer(document.descriptor.size)),
    ]
    if let entries = TemplateValue(json: document.bytes)?["manifests"] { manifest.append(.init("manifests", entries)) }
    // Go's fields have capitals, JSON has none.
    let fields = manifest + manifest.map { .init($0.name.prefix(1).uppercased() + $0.name.dropFirst(), $0.value) }
    let isJSON = format.contains("json .Manifest")
    let value: TemplateValue = ["Name": .text(name.description), "Manifest": .record(isJSON ? manifest : fields)]
    say(try DockerTemplate(format).text(of: value))
  }

  private static func text(of document: RawManifest, _ name: ImageReference) -> String {
    var text =
      "Name:      \(name)\nMediaType: \(document.descriptor.mediaType)\nDigest:    \(document.descriptor.digest)\n"
    guard case .index(let index) = document.content else { return text }
    text += "           \nManifests: \n"
    text += index.manifests.map { entry in
      "  Name:      \(name)@\(entry.digest)\n  MediaType: \(entry.mediaType)\n"
        + "  Platform:  \(entry.platform?.description ?? "unknown/unknown")\n"
    }.joined(separator: "             \n")
    return text
  }
}
