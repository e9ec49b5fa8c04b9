import Archive
public import Diagnostics
import HostOS
public import OCI

/// Reads all of an image, computes what its documents say anew, and names whatever is not so.
public struct ImageValidation: Sendable {
  /// Something that is not as it should be.
  public struct Fault: Sendable, Hashable, Encodable {
    /// Which image: the digest of its manifest, or of what is missing in its place.
    public var manifest: Digest
    /// `manifest`, `configuration`, `layer 2` and the like.
    public var part: String
    public var message: String
  }

  public struct Report: Sendable, Hashable {
    public var digest: Digest
    /// Manifests and indexes.
    public var manifestCount = 0
    public var blobCount = 0
    /// Of the blobs that were read, in bytes.
    public var size: Int64 = 0
    public var faults: [Fault] = []
  }

  let source: any ImageSource
  let reference: ImageReference
  let jobs: Int

  /// - Parameter reference: what the image is called at its source.
  public init(of reference: ImageReference, in source: any ImageSource, jobs: Int = 4) {
    self.source = source
    self.reference = reference
    self.jobs = jobs
  }

  /// - Throws: what keeps it from being looked at, such as a registry that cannot be reached, or a name that is not
  ///   known.
  public func report(selecting selection: PlatformSelection = .all, _ step: ProgressStep) async throws -> Report {
    let top = try await top(selection)
    var report = Report(digest: top.descriptor.digest)
    var images: [CheckedImage] = []
    try await collect(top, expected: nil, depth: 0, &images, &report)
    let checker = BlobChecker(blobs: source.blobs(of: reference.with(digest: report.digest)), step: step)
    var seen: Set<Descriptor> = []
    let blobs = images.flatMap(\.blobs).filter { seen.insert($0).inserted }
    let found = try await blobs.mapSideBySide(limit: jobs) { ($0, try await checker.check($0)) }
    let findings = Dictionary(found, uniquingKeysWith: { first, _ in first })
    for image in images { report.faults += image.faults(findings) }
    report.blobCount = blobs.count
    report.size = blobs.reduce(0) { $0 + $1.size }
    return report
  }

  private func top(_ selection: PlatformSelection) async throws -> RawManifest {
    let top = try await source.manifest(reference)
    switch try selection.choice(of: top, name: reference.familiarDescription) {
    case .unchanged: return top
    case .image(let digest): return try await source.manifest(reference.with(digest: digest))
    case .index(let index): return index
    }
  }

  /// All images below a manifest, with the faults of the indexes on the way.
  private func collect(
    _ manifest: RawManifest, expected: Descriptor?, depth: Int, _ images: inout [CheckedImage], _ report: inout Report
  ) async throws {
    report.manifestCount += 1
    switch manifest.content {
    case .image(let image): images.append(CheckedImage(manifest: manifest, image: image, platform: expected?.platform))
    case .index(let index):
      guard depth < 4 else {
        report.faults.append(.init(manifest: manifest.descriptor.digest, part: "index", message: "it lies too deep"))
        return
      }
      for descriptor in index.manifests {
        do {
          let child = try await source.manifest(reference.with(digest: descriptor.digest))
          report.faults += Self.differences(child.descriptor, descriptor)
          try await collect(child, expected: descriptor, depth: depth + 1, &images, &report)
        } catch {
          let message = try Self.message(of: error)
          report.faults.append(.init(manifest: descriptor.digest, part: "manifest", message: message))
        }
      }
    }
  }

  private static func differences(_ found: Descriptor, _ announced: Descriptor) -> [Fault] {
    var messages: [String] = []
    if found.size != announced.size {
      messages.append("it has \(found.size) bytes, and its index says \(announced.size)")
    }
    if found.mediaType != announced.mediaType {
      messages.append("it is \(found.mediaType), and its index says \(announced.mediaType)")
    }
    return messages.map { Fault(manifest: found.digest, part: "manifest", message: $0) }
  }

  /// What an error says of an image.
  /// - Throws: the error, when it says something of the way there.
  static func message(of error: any Error) throws -> String {
    guard let known = error as? any DiagnosticError, ![.authentication, .unavailable].contains(known.exitCode),
      !(error is HostError), let first = known.diagnostics.first
    else { throw error }
    return ([first.message] + first.notes.map(\.message)).joined(separator: "; ")
  }
}
