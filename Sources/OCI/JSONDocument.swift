import Diagnostics
import Foundation

/// JSON as we read and write it: sorted keys, no escaped slashes, so that equal values have equal bytes.
public enum JSONDocument {
  /// - Throws: `OCIError` with the code `invalid-json`, which names the member at fault.
  public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], called name: String) throws
    -> Value
  {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw OCIError("invalid-json", "the \(name) is not valid: \(explain(error))")
    }
  }

  /// - Throws: `EncodingError` for values that JSON cannot say, such as infinite numbers.
  public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  private static func explain(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "it" : path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
    case .typeMismatch(_, let context): return "\(place(context.codingPath)) has another type"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "it cannot be read as JSON" : "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "it cannot be read"
    }
  }
}
