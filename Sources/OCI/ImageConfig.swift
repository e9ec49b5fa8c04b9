/// An image configuration (image-spec, config.md) with the members that Docker adds to it.
public struct ImageConfig: Sendable, Hashable, Codable {
  /// RFC 3339.
  public var created: String?
  public var author: String?
  public var architecture: String
  public var os: String
  public var variant: String?
  public var osVersion: String?
  public var osFeatures: [String]?
  public var config: RuntimeConfig?
  public var rootfs: RootFS
  public var history: [History]?

  enum CodingKeys: String, CodingKey {
    case created, author, architecture, os, variant
    case osVersion = "os.version"
    case osFeatures = "os.features"
    case config, rootfs, history
  }

  /// The configuration of `scratch`.
  public init(platform: Platform) {
    architecture = platform.architecture
    os = platform.os
    variant = platform.variant
    rootfs = RootFS()
  }

  public var platform: Platform {
    var platform = Platform(os: os, architecture: architecture, variant: variant)
    platform.osVersion = osVersion
    platform.osFeatures = osFeatures
    return platform
  }
}

/// The layers of an image by the digests of their uncompressed content, the lowest first.
public struct RootFS: Sendable, Hashable, Codable {
  public var type = "layers"
  public var diffIDs: [Digest]

  enum CodingKeys: String, CodingKey {
    case type
    case diffIDs = "diff_ids"
  }

  public init(diffIDs: [Digest] = []) { self.diffIDs = diffIDs }
}

/// What made a layer, or changed the configuration.
public struct History: Sendable, Hashable, Codable {
  public var created: String?
  public var createdBy: String?
  public var author: String?
  public var comment: String?
  public var emptyLayer: Bool?

  enum CodingKeys: String, CodingKey {
    case created, author, comment
    case createdBy = "created_by"
    case emptyLayer = "empty_layer"
  }

  public init(created: String? = nil, createdBy: String, comment: String? = nil, emptyLayer: Bool = false) {
    self.created = created
    self.createdBy = createdBy
    self.comment = comment
    self.emptyLayer = emptyLayer ? true : nil
  }
}

/// How a container of the image is run.
public struct RuntimeConfig: Sendable, Hashable, Codable {
  public var user: String?
  public var exposedPorts: [String: EmptyObject]?
  public var env: [String]?
  public var entrypoint: [String]?
  public var cmd: [String]?
  public var volumes: [String: EmptyObject]?
  public var workingDir: String?
  public var labels: [String: String]?
  public var stopSignal: String?
  public var argsEscaped: Bool?
  /// Docker's addition.
  public var healthcheck: Healthcheck?
  /// Docker's addition.
  public var onBuild: [String]?
  /// Docker's addition.
  public var shell: [String]?

  enum CodingKeys: String, CodingKey {
    case user = "User"
    case exposedPorts = "ExposedPorts"
    case env = "Env"
    case entrypoint = "Entrypoint"
    case cmd = "Cmd"
    case volumes = "Volumes"
    case workingDir = "WorkingDir"
    case labels = "Labels"
    case stopSignal = "StopSignal"
    case argsEscaped = "ArgsEscaped"
    case healthcheck = "Healthcheck"
    case onBuild = "OnBuild"
    case shell = "Shell"
  }

  public init() {}
}

/// `{}`: how Go writes a member of a set.
public struct EmptyObject: Sendable, Hashable, Codable {
  public init() {}
}

/// Docker's health check. Durations are in nanoseconds; absent ones inherit.
public struct Healthcheck: Sendable, Hashable, Codable {
  /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`.
  public var test: [String]?
  public var interval: Int64?
  public var timeout: Int64?
  public var startPeriod: Int64?
  public var startInterval: Int64?
  public var retries: Int?

  enum CodingKeys: String, CodingKey {
    case test = "Test"
    case interval = "Interval"
    case timeout = "Timeout"
    case startPeriod = "StartPeriod"
    case startInterval = "StartInterval"
    case retries = "Retries"
  }

  public init(test: [String]) { self.test = test }
}
