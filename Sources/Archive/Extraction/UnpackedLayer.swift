public import Diagnostics

/// A layer whose files are all there and verified, but whose folders have no attributes yet.
///
/// `@unchecked Sendable`: it is handed over, and one thread at a time uses it.
public final class UnpackedLayer: @unchecked Sendable {
  public struct Result: Sendable {
    public var summary: LayerSummary
    /// Nil unless `reading.makesIndex`.
    public var index: LayerIndex?
    /// What could not be restored on this machine; the first of them, and how many more there were.
    public var warnings: [Diagnostic]
  }

  private let writer: TreeWriter
  private let read: LayerReader.Result

  init(_ writer: TreeWriter, _ read: LayerReader.Result) {
    self.writer = writer
    self.read = read
  }

  /// What was read.
  public var index: LayerIndex? { read.index }

  /// Whether there are folders that entries imply without the layer holding them, so that `finish` asks for lower ones.
  public var asksForLowerEntries: Bool { writer.hasImpliedFolders }

  /// Gives folders their attributes. Called once.
  /// - Parameter lowerEntry: what lower layers have at a path. Asked for folders that an entry implies without the layer
  ///   holding them, so that they keep their mode and owner; where it says nil, a folder is 0755 and root's.
  /// - Throws: `HostError`, and what `lowerEntry` throws.
  public func finish(lowerEntry: (TreePath) throws -> TreeEntry? = { _ in nil }) throws -> Result {
    try writer.finish(lowerEntry)
    return Result(summary: read.summary, index: read.index, warnings: writer.warnings.diagnostics)
  }
}
