import HostOS
import SystemPackage

/// The files of an artifact: where they are, and what they are called in it.
struct ArtifactSelection: Sendable {
  struct File: Sendable, Hashable {
    /// In the artifact, without a slash at its beginning.
    var path: String
    var source: FilePath
    /// The link itself, and not what it leads to.
    var isLink = false
  }

  var files: [File] = []
  /// Patterns that nothing matches.
  var unmatched: [String] = []
  /// Paths of which several files would have been the same one; the first is there.
  var repeated: [String] = []

  /// Finds files below folders. Blocks.
  /// - Parameters:
  ///   - skipped: a folder that is none of it: where artifacts go to.
  /// - Throws: `HostError` when a folder cannot be read.
  init(
    _ patterns: [String], excluding excluded: [String], in bases: [FilePath], discardsPaths: Bool, keepsLinks: Bool,
    skipping skipped: FilePath?
  ) throws {
    let excluded = excluded.flatMap(PathPattern.all)
    var known: Set<String> = []
    for text in patterns {
      var count = 0
      for base in bases {
        for pattern in PathPattern.all(Self.relative(text, to: base)) {
          let walk = Walk(base: base, pattern: pattern, excluded: excluded, keepsLinks: keepsLinks, skipped: skipped)
          for found in try walk.files() {
            count += 1
            var file = found
            if discardsPaths { file.path = file.source.lastComponent?.string ?? file.path }
            if known.insert(file.path).inserted {
              files.append(file)
            } else if !files.contains(file) {
              repeated.append(file.path)
            }
          }
        }
      }
      if count == 0 { unmatched.append(text) }
    }
  }

  /// Folders that a text such as `build-*` stands for. Blocks.
  /// - Throws: `HostError`.
  static func folders(_ text: String, in source: FilePath) throws -> [FilePath] {
    if text.hasPrefix("/"), !text.contains("*") { return isFolder(FilePath(text)) ? [FilePath(text)] : [] }
    var found: [FilePath] = []
    for pattern in PathPattern.all(relative(text, to: source)) {
      var level = [source]
      for (index, name) in pattern.names.enumerated() {
        let isLiteral = index < pattern.literalNames.count
        level = try level.flatMap { folder -> [FilePath] in
          if isLiteral { return [folder.appending(String(decoding: name, as: UTF8.self))].filter(isFolder) }
          let single = PathPattern(names: [name])
          return try Files.names(in: folder).filter { single.matches([Array($0.string.utf8)]) }
            .map { folder.appending($0) }.filter(isFolder).sorted { $0.string < $1.string }
        }
      }
      found += level
    }
    return found
  }

  private static func isFolder(_ path: FilePath) -> Bool {
    (try? FileStatus(following: path))?.kind == .directory
  }

  /// `$CODEBUILD_SRC_DIR/x` is in the source.
  private static func relative(_ text: String, to base: FilePath) -> String {
    text.hasPrefix("\(base)/") ? String(text.dropFirst(base.string.count + 1)) : text
  }
}

/// One way through a tree by a pattern.
private struct Walk {
  let base: FilePath
  let pattern: PathPattern
  let excluded: [PathPattern]
  let keepsLinks: Bool
  let skipped: FilePath?

  func files() throws -> [ArtifactSelection.File] {
    let start = pattern.isLiteral ? pattern.names.dropLast() : pattern.literalNames[...]
    var files: [ArtifactSelection.File] = []
    let folder = start.reduce(base) { $0.appending(String(decoding: $1, as: UTF8.self)) }
    guard !pattern.names.isEmpty, (try? FileStatus(following: folder))?.kind == .directory else { return [] }
    try visit(folder, Array(start), &files)
    return files
  }

  private func visit(_ folder: FilePath, _ path: [[UInt8]], _ files: inout [ArtifactSelection.File]) throws {
    if pattern.isLiteral {
      if let name = pattern.names.last {
        try look(at: folder.appending(String(decoding: name, as: UTF8.self)), path + [name], &files)
      }
      return
    }
    for name in try Files.names(in: folder).sorted(by: { $0.string < $1.string }) {
      try look(at: folder.appending(name), path + [Array(name.string.utf8)], &files)
    }
  }

  private func look(at file: FilePath, _ path: [[UInt8]], _ files: inout [ArtifactSelection.File]) throws {
    guard file != skipped, let status = try FileStatus.ifExists(file) else { return }
    let isLink = status.kind == .symbolicLink
    let kind = isLink ? (try? FileStatus(following: file))?.kind : status.kind
    if kind == .directory, !(isLink && keepsLinks) {
      // A link to a folder may lead back to where we came from.
      if !isLink, pattern.mayMatch(below: path) { try visit(file, path, &files) }
      return
    }
    guard kind == .file || isLink && keepsLinks else { return }
    guard pattern.matches(path), !excluded.contains(where: { $0.matches(path) }) else { return }
    let text = path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    files.append(.init(path: text, source: file, isLink: isLink && keepsLinks))
  }
}
