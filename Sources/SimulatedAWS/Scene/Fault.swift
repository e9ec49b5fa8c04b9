/// Something that goes wrong with calls, whatever they ask for.
public struct Fault: Sendable {
  public enum Kind: Sendable {
    /// 400 ThrottlingException, as AWS answers.
    case throttled
    /// A status with nothing that explains it, such as 503.
    case status(Int)
    case accessDenied
    /// The credentials of the call count as expired from here on, in all calls.
    case expiredToken
    /// The connection ends without an answer. The call has no effect.
    case dropConnection
    /// The call has its effect, and the connection ends without an answer.
    case loseAnswer
    /// The answer comes later.
    case slow(Duration)
    case refused(Refusal)
  }

  /// Such as `DescribeServices`; `*` is all.
  public var operation: String
  public var times: Int
  /// How many such calls go well before.
  public var after: Int
  public var kind: Kind

  public static func fault(_ operation: String, times: Int = 1, after: Int = 0, _ kind: Kind) -> Fault {
    Fault(operation: operation, times: times, after: after, kind: kind)
  }
}

/// Counts what is left of faults.
struct Faults: Sendable {
  private var faults: [Fault]

  init(_ faults: [Fault]) { self.faults = faults }

  /// The fault that a call meets.
  mutating func next(_ operation: String) -> Fault.Kind? {
    var met: Fault.Kind?
    for index in faults.indices where faults[index].operation == operation || faults[index].operation == "*" {
      if faults[index].after > 0 {
        faults[index].after -= 1
      } else if faults[index].times > 0, met == nil {
        faults[index].times -= 1
        met = faults[index].kind
      }
    }
    return met
  }

  mutating func add(_ fault: Fault) { faults.append(fault) }
}
