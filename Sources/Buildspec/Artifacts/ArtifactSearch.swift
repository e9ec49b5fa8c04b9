import HostOS
public import SystemPackage

/// A file of an artifact.
public struct ArtifactFile: Sendable, Hashable {
  /// Its path there.
  public var name: String
  public var path: FilePath
}

/// Artifacts that cannot be made, in CodeBuild's words.
public struct ArtifactsError: Error {
  public var message: String
  public init(_ message: String) { self.message = message }
}

/// Finds the files of artifacts and reports as CodeBuild does.
public struct ArtifactSearch: Sendable {
  private let source: FilePath
  private let baseDirectory: String
  private let patterns: [String]
  private let excluded: [PathPattern]
  private let discardsPaths: Bool
  private let keepsSymbolicLinks: Bool

  /// - Parameters:
  ///   - source: what paths are relative to, whatever folder commands are in.
  ///   - baseDirectory: may have `*`.
  ///   - excluded: relative to the base.
  public init(
    source: FilePath, baseDirectory: String = ".", patterns: [String], excluded: [String] = [],
    discardsPaths: Bool = false, keepsSymbolicLinks: Bool = false
  ) {
    self.source = source
    self.baseDirectory = baseDirectory
    self.patterns = patterns
    self.excluded = excluded.map { PathPattern($0) }
    self.discardsPaths = discardsPaths
    self.keepsSymbolicLinks = keepsSymbolicLinks
  }

  /// - Parameter tell: gets lines for the log.
  /// - Throws: `ArtifactsError` when there is nothing; `HostError`.
  public func run(_ tell: (String) -> Void) throws -> [ArtifactFile] {
    tell("Expanding base directory path: \(baseDirectory)")
    let bases = baseDirectory == "." || baseDirectory.isEmpty ? [source] : folders(baseDirectory)
    guard !bases.isEmpty else { throw ArtifactsError("no matching base directory path found for \(baseDirectory)") }
    var files: [String: ArtifactFile] = [:]
    for base in bases {
      tell("Expanding file paths for base directory \(base == source ? "." : base.string)")
      tell("Assembling file list")
      for pattern in patterns {
        tell("Expanding \(pattern)")
        let found = matches(pattern, base)
        if found.isEmpty { tell("Skipping invalid file path \(pattern)") }
        for file in found {
          let name = discardsPaths ? String(file.name.split(separator: "/").last ?? "") : file.name
          files[name] = files[name] ?? ArtifactFile(name: name, path: file.path)
        }
      }
    }
    guard !files.isEmpty else { throw ArtifactsError("no matching artifact paths found") }
    tell("Found \(files.count) file(s)")
    return files.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private func folders(_ text: String) -> [FilePath] {
    let root = text.hasPrefix("/") ? FilePath("/") : source
    let pattern = PathPattern(text)
    var found: [FilePath] = []
    func visit(_ folder: FilePath, _ rest: ArraySlice<Substring>) {
      guard let part = rest.first else { return found.append(folder) }
      if !part.contains("*"), !part.contains("?") {
        let next = folder.appending(String(part))
        if isFolder(next) { visit(next, rest.dropFirst()) }
        return
      }
      for name in (try? Files.names(in: folder)) ?? [] {
        let next = folder.appending(name)
        if Substring(name.string).matchesName(part == "**" ? "*" : part), isFolder(next) {
          visit(next, rest.dropFirst())
        }
      }
    }
    visit(root, pattern.parts[...])
    return found
  }

  /// Names relative to the base; what is elsewhere keeps its path without the slash.
  private func matches(_ text: String, _ base: FilePath) -> [ArtifactFile] {
    let isAbsolute = text.hasPrefix("/")
    let pattern = PathPattern(text)
    var start = isAbsolute ? FilePath("/") : base
    for part in pattern.parts.prefix(pattern.plainCount) { start = start.appending(String(part)) }
    start = start.lexicallyNormalized()
    guard let status = try? FileStatus(following: start) else {
      let isLink = keepsSymbolicLinks && (try? FileStatus(of: start))?.kind == .symbolicLink
      return isLink ? [file(start, base)].compactMap { $0 } : []
    }
    let rest = pattern.parts.dropFirst(pattern.plainCount)
    if status.kind != .directory { return rest.isEmpty ? [file(start, base)].compactMap { $0 } : [] }
    let wanted = rest.isEmpty ? PathPattern("**/*") : PathPattern(rest.joined(separator: "/"))
    var found: [ArtifactFile] = []
    walk(start, [], 0) { path, names in
      if wanted.matches(names), let file = file(path, base) { found.append(file) }
    }
    return found
  }

  private func file(_ path: FilePath, _ base: FilePath) -> ArtifactFile? {
    let whole = path.string
    let prefix = base.lexicallyNormalized().string + "/"
    let name = whole.hasPrefix(prefix) ? String(whole.dropFirst(prefix.count)) : String(whole.drop { $0 == "/" })
    let names = name.split(separator: "/")
    if excluded.contains(where: { pattern in names.indices.contains { pattern.matches(Array(names[...$0])) } }) {
      return nil
    }
    return ArtifactFile(name: name, path: path)
  }

  /// Files below a folder. Links to folders are followed, unless they lead around in a circle or are kept as links.
  private func walk(
    _ folder: FilePath, _ names: [Substring], _ depth: Int, _ body: (FilePath, [Substring]) -> Void
  ) {
    guard depth < 100 else { return }
    for name in (try? Files.names(in: folder)) ?? [] {
      let path = folder.appending(name)
      guard let own = try? FileStatus(of: path) else { continue }
      let isLink = own.kind == .symbolicLink
      if isLink, keepsSymbolicLinks {
        body(path, names + [Substring(name.string)])
        continue
      }
      guard let status = isLink ? try? FileStatus(following: path) : own else { continue }
      if status.kind == .directory {
        if !isLink { walk(path, names + [Substring(name.string)], depth + 1, body) }
      } else if status.kind == .file {
        body(path, names + [Substring(name.string)])
      }
    }
  }

  private func isFolder(_ path: FilePath) -> Bool { (try? FileStatus(following: path))?.kind == .directory }
}
