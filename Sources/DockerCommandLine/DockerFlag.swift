/// A flag of a docker command, and what becomes of it here.
public struct DockerFlag: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// `--name`, or `--name=false`.
    case boolean
    /// `--name value` or `--name=value`; the last one counts.
    case value
    /// The same; all of them count.
    case list
    /// `--name` or `--name=value`: without a value it has this one.
    case optional(String)
  }

  /// No flag is ignored in silence.
  public enum Treatment: Sendable, Hashable {
    case honoured
    /// Accepted, since the effect is there already, or what it is about does not exist here.
    case withoutEffect(String)
    /// Accepted with this warning.
    case warned(String)
    /// Accepted with these values only, which change nothing.
    case only([String], String)
    case refused(String)
  }

  public var name: String
  public var short: Character?
  public var kind: Kind
  public var treatment = Treatment.honoured

  public static func flag(_ name: String, _ short: Character? = nil) -> DockerFlag {
    DockerFlag(name: name, short: short, kind: .boolean)
  }

  public static func value(_ name: String, _ short: Character? = nil) -> DockerFlag {
    DockerFlag(name: name, short: short, kind: .value)
  }

  public static func list(_ name: String, _ short: Character? = nil) -> DockerFlag {
    DockerFlag(name: name, short: short, kind: .list)
  }

  public static func optional(_ name: String, else value: String) -> DockerFlag {
    DockerFlag(name: name, short: nil, kind: .optional(value))
  }

  func treated(_ treatment: Treatment) -> DockerFlag {
    var copy = self
    copy.treatment = treatment
    return copy
  }

  public func withoutEffect(_ reason: String) -> DockerFlag { treated(.withoutEffect(reason)) }
  public func warned(_ warning: String) -> DockerFlag { treated(.warned(warning)) }
  public func only(_ values: [String], _ reason: String) -> DockerFlag { treated(.only(values, reason)) }
  public func refused(_ reason: String) -> DockerFlag { treated(.refused(reason)) }

  /// `-t, --tag`, as pflag writes it in messages.
  var words: String { short.map { "-\($0), --\(name)" } ?? "--\(name)" }
}
