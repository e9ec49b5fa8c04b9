import Diagnostics
import HostOS
import SystemPackage

/// Finds the buildspec of a source.
enum BuildspecFile {
  static let usualName = "buildspec.yml"

  /// - Parameter name: a path from here, or in the source; nil is the usual one.
  /// - Throws: `SlipwayError` with the code `buildspec-not-found`; `HostError`.
  static func read(_ name: String?, in source: FilePath) throws -> SourceFile {
    let places: [FilePath]
    if let name {
      let path = FilePath(name)
      places = path.isAbsolute ? [path] : [path, source.pushing(path)]
    } else {
      places = [source.appending(usualName)]
    }
    for place in places {
      guard let status = try? FileStatus(following: place) else { continue }
      if status.kind == .directory, name != nil { return try read(nil, in: place) }
      let bytes = try Files.read(place, limit: 16 << 20)
      return SourceFile(name: place.lexicallyNormalized().string, bytes: bytes)
    }
    throw missing(places[0], in: source)
  }

  private static func missing(_ path: FilePath, in source: FilePath) -> SlipwayError {
    let folder = path.removingLastComponent()
    let folders = [folder.isEmpty ? "." : folder, source]
    let names = folders.flatMap { folder in ((try? Files.names(in: folder)) ?? []).map(\.string) }
    let likely = Set(
      names.filter { $0.lowercased().contains("buildspec") && ($0.hasSuffix(".yml") || $0.hasSuffix(".yaml")) })
    let near = Suggestion.nearest(to: path.lastComponent?.string ?? "", in: likely.sorted()) ?? likely.sorted().first
    return SlipwayError(
      "buildspec-not-found", "YAML file does not exist: \(path.lexicallyNormalized())",
      help: [
        near.map { "did you mean slipway run \($0)?" }
          ?? "name the file: slipway run PATH, or its folder with --source"
      ])
  }
}
