import ArgumentParser
import Slipway

/// Whether deployments go to AWS, or to a simulation of it.
struct RehearsalOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Deploy to a simulation of AWS inside this process, which has the clusters and services that the deployment names; nothing else is changed, and no credentials are needed."
    ))
  var rehearse = false

  @Option(
    help: ArgumentHelp(
      "What goes wrong in the rehearsal: \(RehearsalSurroundings.failures.map(\.name).joined(separator: ", ")).",
      valueName: "failure"))
  var fail: String?

  static let note = "This is a rehearsal: AWS is simulated inside this process, and nothing else is changed.\n"

  func validate() throws {
    if fail != nil, !rehearse { throw ValidationError("--fail is for rehearsals: add --rehearse") }
  }

  /// Nil when it is no rehearsal.
  /// - Throws: `SlipwayError`.
  func surroundings() throws -> RehearsalSurroundings? {
    guard rehearse else { return nil }
    return try RehearsalSurroundings(failure: fail)
  }
}
