public import Diagnostics
public import HostOS
import JSON

extension DeployPlugin {
  /// Carries out the operation that the arguments name (deploy protocol 1).
  ///
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - input: what is on standard input: the request.
  ///   - environment: that of the process.
  ///   - write: takes the lines of standard output, with their line feeds. Called from any thread, one at a time.
  /// - Returns: 0 when the last line is a result, 1 when it is an error.
  public func run(
    _ arguments: [String], input: @Sendable () throws -> [UInt8], environment: Environment,
    write: @escaping @Sendable (String) -> Void
  ) async -> ExitCode {
    let send: @Sendable (PluginMessage) -> Void = { message in
      if let json = try? message.json { write(json.text + "\n") }
    }
    do {
      send(.result(try await answer(arguments, input, PluginContext(environment: environment, send: send))))
      return .success
    } catch let failure as PluginFailure {
      send(.error(failure))
    } catch is CancellationError {
      send(.error(PluginFailure(code: "cancelled", message: "it was told to stop", category: .cancelled)))
    } catch let error as any DiagnosticError {
      send(.error(PluginFailure(error)))
    } catch {
      send(.error(PluginFailure(code: "defect", message: "\(error)")))
    }
    return .failure
  }

  private func answer(
    _ arguments: [String], _ input: () throws -> [UInt8], _ context: PluginContext
  ) async throws -> JSONValue {
    guard arguments.count == 1, let operation = PluginOperation(rawValue: arguments[0]) else {
      throw PluginFailure(
        code: "unknown-operation",
        message: "\"\(arguments.joined(separator: " "))\" is not an operation of \(description.name)",
        hint: "its operations are \(description.operations.map(\.rawValue).joined(separator: ", "))")
    }
    guard description.operations.contains(operation) else { throw notOffered(operation) }
    if operation == .describe { return try JSONValue(encoding: description) }
    let request: PluginRequest
    do { request = try PluginRequest(json: JSONValue(parsing: try input())) } catch let error as JSONSyntaxError {
      throw PluginFailure(code: "invalid-request", message: "the request is no JSON: \(error)")
    }
    switch operation {
    case .describe: return .null
    case .plan: return try await plan(request, context).json
    case .apply:
      guard let plan = request.plan.flatMap(DeploymentPlan.init(json:)) else {
        throw PluginFailure(code: "invalid-request", message: "the request has no plan of \(description.name)")
      }
      return try await apply(plan, request, context).json
    case .status: return try await status(request, context).json
    case .rollback: return try await rollback(request, context).json
    }
  }
}

extension PluginFailure {
  /// What an error of ours says of itself.
  public init(_ error: any DiagnosticError) {
    let diagnostic = error.diagnostics[0]
    self.init(
      code: diagnostic.code.rawValue, message: diagnostic.message, hint: diagnostic.help.first,
      causes: diagnostic.notes.isEmpty ? nil : diagnostic.notes.map(\.message),
      category: Self.category(error.exitCode))
  }

  private static func category(_ code: ExitCode) -> Category {
    switch code {
    case .usage: .config
    case .authentication: .authentication
    case .unavailable: .unavailable
    default: .failed
    }
  }
}
