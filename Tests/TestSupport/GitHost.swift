internal import HostOS
public import SystemPackage

/// Repositories as a server of git has them: bare ones in a folder, served by git's own `http-backend`.
public struct GitHost: Sendable {
  /// The folder that holds the repositories.
  public let folder: FilePath

  /// - Parameter folder: is made if it is not there.
  public init(in folder: FilePath) throws {
    self.folder = folder
    try Files.createDirectories(folder)
  }

  /// Commits and tags are made by this person at this time, whatever the user's settings are.
  private static let environment: Environment = {
    var variables = Environment.current
    for (name, value) in [
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Test",
      "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com",
      "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
    ] { variables.variables[name] = value }
    return variables
  }()

  /// Runs git in a folder.
  /// - Returns: its standard output without the last line break.
  @discardableResult
  public func git(_ arguments: [String], in folder: FilePath) async throws -> String {
    try await Tool.output("git", arguments, environment: Self.environment, in: folder)
  }

  /// A work tree with a remote repository of the same name, both empty, on the branch `main`.
  /// - Returns: the work tree.
  public func create(_ name: String, objectFormat: String = "sha1") async throws -> FilePath {
    let work = folder.appending("work-\(name)")
    try await git(
      ["init", "--quiet", "--bare", "--initial-branch=main", "--object-format=\(objectFormat)", "\(name).git"],
      in: folder)
    try await git(
      ["init", "--quiet", "--initial-branch=main", "--object-format=\(objectFormat)", work.string], in: folder)
    try await git(["remote", "add", "origin", folder.appending("\(name).git").string], in: work)
    return work
  }

  /// Commits all that is in a work tree and pushes its branches and tags.
  /// - Returns: the commit.
  @discardableResult
  public func commit(_ work: FilePath, message: String = "Change") async throws -> String {
    try await git(["add", "--all"], in: work)
    try await git(["commit", "--quiet", "--allow-empty", "-m", message], in: work)
    try await push(work)
    return try await git(["rev-parse", "HEAD"], in: work)
  }

  public func push(_ work: FilePath) async throws {
    try await git(["push", "--quiet", "--force", "origin", "--all"], in: work)
    try await git(["push", "--quiet", "--force", "origin", "--tags"], in: work)
  }

  /// Answers a request as `git http-backend` does (RFC 3875, CGI).
  public func answer(_ request: WebServer.Request) async throws -> WebServer.Answer {
    var variables = [
      "PATH": Environment.current["PATH"] ?? "/usr/bin:/bin", "GIT_PROJECT_ROOT": folder.string,
      "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
      "PATH_INFO": request.path, "QUERY_STRING": request.query, "REQUEST_METHOD": request.method,
      "CONTENT_TYPE": request.headers["content-type"] ?? "", "CONTENT_LENGTH": "\(request.body.count)",
    ]
    variables["HTTP_CONTENT_ENCODING"] = request.headers["content-encoding"]
    variables["GIT_PROTOCOL"] = request.headers["git-protocol"]
    // A refusal that is told to the client ends git with an error too.
    let outcome = try await Tool.attempt(
      "git", ["http-backend"], environment: Environment(variables), input: request.body)
    return try Self.parse(outcome.output)
  }

  private static func parse(_ output: [UInt8]) throws -> WebServer.Answer {
    guard let end = output.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw TestSupportError("git-backend", "git http-backend gave no headers")
    }
    var answer = WebServer.Answer(body: Array(output[end.upperBound...]))
    for line in String(decoding: output[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = String(parts[1].drop { $0 == " " })
      if parts[0] == "Status" {
        answer.status = Int(value.prefix { $0.isNumber }) ?? 500
      } else {
        answer.headers[String(parts[0])] = value
      }
    }
    return answer
  }
}
