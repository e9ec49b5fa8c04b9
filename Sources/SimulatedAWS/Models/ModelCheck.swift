import JSON
import SystemPackage

/// Compares calls and answers with botocore's models.
struct ModelCheck: Sendable {
  /// `data` of botocore; nil checks nothing.
  var folder: FilePath?
  /// Whether members that the models do not know yet may be sent.
  var permitsUnknownMembers: Bool

  /// All that does not fit the model.
  /// - Throws: `HostError`, `DecodingError`, `SimulationError` when there is no model.
  func findings(parameters: JSONValue, of route: Route) throws -> [String] {
    guard let folder else { return [] }
    let model = try ServiceModel.load(route.service.id, from: folder)
    guard let operation = model.operations[route.operation] else { return ["there is no such operation in the model"] }
    return check(parameters, operation.input, "parameters", model, route.service)
  }

  /// - Throws: as `findings(parameters:of:)`.
  func findings(answer: JSONValue, of route: Route) throws -> [String] {
    guard let folder else { return [] }
    let model = try ServiceModel.load(route.service.id, from: folder)
    return check(answer, model.operations[route.operation]?.output, "answer", model, route.service)
  }

  private func check(
    _ value: JSONValue, _ reference: ServiceModel.Reference?, _ place: String, _ model: ServiceModel,
    _ service: ServiceInterface
  ) -> [String] {
    guard let reference else {
      return value.object?.isEmpty == false ? ["\(place) has members, and the model has none"] : []
    }
    var isQuery = false
    if case .query = service.language { isQuery = true }
    // Items of URLs are texts, too.
    var check = ShapeCheck(
      model, permitsUnknownMembers: permitsUnknownMembers, isQuery: isQuery || service.language == .rest)
    check.check(value, reference.shape, at: place)
    return check.findings
  }
}
