import Foundation
import HostOS
import Synchronization
import SystemPackage

/// The shapes of a service, as botocore describes them (`service-2.json`).
struct ServiceModel: Sendable, Decodable {
  struct Reference: Sendable, Decodable {
    var shape: String
    /// Where it stands in REST requests, other than in the body.
    var location: String?
  }

  struct Operation: Sendable, Decodable {
    var input: Reference?
    var output: Reference?
  }

  struct Shape: Sendable, Decodable {
    var type: String
    var members: [String: Reference]?
    var required: [String]?
    var `enum`: [String]?
    var min: Double?
    var max: Double?
    var pattern: String?
    var member: Reference?
    var key: Reference?
    var value: Reference?
    var document: Bool?
  }

  var operations: [String: Operation]
  var shapes: [String: Shape]

  private static let known = Mutex<[String: ServiceModel]>([:])

  /// The newest model of a service; each is read once.
  /// - Parameter folder: `data` of botocore.
  /// - Throws: `HostError`, `DecodingError`, `SimulationError`.
  static func load(_ service: String, from folder: FilePath) throws -> ServiceModel {
    let place = folder.appending(service)
    if let model = known.withLock({ $0[place.string] }) { return model }
    guard let version = try Files.names(in: place).map(\.string).sorted().last else {
      throw SimulationError("\(place) is empty")
    }
    let bytes = try ModelFile.read(place.appending(version).appending("service-2.json"))
    let model = try JSONDecoder().decode(ServiceModel.self, from: Data(bytes))
    known.withLock { $0[place.string] = model }
    return model
  }
}
