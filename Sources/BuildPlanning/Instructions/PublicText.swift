/// Text that may hold a password in a URL, as it may be shown, logged and put into histories.
enum PublicText {
  /// Takes what stands before an `@` out of the authority of every `http` and `https` URL in the text.
  static func withoutCredentials(_ text: String) -> String {
    guard text.contains("@") else { return text }
    var shown = ""
    var rest = text[...]
    while let scheme = rest.firstRange(of: "://") {
      shown += rest[..<scheme.upperBound]
      let isWeb = shown.hasSuffix("http://") || shown.hasSuffix("https://")
      rest = rest[scheme.upperBound...]
      let authority = rest.prefix { !"/?# \t\"'".contains($0) }
      if isWeb, let at = authority.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    }
    return shown + rest
  }
}
