public import GoTemplate
import OCI

/// What `docker inspect` says of an image (the API's ImageInspect).
extension DockerImage {
  public var inspection: TemplateValue {
    let created = config.created ?? "0001-01-01T00:00:00Z"
    var members: [TemplateValue.Member] = [
      .init("Id", .text(id.description)),
      .init("RepoTags", .list(names.filter { $0.digest == nil }.map { .text($0.familiarDescription) })),
      .init("RepoDigests", .list(digests.map { .text($0) })),
      .init("Parent", ""),
      .init("Comment", .text(config.history?.last?.comment ?? "")),
      .init("Created", .text(created)),
      .init("DockerVersion", ""),
      .init("Author", .text(config.author ?? "")),
      .init("Config", configuration),
      .init("Architecture", .text(config.architecture)),
    ]
    if let variant = config.variant { members.append(.init("Variant", .text(variant))) }
    members += [
      .init("Os", .text(config.os)),
      .init("Size", .integer(size)),
      .init("VirtualSize", .integer(size)),
      .init("GraphDriver", ["Data": .empty("map[]"), "Name": "overlayfs"]),
      .init(
        "RootFS", ["Type": "layers", "Layers": .list(config.rootfs.diffIDs.map { .text($0.description) })]),
      .init("Metadata", ["LastTagTime": .text(created)]),
      .init("Descriptor", Self.value(top)),
    ]
    return .record(members)
  }

  /// Each repository that has it, with what its names stand for.
  public var digests: [String] {
    Set(names.map(\.familiarName)).sorted().map { "\($0)@\(top.digest)" }
  }

  private static func value(_ descriptor: Descriptor) -> TemplateValue {
    [
      "mediaType": .text(descriptor.mediaType.rawValue), "digest": .text(descriptor.digest.description),
      "size": .integer(descriptor.size),
    ]
  }

  private var configuration: TemplateValue {
    let own = config.config ?? RuntimeConfig()
    func list(_ texts: [String]?) -> TemplateValue { texts.map { .list($0.map { .text($0) }) } ?? .empty("[]") }
    func set(_ names: [String: EmptyObject]?) -> TemplateValue {
      names.map { .map($0.mapValues { _ in .record([]) }) } ?? .empty("map[]")
    }
    var members: [TemplateValue.Member] = [
      .init("Hostname", ""), .init("Domainname", ""), .init("User", .text(own.user ?? "")),
      .init("AttachStdin", false), .init("AttachStdout", false), .init("AttachStderr", false),
    ]
    if let ports = own.exposedPorts { members.append(.init("ExposedPorts", set(ports))) }
    members += [
      .init("Tty", false), .init("OpenStdin", false), .init("StdinOnce", false), .init("Env", list(own.env)),
      .init("Cmd", list(own.cmd)),
    ]
    if let check = own.healthcheck { members.append(.init("Healthcheck", Self.value(check))) }
    if own.argsEscaped == true { members.append(.init("ArgsEscaped", true)) }
    members += [
      .init("Image", ""), .init("Volumes", set(own.volumes)), .init("WorkingDir", .text(own.workingDir ?? "")),
      .init("Entrypoint", list(own.entrypoint)), .init("OnBuild", list(own.onBuild)),
      .init("Labels", own.labels.map { .map($0.mapValues { .text($0) }) } ?? .empty("map[]")),
    ]
    if let signal = own.stopSignal { members.append(.init("StopSignal", .text(signal))) }
    if let shell = own.shell { members.append(.init("Shell", list(shell))) }
    return .record(members)
  }

  private static func value(_ check: Healthcheck) -> TemplateValue {
    var members: [TemplateValue.Member] = []
    if let test = check.test { members.append(.init("Test", .list(test.map { .text($0) }))) }
    for (name, time) in [
      ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.startPeriod),
      ("StartInterval", check.startInterval),
    ] {
      if let time { members.append(.init(name, .integer(time))) }
    }
    if let retries = check.retries { members.append(.init("Retries", .integer(Int64(retries)))) }
    return .record(members)
  }
}
