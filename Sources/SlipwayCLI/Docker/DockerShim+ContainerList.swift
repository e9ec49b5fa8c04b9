import Diagnostics
import DockerCommandLine
import GoTemplate
import HostOS
import Slipway
import SystemPackage

/// `docker ps`, `logs`, `stop`, `rm` and the like.
extension DockerShim {
  // MARK: Lists

  /// Those that run; those that were created or have ended are shown with --all.
  func listContainers() throws {
    var listing = DockerListing(columns: [
      ("ID", "CONTAINER ID"), ("Image", "IMAGE"), ("Command", "COMMAND"), ("CreatedAt", "CREATED"),
      ("Status", "STATUS"), ("Ports", "PORTS"), ("Names", "NAMES"),
    ])
    listing.others = [("RunningFor", "CREATED"), ("State", "STATE"), ("Size", "SIZE"), ("Labels", "LABELS")]
    let filters = invocation.list("filter")
    let isAll =
      ["all", "latest"].contains(where: invocation.has) || invocation["last"] != nil
      || filters.contains { $0.hasPrefix("status=") }
    var wanted = try containers.all().filter { container in
      try (isAll || container.isRunning) && filters.allSatisfy { try Self.takes($0, container) }
    }
    if invocation.has("latest") { wanted = Array(wanted.prefix(1)) }
    if let count = invocation["last"].flatMap({ Int($0) }), count >= 0 { wanted = Array(wanted.prefix(count)) }
    let isWhole = invocation.has("no-trunc")
    listing.rows = wanted.map { container in
      let command = container.command.joined(separator: " ")
      let shown = isWhole || command.count <= 20 ? command : command.prefix(19) + "…"
      let age = DockerUnits.since(container.created)
      return [
        "ID": .text(isWhole ? container.id : String(container.id.prefix(12))), "Image": .text(container.image),
        "Command": .text("\"\(shown)\""), "CreatedAt": .text(age), "RunningFor": .text(age), "Ports": "",
        "Status": .text(Self.status(of: container, age)),
        "State": .text(container.state), "Names": .text(container.name), "Size": "0B",
        "Labels": "", "Label": .map([:]),
      ]
    }
    Self.write(try listing.text(format: format, quiet: invocation.has("quiet") ? "ID" : nil))
  }

  private static func status(of container: DockerContainer, _ age: String) -> String {
    if container.isRunning { return "Up \(age.dropLast(" ago".count))" }
    return container.exitCode.map { "Exited (\($0)) \(age)" } ?? "Created"
  }

  private static func takes(_ filter: String, _ container: DockerContainer) throws -> Bool {
    let parts = filter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = parts.count == 2 ? parts[1] : ""
    switch parts[0] {
    case "name": return container.name.contains(value.drop { $0 == "^" || $0 == "/" })
    case "id": return container.id.hasPrefix(value)
    case "ancestor": return container.image == value || container.image == value + ":latest"
    case "status": return value == container.state
    case "exited": return container.exitCode.map { "\($0)" } == value
    case "label", "network", "volume", "publish", "expose", "health": return false
    default: throw DockerError("Error response from daemon: invalid filter '\(parts[0])'")
    }
  }

  func inspectContainers() throws -> Diagnostics.ExitCode {
    var (values, missing): ([TemplateValue], [String]) = ([], [])
    for name in invocation.arguments {
      if let found = try containers.find(name) { values.append(found.inspection) } else { missing.append(name) }
    }
    try show(values)
    for name in missing { Terminal.tell("Error response from daemon: No such container: \(name)\n") }
    return missing.isEmpty ? .success : .failure
  }

  // MARK: End

  func removeContainers() async -> Diagnostics.ExitCode {
    await each { name in
      do {
        if invocation.has("force") { try await containers.stop(name) }
        // What removes itself may be gone now.
        if !invocation.has("force") { try containers.remove(name) } else { try? containers.remove(name) }
      } catch let error as DockerError {
        if !invocation.has("force") { throw error }
      }
      say(name)
    }
  }

  func endContainers(_ command: String) async -> Diagnostics.ExitCode {
    await each { name in
      let container = try containers.container(name)
      switch command {
      case "wait": say("\(try await containers.wait(for: name))")
      case "kill" where !container.isRunning:
        throw DockerError(
          "Error response from daemon: cannot kill container: \(name): container \(container.id) is not running")
      default:
        try await containers.stop(name)
        say(name)
      }
    }
  }

  private func each(_ body: (String) async throws -> Void) async -> Diagnostics.ExitCode {
    var code = Diagnostics.ExitCode.success
    for name in invocation.arguments {
      do { try await body(name) } catch { code = Self.report(error) }
    }
    return code
  }

  func showLog() async throws {
    let container = try containers.container(invocation.arguments[0])
    guard let log = container.log else {
      throw DockerError(
        "the output of \(container.name) was shown when it ran, and was not kept: start it with docker run -d")
    }
    var shown = 0
    var bytes = (try? Files.read(log)) ?? []
    if let count = invocation["tail"].flatMap({ Int($0) }), count >= 0 {
      shown = bytes.count - Self.lastLines(count, of: bytes).count
    }
    while true {
      let isRunning = container.isRunning
      bytes = (try? Files.read(log)) ?? []
      if bytes.count > shown { try FileDescriptor.standardOutput.writeAll(bytes[shown...]) }
      shown = max(shown, bytes.count)
      guard invocation.has("follow"), isRunning else { return }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private static func lastLines(_ count: Int, of bytes: [UInt8]) -> ArraySlice<UInt8> {
    var start = bytes.endIndex
    var left = count
    while start > bytes.startIndex {
      if bytes[start - 1] == UInt8(ascii: "\n"), start < bytes.endIndex {
        left -= 1
        if left == 0 { break }
      }
      start -= 1
    }
    return count == 0 ? [] : bytes[start...]
  }

  func pruneContainers() throws {
    let all = try containers.all().filter { !$0.isRunning }
    for container in all { try containers.remove(container.id) }
    if !all.isEmpty { say("Deleted Containers:\n\(all.map(\.id).joined(separator: "\n"))\n") }
    say("Total reclaimed space: 0B")
  }
}
