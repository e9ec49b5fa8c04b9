import Builder
import Diagnostics
import OCI
import SystemPackage

/// Where a cache is: what `--cache-to` and `--cache-from` have in common.
enum CachePlace: Sendable, Hashable {
  case registry(ImageReference)
  /// An image layout in a folder. Without a tag it is `latest`, without both when it is read, too, the only one.
  case folder(FilePath, tag: String?, digest: Digest?)
  /// The image that is built.
  case image
}

/// One `--cache-to`: `type=registry,ref=NAME`, the name alone, `type=local,dest=PATH` or `type=inline` (docker buildx
/// build, "--cache-to").
struct CacheExportOption: Sendable, Hashable {
  var place: CachePlace
  var mode = CacheExporter.Mode.min
  /// Whether the build is a success even if the cache could not be written.
  var ignoresErrors = false
  var mounts = CacheExporter.Mounts.none

  /// - Throws: `SlipwayError` with the code `invalid-cache`, `OCIError`.
  init(parsing text: String) throws {
    var fields = try CacheFields(parsing: text, flag: "--cache-to")
    place = try fields.place(folder: "dest", types: ["registry", "local", "inline"])
    mode =
      try fields.choice("mode", CacheExporter.Mode.allCases.map(\.rawValue)).flatMap { .init(rawValue: $0) } ?? .min
    ignoresErrors = try fields.isTrue("ignore-error") ?? false
    // What registries that refuse BuildKit's own form need is the only form here.
    for key in ["image-manifest", "oci-mediatypes"] where try fields.isTrue(key) == false {
      throw fields.mistake("\(key)=false is a form that some registries refuse, and is not written", "leave it away")
    }
    if let compression = fields.take("compression"), compression != "gzip" {
      throw fields.mistake("layers are cached as the image has them, and that is gzip", "leave compression= away")
    }
    if place == .image, mode == .max {
      throw fields.mistake(
        "an image holds the results of its own steps only", "write mode=min, or export to a registry or a folder")
    }
    mounts = try fields.mounts()
    if place == .image, mounts != .none {
      throw fields.mistake(
        "an image must not hold what commands keep for themselves",
        "leave mounts= away, or export to a registry or a folder beside it")
    }
    try fields.finish()
  }
}

/// One `--cache-from`: `type=registry,ref=NAME`, the name alone, or `type=local,src=PATH` (docker buildx build,
/// "--cache-from").
struct CacheImportOption: Sendable, Hashable {
  var place: CachePlace

  /// - Throws: `SlipwayError` with the code `invalid-cache`, `OCIError`.
  init(parsing text: String) throws {
    var fields = try CacheFields(parsing: text, flag: "--cache-from")
    place = try fields.place(folder: "src", types: ["registry", "local"])
    try fields.finish()
  }
}

/// The parts of an option, with the mistakes that can be in it.
private struct CacheFields {
  let flag: String
  let text: String
  var fields: OptionFields
  var type = "registry"

  init(parsing text: String, flag: String) throws {
    (self.flag, self.text) = (flag, text)
    do {
      // Names without more are those of images.
      fields = try OptionFields(parsing: text.contains("=") || text.isEmpty ? text : "type=registry,ref=\(text)")
    } catch {
      throw Self.mistake(
        flag, text, text.isEmpty ? "it is empty" : "\"\(error.part)\" is not KEY=VALUE", Self.forms(flag))
    }
  }

  func mistake(_ reason: String, _ help: String) -> SlipwayError { Self.mistake(flag, text, reason, help) }

  private static func mistake(_ flag: String, _ text: String, _ reason: String, _ help: String) -> SlipwayError {
    SlipwayError("invalid-cache", "\(flag) \(text) is not usable: \(reason)", help: [help])
  }

  private static func forms(_ flag: String) -> String {
    flag == "--cache-to"
      ? "write type=registry,ref=NAME, type=local,dest=PATH or type=inline"
      : "write type=registry,ref=NAME or type=local,src=PATH"
  }

  mutating func take(_ key: String) -> String? { fields.take(key) }

  mutating func place(folder key: String, types: [String]) throws -> CachePlace {
    guard let type = fields.take("type") else { throw mistake("it has no type=", Self.forms(flag)) }
    self.type = type
    guard types.contains(type) else {
      let nearest = Suggestion.nearest(to: type, in: types)
      throw mistake(
        type == "inline"
          ? "a cache inside of an image is read by the image's name" : "there is no cache type \"\(type)\"",
        nearest.map { "did you mean type=\($0)?" } ?? Self.forms(flag))
    }
    switch type {
    case "registry":
      guard let name = fields.take("ref"), !name.isEmpty else {
        throw mistake("it has no ref=", "say which image it is: type=registry,ref=NAME")
      }
      let reference = try ImageReference(parsing: name).withDefaultTag
      guard key == "src" || reference.digest == nil else {
        throw mistake("a digest is known when the cache is written", "write ref=NAME[:TAG]")
      }
      return .registry(reference)
    case "local":
      guard let path = fields.take(key), !path.isEmpty else {
        throw mistake("it has no \(key)=", "name a folder: type=local,\(key)=PATH")
      }
      return .folder(FilePath(path), tag: fields.take("tag"), digest: try digest(key))
    default: return .image
    }
  }

  private mutating func digest(_ key: String) throws -> Digest? {
    guard key == "src", let text = fields.take("digest") else { return nil }
    guard let digest = Digest(text) else {
      throw mistake("\(text) is not a digest", "write sha256: and 64 lower-case hexadecimal digits")
    }
    return digest
  }

  mutating func choice(_ key: String, _ values: [String]) throws -> String? {
    guard let value = fields.take(key) else { return nil }
    guard values.contains(value) else {
      throw mistake("\(key)= is \"\(value)\"", "write \(values.map { "\(key)=\($0)" }.joined(separator: " or "))")
    }
    return value
  }

  mutating func isTrue(_ key: String) throws -> Bool? {
    try choice(key, ["true", "false", "1", "0"]).map { $0 == "true" || $0 == "1" }
  }

  /// `mounts=true`, or ids, several in quotes.
  mutating func mounts() throws -> CacheExporter.Mounts {
    guard let value = fields.take("mounts") else { return .none }
    switch value {
    case "true", "1": return .all
    case "false", "0": return .none
    default:
      let ids = value.split(separator: ",").map(String.init)
      guard !ids.isEmpty else { throw mistake("mounts= is empty", "write mounts=true, or ids of cache mounts") }
      return .ids(ids)
    }
  }

  func finish() throws {
    if let left = fields.left { throw mistake("\(left)= is not known for type=\(type)", Self.forms(flag)) }
  }
}
