import Archive
import DockerfileSyntax

/// A source with wildcards, which match within one component each (Go's `filepath.Match`).
struct SourceWildcard {
  private enum Component {
    case literal([UInt8])
    case pattern(GlobPattern)
  }

  private let components: [Component]

  /// - Throws: `DockerfileSyntaxError` when a pattern is malformed.
  init(_ text: String) throws {
    var names: [String] = []
    for name in text.split(separator: "/").map(String.init) where name != "." {
      if name == ".." { _ = names.popLast() } else { names.append(name) }
    }
    components = try names.map { component in
      GlobPattern.hasWildcards(component)
        ? .pattern(try GlobPattern(component)) : .literal(Array(GlobPattern.unescaped(component).utf8))
    }
  }

  /// What matches, sorted. Symbolic links to folders are followed on the way.
  func paths(in tree: some FileTree) throws -> [TreePath] {
    var found = [TreePath.root]
    for component in components {
      var next: [TreePath] = []
      for folder in found { next += try paths(matching: component, in: folder, of: tree) }
      found = next
    }
    return found
  }

  private func paths(matching component: Component, in folder: TreePath, of tree: some FileTree) throws -> [TreePath] {
    let resolved = try tree.resolve(folder)
    switch component {
    case .literal(let name):
      guard let path = folder.appending(name: name), let place = resolved.appending(name: name),
        try tree.entry(at: place) != nil
      else { return [] }
      return [path]
    case .pattern(let pattern):
      guard try tree.entry(at: resolved)?.isDirectory == true else { return [] }
      return try tree.names(in: resolved).filter { pattern.matches($0) }.compactMap { folder.appending(name: $0) }
    }
  }
}
