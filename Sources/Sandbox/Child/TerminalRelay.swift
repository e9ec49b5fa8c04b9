import CSandbox
import Dispatch
import Glibc
import HostOS
import SystemPackage

/// A pseudo-terminal for a command, and all that passes between it and the terminal of a person. Used by one thread.
final class TerminalRelay {
  private let person: SandboxTerminal
  private let master: Int32
  /// For the command; closed by `begin`.
  private(set) var slave: Int32
  private let settings: termios
  private let resizing: any DispatchSourceSignal
  /// Typed, and not yet taken by the command's terminal.
  private var typed: [UInt8] = []
  private var hasOutput = true
  /// Whether the person's terminal is gone.
  private(set) var isHungUp = false
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)

  /// The new terminal has the settings and the size of the person's.
  /// - Throws: `SandboxError`.
  init(_ person: SandboxTerminal) throws {
    self.person = person
    var (master, slave): (Int32, Int32) = (-1, -1)
    let result = csandbox_open_terminal(&master, &slave)
    guard result == 0 else {
      throw SandboxError(.setUp(SetUpFailure("open a terminal for the shell", "open", Errno(rawValue: result))))
    }
    (self.master, self.slave) = (master, slave)
    var settings = termios()
    tcgetattr(person.input.rawValue, &settings)
    self.settings = settings
    tcsetattr(slave, TCSANOW, &settings)
    _ = csandbox_copy_window(person.output.rawValue, master)
    resizing = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
    let output = person.output.rawValue
    resizing.setEventHandler { _ = csandbox_copy_window(output, master) }
    resizing.resume()
  }

  deinit {
    resizing.cancel()
    close(master)
    if slave >= 0 { close(slave) }
  }

  /// The command has its end now. Keys are handed on as they are pressed from here on, also those that would end us.
  func begin() {
    close(slave)
    slave = -1
    var raw = settings
    cfmakeraw(&raw)
    // What was typed before is for the command, too.
    setSettings(raw)
  }

  func end() { setSettings(settings) }

  private func setSettings(_ settings: termios) {
    var settings = settings
    while tcsetattr(person.input.rawValue, TCSADRAIN, &settings) < 0, Errno.current == .interrupted {}
  }

  /// Waits until there is something to pass on, or something to read from `other`, or the child has ended; true then.
  func wait(for child: Int32, or other: Int32) -> Bool {
    let isReading = typed.isEmpty && !isHungUp
    var polled = [
      pollfd(fd: isReading ? person.input.rawValue : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: hasOutput ? master : -1, events: Int16(typed.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0),
      pollfd(fd: other, events: Int16(POLLIN), revents: 0),
      pollfd(fd: child, events: Int16(POLLIN), revents: 0),
    ]
    _ = poll(&polled, nfds_t(polled.count), -1)
    if polled[0].revents != 0 { readTyped() }
    return polled[3].revents != 0
  }

  /// Passes on what there is, without waiting for more.
  func passOn() {
    while !typed.isEmpty {
      let count = write(master, typed, typed.count)
      if count > 0 {
        typed.removeFirst(count)
      } else if Errno.current == .interrupted {
        continue
      } else {
        break
      }
    }
    while hasOutput {
      let count = read(master, &buffer, buffer.count)
      if count > 0 {
        do { try person.output.writeAll(buffer[..<count]) } catch { isHungUp = true }
      } else if count < 0, Errno.current == .interrupted {
        continue
      } else {
        // The last one who had the other end has closed it; or there is nothing now.
        if count == 0 || Errno.current != .wouldBlock { hasOutput = false }
        return
      }
    }
  }

  private func readTyped() {
    let count = read(person.input.rawValue, &buffer, buffer.count)
    if count > 0 {
      typed += buffer[..<count]
    } else if count == 0 || ![.interrupted, .wouldBlock].contains(Errno.current) {
      isHungUp = true
    }
  }
}
