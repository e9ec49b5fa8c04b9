/// Absolute paths inside images as text, in the manner of Go's `path` package.
enum ImagePath {
  /// Takes `.`, `..` and doubled slashes out. A slash at the end is kept when `keepsSlash` says so.
  static func clean(_ path: String, keepsSlash: Bool = false) -> String {
    var components: [Substring] = []
    for component in path.split(separator: "/") {
      switch component {
      case ".": continue
      case "..": _ = components.popLast()
      default: components.append(component)
      }
    }
    let cleaned = "/" + components.joined(separator: "/")
    let last = path.split(separator: "/", omittingEmptySubsequences: false).last
    let isFolder = last == "" || last == "."
    return keepsSlash && isFolder && cleaned != "/" ? cleaned + "/" : cleaned
  }

  /// A path as it is meant in a folder.
  static func resolve(_ path: String, in folder: String, keepsSlash: Bool = false) -> String {
    if path.hasPrefix("/") { return clean(path, keepsSlash: keepsSlash) }
    let base = folder.isEmpty ? "/" : folder
    return clean(path.isEmpty ? "\(base)/" : "\(base)/\(path)", keepsSlash: keepsSlash)
  }

  /// A name as a pattern that matches nothing else.
  static func escapingWildcards(_ name: String) -> String {
    name.map { "*?[]\\".contains($0) ? "\\\($0)" : String($0) }.joined()
  }
}
