import Glibc

/// A thread of our own that is joined before the value goes.
struct WorkerThread: ~Copyable {
  private let thread: pthread_t

  /// - Throws: `ArchiveError` when the machine gives no more threads.
  init(_ body: @escaping @Sendable () -> Void) throws {
    let box = Unmanaged.passRetained(Body(run: body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard status == 0 else {
      box.release()
      throw ArchiveError.noThread(status)
    }
    self.thread = thread
  }

  deinit { pthread_join(thread, nil) }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
