public import Diagnostics

/// A git repository as ADD, `--build-context` and the build's own context name it:
/// `https://host/x.git[?query][#ref[:folder]]`, `git@host:path`, `ssh://…`, `git://…` (BuildKit,
/// `frontend/dockerfile/dfgitutil`).
public struct GitReference: Sendable, Hashable {
  public enum Transport: String, Sendable, Hashable {
    case http, https, ssh, git
  }

  /// The times that checked-out files get.
  public enum ModificationTimes: String, Sendable, Hashable, CaseIterable {
    /// When they were checked out.
    case checkout
    /// That of the commit.
    case commit
  }

  public var transport: Transport
  /// What git is given: the address without query and fragment. It may hold a password.
  public var remote: String
  /// With the port, if there is one.
  public var host: String
  /// The last part of the path without `.git`.
  public var shortName: String
  /// A branch, a tag, a commit or any other ref; nil is the default branch.
  public var ref: String?
  /// A commit, or its first digits, that `ref` has to stand for.
  public var checksum: String?
  /// A folder inside the repository; nil is all of it.
  public var subfolder: String?
  /// Nil where the reference does not say.
  public var keepsGitFolder: Bool?
  /// Nil where the reference does not say; submodules are fetched then.
  public var fetchesSubmodules: Bool?
  public var modificationTimes: ModificationTimes?
  /// Whether the commit of `checksum` is fetched whatever `ref` stands for by now.
  public var fetchesByCommit = false
  /// `github.com/owner/repository`, which might be a path as well: for build contexts only.
  public var looksLikeLocalPath = false

  /// Whether whoever is on the way can read and change what is fetched.
  public var isUnencrypted: Bool { transport == .http || transport == .git }

  /// Whether a text is 40 or 64 lower-case hexadecimal digits, so that it names a commit and nothing else.
  public static func isCommit(_ text: String) -> Bool {
    [40, 64].contains(text.utf8.count)
      && text.utf8.allSatisfy { ASCII.isHexDigit($0) && !(0x41...0x46).contains($0) }
  }

  /// Reads a reference whose variables are expanded. Nil when it is no reference to a git repository, but a path or the
  /// address of a file: an address with `http` or `https` is git's only if its path ends in `.git`.
  /// - Throws: `GitReferenceError` for a reference to git with options that are wrong.
  public static func parse(_ text: String) throws(GitReferenceError) -> GitReference? {
    if text.hasPrefix("./") || text.hasPrefix("../") { return nil }
    if text.hasPrefix("github.com/") {
      guard let address = RemoteAddress("https://" + text) else { return nil }
      var reference = GitReference(address, .https)
      reference.looksLikeLocalPath = true
      try reference.apply(fragment: address.decodedFragment, query: address.query, text)
      return reference
    }
    if let address = RemoteAddress(text) {
      guard let transport = Transport(rawValue: address.scheme) else { return nil }
      if transport == .http || transport == .https, !address.decodedPath.hasSuffix(".git") { return nil }
      var reference = GitReference(address, transport)
      try reference.apply(fragment: address.decodedFragment, query: address.query, text)
      return reference
    }
    return try parseSecureShell(text)
  }

  private init(_ address: RemoteAddress, _ transport: Transport) {
    self.init(transport: transport, remote: address.base, host: address.host)
  }

  private init(transport: Transport, remote: String, host: String) {
    self.transport = transport
    self.remote = remote
    self.host = host
    let name = remote.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    shortName = String(name.hasSuffix(".git") ? name.dropLast(4) : name)
  }

  /// `user@host:path[?query][#fragment]`, as scp writes it.
  private static func parseSecureShell(_ text: String) throws(GitReferenceError) -> GitReference? {
    guard let at = text.firstIndex(of: "@"), let colon = text[at...].firstIndex(of: ":") else { return nil }
    let user = text[..<at]
    let host = text[text.index(after: at)..<colon]
    let isName: (UInt8) -> Bool = { ASCII.isLetterOrDigit($0) || $0 == ASCII.hyphen }
    guard !user.isEmpty, user.utf8.allSatisfy({ isName($0) || $0 == UInt8(ascii: "_") }), !host.isEmpty,
      host.utf8.allSatisfy({ isName($0) || $0 == UInt8(ascii: ".") })
    else { return nil }
    var rest = text[text.index(after: colon)...]
    var fragment: String?
    var query: String?
    if let mark = rest.firstIndex(of: "#") {
      fragment = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    if let mark = rest.firstIndex(of: "?") {
      query = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    var reference = GitReference(transport: .ssh, remote: "\(user)@\(host):\(rest)", host: String(host))
    try reference.apply(fragment: fragment, query: query, text)
    return reference
  }

  /// The remote without user and password, for people. The user of ssh is no secret.
  public var shownRemote: String {
    guard transport != .ssh, let address = RemoteAddress(remote), address.userInfo != nil else { return remote }
    var shown = address
    shown.userInfo = nil
    return shown.base
  }

  /// The user and the password in the remote, decoded; nil for ssh and where there are none.
  public var credentials: (user: String, password: String)? {
    guard transport != .ssh, let info = RemoteAddress(remote)?.userInfo else { return nil }
    let parts = info.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let decoded = parts.map { RemoteAddress.decode($0) ?? String($0) }
    return (decoded.first ?? "", decoded.count > 1 ? decoded[1] : "")
  }
}

/// A reference to a git repository with options that are wrong or do not go together.
public struct GitReferenceError: DiagnosticError {
  public var message: String
  /// Which bytes of the UTF-8 text are meant, when all variables are expanded.
  public var range: Range<Int>
  public var help: [String]
  /// Where the reference is written; see `located(at:)`.
  public var annotation: SourceAnnotation?

  init(_ message: String, _ range: Range<Int>, help: String...) {
    self.message = message
    self.range = range
    self.help = help
  }

  /// The same at the word that was read as the reference. Without variables in it, the option is pointed to.
  public func located(in file: SourceFile, _ word: Word) -> GitReferenceError {
    var copy = self
    copy.annotation = SourceAnnotation(file, word.mayExpand ? word.range : word.range(of: range))
    return copy
  }

  public var diagnostics: [Diagnostic] { [.error("invalid-git-reference", message, at: annotation, help: help)] }
  public var exitCode: ExitCode { .usage }
}
