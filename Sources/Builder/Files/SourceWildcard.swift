import Archive
import DockerfileSyntax

/// A source with wildcards, which match within one component each (Go's `filepath.Match`).
struct SourceWildcard {
  private enum Component {
    case literal([UInt8])
    case pattern(GlobPattern)
  }

  /// What comes before the first component with a wildcard.
  let folder: TreePath
  /// The rest.
  private let components: [Component]

  /// - Throws: `DockerfileSyntaxError` when a pattern is malformed.
  init(_ text: String) throws {
    var names: [String] = []
    for name in text.split(separator: "/").map(String.init) where name != "." {
      if name == ".." { _ = names.popLast() } else { names.append(name) }
    }
    let start = names.firstIndex(where: GlobPattern.hasWildcards) ?? names.endIndex
    folder = .clamped(GlobPattern.unescaped(names[..<start].joined(separator: "/")))
    components = try names[start...].map { component in
      GlobPattern.hasWildcards(component)
        ? .pattern(try GlobPattern(component)) : .literal(Array(GlobPattern.unescaped(component).utf8))
    }
  }

  /// What matches, sorted. Symbolic links are followed on the way to the first wildcard, but not after it.
  func paths(in tree: some FileTree) throws -> [TreePath] {
    var found = [try tree.resolve(folder)]
    for component in components {
      var next: [TreePath] = []
      for folder in found { next += try paths(matching: component, in: folder, of: tree) }
      found = next
    }
    return found
  }

  private func paths(matching component: Component, in folder: TreePath, of tree: some FileTree) throws -> [TreePath] {
    guard try tree.entry(at: folder)?.isDirectory == true else { return [] }
    switch component {
    case .literal(let name):
      guard let path = folder.appending(name: name), try tree.entry(at: path) != nil else { return [] }
      return [path]
    case .pattern(let pattern):
      return try tree.names(in: folder).filter { pattern.matches($0) }.compactMap { folder.appending(name: $0) }
    }
  }
}
