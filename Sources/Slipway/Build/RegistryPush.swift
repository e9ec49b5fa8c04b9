import Archive
import Builder
import Diagnostics
import OCI
import Registry

/// A push to the repositories of one registry that begins while the image is being made. Layers go there as soon as it
/// is sure that the image will have them; what names them goes when all is there. A build that fails leaves layers that
/// nothing names, which registries remove.
struct RegistryPush: Sendable {
  private enum Event: Sendable {
    /// There are steps to run.
    case work
    case layers([Layer])
    /// A layer was sent or asked for, and the registry has it now under this digest.
    case ended(present: Digest?)
    /// A layer is being made.
    case growing(GrowingBlob)
    /// That layer was sent, or could not be.
    case grown(GrowingBlob, isPresent: Bool)
    /// There is no use in going on.
    case refused(any Error)
    case image(BuildProduct)
  }

  /// All of one registry.
  let names: [ImageReference]
  /// What becomes of layers on the way.
  let conversion: LayerConversion
  let bench: Workbench
  let registry: RegistryClient
  private let events: AsyncStream<Event>
  private let inbox: AsyncStream<Event>.Continuation

  init(_ names: [ImageReference], _ conversion: LayerConversion, bench: Workbench, registry: RegistryClient) {
    self.names = names
    self.conversion = conversion
    self.bench = bench
    self.registry = registry
    (events, inbox) = AsyncStream.makeStream()
  }

  /// One push for each registry, and each compression, that outputs name.
  static func pushes(_ outputs: [OutputSpecification], bench: Workbench, registry: RegistryClient) -> [RegistryPush] {
    var groups: [(compression: OutputCompression, names: [ImageReference])] = []
    for output in outputs {
      for name in output.registryNames.map(\.withDefaultTag) {
        let group = groups.firstIndex {
          $0.names.first?.registry == name.registry && $0.compression == output.compression
        }
        if let group {
          if !groups[group].names.contains(name) { groups[group].names.append(name) }
        } else {
          groups.append((output.compression, [name]))
        }
      }
    }
    return groups.map { RegistryPush($0.names, $0.compression.conversion(bench), bench: bench, registry: registry) }
  }

  private var exporter: ImageExporter { ImageExporter(store: bench.store, progress: bench.progress) }

  // MARK: What the build tells

  /// Steps have to run, which may take long.
  func expectWork() { inbox.yield(.work) }

  /// Layers that the image will have, in passing.
  func add(_ layers: [Layer]) { inbox.yield(.layers(layers)) }

  /// Whether a layer may be sent while it is made: as it is, and to one repository.
  var takesGrowingLayers: Bool { conversion.compression == .default && repositories.count == 1 }

  /// A layer that the image will have, while it is made.
  func add(_ blob: GrowingBlob) { inbox.yield(.growing(blob)) }

  /// The image is made: the push may come to its end.
  func finish(_ product: BuildProduct) { inbox.yield(.image(product)) }

  // MARK: The push

  /// Pushes until all of the image is there.
  /// - Throws: the registry's and the sources' errors; `CancellationError`.
  func run() async throws {
    let title = names.map(\.familiarDescription).joined(separator: ", ")
    try await bench.progress.step("pushing \(title)") { step in
      let (made, present) = try await sendLayers(step)
      let product = try await made.converted(by: conversion)
      let layers = product.images.flatMap(\.layers)
      for name in names {
        let destination = destination(name, for: layers)
        try await exporter.write(product, to: destination, tag: name.tag, without: present, step)
      }
    }
  }

  /// The first name of each.
  private var repositories: [ImageReference] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0.repository).inserted }
  }

  /// Blobs go to the first repository, which the others mount them from.
  private func destination(_ name: ImageReference, for layers: [Layer]) -> RegistryRepository {
    var repository = registry.repository(name)
    for layer in layers {
      if let first = names.first, first.repository != name.repository {
        repository.mountable[layer.descriptor.digest] = first.repository
      } else if let origin = layer.originReference, origin.registry == name.registry {
        repository.mountable[layer.descriptor.digest] = origin.repository
      }
    }
    return repository
  }

  /// Whoever may not push learns it before commands run for long.
  private func checkAccess(_ step: ProgressStep) async {
    for name in repositories {
      do {
        do { try await registry.repository(name).checkAccess() } catch { try postpone(error, "the push", step) }
      } catch { inbox.yield(.refused(error)) }
    }
  }

  /// What may pass is tried again when the image is there; what will not ends the build.
  private func postpone(_ error: any Error, _ what: String, _ step: ProgressStep) throws {
    try Task.checkCancellation()
    guard let error = error as? any DiagnosticError, !error.refusesForGood, let first = error.diagnostics.first else {
      throw error
    }
    step.log("\(what) has to wait: \(first.message)")
  }

  /// Sends layers until the image is made, and says which of them the registry has.
  private func sendLayers(_ step: ProgressStep) async throws -> (BuildProduct, present: Set<Digest>) {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var queue = LayerQueue()
      var product: BuildProduct?
      var isAccessKnown = false
      for await event in events {
        switch event {
        case .work:
          if !isAccessKnown { group.addTask { await checkAccess(step) } }
          isAccessKnown = true
        case .layers(let layers): queue.add(layers) { bench.store.content.contains($0) }
        case .ended(let present): queue.end(present: present)
        case .growing(let blob):
          queue.begin(blob)
          group.addTask { await send(blob, step) }
        case .grown(let blob, let isPresent): queue.end(blob, isPresent: isPresent)
        case .refused(let error): throw error
        case .image(let made):
          product = made
          queue.stop()
          group.addTask { await sendConfigs(of: made, step) }
        }
        while let task = queue.next() { group.addTask { await perform(task, step) } }
        if let product, queue.isIdle { return (product, queue.present) }
      }
      throw CancellationError()
    }
  }

  /// Configurations go beside the last layers. Why one fails does not matter: it is asked for again before the manifest
  /// goes.
  private func sendConfigs(of product: BuildProduct, _ step: ProgressStep) async {
    guard let name = names.first, conversion.compression == .default, !conversion.isForced else { return }
    try? await exporter.writeConfigs(of: product, to: registry.repository(name), step)
  }

  /// Why it fails does not matter: it is sent once more when it is made, and then what goes wrong is told.
  private func send(_ blob: GrowingBlob, _ step: ProgressStep) async {
    guard let name = names.first, let (layer, outcome) = try? await registry.repository(name).write(blob) else {
      inbox.yield(.grown(blob, isPresent: false))
      return
    }
    if outcome == .present { step.log("\(layer.digest.short) is there already") }
    if outcome == .written { step.transferred(layer.digest.short, completed: layer.size, of: layer.size) }
    inbox.yield(.grown(blob, isPresent: true))
  }

  private func perform(_ task: LayerQueue.Task, _ step: ProgressStep) async {
    let digest = task.layer.descriptor.digest
    do {
      let present = try await send(task, step)
      inbox.yield(.ended(present: present))
    } catch {
      do {
        try postpone(error, digest.short, step)
        inbox.yield(.ended(present: nil))
      } catch { inbox.yield(.refused(error)) }
    }
  }

  /// What the repositories have of the layer now; nil where its bytes are still to be sent.
  private func send(_ task: LayerQueue.Task, _ step: ProgressStep) async throws -> Digest? {
    switch task {
    case .send(let layer):
      let converted = try await conversion.converted(layer)
      for name in repositories { try await exporter.write(converted, to: destination(name, for: [converted]), step) }
      return converted.descriptor.digest
    case .ask(let layer):
      guard conversion.keeps(layer) else { return nil }
      for name in repositories {
        let destination = destination(name, for: [layer])
        guard let outcome = try await destination.adopt(layer.descriptor, from: layer.source(bench.store)) else {
          return nil
        }
        step.log("\(layer.descriptor.digest.short) \(outcome == .present ? "is there already" : "was mounted")")
      }
      return layer.descriptor.digest
    }
  }
}

extension LayerQueue.Task {
  fileprivate var layer: Layer {
    switch self {
    case .send(let layer), .ask(let layer): layer
    }
  }
}

extension DiagnosticError {
  /// Whether trying again later cannot help: the registry does not permit it, or has no such repository.
  fileprivate var refusesForGood: Bool {
    exitCode == .authentication || diagnostics.first?.code == .nameUnknown
  }
}

extension OutputSpecification {
  /// The names to push under.
  var registryNames: [ImageReference] {
    if case .registry(let names) = kind { names } else { [] }
  }
}
