import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login",
    abstract: "Keep credentials for a registry, where docker and podman find them.",
    discussion: """
      The registry is asked whether it takes them. They are kept in $REGISTRY_AUTH_FILE, else in docker's config.json, or \
      in the credential helper that it names.
      """)

  @Argument(help: "A host with an optional port; Docker Hub when left out.")
  var registry: String?

  @Option(name: [.short, .long], help: "The user's name.")
  var username: String?

  @Option(name: [.short, .long], help: "The password; others can see it in the list of processes.")
  var password: String?

  @Flag(help: "Read the password from standard input.")
  var passwordStdin = false

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    guard !passwordStdin || password == nil else {
      throw SlipwayError("invalid-options", "--password and --password-stdin exclude each other")
    }
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let login = try Login(registry, bench)
    let user = try username ?? Prompt.line("Username: ")
    try Terminal.answer(try await login.logIn(user: user, password: try secret()))
  }

  private func secret() throws -> String {
    if let password { return password }
    guard passwordStdin else { return try Prompt.secret("Password: ") }
    let text = String(decoding: try Prompt.standardInput(), as: UTF8.self)
    // What `echo` adds.
    return String(text.hasSuffix("\r\n") ? text.dropLast() : text.hasSuffix("\n") ? text.dropLast() : text[...])
  }
}

struct LogoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout", abstract: "Forget the credentials for a registry.")

  @Argument(help: "A host with an optional port; Docker Hub when left out.")
  var registry: String?

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: .silent)
    try Terminal.answer(try await Login(registry, bench).logOut())
  }
}
