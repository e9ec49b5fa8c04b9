import HostOS
import Slipway

/// `docker version`, `info`.
extension DockerShim {
  func version() throws {
    say("Client:\n Version:           \(DockerVersion.version)")
    say("\nServer: Slipway\n Engine:\n  Version:          \(DockerVersion.version)")
  }

  func info() throws {
    say("Client:\n Version:    \(DockerVersion.version)\n\nServer:\n Server Version: \(DockerVersion.version)")
  }
}
