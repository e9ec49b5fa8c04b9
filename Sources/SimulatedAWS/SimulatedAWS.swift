import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
public import SystemPackage

/// Amazon ECS and what it works with, on this machine: clients reach it over HTTP, and what they send has to be signed
/// and to fit the services' models.
public struct SimulatedAWS: Sendable {
  /// Where it listens, at 127.0.0.1.
  public let port: Int
  /// What there is, as it is now.
  public let world: World
  private let log: CallLog

  public var url: String { "http://127.0.0.1:\(port)" }

  /// Calls in the order in which they were answered.
  public var calls: [CallRecord] { log.calls }

  /// Calls that do not fit the models or are signed wrongly, answers of ours that do not fit, and moments that failed.
  public var violations: [String] { log.violations }

  /// What a program needs to work here.
  public var environment: [String: String] {
    [
      "AWS_ENDPOINT_URL": url, "AWS_REGION": world.scene.region, "AWS_ACCESS_KEY_ID": Identities.firstKey,
      "AWS_SECRET_ACCESS_KEY": Identities.firstSecret,
    ]
  }

  /// The same with credentials that can be renewed, as those of containers.
  public var environmentWithRenewableCredentials: [String: String] {
    [
      "AWS_ENDPOINT_URL": url, "AWS_REGION": world.scene.region,
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/credentials",
    ]
  }

  /// Serves on a free port for as long as `body` runs.
  /// - Parameter models: the folder `data` of botocore; nil checks neither calls nor answers.
  /// - Throws: `Refusal` when the scene cannot be made, `SimulationError`, what listening throws, and what `body` throws.
  public static func serve<Result: Sendable>(
    scene: Scene, models: FilePath? = nil, port: Int = 0, _ body: (SimulatedAWS) async throws -> Result
  ) async throws -> Result {
    let world = World(scene)
    try await world.prepare()
    let log = CallLog()
    let responder = Responder(
      world: world, log: log, check: ModelCheck(folder: models, permitsUnknownMembers: scene.keepsUnknownMembers))
    let listener = Listener(responder)
    let port = try await listener.start(port: port)
    await world.setAddress("http://127.0.0.1:\(port)")
    do {
      let result = try await body(SimulatedAWS(port: port, world: world, log: log))
      await listener.end()
      return result
    } catch {
      await listener.end()
      throw error
    }
  }
}
