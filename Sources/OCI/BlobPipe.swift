import HostOS
import NIOCore

/// Hands bytes from a task, which must not block, to a thread, which does.
///
/// A few megabytes wait in it at most; whoever sends more waits without holding a thread.
final class BlobPipe: Sendable {
  fileprivate struct State {
    var chunks: [ByteBuffer] = []
    /// The first chunk that was not taken.
    var first = 0
    /// Of all chunks, in bytes.
    var waiting = 0
    var ending: Result<Void, any Error>?
    /// Nobody reads any more.
    var isClosed = false
    /// Waits for room.
    var sender: CheckedContinuation<Void, Never>?
  }

  private static let capacity = 4 << 20
  private let monitor = Monitor(State())

  /// Waits until there is room. False when nobody reads any more.
  func send(_ chunk: ByteBuffer) async -> Bool {
    if chunk.readableBytes == 0 { return true }
    let isFull = monitor.update { state in
      state.chunks.append(chunk)
      state.waiting += chunk.readableBytes
      return state.waiting >= Self.capacity
    }
    if isFull {
      await withCheckedContinuation { continuation in
        let mayGoOn = monitor.update { state in
          if state.isClosed || state.waiting < Self.capacity { return true }
          state.sender = continuation
          return false
        }
        if mayGoOn { continuation.resume() }
      }
    }
    return monitor.update { !$0.isClosed }
  }

  /// Nothing follows; with a failure, the reader gets it in the place of the end.
  func end(_ result: Result<Void, any Error>) { monitor.update { $0.ending = $0.ending ?? result } }

  /// Blocks until there are bytes, and copies as many as there is room for; 0 at the end.
  /// - Throws: what the sender failed with.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var sender: CheckedContinuation<Void, Never>?
    let count = try monitor.wait { state -> Result<Int, any Error>? in
      if state.first == state.chunks.count { return state.ending?.map { _ in 0 } }
      let count = state.take(into: buffer)
      if state.waiting < Self.capacity / 2 { sender = state.takeSender() }
      return .success(count)
    }.get()
    sender?.resume()
    return count
  }

  /// Nobody reads any more.
  func close() {
    let sender = monitor.update { state in
      state.isClosed = true
      return state.takeSender()
    }
    sender?.resume()
  }
}

extension BlobPipe.State {
  fileprivate mutating func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var count = 0
    while first < chunks.count, count < buffer.count {
      let step = chunks[first].readWithUnsafeReadableBytes { bytes in
        let step = min(bytes.count, buffer.count - count)
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<(count + step)])
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<step]))
        return step
      }
      count += step
      if chunks[first].readableBytes == 0 {
        chunks[first] = ByteBuffer()
        first += 1
      }
    }
    if first == chunks.count {
      chunks.removeAll(keepingCapacity: true)
      first = 0
    }
    waiting -= count
    return count
  }

  fileprivate mutating func takeSender() -> CheckedContinuation<Void, Never>? {
    defer { sender = nil }
    return sender
  }
}
