/// A source of ADD that has to be fetched.
public enum RemoteSource: Sendable, Hashable {
  case git(GitReference)
  /// A file, and what it is called where it goes into a folder.
  case http(url: String, fileName: String)

  /// Reads a source whose variables are expanded; nil for a path of the build context, such as
  /// `github.com/owner/repository`, which is a git repository only as a build context.
  /// - Throws: `GitReferenceError` for a reference to git with options that are wrong.
  public static func parse(_ text: String) throws(GitReferenceError) -> RemoteSource? {
    if let reference = try GitReference.parse(text), !reference.looksLikeLocalPath { return .git(reference) }
    guard text.hasPrefix("http://") || text.hasPrefix("https://") else { return nil }
    return .http(url: text, fileName: fileName(ofURL: text))
  }

  /// The last part of the URL's path, `__unnamed__` where it has none, as in BuildKit's `dispatchCopy`. What the server
  /// calls the file does not count.
  public static func fileName(ofURL url: String) -> String {
    guard let address = RemoteAddress(url) else { return "__unnamed__" }
    let name = address.decodedPath.split(separator: "/").last.map(String.init) ?? ""
    return ["", ".", ".."].contains(name) || name.utf8.contains(0) ? "__unnamed__" : name
  }
}
