import Diagnostics
import DockerCommandLine
import Glibc
import GoTemplate
import HostOS
import Slipway
import SystemPackage

/// `docker run`, and what is done with containers that have ended.
extension DockerShim {
  var containers: DockerContainers {
    get throws { DockerContainers(try bench(quiet: true)) }
  }

  func runContainer() async throws -> Diagnostics.ExitCode {
    do {
      var request = try runRequest()
      request.keepsChanges = !invocation.has("rm")
      if invocation.has("tty"), invocation.has("interactive"), isatty(STDIN_FILENO) == 0 {
        throw DockerError("the input device is not a TTY")
      }
      if Emulators.isInstaller(request.image) {
        Terminal.tell(Emulators.remark(request.image) + "\n")
        return .success
      }
      if invocation.has("detach"), environment.nonEmpty(BackgroundContainer.variable) == nil {
        return try await runDetached(request)
      }
      let run = try DockerRun(request, try bench(quiet: true))
      let file = try idFile()
      switch try await run.run({ if let file { try Files.writeAnswer(Array(run.id.utf8), to: file) } }) {
      case .ended(let code), .delegated(let code): return code
      }
    } catch let error as DockerError {
      throw error
    } catch let error as Diagnostics.ExitCode.Failure {
      throw error
    } catch {
      // Docker's exit code for what it could not begin.
      let code = Self.report(error)
      return Signals.last != 0 ? code : .init(rawValue: 125)
    }
  }

  /// Starts this program once more, in the background, and waits until the container has begun.
  private func runDetached(_ request: DockerRunRequest) async throws -> Diagnostics.ExitCode {
    try await DockerRun(request, try bench(quiet: true)).fetchImage()
    if let name = request.name { try containers.checkFree(name) }
    let id = DockerContainers.makeID()
    let container = BackgroundContainer(id, try bench(quiet: true))
    try container.prepare()
    let process = try DetachedProcess.start(
      "/proc/self/exe", CommandLine.arguments, environment: BackgroundContainer.environment(environment, id: id),
      output: container.log)
    while !container.hasBegun {
      if let code = DetachedProcess.ended(process) {
        // With --rm nothing is left of one that has ended well.
        guard code != 0, let text = try? Files.read(container.log) else { break }
        Terminal.tell(String(decoding: text, as: UTF8.self))
        container.discard()
        return .init(rawValue: code)
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    // A program that is not there is told at once.
    for _ in 0..<20 where try containers.find(id)?.isRunning == true {
      if DetachedProcess.ended(process) != nil { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    if let code = try containers.find(id)?.exitCode, [125, 126, 127].contains(code) {
      Terminal.tell(String(decoding: (try? Files.read(container.log)) ?? [], as: UTF8.self))
      return .init(rawValue: code)
    }
    say(id)
    return .success
  }

  private func idFile() throws -> FilePath? {
    guard let path = invocation["cidfile"].map({ FilePath($0) }) else { return nil }
    guard try FileStatus.ifExists(path) == nil else {
      throw DockerError(
        "docker: container ID file found, make sure the other container isn't running or delete \(path)",
        exitCode: .init(rawValue: 125))
    }
    return path
  }

  func createContainer() async throws -> String {
    let file = try idFile()
    let id = try await DockerCreate(try runRequest(), try bench(quiet: true)).run()
    if let file { try Files.writeAnswer(Array(id.utf8), to: file) }
    return id
  }

  private func runRequest() throws -> DockerRunRequest {
    var request = DockerRunRequest(image: invocation.arguments[0])
    request.arguments = Array(invocation.arguments.dropFirst())
    request.entrypoint = invocation["entrypoint"]
    request.environment = try containerEnvironment()
    request.workingDirectory = invocation["workdir"]
    request.user = invocation["user"]
    request.network = invocation["network"] ?? invocation["net"]
    request.hosts = invocation.list("add-host")
    request.hostName = invocation["hostname"]
    request.volumes = invocation.list("volume")
    request.mounts = invocation.list("mount")
    request.temporaryFolders = invocation.list("tmpfs")
    request.sharedMemorySize = invocation["shm-size"]
    request.limits = invocation.list("ulimit")
    request.platform = platforms([invocation["platform"]].compactMap { $0 }).first
    request.pull = invocation["pull"] ?? "missing"
    request.name = invocation["name"]
    request.isInteractive = invocation.has("interactive")
    request.wantsTerminal = invocation.has("tty")
    return request
  }

  /// `--env-file` first, then `--env`; a name alone has the value that it has here.
  func containerEnvironment() throws -> [String] {
    var texts: [String] = []
    for file in invocation.list("env-file") {
      let lines: [UInt8]
      do { lines = try Files.read(FilePath(file)) } catch let error as HostError {
        throw DockerError(
          "docker: open \(file): \(error.errno.description.lowercased())", exitCode: .init(rawValue: 125))
      }
      for line in String(decoding: lines, as: UTF8.self).split(whereSeparator: \.isNewline) {
        let text = line.drop { $0 == " " || $0 == "\t" }
        if !text.isEmpty, !text.hasPrefix("#") { texts.append(String(text)) }
      }
    }
    return (texts + invocation.list("env")).compactMap { text in
      text.contains("=") ? text : environment[text].map { "\(text)=\($0)" }
    }
  }

  // MARK: Files

  func copyFiles() async throws {
    let (source, target) = (invocation.arguments[0], invocation.arguments[1])
    guard let from = Self.place(source) else {
      throw DockerError(
        Self.place(target) == nil
          ? "must specify at least one container source"
          : "copying into a container is not available: COPY files into an image, or show them with docker run -v")
    }
    guard Self.place(target) == nil else { throw DockerError("copying between containers is not supported") }
    let out = try DockerFilesOut(from.container, try bench(quiet: true))
    if target == "-" { return try await out.copyToStandardOutput(from.path) }
    try await out.copy(from.path, to: FilePath(target))
  }

  /// `CONTAINER:PATH`; nil for a path of this machine.
  private static func place(_ text: String) -> (container: String, path: String)? {
    guard !text.hasPrefix("/"), !text.hasPrefix("."), let colon = text.firstIndex(of: ":"), colon > text.startIndex
    else { return nil }
    let path = String(text[text.index(after: colon)...])
    return (String(text[..<colon]), path.hasPrefix("/") ? path : "/" + path)
  }

  func export() async throws {
    let output = invocation["output"].flatMap { $0.isEmpty ? nil : $0 }
    guard output != nil || isatty(STDOUT_FILENO) == 0 else {
      throw DockerError("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    }
    try await DockerFilesOut(invocation.arguments[0], try bench(quiet: true)).export(to: output.map { FilePath($0) })
  }
}
