import Diagnostics
public import Images
import OCI
public import SystemPackage

/// `slipway save`: images become one archive.
public struct SaveImages: Sendable {
  private let access: ImageAccess
  private let places: [ImagePlace]
  private let format: ImageArchiveFormat
  private let path: FilePath?
  private let selection: PlatformSelection

  /// - Parameter path: a file; nil is standard output.
  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(
    _ images: [String], _ format: ImageArchiveFormat, to path: FilePath?, _ options: ImageOptions, _ bench: Workbench
  ) throws {
    access = try ImageAccess(bench)
    places = try images.map { try ImagePlace(parsing: $0, bare: .store) }
    self.format = format
    self.path = path
    selection = try options.selection(usual: .all)
  }

  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws {
    try await access.holdingStore(for: places) {
      try await access.bench.progress.step("saving \(places.map(\.description).joined(separator: ", "))") { step in
        try await open(places[...], [], step)
      }
    }
  }

  /// Opens one image after the other, and writes them when all are open.
  private func open(_ places: ArraySlice<ImagePlace>, _ opened: [OpenedImage], _ step: ProgressStep) async throws {
    guard let place = places.first else { return try await write(opened, step) }
    try await access.withImage(at: place) { try await open(places.dropFirst(), opened + [$0], step) }
  }

  private func write(_ images: [OpenedImage], _ step: ProgressStep) async throws {
    var archived: [ArchivedImage] = []
    var kept: [OpenedImage] = []
    for image in images {
      let tree = try await image.tree(selection)
      let names = image.names.filter { $0.digest == nil }
      // Names of one image are entries of one.
      if let known = archived.firstIndex(where: { $0.tree.top.descriptor.digest == tree.top.descriptor.digest }) {
        let others = kept[known].names.filter { $0.digest == nil }
        let all = others + names.filter { !others.contains($0) }
        archived[known] = ArchivedImage(tree, as: tree.top.descriptor, names: all)
        kept[known].names = all
      } else {
        archived.append(ArchivedImage(tree, as: tree.top.descriptor, names: names))
        kept.append(image)
      }
    }
    try await access.write(archived, of: kept, format, to: path, step)
  }
}
