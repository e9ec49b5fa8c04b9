import Archive
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Sandbox
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// Runs commands with mounts, on the busybox base, in a store of its own.
struct MountBench {
  let scratch: Scratch
  let store: BuildStore
  let base: VertexID
  var secrets: [String: SecretSource] = [:]
  var agents: [String: FilePath] = [:]
  var isolation = Isolation.auto
  /// Told all that commands wrote and steps said so far, whenever there is more.
  var onLog: @Sendable (String) -> Void = { _ in }
  private let graph = SharedGraph()
  private let image: ResolvedImage

  init() async throws {
    scratch = try Scratch("mount")
    store = BuildStore(root: scratch("store"))
    let layout = try await BaseImages.busybox()
    let index = try JSONDocument.decode(
      ImageIndex.self, from: Files.read(layout.appending("index.json")), called: "index.json")
    let manifest = try #require(index.manifests.first)
    image = try await ContentStore(layout: layout).resolve(
      ImageReference(parsing: "base").with(digest: manifest.digest), platform: .host)
    base = graph.add(.source(.image(image.reference, .host)), title: "base", origin: nil)
    try Files.createDirectories(context)
  }

  var context: FilePath { scratch("context") }

  // MARK: The graph

  /// A vertex that runs a shell script, which says nothing of the steps before.
  func run(
    _ script: String, _ mounts: [ExecMount] = [], on root: VertexID? = nil,
    _ change: (inout ExecOperation) -> Void = { _ in }
  ) -> VertexID {
    var operation = ExecOperation(
      root: root ?? base, platform: .host, arguments: ["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
    operation.mounts = mounts
    change(&operation)
    return graph.add(.exec(operation), title: script, origin: nil)
  }

  func contextVertex() -> VertexID { graph.add(.source(.context(named: nil)), title: "context", origin: nil) }

  static func bind(_ source: VertexID?, _ path: String = "/", at target: String, isReadOnly: Bool = true) -> ExecMount {
    let bind = ExecMount.Bind(source: source, path: path, isReadOnly: isReadOnly)
    return ExecMount(target: target, kind: .bind(bind), place: place)
  }

  static func cache(
    _ id: String, at target: String, sharing: CacheSharing = .shared, source: VertexID? = nil, path: String = "/",
    _ change: (inout ExecMount.Cache) -> Void = { _ in }
  ) -> ExecMount {
    var cache = ExecMount.Cache(
      id: id, sharing: sharing, source: source, path: path, isReadOnly: false, mode: 0o755, uid: 0, gid: 0)
    change(&cache)
    return ExecMount(target: target, kind: .cache(cache), place: place)
  }

  static func tmpfs(at target: String, size: Int64? = nil) -> ExecMount {
    ExecMount(target: target, kind: .tmpfs(size: size), place: place)
  }

  static func secret(
    _ id: String, at target: String?, variable: String? = nil, isRequired: Bool = false,
    _ change: (inout ExecMount.Secret) -> Void = { _ in }
  ) -> ExecMount {
    var secret = ExecMount.Secret(
      id: id, variable: variable, isRequired: isRequired, mode: 0o400, uid: 0, gid: 0)
    change(&secret)
    return ExecMount(target: target, kind: .secret(secret), place: place)
  }

  static func ssh(
    _ id: String = "default", at target: String = "/run/buildkit/ssh_agent.0", isRequired: Bool = false,
    _ change: (inout ExecMount.SSH) -> Void = { _ in }
  ) -> ExecMount {
    var ssh = ExecMount.SSH(id: id, isRequired: isRequired, mode: 0o600, uid: 0, gid: 0)
    change(&ssh)
    return ExecMount(target: target, kind: .ssh(ssh), place: place)
  }

  /// Where all mounts are written.
  static let place = SourceAnnotation(SourceFile(name: "Dockerfile", text: "RUN --mount=…\n"), SourceRange(4, 13))

  // MARK: Building

  struct Outcome {
    var stack: LayerStack
    /// Titles of steps whose results were known.
    var cached: [String]
    /// What the commands wrote.
    var log: String
  }

  /// - Throws: what solving throws.
  func build(_ vertex: VertexID, ignore: DockerIgnore = DockerIgnore()) async throws -> Outcome {
    let recorder = MountRecorder(onLog)
    var inputs = Builder.Inputs(
      images: [ImageRequirement(image.reference, for: .host): image],
      context: LocalContext(context, ignore: ignore)
    ) { [store] _ in store.content }
    inputs.secrets = secrets
    inputs.agents = agents
    var options = Builder.Options()
    options.isolation = isolation
    let solver = GraphSolver(
      graph.value, for: [vertex], inputs: inputs, cache: StepCache(store: store), options: options,
      progress: ProgressReporter(recorder))
    let stacks = try await solver.solve()
    return Outcome(stack: try #require(stacks.first), cached: recorder.cached, log: recorder.log)
  }

  /// What the last layer of a result holds: `path: what`, in the order of the tar.
  func layer(of outcome: Outcome) throws -> [String] {
    let layer = try #require(outcome.stack.layers.last)
    return try LayerIndex(contentsOf: store.indexPath(of: layer.diffID)).items.map {
      "\($0.entry.path.text): \($0.entry.summary)"
    }
  }

  /// The diagnostic that a build ends with.
  func failure(_ vertex: VertexID) async throws -> Diagnostic {
    let error = await #expect(throws: BuilderError.self) { try await build(vertex) }
    return try #require(error?.diagnostics.first)
  }

  /// What is in a folder of the store, all the way down.
  func stored(_ folder: String) async throws -> [String] {
    let path = store.root.appending(folder)
    guard try FileStatus.ifExists(path) != nil else { return [] }
    return try await Tool.output("find", [path.string, "-mindepth", "1"]).split(separator: "\n").map(String.init)
  }
}

/// A graph that grows while tests are written down as expressions.
private final class SharedGraph: Sendable {
  private let graph = Mutex(BuildGraph())

  var value: BuildGraph { graph.withLock { $0 } }

  func add(_ operation: BuildPlanning.Operation, title: String, origin: SourceAnnotation?) -> VertexID {
    graph.withLock { $0.add(operation, title: title, origin: origin) }
  }
}

/// Remembers what steps say.
private final class MountRecorder: ProgressSink {
  private struct State {
    var titles: [Int: String] = [:]
    var cached: [String] = []
    var log = ""
  }

  private let state = Mutex(State())
  private let onLog: @Sendable (String) -> Void

  init(_ onLog: @escaping @Sendable (String) -> Void) { self.onLog = onLog }

  var cached: [String] { state.withLock { $0.cached } }
  var log: String { state.withLock { $0.log } }

  func receive(_ event: ProgressEvent) {
    state.withLock { state in
      switch event.kind {
      case .started(let name): state.titles[event.step] = name
      case .cached: state.cached.append(state.titles[event.step] ?? "")
      case .log(_, let bytes):
        state.log += String(decoding: bytes, as: UTF8.self)
        onLog(state.log)
      case .transfer, .told, .finished, .failed, .diagnostic: break
      }
    }
  }
}
