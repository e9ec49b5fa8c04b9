import Diagnostics
import DockerCommandLine
import GoTemplate
import HostOS
import OCI
import Slipway
import SystemPackage

/// `docker compose`, as far as it is about images, and one service in the foreground.
extension DockerShim {
  func compose(_ name: String) async throws -> Diagnostics.ExitCode {
    if name == "compose version" {
      composeVersion()
      return .success
    }
    let project = try project()
    switch name {
    case "compose build": return try await composeBuild(project)
    case "compose push": return try await composePush(project)
    case "compose pull": return try await composePull(project)
    case "compose config": try composeConfig(project)
    case "compose images": try composeImages(project)
    case "compose run": return try await composeRun(project)
    case "compose up": return try await composeUp(project)
    case "compose down": break
    case "compose ps":
      if !invocation.has("quiet"), !invocation.has("services") {
        Self.write("NAME      IMAGE     COMMAND   SERVICE   CREATED   STATUS    PORTS\n")
      }
    default: throw DockerError("docker \(name) is a defect of Slipway: nobody carries it out", exitCode: .defect)
    }
    return .success
  }

  private func composeVersion() {
    if invocation.has("short") { return say(String(DockerVersion.compose.dropFirst())) }
    if format == "json" { return say("{\"version\":\"\(DockerVersion.compose)\"}") }
    say("Docker Compose version \(DockerVersion.compose)")
  }

  private func project() throws -> ComposeProject {
    var options = ComposeOptions()
    options.files = invocation.list("file")
    options.projectName = invocation["project-name"]
    options.projectDirectory = invocation["project-directory"]
    // That of run is another thing.
    options.environmentFiles = invocation.list("env-file")
    options.profiles = invocation.list("profile")
    let project = try ComposeProject(options, environment)
    for warning in project.warnings { Terminal.tell(Terminal.renderer.render(warning)) }
    return project
  }

  // MARK: Images

  private func composeBuild(_ project: ComposeProject) async throws -> Diagnostics.ExitCode {
    for service in try chosen(project, withDependencies: invocation.has("with-dependencies")) {
      let code = try await build(service, quiet: invocation.has("quiet"))
      if code != .success { return code }
    }
    return .success
  }

  /// Builds the image of a service, if it has one to be built.
  private func build(_ service: ComposeService, quiet: Bool) async throws -> Diagnostics.ExitCode {
    guard var request = service.build else { return .success }
    request.buildArguments += invocation.list("build-arg")
    if invocation.has("no-cache") { request.ignoresCache = true }
    if invocation.has("pull") { request.pullsAlways = true }
    if let agent = invocation["ssh"] { request.agents.append(agent) }
    if request.platforms.isEmpty { request.platforms = platforms([]) }
    request.pushes = invocation.has("push") && service.namesImage
    switch try await Build(request, try bench(quiet: quiet)).run() {
    // The other process did all that was asked for, not this service alone.
    case .delegated(let code): throw Diagnostics.ExitCode.Failure(code: .init(rawValue: code))
    case .answered, .built:
      if !quiet { Terminal.tell(" \(service.image)  Built\n") }
      return .success
    }
  }

  private func chosen(_ project: ComposeProject, withDependencies: Bool) throws -> [ComposeService] {
    var services = try project.services(invocation.arguments)
    guard withDependencies else { return services }
    var index = 0
    while index < services.count {
      for name in services[index].dependencies where !services.contains(where: { $0.name == name }) {
        services += try project.services([name])
      }
      index += 1
    }
    return services.reversed()
  }

  private func composePush(_ project: ComposeProject) async throws -> Diagnostics.ExitCode {
    let bench = try bench(quiet: invocation.has("quiet"))
    var code = Diagnostics.ExitCode.success
    for service in try chosen(project, withDependencies: invocation.has("include-deps")) {
      guard let build = service.build, service.namesImage else { continue }
      for tag in build.tags {
        do {
          let name = try ImageReference(parsing: tag).withDefaultTag
          guard try DockerImages(bench).imageIfThere(name.description) != nil else {
            throw DockerError("An image does not exist locally with the tag: \(name.familiarName)")
          }
          _ = try await PushImage("store://\(name)", as: nil, ImageOptions(), bench).run()
          Terminal.tell(" \(service.name)  Pushed\n")
        } catch {
          let failed = Self.report(error)
          if !invocation.has("ignore-push-failures") { return failed }
          if Signals.last != 0 { code = failed }
        }
      }
    }
    return code
  }

  private func composePull(_ project: ComposeProject) async throws -> Diagnostics.ExitCode {
    let bench = try bench(quiet: invocation.has("quiet"))
    for service in try chosen(project, withDependencies: invocation.has("include-deps")) where service.namesImage {
      if service.build != nil, invocation.has("ignore-buildable") { continue }
      do {
        let name = try ImageReference(parsing: service.image).withDefaultTag
        if invocation["policy"] == "missing", try DockerImages(bench).imageIfThere(name.description) != nil { continue }
        _ = try await pull(name, bench)
        Terminal.tell(" \(service.name)  Pulled\n")
      } catch {
        let failed = Self.report(error)
        guard Signals.last == 0, service.build != nil || invocation.has("ignore-pull-failures") else { return failed }
        Terminal.tell(" \(service.name)  has to be built: docker compose build \(service.name)\n")
      }
    }
    return .success
  }

  private func composeImages(_ project: ComposeProject) throws {
    var listing = DockerListing(columns: [
      ("Container", "CONTAINER"), ("Repository", "REPOSITORY"), ("Tag", "TAG"), ("ID", "IMAGE ID"), ("Size", "SIZE"),
    ])
    let images = try images
    for service in try project.services(invocation.arguments) {
      guard let image = try images.imageIfThere(service.image) else { continue }
      let name = try ImageReference(parsing: service.image).withDefaultTag
      listing.rows.append([
        "Container": .text("\(project.name)-\(service.name)-1"), "Repository": .text(name.familiarName),
        "Tag": .text(name.tag ?? "latest"), "ID": .text(image.id.short), "Size": .text(DockerUnits.size(image.size)),
      ])
    }
    Self.write(try listing.text(format: nil, quiet: invocation.has("quiet") ? "ID" : nil))
  }

  private func composeConfig(_ project: ComposeProject) throws {
    if invocation.has("quiet") { return }
    var text: String
    if invocation.has("services") {
      text = try project.services(invocation.arguments).map { $0.name + "\n" }.joined()
    } else if invocation.has("images") {
      text = try project.services(invocation.arguments).map { $0.image + "\n" }.joined()
    } else if format == "json" {
      text = project.tree.json(indent: "  ") + "\n"
    } else {
      text = ComposeYAML(project.tree).text
    }
    guard let file = invocation["output"] else { return Self.write(text) }
    try Files.writeAnswer(Array(text.utf8), to: FilePath(file))
  }

  // MARK: Containers

  private func composeRun(_ project: ComposeProject) async throws -> Diagnostics.ExitCode {
    guard let service = try project.services(Array(invocation.arguments.prefix(1))).first else { return .failure }
    try refuseDependencies(of: service)
    if let code = try await prepare(service) { return code }
    var request = try service.run(Array(invocation.arguments.dropFirst()))
    if let entrypoint = invocation["entrypoint"] {
      request.entrypoint = entrypoint
      request.arguments = Array(invocation.arguments.dropFirst())
    }
    request.environment += try containerEnvironment()
    request.volumes += invocation.list("volume")
    request.workingDirectory = invocation["workdir"] ?? request.workingDirectory
    request.user = invocation["user"] ?? request.user
    request.isInteractive = true
    request.wantsTerminal = !invocation.has("no-TTY")
    return try await run(request)
  }

  private func composeUp(_ project: ComposeProject) async throws -> Diagnostics.ExitCode {
    let services = try project.services(invocation.arguments)
    guard services.count == 1 else {
      throw DockerError(
        """
        docker compose up is available for one service, and there are \(services.count): \
        \(services.map(\.name).joined(separator: ", ")). Name one of them, or run them with docker compose run behind &
        """)
    }
    try refuseDependencies(of: services[0])
    if let code = try await prepare(services[0]) { return code }
    return try await run(try services[0].run([]))
  }

  private func refuseDependencies(of service: ComposeService) throws {
    guard !service.dependencies.isEmpty, !invocation.has("no-deps") else { return }
    throw DockerError(
      """
      service "\(service.name)" depends on \(service.dependencies.joined(separator: ", ")), and one service runs at a \
      time: write --no-deps if it does without them
      """)
  }

  /// Builds the image of a service that has none yet. A code ends the command.
  private func prepare(_ service: ComposeService) async throws -> Diagnostics.ExitCode? {
    guard service.build != nil, !invocation.has("no-build") else { return nil }
    let isThere = try images.imageIfThere(service.image) != nil
    guard invocation.has("build") || !isThere else { return nil }
    let code = try await build(service, quiet: false)
    return code == .success ? nil : code
  }

  private func run(_ request: DockerRunRequest) async throws -> Diagnostics.ExitCode {
    switch try await DockerRun(request, try bench(quiet: true)).run() {
    case .ended(let code), .delegated(let code): return code
    }
  }
}
