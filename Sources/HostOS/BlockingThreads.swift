import Glibc

/// Threads for work that blocks: as many as there is such work at the same time, kept for what comes next.
///
/// Dispatch's do not serve for that: on Linux its threads and those of the cooperative pool are counted together, one a
/// core, and when all of them wait it looks a second later whether another is needed.
///
/// `@unchecked Sendable`: the state is touched under the mutex only.
final class BlockingThreads: @unchecked Sendable {
  typealias Work = @Sendable () -> Void

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var queue: [Work] = []
  /// Threads that wait for work; those that were just woken are among them.
  private var idleCount = 0
  private var count = 0

  /// There is one, for as long as the process lives: its threads do not end.
  static let shared = BlockingThreads()

  private init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Has the work done at once, by an idle thread or a new one. Where the machine gives no more threads, it waits for
  /// one of those that there are.
  func run(_ work: @escaping Work) {
    let needsThread = locked {
      queue.append(work)
      if idleCount >= queue.count {
        pthread_cond_signal(condition)
        return false
      }
      count += 1
      return true
    }
    guard needsThread, !startThread() else { return }
    let isAlone = locked {
      count -= 1
      return count == 0
    }
    if isAlone, let work = locked({ queue.popLast() }) { work() }
  }

  private func startThread() -> Bool {
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { _ in
        while true { BlockingThreads.shared.next()() }
      }, nil)
    if status == 0 { pthread_detach(thread) }
    return status == 0
  }

  private func next() -> Work {
    locked {
      while queue.isEmpty {
        idleCount += 1
        pthread_cond_wait(condition, mutex)
        idleCount -= 1
      }
      return queue.removeFirst()
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
