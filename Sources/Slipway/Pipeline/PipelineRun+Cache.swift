import Buildspec
import Diagnostics
import Foundation
import HostOS
import SystemPackage

/// The paths of `cache`, kept in a folder from run to run: an archive for each key.
extension PipelineRun {
  private struct Place: Sendable {
    var folder: FilePath
    var key: String
    var fallbacks: [String]

    var file: FilePath { folder.appending(Self.name(key) + ".tar") }

    /// A key may have any characters.
    static func name(_ key: String) -> String {
      key.isEmpty
        ? "cache"
        : "key-" + key.utf8.map { $0.isPlain ? String(UnicodeScalar($0)) : "%\(String($0, radix: 16))" }.joined()
    }
  }

  /// Before the first phase. No cache is no failure.
  func restoreCache(_ state: RunState) async throws {
    guard let cache = spec.cache, cache.restores, let place = try await place(cache, state) else { return }
    let candidates = [place.file] + place.fallbacks.compactMap { newest($0, place.folder) }
    guard let file = candidates.first(where: { (try? FileStatus(of: $0)) != nil }) else {
      return log.line("No cache for \(place.key.isEmpty ? "this project" : place.key)")
    }
    log.line("Restoring cache from \(file)")
    let outcome = try await ChildProcess("tar", ["-xPf", file.string], workingDirectory: source).run()
    if !outcome.succeeded { tell("the cache \(file) cannot be restored", outcome, cache) }
  }

  /// After the phases; of a build that failed nothing is kept.
  func saveCache(_ state: RunState, _ result: inout PipelineResult) async throws {
    guard let cache = spec.cache, cache.saves, result.succeeded, let place = try await place(cache, state) else {
      return
    }
    if !place.key.isEmpty, (try? FileStatus(of: place.file)) != nil {
      return log.line("The cache \(place.key) is there")
    }
    let session = state.session
    let patterns = try await Blocking.run { try session.evaluate(cache.paths.map(\.value)) { _ in } } ?? []
    let search = ArtifactSearch(source: source, patterns: patterns, keepsSymbolicLinks: true)
    let log = log
    let files: [ArtifactFile]
    do { files = try await Blocking.run { try search.run { log.line($0) } } } catch is ArtifactsError {
      return log.line("There is nothing to cache")
    }
    try Files.createDirectories(place.folder)
    let prefix = source.string + "/"
    let names = files.map {
      $0.path.string.hasPrefix(prefix) ? String($0.path.string.dropFirst(prefix.count)) : $0.path.string
    }
    let temporary = place.folder.appending(".\(Files.uniqueName())")
    let input = Array(names.map { $0 + "\0" }.joined().utf8)
    let outcome = try await ChildProcess(
      "tar", ["-cPf", temporary.string, "--null", "--no-recursion", "--verbatim-files-from", "--files-from", "-"],
      workingDirectory: source,
      input: input
    ).run()
    guard outcome.succeeded else {
      try Files.removeTree(temporary)
      return tell("the cache cannot be saved", outcome, cache)
    }
    try Files.rename(temporary, to: place.file)
    log.line("Saved cache of \(files.count) file(s) in \(place.file)")
  }

  private func place(_ cache: CacheSection, _ state: RunState) async throws -> Place? {
    guard let folder = request.cache else { return nil }
    let session = state.session
    let texts = [cache.key?.value ?? ""] + cache.fallbackKeys.map(\.value)
    let values = try await Blocking.run { try session.evaluate(texts) { _ in } } ?? texts
    let path = FilePath(folder)
    let absolute = path.isAbsolute ? path : FilePath(FileManager.default.currentDirectoryPath).pushing(path)
    return Place(
      folder: absolute, key: values[0], fallbacks: cache.key == nil ? [] : Array(values.dropFirst()))
  }

  /// The last cache that was saved under a key with this beginning.
  private func newest(_ beginning: String, _ folder: FilePath) -> FilePath? {
    let prefix = Place.name(beginning)
    let names = ((try? Files.names(in: folder)) ?? []).filter {
      $0.string.hasPrefix(prefix) && $0.string.hasSuffix(".tar")
    }
    let files = names.compactMap { name in
      (try? FileStatus(of: folder.appending(name))).map { (folder.appending(name), $0) }
    }
    return files.max { $0.1.modificationTime < $1.1.modificationTime }?.0
  }

  private func tell(_ message: String, _ outcome: ChildProcess.Outcome, _ cache: CacheSection) {
    bench.progress.report(
      .warning(
        "cache", message, at: spec.annotation(cache.range),
        notes: outcome.errorText.split(separator: "\n").prefix(3).map { .init(String($0)) },
        help: ["remove the cache, or leave --cache away"]))
  }
}

extension UInt8 {
  /// Whether it stands for itself in the name of a cache.
  fileprivate var isPlain: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
