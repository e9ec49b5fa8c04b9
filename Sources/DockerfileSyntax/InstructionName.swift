/// The instructions of Dockerfiles.
enum InstructionName: String, CaseIterable {
  case add = "ADD"
  case arg = "ARG"
  case cmd = "CMD"
  case copy = "COPY"
  case entrypoint = "ENTRYPOINT"
  case env = "ENV"
  case expose = "EXPOSE"
  case from = "FROM"
  case healthcheck = "HEALTHCHECK"
  case label = "LABEL"
  case maintainer = "MAINTAINER"
  case onbuild = "ONBUILD"
  case run = "RUN"
  case shell = "SHELL"
  case stopsignal = "STOPSIGNAL"
  case user = "USER"
  case volume = "VOLUME"
  case workdir = "WORKDIR"

  static let spellings = allCases.map(\.rawValue)

  /// The flags that the instruction takes.
  var flags: [String: InstructionFlag.Kind] {
    switch self {
    case .add:
      [
        "checksum": .text, "chmod": .text, "chown": .text, "exclude": .list, "keep-git-dir": .boolean,
        "link": .boolean, "unpack": .boolean,
      ]
    case .copy:
      ["chmod": .text, "chown": .text, "exclude": .list, "from": .text, "link": .boolean, "parents": .boolean]
    case .from: ["platform": .text]
    case .healthcheck:
      ["interval": .text, "retries": .text, "start-interval": .text, "start-period": .text, "timeout": .text]
    case .run: ["device": .list, "mount": .list, "network": .text, "security": .text]
    default: [:]
    }
  }

  var takesHeredocs: Bool { self == .add || self == .copy || self == .run }
}
