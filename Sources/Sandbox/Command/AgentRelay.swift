import CSandbox
import Glibc
import HostOS
import Synchronization
public import SystemPackage

/// A socket for commands that leads to an SSH agent of the host.
///
/// Commands may list the agent's keys and have it sign (draft-ietf-sshm-ssh-agent, sections 3.5 and 3.6). All that
/// would change the agent is refused, as in BuildKit. The socket has an owner and a mode of its own, which the agent's
/// may not have.
public final class AgentRelay: Sendable {
  /// To be shown to the command.
  public let socket: FilePath
  private let agent: FilePath
  private let connections = Mutex(Connections())

  private struct Connections {
    var isClosed = false
    var open: Set<Int32> = []
  }

  /// Listens until `close` is called.
  /// - Parameter folder: an existing folder for the socket.
  /// - Throws: `HostError`, also when nobody answers at the agent's socket.
  public init(to agent: FilePath, in folder: FilePath, mode: UInt16, uid: UInt32, gid: UInt32) throws {
    socket = folder.appending("agent")
    self.agent = agent
    _ = Glibc.close(try LocalSocket.connect(to: agent))
    let listener = try LocalSocket.listen(at: socket)
    do {
      if UserNamespace.current != .singleID { try Files.setOwner(socket, uid: uid, gid: gid) }
      try Files.setMode(socket, mode & 0o777)
    } catch {
      _ = Glibc.close(listener)
      throw error
    }
    keep(listener)
    Blocking.begin { self.accept(from: listener) }
  }

  /// Ends all connections; those who wait for an answer get none.
  public func close() {
    connections.withLock { connections in
      connections.isClosed = true
      for descriptor in connections.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  /// False when the descriptor came too late.
  @discardableResult
  private func keep(_ descriptor: Int32) -> Bool {
    connections.withLock { connections in
      if connections.isClosed { return false }
      connections.open.insert(descriptor)
      return true
    }
  }

  private func end(_ descriptor: Int32) {
    connections.withLock { _ = $0.open.remove(descriptor) }
    _ = Glibc.close(descriptor)
  }

  private func accept(from listener: Int32) {
    defer { end(listener) }
    while true {
      let client = csandbox_accept(listener)
      if client < 0 {
        if [.interrupted, .connectionAbort].contains(Errno.current) { continue }
        return
      }
      Blocking.begin { self.serve(client) }
    }
  }

  private func serve(_ client: Int32) {
    defer { end(client) }
    guard keep(client), let agent = try? LocalSocket.connect(to: agent) else { return }
    defer { end(agent) }
    guard keep(agent) else { return }
    while let request = AgentMessage.read(from: client) {
      guard request.isHarmless else {
        guard AgentMessage.failure.write(to: client) else { return }
        continue
      }
      guard request.write(to: agent), let answer = AgentMessage.read(from: agent), answer.write(to: client) else {
        return
      }
    }
  }
}

/// A message of the agent protocol: its length in four bytes, most significant first, its type, its content.
private struct AgentMessage {
  /// Of one message, as OpenSSH has it.
  private static let limit = 256 << 10

  /// Type and content.
  var body: [UInt8]

  static let failure = AgentMessage(body: [5])

  /// SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENTC_SIGN_REQUEST.
  var isHarmless: Bool { body.first == 11 || body.first == 13 }

  /// Nil at the end, and when what comes is no message.
  static func read(from descriptor: Int32) -> AgentMessage? {
    guard let header = bytes(4, from: descriptor) else { return nil }
    let length = header.reduce(0) { $0 << 8 | Int($1) }
    guard length > 0, length <= limit else { return nil }
    return bytes(length, from: descriptor).map { AgentMessage(body: $0) }
  }

  func write(to descriptor: Int32) -> Bool {
    let length = UInt32(body.count).bigEndian
    var rest = (withUnsafeBytes(of: length) { Array($0) } + body)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count < 0, Errno.current == .interrupted { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func bytes(_ count: Int, from descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress?.advanced(by: done), count - done, 0) }
      if read < 0, Errno.current == .interrupted { continue }
      guard read > 0 else { return nil }
      done += read
    }
    return bytes
  }
}

/// Sockets that have a path (unix(7)).
private enum LocalSocket {
  static func connect(to path: FilePath) throws -> Int32 {
    try open(path, "connect to the socket") { Glibc.connect($0, $1, $2) }
  }

  static func listen(at path: FilePath) throws -> Int32 {
    try open(path, "listen at the socket") { descriptor, address, size in
      bind(descriptor, address, size) == 0 ? Glibc.listen(descriptor, 16) : -1
    }
  }

  private static func open(
    _ path: FilePath, _ purpose: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    // An address holds 107 bytes; by way of its folder's descriptor, any path is short enough.
    let folder = try Files.open(path.removingLastComponent(), .readOnly, options: .directory)
    defer { try? folder.close() }
    let name = path.lastComponent?.bytes ?? []
    let text = Array("/proc/self/fd/\(folder.rawValue)/".utf8) + name
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard text.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw HostError(purpose, path, .fileNameTooLong)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw HostError(purpose, path, .current) }
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      let error = HostError(purpose, path, .current)
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }
}
