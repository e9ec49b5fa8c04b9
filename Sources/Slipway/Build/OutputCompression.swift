import Archive
import Builder
import Diagnostics

/// How an output's layers are to be compressed: `compression=…,compression-level=…,force-compression=…` (docker buildx
/// build, "--output").
struct OutputCompression: Sendable, Hashable {
  var compression: Compression
  /// Whether layers of base images are compressed so, too.
  var isForced = false

  /// What everybody can read.
  static let usual = OutputCompression(compression: .default)

  /// The mistake of an option, and what to write.
  struct Mistake: Error {
    var reason: String
    var help: String
  }

  private enum Name: String, CaseIterable { case gzip, zstd, estargz, uncompressed }

  /// Takes its fields; nil where there are none.
  static func take(from fields: inout OptionFields) throws(Mistake) -> OutputCompression? {
    let name = fields.take("compression")
    let level = fields.take("compression-level")
    let force = fields.take("force-compression")
    guard name != nil || level != nil || force != nil else { return nil }
    return OutputCompression(
      compression: try compression(name ?? Name.gzip.rawValue, level), isForced: try isForced(force))
  }

  private static func compression(_ text: String, _ level: String?) throws(Mistake) -> Compression {
    guard let name = Name(rawValue: text) else {
      let names = Name.allCases.map(\.rawValue)
      throw Mistake(
        reason: "there is no compression \"\(text)\"",
        help: Suggestion.nearest(to: text, in: names).map { "did you mean compression=\($0)?" }
          ?? "the compressions are \(names.joined(separator: ", "))")
    }
    switch name {
    case .uncompressed:
      guard level == nil else {
        throw Mistake(reason: "what is not compressed has no level", help: "leave compression-level away")
      }
      return .none
    case .gzip: return .gzip(level: try self.level(level, in: 0...9) ?? Compression.defaultGzipLevel)
    case .estargz: return .estargz(level: try self.level(level, in: 0...9) ?? Compression.defaultGzipLevel)
    case .zstd: return .zstd(level: try self.level(level, in: 1...19) ?? 3)
    }
  }

  private static func level(_ text: String?, in range: ClosedRange<Int>) throws(Mistake) -> Int? {
    guard let text else { return nil }
    guard let level = Int(text), range.contains(level) else {
      throw Mistake(
        reason: "compression-level=\(text) is no level",
        help: "write a number from \(range.lowerBound) (fast) to \(range.upperBound) (small)")
    }
    return level
  }

  private static func isForced(_ text: String?) throws(Mistake) -> Bool {
    switch text {
    case nil, "false", "0": false
    case "true", "1": true
    case let other?:
      throw Mistake(
        reason: "force-compression=\(other) is neither true nor false", help: "write force-compression=true")
    }
  }

  /// What becomes of layers on the way out.
  func conversion(_ bench: Workbench) -> LayerConversion {
    LayerConversion(to: compression, isForced: isForced, in: bench.store, progress: bench.progress)
  }
}
