import Foundation
import HostOS
import SimulatedAWS
import SystemPackage

/// The simulation by itself, for clients of any kind: prints what they need as variables, and serves until its standard
/// input ends.
///
///     SimulatedAWSServer [--models BOTOCORE/data] [--ticks-per-second N] [--port N] [--balanced]
@main struct SimulatedAWSServer {
  static func main() async throws {
    var words = CommandLine.arguments.dropFirst()
    var models: FilePath?
    var port = 0
    var scene = Scene.web()
    while let word = words.popFirst() {
      switch word {
      case "--models": models = words.popFirst().map { FilePath($0) }
      case "--port": port = words.popFirst().flatMap { Int($0) } ?? 0
      case "--ticks-per-second": scene.pace = .ticksPerSecond(words.popFirst().flatMap { Double($0) } ?? 1)
      case "--balanced": scene.shift("web")
      default: fatalError("\(word) is not known")
      }
    }
    try await SimulatedAWS.serve(scene: scene, models: models, port: port) { server in
      for (name, value) in server.environment.sorted(by: { $0.key < $1.key }) { print("export \(name)='\(value)'") }
      print("listening on 127.0.0.1:\(server.port) ")
      fflush(nil)
      _ = try await Blocking.run { try Files.read(.standardInput) }
      for violation in server.violations { print("violation: \(violation)") }
    }
  }
}
