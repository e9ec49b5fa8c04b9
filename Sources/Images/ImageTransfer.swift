public import Diagnostics
import HostOS
public import OCI

/// Brings images to a destination as they are, byte for byte: blobs side by side, then manifests, then what names them.
/// Nothing is named before all of it is there.
public struct ImageTransfer: Sendable {
  public let destination: any ImageDestination
  /// How many blobs are on their way at a time.
  public let jobs: Int

  public init(to destination: any ImageDestination, jobs: Int = 6) {
    self.destination = destination
    self.jobs = jobs
  }

  /// Brings all that `top` of a tree needs, and leaves `top` itself to the caller, who knows what it is to be called.
  /// - Throws: the errors of source and destination.
  public func send(_ tree: ImageTree, from source: any BlobSource, _ step: ProgressStep) async throws {
    if try await destination.holds(tree.top.descriptor) {
      return step.log("\(tree.top.descriptor.digest.short) is there already")
    }
    let held = try await tree.children.mapSideBySide(limit: jobs) { try await destination.holds($0.descriptor) }
    let missing = zip(tree.children, held).filter { !$0.1 }.map(\.0)
    // The largest first, so that nobody waits for one that began last.
    let blobs = ImageTree.blobs(of: missing + [tree.top]).sorted { $0.size > $1.size }
    try await blobs.forEachSideBySide(limit: jobs) { blob in
      try await destination.write(blob, from: source, reportingTo: step)
    }
    try await missing.filter { $0.image != nil }.forEachSideBySide(limit: jobs) { manifest in
      try await destination.write(manifest, tag: nil)
    }
    for index in missing where index.image == nil { try await destination.write(index, tag: nil) }
  }
}

extension ImageDestination {
  /// Stores a blob, and tells of it.
  /// - Throws: what writing takes.
  public func write(_ blob: Descriptor, from source: any BlobSource, reportingTo step: ProgressStep) async throws {
    let (digest, size) = (blob.digest.short, blob.size)
    // That it is complete is told when it is known how it came to be there.
    let outcome = try await write(blob, from: source) { count in
      if count < size { step.transferred(digest, completed: count, of: size) }
    }
    switch outcome {
    case .present: step.log("\(digest) is there already")
    case .mounted: step.log("\(digest) was mounted")
    case .written: step.transferred(digest, completed: size, of: size)
    }
  }
}
