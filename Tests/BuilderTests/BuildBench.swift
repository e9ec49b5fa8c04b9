import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import RemoteSources
import Sandbox
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Builds Dockerfiles in a store of its own. `FROM base` is the busybox base.
struct BuildBench {
  let scratch: Scratch
  let store: BuildStore
  var epoch: Timestamp?
  var ignoresCache = false
  var isolation = Isolation.auto
  var runTimeout: Duration?
  /// What ADD fetches with.
  var remotes: RemoteFetcher?
  /// Of `--build-context`.
  var contexts: [String: NamedContext] = [:]
  /// The folders among them.
  var folders: [String: LocalContext] = [:]
  /// Of `--cache-from`.
  var caches: [CacheSource] = []
  /// `--cache-to type=inline`.
  var embedsCache = false
  /// What the archive says that the context comes from.
  var archived: [TreePath: TreeEntry] = [:]

  init() throws {
    scratch = try Scratch("build")
    store = BuildStore(root: scratch("store"))
  }

  /// The folder that COPY reads from.
  var context: FilePath { scratch("context") }

  struct Outcome {
    var product: BuildProduct
    var image: BuiltImage
    /// Titles of steps without their numbers.
    var cached: [String]
    var ran: [String]
    var log: String
    /// The codes of warnings.
    var warnings: [String]
  }

  /// - Throws: what planning and building throw.
  func build(_ dockerfile: String) async throws -> Outcome {
    try Files.createDirectories(context)
    let recorder = StepRecorder()
    var planning = BuildOptions()
    planning.contexts = contexts
    let planner = BuildPlanner(
      try Dockerfile.parse(SourceFile(name: "Dockerfile", text: dockerfile)).get(), planning)
    var known: [ImageRequirement: BaseImage] = [:]
    var images: [ImageRequirement: ResolvedImage] = [:]
    for requirement in try planner.missingImages(known) {
      let image = try await Self.busybox(requirement)
      known[requirement] = BaseImage(pinned: image.reference, config: image.config)
      images[ImageRequirement(image.reference, for: requirement.platform)] = image
    }
    var options = Builder.Options(epoch: epoch)
    options.ignoresCache = ignoresCache
    options.isolation = isolation
    options.runTimeout = runTimeout
    options.embedsCache = embedsCache
    let registry = ContentStore(layout: try await BaseImages.busybox())
    var local = LocalContext(context)
    local.archived = archived
    var inputs = Builder.Inputs(images: images, context: local) { _ in registry }
    inputs.remotes = remotes
    inputs.namedContexts = folders
    inputs.caches = caches
    let product = try await Builder(store: store, options: options, progress: ProgressReporter(recorder)).build(
      try planner.plan(known), inputs)
    let image = try #require(product.onlyImage)
    return Outcome(
      product: product, image: image, cached: recorder.titles(cached: true), ran: recorder.titles(cached: false),
      log: recorder.log, warnings: recorder.warnings)
  }

  private static func busybox(_ requirement: ImageRequirement) async throws -> ResolvedImage {
    let layout = try await BaseImages.busybox()
    let index = try JSONDocument.decode(
      ImageIndex.self, from: Files.read(layout.appending("index.json")), called: "index.json")
    guard let manifest = index.manifests.first else { throw BenchError("the layout of the base has no image") }
    return try await ContentStore(layout: layout).resolve(
      requirement.reference.with(digest: manifest.digest), platform: requirement.platform)
  }

  // MARK: Looking at results

  /// The merged files of an image.
  func tree(of image: BuiltImage) async throws -> StackTree {
    let fetcher = LayerFetcher(store: store, progress: .silent)
    return try await LayerTrees(store: store, fetcher: fetcher).tree(of: LayerStack(image.layers), name: "the image")
  }

  /// What a file of an image says; nil when there is none.
  func text(_ path: String, in image: BuiltImage) async throws -> String? {
    let tree = try await tree(of: image)
    guard let entry = try tree.entry(at: .clamped(path)), entry.isFile else { return nil }
    var spooler = ContentSpooler(store: store, spool: try SpoolFile(in: scratch.path), end: 0)
    let items = try spooler.resolve([.init(entry: entry, content: try tree.content(at: entry.path))])
    let bytes: [UInt8] =
      switch items.first?.content {
      case .bytes(let bytes): bytes
      case .file(let file): try Files.read(file)
      case .context(let file): try Files.read(file.hostPath)
      case .spooled(let spool, let offset, let size): try spool.read(offset: offset, size: Int(size))
      case .layer, nil: []
      }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The entries of an image's layer, the last one being -1: `path: what`, in the order of the tar.
  func layer(_ number: Int, of image: BuiltImage) throws -> [String] {
    let layers = image.layers
    let layer = layers[number < 0 ? layers.count + number : number]
    return try LayerIndex(contentsOf: store.indexPath(of: layer.diffID)).items.map {
      "\($0.entry.path.text): \($0.entry.summary)"
    }
  }

  /// All files and folders of the store, but what it remembers of contexts: when that is written depends on the clock.
  func storedPaths() async throws -> Set<String> {
    let digests = store.root.appending("digests").string
    let paths = try await Tool.output("find", [store.root.string, "-path", digests, "-prune", "-o", "-print"])
    return Set(paths.split(separator: "\n").map(String.init))
  }
}

/// Remembers what became of steps.
private final class StepRecorder: ProgressSink {
  private struct Step {
    var title: String
    var isCached = false
  }

  private let steps = Mutex<[Int: Step]>([:])
  private let output = Mutex("")
  private let diagnostics = Mutex<[Diagnostic]>([])

  var log: String { output.withLock { $0 } }
  var warnings: [String] { diagnostics.withLock { $0.filter { $0.severity == .warning }.map(\.code.rawValue) } }

  func receive(_ event: ProgressEvent) {
    switch event.kind {
    case .started(let name): steps.withLock { $0[event.step] = Step(title: name) }
    case .cached: steps.withLock { $0[event.step]?.isCached = true }
    case .log(_, let bytes): output.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    case .diagnostic(let diagnostic): diagnostics.withLock { $0.append(diagnostic) }
    case .transfer, .told, .finished, .failed: break
    }
  }

  /// Of instructions, in the order in which they began.
  func titles(cached: Bool) -> [String] {
    let steps = steps.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    return steps.filter { $0.isCached == cached }.compactMap { step in
      guard let end = step.title.firstIndex(of: "]"), step.title.contains("/") else { return nil }
      let title = step.title[step.title.index(end, offsetBy: 2)...]
      return title.hasPrefix("FROM ") || step.title.hasPrefix("[internal]") ? nil : String(title)
    }
  }
}

/// Why a test could not be carried out.
struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
