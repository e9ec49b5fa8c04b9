import Builder
import Diagnostics
import Images
import OCI
import SystemPackage

/// One `--output`: `type=…,dest=…`, a folder alone, or `-` (docker buildx build, "--output").
struct OutputSpecification: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// Push under these names.
    case registry([ImageReference])
    case archive(ImageArchiveFormat)
    /// An image layout in a folder.
    case layout
    /// The files, in a folder.
    case files
    /// The files, as a tar file.
    case tar
  }

  enum Destination: Sendable, Hashable {
    case none
    case path(FilePath)
    case standardOutput
  }

  var kind: Kind
  var destination: Destination
  var compression = OutputCompression.usual
  /// Whether files that are newer than the build's time are to have that; nil where it is not said.
  var rewritesTimestamps: Bool?

  /// - Parameter names: the names of the image.
  /// - Throws: `SlipwayError` with the code `invalid-output`.
  init(parsing text: String, names: [ImageReference]) throws {
    if text == "-" {
      self.init(.tar, .standardOutput)
      return
    }
    guard text.contains("=") else {
      guard !text.isEmpty else { throw Self.invalid(text, "it is empty") }
      self.init(.files, .path(FilePath(text)))
      return
    }
    var fields = try Self.fields(of: text)
    guard let type = fields.take("type") else { throw Self.invalid(text, "it has no type=") }
    let destination = fields.take("dest").map {
      $0 == "-" ? .standardOutput : Destination.path(FilePath($0))
    }
    switch type {
    case "registry", "image":
      try self.init(registry: text, &fields, names, type)
    case "oci" where fields.take("tar") == "false":
      self.init(.layout, try Self.required(destination, text))
    case "oci": self.init(.archive(.oci), try Self.required(destination, text))
    case "docker": self.init(.archive(.docker), try Self.required(destination, text))
    case "local": self.init(.files, try Self.required(destination, text))
    case "tar": self.init(.tar, try Self.required(destination, text))
    default:
      let types = ["registry", "image", "oci", "docker", "local", "tar"]
      let nearest = Suggestion.nearest(to: type, in: types)
      throw Self.invalid(
        text, "there is no output type \"\(type)\"",
        help: nearest.map { "did you mean type=\($0)?" } ?? "the types are \(types.joined(separator: ", "))")
    }
    do {
      if let wanted = try OutputCompression.take(from: &fields) {
        guard kind != .files, kind != .tar else {
          throw Self.invalid(text, "files have no compression", help: "leave compression away")
        }
        compression = wanted
      }
    } catch let mistake as OutputCompression.Mistake {
      throw Self.invalid(text, mistake.reason, help: mistake.help)
    }
    if let value = fields.take("rewrite-timestamp") {
      guard kind != .files, kind != .tar else {
        throw Self.invalid(text, "files have the times that layers have", help: "leave rewrite-timestamp away")
      }
      rewritesTimestamps = ["true": true, "1": true, "false": false, "0": false][value]
      if rewritesTimestamps == nil {
        throw Self.invalid(
          text, "rewrite-timestamp=\(value) is neither true nor false", help: "write rewrite-timestamp=true")
      }
    }
    if kind == .files || kind == .layout, self.destination == .standardOutput {
      throw Self.invalid(text, "a folder cannot go to standard output", help: "name a folder: dest=PATH")
    }
    if let unknown = fields.left { throw Self.invalid(text, "\(unknown)= is not known for type=\(type)") }
  }

  private init(_ kind: Kind, _ destination: Destination) {
    self.kind = kind
    self.destination = destination
  }

  private init(registry text: String, _ fields: inout OptionFields, _ names: [ImageReference], _ type: String)
    throws
  {
    let push = fields.take("push").map { $0 == "true" || $0 == "1" } ?? (type == "registry")
    let own = try fields.take("name").map { try ImageReference(parsing: $0) }
    guard push else {
      throw Self.invalid(text, "type=image without push=true has nothing to do", help: "add push=true")
    }
    let targets = own.map { [$0] } ?? names
    guard !targets.isEmpty else {
      throw Self.invalid(text, "an image without a name cannot be pushed", help: "name it: --tag REGISTRY/NAME:TAG")
    }
    self.init(.registry(targets), .none)
  }

  private static func required(_ destination: Destination?, _ text: String) throws -> Destination {
    guard let destination else {
      throw invalid(text, "it has no dest=", help: "say where to write it: \(text),dest=PATH")
    }
    return destination
  }

  private static func fields(of text: String) throws -> OptionFields {
    do { return try OptionFields(parsing: text) } catch { throw invalid(text, "\"\(error.part)\" is not KEY=VALUE") }
  }

  private static func invalid(_ text: String, _ reason: String, help: String? = nil) -> SlipwayError {
    SlipwayError(
      "invalid-output", "--output \(text) is not usable: \(reason)",
      help: [help ?? "write type=registry, or type=oci|docker|local|tar,dest=PATH"])
  }
}
