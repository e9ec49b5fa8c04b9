import Diagnostics

/// An operating system and a processor in Go's words (image-spec, image-index.md, "platform"), normalised as
/// containerd does: `x86_64` is `amd64`, `aarch64` and `arm64/v8` are `arm64`, `arm` without a variant is `arm/v7`.
public struct Platform: Sendable, Hashable, Codable {
  public var os: String
  public var architecture: String
  public var variant: String?
  public var osVersion: String?
  public var osFeatures: [String]?

  enum CodingKeys: String, CodingKey {
    case os, architecture, variant
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  public init(os: String, architecture: String, variant: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant
  }

  /// `OS/ARCH[/VARIANT]`, or an architecture or an operating system alone, which the host completes.
  /// - Throws: `OCIError` with the code `invalid-platform`.
  public init(parsing text: String) throws {
    let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E }
    }
    guard isPlain, (1...3).contains(parts.count) else {
      throw OCIError(
        "invalid-platform", "\"\(text)\" is not a platform",
        help: ["write OS/ARCH, such as linux/amd64 or linux/arm64"],
        exitCode: .usage)
    }
    if parts.count == 1 {
      self =
        Self.isOperatingSystem(parts[0])
        ? Platform(os: parts[0], architecture: Platform.host.architecture, variant: Platform.host.variant)
        : Platform(os: Platform.host.os, architecture: parts[0]).normalized
    } else {
      self = Platform(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : nil).normalized
    }
  }

  /// The platform that Slipway runs on.
  public static var host: Platform {
    #if arch(arm64)
      Platform(os: "linux", architecture: "arm64")
    #else
      Platform(os: "linux", architecture: "amd64")
    #endif
  }

  public var normalized: Platform {
    var copy = self
    copy.os = os == "macos" ? "darwin" : os.lowercased()
    switch (architecture.lowercased(), variant?.lowercased() ?? "") {
    case ("x86_64", let v), ("x86-64", let v), ("amd64", let v):
      (copy.architecture, copy.variant) = ("amd64", v.isEmpty || v == "v1" ? nil : v)
    case ("aarch64", let v), ("arm64", let v):
      (copy.architecture, copy.variant) = ("arm64", v.isEmpty || v == "8" || v == "v8" ? nil : v)
    case ("armhf", _): (copy.architecture, copy.variant) = ("arm", "v7")
    case ("armel", _): (copy.architecture, copy.variant) = ("arm", "v6")
    case ("arm", let v):
      copy.architecture = "arm"
      copy.variant = v.isEmpty ? "v7" : v.hasPrefix("v") ? v : "v\(v)"
    case ("i386", _): (copy.architecture, copy.variant) = ("386", nil)
    case (let architecture, let v): (copy.architecture, copy.variant) = (architecture, v.isEmpty ? nil : v)
    }
    return copy
  }

  /// How well an image for `other` runs here: 0 is exact, higher is an older variant, nil is not at all.
  public func distance(to other: Platform) -> Int? {
    let mine = normalized
    let theirs = other.normalized
    guard mine.os == theirs.os, mine.architecture == theirs.architecture else { return nil }
    if mine.variant == theirs.variant { return 0 }
    guard let mineNumber = mine.variantNumber, let theirNumber = theirs.variantNumber, theirNumber <= mineNumber
    else { return nil }
    return mineNumber - theirNumber
  }

  private var variantNumber: Int? {
    guard let variant else { return architecture == "amd64" ? 1 : architecture == "arm64" ? 8 : nil }
    return UInt8(variant.drop { $0 == "v" }).map(Int.init)
  }

  private static func isOperatingSystem(_ text: String) -> Bool {
    ["linux", "windows", "darwin", "freebsd", "wasip1"].contains(text)
  }
}

extension Platform: CustomStringConvertible {
  public var description: String { [os, architecture, variant].compactMap { $0 }.joined(separator: "/") }
}

extension UInt8 {
  var isASCIILowercaseAlphanumeric: Bool { (0x30...0x39).contains(self) || (0x61...0x7A).contains(self) }
  var isASCIIHexDigit: Bool {
    (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
  }
  var isASCIIAlphanumeric: Bool { isASCIILowercaseAlphanumeric || (0x41...0x5A).contains(self) }
}
