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

  /// One that is right, for messages.
  var example: String {
    switch self {
    case .add: "ADD archive.tar.gz /opt/"
    case .arg: "ARG VERSION=1.0"
    case .cmd: "CMD [\"program\", \"argument\"]"
    case .copy: "COPY . /src/"
    case .entrypoint: "ENTRYPOINT [\"program\"]"
    case .env: "ENV NAME=value"
    case .expose: "EXPOSE 8080"
    case .from: "FROM alpine"
    case .healthcheck: "HEALTHCHECK CMD curl -f http://localhost/"
    case .label: "LABEL org.opencontainers.image.title=\"name\""
    case .maintainer: "LABEL org.opencontainers.image.authors=\"name\""
    case .onbuild: "ONBUILD COPY . /src/"
    case .run: "RUN make install"
    case .shell: "SHELL [\"/bin/bash\", \"-c\"]"
    case .stopsignal: "STOPSIGNAL SIGINT"
    case .user: "USER 1000:1000"
    case .volume: "VOLUME /data"
    case .workdir: "WORKDIR /src"
    }
  }

  static let spellings = allCases.map(\.rawValue)

  private static let flagTable = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.ownFlags) })

  /// The flags that the instruction takes.
  var flags: [String: InstructionFlag.Kind] { Self.flagTable[self] ?? [:] }

  private var ownFlags: [String: InstructionFlag.Kind] {
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
