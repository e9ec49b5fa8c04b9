import Diagnostics
import DockerCommandLine
import Glibc
import HostOS
import Images
import OCI
import Slipway
import SystemPackage

/// `docker save` and `load`.
extension DockerShim {
  func save() async throws {
    let output = invocation["output"].flatMap { $0.isEmpty ? nil : $0 }
    guard output != nil || isatty(STDOUT_FILENO) == 0 else {
      throw DockerError("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    }
    let bench = try bench(quiet: true)
    var options = ImageOptions()
    options.platforms = platforms(invocation.list("platform"))
    let places = try invocation.arguments.flatMap { try self.places(of: $0, DockerImages(bench)) }
    try await SaveImages(places, .docker, to: output.map { FilePath($0) }, options, bench).run()
  }

  /// A name without a tag means all tags, as docker has it.
  private func places(of text: String, _ images: DockerImages) throws -> [String] {
    if let name = try? ImageReference(parsing: text), name.digest == nil {
      if name.tag != nil, try images.imageIfThere(name.description) != nil, try isName(name, images) {
        return ["store://\(name)"]
      }
      let tagged = try images.all().flatMap(\.names).filter { name.tag == nil && $0.name == name.name }
      if !tagged.isEmpty { return tagged.map { "store://\($0)" } }
    }
    return ["store://\(try images.image(text).top.digest)"]
  }

  private func isName(_ name: ImageReference, _ images: DockerImages) throws -> Bool {
    try images.image(name.description).names.contains(name.withDefaultTag)
  }

  func load() async throws {
    let input = invocation["input"].flatMap { $0.isEmpty ? nil : $0 }
    guard input != nil || isatty(STDIN_FILENO) == 0 else {
      throw DockerError("requested load from stdin, but stdin is empty")
    }
    let bench = try bench(quiet: true)
    for answer in try await LoadImages(input.map { FilePath($0) }, names: [], bench).run() {
      let parts = answer.split(separator: "@").map(String.init)
      if parts.count == 2 {
        say("Loaded image: \(parts[0])")
      } else if let digest = Digest(answer) {
        let image = try DockerImages(bench).image(digest.description)
        try DockerImages(bench).keep(image.top)
        say("Loaded image ID: \(image.id)")
      }
    }
  }
}
