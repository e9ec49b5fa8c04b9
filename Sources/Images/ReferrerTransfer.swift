public import Diagnostics
public import OCI

/// Brings along what refers to images: signatures, lists of their parts, and what refers to these.
public struct ReferrerTransfer: Sendable {
  let transfer: ImageTransfer
  let source: any ImageSource & ReferrerSource
  /// Makes a manifest known at the destination; what it refers to is there already.
  let publish: @Sendable (RawManifest) async throws -> Void

  public init(
    _ transfer: ImageTransfer, from source: any ImageSource & ReferrerSource,
    publish: @escaping @Sendable (RawManifest) async throws -> Void
  ) {
    self.transfer = transfer
    self.source = source
    self.publish = publish
  }

  /// - Parameter reference: what the image is called at its source.
  /// - Returns: how many there were.
  /// - Throws: the errors of source and destination.
  public func send(to images: ImageTree, of reference: ImageReference, _ step: ProgressStep) async throws -> Int {
    var seen = Set(images.manifests.map(\.descriptor.digest))
    var subjects = images.manifests.map(\.descriptor.digest)
    var count = 0
    while let subject = subjects.popLast() {
      for descriptor in try await source.referrers(of: subject, in: reference) {
        guard seen.insert(descriptor.digest).inserted else { continue }
        let referrer = reference.with(digest: descriptor.digest)
        let tree = try await ImageTree(of: referrer, in: source)
        try await transfer.send(tree, from: source.blobs(of: referrer), step)
        try await publish(tree.top)
        subjects.append(descriptor.digest)
        count += 1
      }
    }
    return count
  }
}
