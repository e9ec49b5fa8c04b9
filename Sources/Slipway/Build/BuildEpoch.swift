import BuildPlanning
import Diagnostics
import HostOS

/// The time of a reproducible build, by whatever says it: `--timestamp`, `SOURCE_DATE_EPOCH` (reproducible-builds.org)
/// as a build argument or of the environment, or the commit of the context.
enum BuildEpoch: Sendable, Hashable {
  case none
  case fixed(Timestamp)
  /// Known when the context is open.
  case ofCommit

  static let name = "SOURCE_DATE_EPOCH"

  /// 9999-12-31T23:59:59Z, the last that an image can say.
  private static let seconds: ClosedRange<Int64> = 0...253_402_300_799

  /// - Parameter arguments: the build arguments; an empty value is none, also where the environment has one.
  /// - Throws: `SlipwayError` with the codes `invalid-timestamp`, `invalid-epoch`, `epoch-conflict`.
  init(_ request: BuildRequest, _ arguments: [String: String], _ environment: Environment) throws {
    let argument = try arguments[Self.name].flatMap { try Self.epoch($0, called: "the build argument \(Self.name)") }
    if let text = request.timestamp {
      let time = try Self.timestamp(text)
      if request.isReproducible { throw Self.conflict("--timestamp \(text)", "--reproducible") }
      if let argument, argument != time { throw Self.conflict("--timestamp \(text)", "--build-arg \(Self.name)") }
      self = .fixed(time)
    } else if let argument {
      self = .fixed(argument)
    } else if arguments[Self.name] == nil, let text = environment.nonEmpty(Self.name),
      let time = try Self.epoch(text, called: "the variable \(Self.name)")
    {
      self = .fixed(time)
    } else {
      self = request.isReproducible ? .ofCommit : .none
    }
  }

  private static func epoch(_ text: String, called name: String) throws -> Timestamp? {
    if text.isEmpty { return nil }
    guard let seconds = Int64(text), Self.seconds.contains(seconds) else {
      throw SlipwayError(
        "invalid-epoch", "\(name) is \"\(text)\", which is not a number of seconds since 1970",
        help: [
          "set it to a number, such as the output of git log -1 --format=%ct, or build with --reproducible, which does so"
        ])
    }
    return Timestamp(seconds: seconds)
  }

  private static func timestamp(_ text: String) throws -> Timestamp {
    let time = Int64(text).map { Timestamp(seconds: $0) } ?? Timestamp(rfc3339: text)
    guard let time, seconds.contains(time.seconds) else {
      throw SlipwayError(
        "invalid-timestamp", "--timestamp \(text) is neither a number of seconds since 1970 nor a time of RFC 3339",
        help: ["write --timestamp 0, --timestamp 1700000000 or --timestamp 2023-11-14T22:13:20Z, or the like"])
    }
    // Layers keep whole seconds, and so does SOURCE_DATE_EPOCH.
    return Timestamp(seconds: time.seconds)
  }

  private static func conflict(_ one: String, _ other: String) -> SlipwayError {
    SlipwayError("epoch-conflict", "\(one) and \(other) both say what time it is", help: ["leave one of them away"])
  }
}

extension BuildSettings {
  /// Of the build; nil where there is none, or where it is not known yet.
  var epoch: Timestamp? {
    if case .fixed(let time) = timing { time } else { nil }
  }

  /// When git is to have checked the files of contexts out; nil is as they are.
  var checkoutTime: Timestamp? { countsAsCheckout ? epoch : nil }

  /// - Parameter commitTime: asked for where the context's commit says the time.
  /// - Throws: what `commitTime` throws.
  func knowingEpoch(_ commitTime: () async throws -> Timestamp) async throws -> BuildSettings {
    guard timing == .ofCommit else { return self }
    var settings = self
    settings.setTiming(.fixed(try await commitTime()))
    return settings
  }

  /// Commands whose Dockerfile has an ARG of that name know the time, too, as with buildx.
  mutating func setTiming(_ timing: BuildEpoch) {
    self.timing = timing
    if let epoch { options.arguments[BuildEpoch.name] = "\(epoch.seconds)" }
  }

  /// Layers are made with the times that they are to have, and then there is no other way to write them.
  /// - Throws: `SlipwayError` with the code `invalid-output`.
  func checkRewriting() throws {
    for output in outputs {
      switch (output.rewritesTimestamps, timing) {
      case (true, .none):
        throw SlipwayError(
          "invalid-output", "rewrite-timestamp=true of an --output has no time to write",
          help: ["set \(BuildEpoch.name), or build with --reproducible or --timestamp"])
      case (false, .fixed), (false, .ofCommit):
        throw SlipwayError(
          "invalid-output",
          "rewrite-timestamp=false is not usable: a build with a given time makes no layer with later ones",
          help: ["leave it away, or what sets the time: \(BuildEpoch.name), --reproducible or --timestamp"])
      case (true, _), (false, .none), (nil, _): break
      }
    }
  }
}
