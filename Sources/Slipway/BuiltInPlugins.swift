import BlueGreenPlugin
import DeployPlugins
public import Diagnostics
import ExternalPlugin
import HostOS
import RollingPlugin
import SystemPackage

/// The deploy plugins inside this program: they speak the same protocol as others, under the names that others have.
public enum BuiltInPlugins {
  private static let plugins: [any DeployPlugin] = [RollingPlugin(), BlueGreenPlugin(), ExternalPlugin()]

  public static var names: [String] { plugins.map(\.description.name) }

  /// Whether a program name such as `slipway-deploy-rolling` stands for one.
  public static func isProgram(_ name: String) -> Bool { plugin(name) != nil }

  private static func plugin(_ program: String) -> (any DeployPlugin)? {
    plugins.first { "slipway-deploy-\($0.description.name)" == program }
  }

  /// Runs the plugin that a program name stands for; nil when it stands for none.
  public static func run(_ program: String, _ arguments: [String]) async -> ExitCode? {
    await plugin(program)?.run(
      arguments, input: { try Files.read(.standardInput) }, environment: .current
    ) { line in
      // A host that does not listen any more ends the plugin by a signal.
      _ = try? FileDescriptor.standardOutput.writeAll(Array(line.utf8))
    }
  }
}
