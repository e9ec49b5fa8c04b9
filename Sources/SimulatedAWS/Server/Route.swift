import JSON

/// Which operation of which service a request is for.
struct Route: Sendable {
  var service: ServiceInterface
  var operation: String
  var parameters: JSONValue

  /// - Throws: `Refusal` for what is for no service that there is.
  init(_ inbound: Inbound) throws {
    if let target = inbound.header("x-amz-target") {
      self = try Self.json(target, inbound)
    } else if inbound.header("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true {
      self = try Self.query(inbound)
    } else {
      self = try Self.rest(inbound)
    }
  }

  private init(service: ServiceInterface, operation: String, parameters: JSONValue) {
    self.service = service
    self.operation = operation
    self.parameters = parameters
  }

  private static func json(_ target: String, _ inbound: Inbound) throws -> Route {
    let parts = target.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2,
      let service = ServiceInterface.all.first(where: { $0.language == .json(target: parts[0]) })
    else { throw Refusal("UnknownOperationException", "there is no \(target) here", status: 404) }
    guard inbound.method == "POST", inbound.path == "/" else {
      throw Refusal("UnknownOperationException", "\(target) is sent as POST to /", status: 404)
    }
    guard inbound.header("content-type") == "application/x-amz-json-1.1" else {
      throw Refusal("SerializationException", "the Content-Type of \(target) is application/x-amz-json-1.1")
    }
    return Route(service: service, operation: parts[1], parameters: try body(inbound))
  }

  private static func body(_ inbound: Inbound) throws -> JSONValue {
    if inbound.body.isEmpty { return [:] }
    do {
      let value = try JSONValue(parsing: inbound.body)
      guard value.object != nil else { throw Refusal("SerializationException", "the body is no JSON object") }
      return value
    } catch let error as JSONSyntaxError { throw Refusal("SerializationException", "\(error)") }
  }

  private static func query(_ inbound: Inbound) throws -> Route {
    let items = Inbound.form(String(decoding: inbound.body, as: UTF8.self))
    func item(_ name: String) -> String { items.first { $0.name == name }?.value ?? "" }
    let version = item("Version")
    guard let service = ServiceInterface.all.first(where: { $0.language == .query(version: version) }) else {
      throw Refusal("InvalidAction", "there is no service whose version is \(version) here", status: 400)
    }
    return Route(service: service, operation: item("Action"), parameters: QueryParameters.value(of: items))
  }

  private static func rest(_ inbound: Inbound) throws -> Route {
    guard let service = ServiceInterface.named("scheduler"), let route = SchedulerRoutes.route(inbound) else {
      throw Refusal("UnknownOperationException", "there is no \(inbound.method) \(inbound.path) here", status: 404)
    }
    var parameters = inbound.method == "GET" || inbound.method == "DELETE" ? [:] : try body(inbound)
    for (name, value) in route.parameters { parameters[name] = .string(value) }
    return Route(service: service, operation: route.operation, parameters: parameters)
  }
}
