import DeployPlugins
public import Diagnostics
import RollingPlugin
import SystemPackage

/// The deploy plugins inside this program: they speak the same protocol as others, under the names that others have.
public enum BuiltInPlugins {
  private static let plugins: [any DeployPlugin] = [RollingPlugin()]

  public static var names: [String] { plugins.map(\.description.name) }

  /// Runs the plugin that a program name such as `slipway-deploy-rolling` stands for; nil when it stands for none.
  public static func run(_ program: String, _ arguments: [String]) -> ExitCode? {
    guard let plugin = plugins.first(where: { "slipway-deploy-\($0.description.name)" == program }) else { return nil }
    return plugin.run(arguments) { line in
      // A host that does not listen any more ends the plugin by a signal.
      _ = try? FileDescriptor.standardOutput.writeAll(Array(line.utf8))
    }
  }
}
