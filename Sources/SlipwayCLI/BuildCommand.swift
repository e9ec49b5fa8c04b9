import ArgumentParser
import Diagnostics
import HostOS
import OCI
import Slipway
import SystemPackage

struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build an image from a Dockerfile.",
    discussion: """
      The flags are those of docker buildx build. Progress goes to standard error; standard output gets one line, \
      NAME@DIGEST.
      """)

  @Argument(
    help: """
      What COPY and ADD read from: a folder, an archive, the URL of a git repository or an archive, or - for an archive \
      or a Dockerfile on standard input.
      """)
  var context: String

  @Option(
    name: [.short, .long], help: "The Dockerfile: a path, a URL, or - for standard input (default: CONTEXT/Dockerfile)."
  )
  var file: String?

  @Option(name: [.short, .long], help: "A name for the image, NAME[:TAG]; may be repeated.")
  var tag: [String] = []

  @Option(help: "A value for an ARG, NAME=value, or NAME for the value of the environment; may be repeated.")
  var buildArg: [String] = []

  @Option(help: "A label for the image, NAME=value; may be repeated.")
  var label: [String] = []

  @Option(
    help: """
      What a name stands for instead of a stage or an image, NAME=PATH, NAME=docker-image://IMAGE, \
      NAME=oci-layout://PATH[:TAG] or NAME=URL; may be repeated.
      """)
  var buildContext: [String] = []

  @Option(help: "A secret for RUN --mount=type=secret, id=ID,src=PATH or id=ID,env=VARIABLE; may be repeated.")
  var secret: [String] = []

  @Option(help: "An SSH agent for RUN --mount=type=ssh, default or ID=SOCKET; may be repeated.")
  var ssh: [String] = []

  @Option(help: "The stage to build (default: the last one).")
  var target: String?

  @Option(
    help: """
      What the image is to run on, OS/ARCH[/VARIANT] (default: this machine's); several, with commas or repeated, make \
      an index of images.
      """)
  var platform: [String] = []

  @Option(help: "An annotation for the manifest, [LEVEL[PLATFORM]:]KEY=value; may be repeated.")
  var annotation: [String] = []

  @Option(
    name: [.short, .long],
    help: "Where the result goes: type=registry, type=oci|docker|local|tar,dest=PATH, a folder, or -; may be repeated.")
  var output: [String] = []

  @Flag(help: "Push the image under its names.")
  var push = false

  @Option(
    help: """
      Make repositories of Amazon ECR that a push needs and that are missing: default, or fields with commas, \
      scan-on-push=false, immutable, encryption=KMS, kms-key=ARN.
      """)
  var ecrCreate: String?

  @Option(
    help: """
      Where results of earlier builds are looked for: an image, type=registry,ref=NAME or type=local,src=PATH; may be \
      repeated.
      """)
  var cacheFrom: [String] = []

  @Option(
    help: """
      Where the results of the steps are written to for later builds: type=registry,ref=NAME, type=local,dest=PATH or \
      type=inline; with mode=max of all stages, with mounts=true also the folders of cache mounts; may be repeated.
      """)
  var cacheTo: [String] = []

  @Flag(help: "Run all steps even if their results are known.")
  var noCache = false

  @Option(help: "Run all steps of a stage even if their results are known, NAME[,NAME]; may be repeated.")
  var noCacheFilter: [String] = []

  @Flag(help: "Look up base images in their registries even if an image of the name was built here.")
  var pull = false

  @Flag(
    help: "Speak with no other machine: what is missing is named at once, and RUN has no network ($SLIPWAY_OFFLINE).")
  var offline = false

  @Option(help: "The network of RUN: default, host or none.")
  var network = "default"

  @Option(help: "How RUN is kept apart from this machine: auto, userns or chroot.")
  var isolation = "auto"

  @Option(help: "A line of /etc/hosts for RUN, NAME:ADDRESS; may be repeated.")
  var addHost: [String] = []

  @Option(help: "The size of /dev/shm for RUN, such as 128m (default: 64m).")
  var shmSize: String?

  @Option(help: "A limit for RUN, NAME=SOFT[:HARD], such as nofile=1024:4096; may be repeated.")
  var ulimit: [String] = []

  @Option(
    help: "How long one RUN may take, such as 30s, 10m or 1h30m; what takes longer is killed (default: no limit).")
  var runTimeout: String?

  @Option(
    help: """
      What becomes of a RUN that fails: fail, or shell, which opens a shell in its place on this terminal (default: \
      fail).
      """)
  var onError = "fail"

  @Flag(
    help: """
      Give the image the time of the context's commit, so that whoever builds the commit gets the same image \
      (SOURCE_DATE_EPOCH, where it is set, says another).
      """)
  var reproducible = false

  @Option(
    help: """
      The time of the image and the latest of its new files: seconds since 1970, or RFC 3339 such as \
      2023-11-14T22:13:20Z (default: SOURCE_DATE_EPOCH, else none).
      """)
  var timestamp: String?

  @Option(help: "How many steps run at a time (default: the number of processors).")
  var jobs: Int?

  @Option(help: "Write the image's ID to a file.")
  var iidfile: String?

  @Option(help: "Write names and digests to a file, as JSON.")
  var metadataFile: String?

  @Option(
    name: [.customLong("print"), .customLong("call")],
    help: """
      Say something about the Dockerfile instead of building it: check, outline, targets or plan; with ,format=json as \
      JSON.
      """)
  var call = BuildCallOption(call: .build)

  @Flag(help: "Say what the checks find instead of building, the same as --call check.")
  var check = false

  @Option(help: "How --call answers: text, json, and sarif or github for findings.")
  var format: CheckResult.Format?

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    var bench = try Workbench(environment: .current, progress: progress.reporter())
    if offline { bench.goOffline() }
    switch try await Build(request, bench).run() {
    case .answered(let answer):
      let text = try answer.rendered(as: format ?? call.format ?? .text)
      if !text.isEmpty { try FileDescriptor.standardOutput.writeAll(Array(text.utf8)) }
      if answer.exitCode != .success { throw Diagnostics.ExitCode.Failure(code: answer.exitCode) }
    case .delegated(let code): throw Diagnostics.ExitCode.Failure(code: .init(rawValue: code))
    case .built(let result):
      if let iidfile { try Files.writeAnswer(Array(result.imageID.description.utf8), to: FilePath(iidfile)) }
      if let metadataFile {
        try Files.writeAnswer(JSONDocument.encode(result.metadata, pretty: true), to: FilePath(metadataFile))
      }
      if !result.usedStandardOutput { try Terminal.answer(result.answer) }
    }
  }

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs \(jobs) is not usable: at least one step has to run") }
  }

  private var request: BuildRequest {
    var request = BuildRequest(context: context)
    request.dockerfile = file
    request.tags = tag
    request.buildArguments = buildArg
    request.labels = label
    request.buildContexts = buildContext
    request.secrets = secret
    request.agents = ssh
    request.target = target
    request.platforms = platform
    request.annotations = annotation
    request.stagesWithoutCache = noCacheFilter
    request.isolation = isolation
    request.hosts = addHost
    request.sharedMemorySize = shmSize
    request.limits = ulimit
    request.runTimeout = runTimeout
    request.call = check ? .check : call.call
    request.outputs = output
    request.pushes = push
    request.repositoryCreation = ecrCreate
    request.cacheImports = cacheFrom
    request.cacheExports = cacheTo
    request.ignoresCache = noCache
    request.pullsAlways = pull
    request.network = network
    request.jobs = jobs
    request.isReproducible = reproducible
    request.timestamp = timestamp
    request.onError = onError
    return request
  }
}

/// `METHOD[,format=FORMAT]`, with the names that docker buildx has for methods, too.
struct BuildCallOption: ExpressibleByArgument {
  var call: BuildCall
  var format: CheckResult.Format?

  init(call: BuildCall) { self.call = call }

  init?(argument: String) {
    let parts = argument.split(separator: ",").map(String.init)
    guard let name = parts.first, let call = name == "lint" ? .check : BuildCall(rawValue: name) else { return nil }
    self.call = call
    for part in parts.dropFirst() {
      guard part.hasPrefix("format="), let format = CheckResult.Format(rawValue: String(part.dropFirst(7))) else {
        return nil
      }
      self.format = format
    }
  }

  static var allValueStrings: [String] { BuildCall.allCases.map(\.rawValue) }
}
