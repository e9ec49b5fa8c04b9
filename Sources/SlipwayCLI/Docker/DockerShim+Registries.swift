import Diagnostics
import DockerCommandLine
import Glibc
import HostOS
import OCI
import Slipway

/// `docker tag`, `push`, `pull`, `login`, `logout`.
extension DockerShim {
  func tag() async throws {
    let bench = try bench(quiet: true)
    let image = try DockerImages(bench).image(invocation.arguments[0])
    let target = invocation.arguments[1]
    guard try ImageReference(parsing: target).digest == nil else {
      throw DockerError("Error response from daemon: refusing to create a tag with a digest reference")
    }
    _ = try await TagImage(image.place, as: [target], bench).run()
  }

  // MARK: Push

  func push() async throws {
    let isQuiet = invocation.has("quiet")
    let bench = try bench(quiet: isQuiet)
    let text = invocation.arguments[0]
    let name = try ImageReference(parsing: text)
    guard name.digest == nil else {
      throw DockerError("cannot push a digest reference")
    }
    guard invocation.has("all-tags") else {
      if name.tag == nil, !isQuiet { say("Using default tag: latest") }
      if !isQuiet { say("The push refers to repository [\(name.name)]") }
      return try await push(name.withDefaultTag, bench, isQuiet)
    }
    guard name.tag == nil else { throw DockerError("tag can't be used with --all-tags/-a") }
    if !isQuiet { say("The push refers to repository [\(name.name)]") }
    let tagged = try DockerImages(bench).all().flatMap(\.names).filter { $0.name == name.name }
    guard !tagged.isEmpty else {
      throw DockerError("An image does not exist locally with the tag: \(name.familiarName)")
    }
    for one in tagged.sorted(by: { $0.description < $1.description }) { try await push(one, bench, isQuiet) }
  }

  private func push(_ name: ImageReference, _ bench: Workbench, _ isQuiet: Bool) async throws {
    guard let image = try DockerImages(bench).imageIfThere(name.description) else {
      throw DockerError("An image does not exist locally with the tag: \(name.familiarName)")
    }
    var options = ImageOptions()
    options.platforms = [invocation["platform"]].compactMap { $0 }
    let answer = try await PushImage("store://\(name)", as: nil, options, bench).run()
    guard !isQuiet else { return say(name.familiarDescription) }
    let digest = answer.split(separator: "@").last.map(String.init) ?? image.top.digest.description
    say("\(name.tag ?? "latest"): digest: \(digest) size: \(image.top.size)")
  }

  // MARK: Pull

  func pull() async throws {
    let isQuiet = invocation.has("quiet")
    let bench = try bench(quiet: isQuiet)
    let name = try ImageReference(parsing: invocation.arguments[0])
    if name.tag == nil, name.digest == nil, !isQuiet { say("Using default tag: latest") }
    let full = name.withDefaultTag
    if !isQuiet {
      let repository = full.registry == "docker.io" ? full.repository : full.name
      say("\(full.digest?.description ?? full.tag ?? "latest"): Pulling from \(repository)")
    }
    let images = DockerImages(bench)
    let before = try images.imageIfThere(full.description)?.top.digest
    let digest = try await pull(full, bench)
    guard !isQuiet else { return say(full.description) }
    say("Digest: \(digest)")
    let isNew = before?.description != digest
    say("Status: \(isNew ? "Downloaded newer image" : "Image is up to date") for \(full.familiarDescription)")
    say(full.description)
  }

  /// - Returns: the digest of what was pulled.
  func pull(_ name: ImageReference, _ bench: Workbench) async throws -> String {
    var options = ImageOptions()
    options.platforms = platforms([invocation["platform"]].compactMap { $0 })
    let answers = try await PullImages(["docker://\(name)"], outputs: [], options, bench).run()
    return answers.first?.split(separator: "@").last.map(String.init) ?? ""
  }

  // MARK: Login

  func login() async throws {
    let bench = try bench()
    let user = invocation["username"].flatMap { $0.isEmpty ? nil : $0 }
    if invocation["password"] != nil {
      Terminal.tell("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n")
      guard !invocation.has("password-stdin") else {
        throw DockerError("--password and --password-stdin are mutually exclusive")
      }
    }
    if invocation.has("password-stdin"), user == nil {
      throw DockerError("Must provide --username with --password-stdin")
    }
    let login = try Login(invocation.arguments.first, bench)
    let password = try secret()
    guard isatty(STDIN_FILENO) == 1 || (user != nil && password != nil) else {
      throw DockerError("Error: Cannot perform an interactive login from a non TTY device")
    }
    let name = try user ?? Prompt.line("Username: ")
    say(try await login.logIn(user: name, password: try password ?? Prompt.secret("Password: ")))
  }

  private func secret() throws -> String? {
    if let password = invocation["password"], !password.isEmpty { return password }
    guard invocation.has("password-stdin") else { return nil }
    var text = String(decoding: try Prompt.standardInput(), as: UTF8.self)
    // As docker does.
    while text.hasSuffix("\n") || text.hasSuffix("\r") || text.hasSuffix("\r\n") { text.removeLast() }
    guard !text.isEmpty else { throw DockerError("Error: password is empty") }
    return text
  }

  func logout() async throws {
    let answer = try await Login(invocation.arguments.first, try bench(quiet: true)).logOut()
    // Docker Hub has another name there.
    let words =
      answer.hasSuffix(" docker.io") ? answer.dropLast("docker.io".count) + "https://index.docker.io/v1/" : answer
    say(words.hasPrefix("Removed") ? words.replacing("Removed the", with: "Removing") : words)
  }
}
