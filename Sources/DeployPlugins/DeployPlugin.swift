public import Diagnostics
import Foundation

/// A deploy plugin, as its author writes it.
public protocol DeployPlugin: Sendable {
  var description: PluginDescription { get }
}

extension DeployPlugin {
  /// Carries out the operation that the arguments name (deploy protocol 1): JSON lines go to `write`, the exit code says
  /// whether the last one is a result or an error.
  ///
  /// - Parameter arguments: without the program's name.
  public func run(_ arguments: [String], write: (String) -> Void) -> ExitCode {
    let message = message(for: arguments)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(message) else { return .defect }
    write(String(decoding: line, as: UTF8.self) + "\n")
    if case .result = message { return .success }
    return .failure
  }

  private func message(for arguments: [String]) -> PluginMessage {
    let names = description.operations.map(\.rawValue).joined(separator: ", ")
    guard arguments.count == 1, let operation = PluginOperation(rawValue: arguments[0]),
      description.operations.contains(operation)
    else {
      return .error(
        PluginFailure(
          code: "unknown-operation",
          message: "\(arguments.first ?? "nothing") is not an operation of \(description.name)",
          hint: "its operations are \(names)"))
    }
    do {
      switch operation {
      case .describe:
        let bytes = try JSONEncoder().encode(description)
        return .result(try JSONDecoder().decode(JSONValue.self, from: bytes))
      case .plan, .apply, .status, .rollback:
        return .error(PluginFailure(code: "unknown-operation", message: "\(operation.rawValue) is not offered"))
      }
    } catch {
      return .error(PluginFailure(code: "defect", message: "the description cannot be written: \(error)"))
    }
  }
}
