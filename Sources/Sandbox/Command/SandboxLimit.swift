import CSandbox
import Diagnostics

/// A limit of setrlimit(2) for a command.
public struct SandboxLimit: Sendable, Hashable {
  /// As `ulimit` of Docker has it: `nofile`, `nproc`.
  public var name: String
  /// -1 is no limit.
  public var soft: Int64
  public var hard: Int64

  /// - Throws: `SandboxError` when there is no limit of that name, or the soft one is above the hard one.
  public init(name: String, soft: Int64, hard: Int64) throws(SandboxError) {
    guard Self.resources[name] != nil else {
      throw SandboxError(
        .invalid("there is no limit called \(name)"),
        help: [
          Suggestion.nearest(to: name, in: Self.names).map { "did you mean \($0)?" }
            ?? "the limits are \(Self.names.joined(separator: ", "))"
        ])
    }
    guard soft >= -1, hard >= -1, hard == -1 || (soft != -1 && soft <= hard) else {
      throw SandboxError(
        .invalid("the limit \(name) of \(soft) is above its hard limit of \(hard)"),
        help: ["give the soft limit first: \(name)=SOFT:HARD"])
    }
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  public static var names: [String] { resources.keys.sorted() }

  /// The numbers of <asm-generic/resource.h>, which all architectures that we run on share. What is missing is what
  /// Docker does not know either.
  private static let resources: [String: Int32] = [
    "core": 4, "cpu": 0, "data": 2, "fsize": 1, "locks": 10, "memlock": 8, "msgqueue": 12, "nice": 13, "nofile": 7,
    "nproc": 6, "rss": 5, "rtprio": 14, "rttime": 15, "sigpending": 11, "stack": 3,
  ]

  var resource: Int32 { Self.resources[name] ?? 0 }

  /// The two numbers as the kernel has them.
  var bytes: [UInt8] {
    [soft, hard].flatMap { value in withUnsafeBytes(of: value == -1 ? UInt64.max : UInt64(value)) { Array($0) } }
  }

  /// What to do when the kernel refuses it.
  var remedies: [String] {
    let most = csandbox_hard_limit(resource)
    let permitted = most == .max ? "no more than the kernel's own maximum" : "at most \(most)"
    return ["ask for less: this host permits \(permitted)", "or raise the hard limit of whoever runs slipway"]
  }
}
