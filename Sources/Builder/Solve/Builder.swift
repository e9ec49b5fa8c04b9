public import Archive
public import BuildPlanning
public import Diagnostics
public import DockerfileSyntax
import Foundation
public import HostOS
public import OCI
public import RemoteSources
public import Sandbox
public import SystemPackage

/// Carries out build plans: what is in the store already is taken from there, the rest is made.
public struct Builder: Sendable {
  public struct Options: Sendable {
    public var compression: Compression
    /// The time for everything that has none of its own, and the latest for all else; nil is the current time, without
    /// a limit (SOURCE_DATE_EPOCH).
    public var epoch: Timestamp?
    /// Whether steps run even if their results are known.
    public var ignoresCache = false
    public var annotations = ImageAnnotations()
    /// How commands are kept apart from the host.
    public var isolation = Isolation.auto
    /// How long one command may take; nil is as long as it likes.
    public var runTimeout: Duration?
    /// How many steps run at a time.
    public var jobs = ProcessInfo.processInfo.activeProcessorCount
    /// Whether the images tell later builds which steps made their layers.
    public var embedsCache = false
    /// Opened where a command fails; nil is none.
    public var failureShell: FailureShell?
    /// Whether a layer of a base image is kept when nothing but its list of files was needed of it.
    public var keepsBase: @Sendable (Layer) -> Bool = { _ in true }
    /// Whether layers are brought to the disk before anybody relies on them: not where a registry gets them, and they
    /// are only kept to save work.
    public var waitsForDisk = true
    /// Told of each step whose result is not known, before it runs. Called from any thread.
    public var onWork: @Sendable () -> Void = {}
    /// Told of layers that the images will have, the lowest first, as soon as that is sure, and again when one has come
    /// into the store. Called from any thread.
    public var onLayers: @Sendable ([Layer]) -> Void = { _ in }
    /// Is told of a large layer that the images will have while it is being written, unless the step fails.
    public var onGrowth: @Sendable (GrowingBlob) -> Void = { _ in }

    public init(compression: Compression = .default, epoch: Timestamp? = nil) {
      self.compression = compression
      self.epoch = epoch
    }
  }

  /// What a plan is carried out on.
  public struct Inputs: Sendable {
    /// By the pinned references and platforms that the plan names.
    public var images: [ImageRequirement: ResolvedImage]
    /// Nil when there is no context.
    public var context: LocalContext?
    /// Folders of `--build-context`, by their names.
    public var namedContexts: [String: LocalContext] = [:]
    /// Of `--secret`, by their ids.
    public var secrets: [String: SecretSource] = [:]
    /// Sockets of SSH agents, of `--ssh`, by their ids.
    public var agents: [String: FilePath] = [:]
    /// What ADD fetches with; nil where nothing may be fetched.
    public var remotes: RemoteFetcher?
    /// The blobs beside an image of any registry.
    public var blobs: @Sendable (ImageReference) -> any BlobSource
    /// Results of builds elsewhere, the preferred first.
    public var caches: [CacheSource] = []

    public init(
      images: [ImageRequirement: ResolvedImage], context: LocalContext?,
      blobs: @escaping @Sendable (ImageReference) -> any BlobSource
    ) {
      self.images = images
      self.context = context
      self.blobs = blobs
    }
  }

  let store: BuildStore
  let options: Options
  let progress: ProgressReporter

  public init(store: BuildStore, options: Options = Options(), progress: ProgressReporter) {
    self.store = store
    self.options = options
    self.progress = progress
  }

  /// Makes the images of a plan, in its order, and puts manifests and configurations into the store.
  /// - Throws: `BuilderError` with the place in the Dockerfile, `CancellationError`.
  public func build(_ plan: BuildPlan, _ inputs: Inputs) async throws -> BuildProduct {
    let (stacks, cache) = try await solve(plan, inputs)
    let results = cache.journal.results
    return try await progress.step("exporting to image") { step in
      let images = try zip(plan.images, stacks).map { planned, stack in
        var assembly = ImageAssembly(
          planned: planned, stack: stack, annotations: options.annotations[.manifest, planned.platform],
          epoch: options.epoch)
        assembly.cache = embedded(results, in: stack)
        let image = try assembly.image(in: store)
        try store.rememberOrigins(of: stack.layers)
        store.markUsed(image)
        step.log("manifest \(image.manifest.descriptor.digest)")
        step.log("config \(image.configDescriptor.digest)")
        return image
      }
      var product = try BuildProduct(images, options.annotations, in: store.content)
      product.results = results
      product.mounts = cache.mounts.mounts(of: plan.graph)
      if product.onlyImage == nil { step.log("index \(product.top.descriptor.digest)") }
      return product
    }
  }

  /// The layers of the images, and what the build came to know.
  private func solve(_ plan: BuildPlan, _ inputs: Inputs) async throws -> ([LayerStack], StepCache) {
    var imports = CacheImports()
    // Steps that have to run begin with the folders of cache mounts all the same.
    if !inputs.caches.isEmpty, !options.ignoresCache || !plan.graph.caches.isEmpty {
      imports = try await CacheReader(platforms: plan.images.map(\.platform), progress: progress).read(inputs.caches)
    }
    let mounts = CacheMountUse(imports.mounts)
    while true {
      let cache = StepCache(store: store, imports: imports, mounts: mounts)
      let solver = GraphSolver(
        plan.graph, for: plan.images.map(\.result), inputs: inputs, cache: cache, options: options, progress: progress)
      do { return (try await solver.solve(), cache) } catch let error as MissingCacheLayer {
        // What was done so far is known when the build begins anew.
        progress.report(error.warning)
        imports.remove(error.layer.descriptor.digest)
      }
    }
  }

  private func embedded(_ results: [String: Layer], in stack: LayerStack) -> CacheDocument.Records? {
    guard options.embedsCache else { return nil }
    let diffIDs = Set(stack.layers.map(\.diffID))
    let own = results.filter { diffIDs.contains($0.value.diffID) }
    return own.isEmpty ? nil : .init(own)
  }
}

/// A folder that COPY and ADD read from, as .dockerignore shows it.
public struct LocalContext: Sendable {
  public var folder: FilePath
  public var ignore: DockerIgnore
  /// What the archive that the folder was unpacked from says of its files, where this user could not give them the same
  /// owners. Files that it does not list belong to root.
  public var archived: [TreePath: TreeEntry] = [:]
  /// When git is to have checked its files out, at random times and modes; nil is as they are.
  public var checkoutTime: Timestamp?

  public init(_ folder: FilePath, ignore: DockerIgnore = DockerIgnore()) {
    self.folder = folder
    self.ignore = ignore
  }
}
