public import DeployPlugins
import JSON

public struct ServiceEvent: Sendable, Hashable {
  /// Its own, or what tells it from others.
  public let id: String
  public let message: String

  init(_ json: JSONValue) {
    message = json["message"]?.string ?? ""
    id = json["id"]?.string ?? "\(json["createdAt"]?.text ?? "")\(message)"
  }
}

extension PluginContext {
  /// Tells an event of a service, without the service's name, which its source says already.
  public func log(_ event: ServiceEvent, of service: String, step: String) {
    let subject = "(service \(service)) "
    let text = event.message.hasPrefix(subject) ? event.message.dropFirst(subject.count) : event.message[...]
    log(String(text), source: "service \(service)", step: step)
  }
}
