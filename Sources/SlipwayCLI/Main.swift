import ArgumentParser
import Diagnostics
import Glibc
import HostOS
import Slipway

/// The process: one program under several names.
@main enum Main {
  static func main() async {
    // Whoever reads our output may go away; writing to it then is an error, not the end.
    signal(SIGPIPE, SIG_IGN)
    let arguments = CommandLine.arguments
    let name = arguments.first.map { String($0.split(separator: "/").last ?? "") } ?? "slipway"
    exit(await Signals.cancelling { await run(name, Array(arguments.dropFirst())) }.rawValue)
  }

  /// Parses the arguments, carries them out, and shows what went wrong.
  private static func run(_ name: String, _ arguments: [String]) async -> Diagnostics.ExitCode {
    if let code = await BuiltInPlugins.run(name, arguments) { return code }
    if ShimCommand.isName(name) { return await ShimCommand.run(name: name, arguments: arguments) }
    do {
      let arguments = SlipwayCommand.unfolded(arguments)
      try SlipwayCommand.checkName(arguments.first)
      var command = try SlipwayCommand.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      return .success
    } catch let code as Diagnostics.ExitCode.Failure {
      return code.code
    } catch {
      return Terminal.report(error)
    }
  }
}
