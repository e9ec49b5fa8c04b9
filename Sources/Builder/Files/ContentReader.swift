import Archive
import Diagnostics
import HostOS
import SystemPackage

/// Adds items to a layer whose contents can be opened. The folder of the context stays open meanwhile.
final class ContentReader {
  private let writer: LayerWriter
  private var folder: (path: FilePath, descriptor: FileDescriptor)?

  init(for writer: LayerWriter) { self.writer = writer }

  deinit { try? folder?.descriptor.close() }

  func append(_ item: PendingLayer.Item) throws {
    guard item.entry.isFile else { return try writer.append(item.entry) }
    switch item.content {
    case .bytes(let bytes): try writer.append(item.entry, content: bytes)
    case .file(let path):
      try Files.withDescriptor(path, .readOnly) { try writer.append(item.entry, content: $0) }
    case .context(let file): try append(item, file)
    case .spooled(let spool, let offset, let size):
      try writer.append(item.entry, from: spool.source(offset: offset, size: size))
    case .layer(let location):
      throw BuilderError("unread-content", "the content of \(location.path) was not fetched", exitCode: .defect)
    }
  }

  /// A file that still is what its digest was made of, by what stat(2) says before and after it is read, is not digested
  /// once more. What is remembered had long been settled when it was read, so that no change is overlooked.
  private func append(_ item: PendingLayer.Item, _ file: ContextFile) throws {
    try file.withDescriptor(in: try folder(file.root)) { descriptor in
      let stamp = ContextMemory.Stamp(try FileStatus(of: descriptor))
      let known = file.memory?.contentSHA256(at: file.path, stamp)
      let isKnown = known != nil && known == item.expectedSHA256
      var rest = item.entry.size
      try writer.append(item.entry, contentSHA256: isKnown ? known : nil) { buffer in
        // That nothing follows is asked only where no digest could tell.
        if rest == 0, item.expectedSHA256 != nil { return 0 }
        do {
          let count = try descriptor.read(into: buffer)
          rest -= Int64(count)
          return count
        } catch let errno as Errno { throw HostError("read", file.hostPath, errno) }
      }
      if isKnown, ContextMemory.Stamp(try FileStatus(of: descriptor)) != stamp { throw item.changed }
    }
  }

  private func folder(_ path: FilePath) throws -> FileDescriptor {
    if let folder, folder.path == path { return folder.descriptor }
    let descriptor = try Files.open(path, .readOnly, options: .directory)
    try? folder?.descriptor.close()
    folder = (path, descriptor)
    return descriptor
  }
}

extension LayerWriter {
  /// Adds items whose contents can be opened.
  func append(_ items: [PendingLayer.Item]) throws {
    let reader = ContentReader(for: self)
    for item in items { try reader.append(item) }
  }
}

extension PendingLayer.Item {
  /// What was read is not what was digested.
  var changed: BuilderError {
    BuilderError(
      "file-changed", "\(entry.path) changed while it was copied",
      help: ["stop what writes to the context, or exclude the file in .dockerignore, and build again"])
  }
}
