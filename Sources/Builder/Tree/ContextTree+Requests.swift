import Archive

extension ContextTree {
  /// Whether the build asks for the folder, for something in it, or for a folder that it lies in. BuildKit is sent what
  /// a build asks for, so that a folder in which a wildcard finds nothing is not there for it (`llb.FollowPaths`).
  func isRequested(_ folder: TreePath) throws -> Bool {
    guard let requests else { return true }
    return try requests.contains { request in
      try SourceWildcard(request).paths(in: self).contains { path in
        try (path.hasPrefix(folder) || folder.hasPrefix(path)) && entry(at: path) != nil
      }
    }
  }
}
