public import JSON
import Synchronization

/// A call that arrived, and what it was answered with.
public struct CallRecord: Sendable {
  public var service: String
  public var operation: String
  public var parameters: JSONValue
  public var accessKeyID: String
  /// 0 when the connection was dropped instead.
  public var status: Int
  /// Of the error; nil when there was none.
  public var errorCode: String?
  public var answer: JSONValue
}

extension CallRecord: CustomStringConvertible {
  /// Such as `ecs:UpdateService 200`.
  public var description: String {
    "\(service):\(operation) \(status)" + (errorCode.map { " \($0)" } ?? "")
  }
}

/// Calls in the order in which they were answered, and what was wrong with them.
final class CallLog: Sendable {
  private struct Lists: Sendable {
    var calls: [CallRecord] = []
    var violations: [String] = []
  }

  private let lists = Mutex(Lists())

  var calls: [CallRecord] { lists.withLock { $0.calls } }
  var violations: [String] { lists.withLock { $0.violations } }

  func add(_ call: CallRecord) { lists.withLock { $0.calls.append(call) } }
  func add(violation: String) { lists.withLock { $0.violations.append(violation) } }
}
