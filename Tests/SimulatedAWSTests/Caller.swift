import AWS
import HTTP
import HostOS
import JSON
import SimulatedAWS

/// Our own client at the simulation, which sends what it is told to.
struct Caller {
  let client: AWSClient

  init(_ server: SimulatedAWS, _ more: [String: String] = [:]) throws {
    var variables = server.environment.merging(more) { $1 }
    for name in variables.keys where variables[name]?.isEmpty == true { variables[name] = nil }
    try self.init(Environment(variables))
  }

  init(_ environment: Environment) throws {
    let transport = HTTPTransport.live(
      trustRoots: try TrustRoots(environment), proxies: try ProxySettings(environment))
    client = try AWSClient(http: HTTPClient(transport: transport, userAgent: "test"), environment: environment)
  }

  /// - Throws: `AWSError`.
  @discardableResult
  func ecs(_ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
    try await client.call(.ecs, operation, parameters)
  }

  /// The code that a call is refused with; nil when it is not.
  func refusal(_ operation: String, _ parameters: JSONValue, of service: AWSService = .ecs) async -> String? {
    do {
      _ = try await client.call(service, operation, parameters, timeout: .seconds(3))
      return nil
    } catch let error as AWSError { return error.serviceCode ?? "\(error.code)" } catch { return "\(error)" }
  }
}
