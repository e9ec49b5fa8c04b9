import HostOS
import Testing

struct BlockingTests {
  /// More than there are processors, each of which waits until all are there: they must all run at once.
  @Test(.timeLimit(.minutes(1))) func worksThatWaitForEachOtherAllRun() async throws {
    let count = 200
    let arrived = Monitor(0)
    try await withThrowingTaskGroup { group in
      for _ in 0..<count {
        group.addTask {
          try await Blocking.run {
            arrived.update { $0 += 1 }
            arrived.wait { $0 == count ? () : nil }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test(arguments: [0, 1, 2, 63, 64, 65, 4095, 4097, 100_000])
  func resultsComeInOrder(_ count: Int) throws {
    #expect(try Blocking.concurrently(count) { $0.map { $0 * 3 } } == (0..<count).map { $0 * 3 })
  }

  @Test func theFirstFailureIsThrown() {
    struct Failure: Error, Equatable { var number: Int }
    #expect(throws: Failure(number: 500)) {
      try Blocking.concurrently(1000) { range in
        try range.map { number -> Int in
          if number == 500 || number > 700 { throw Failure(number: number) }
          return number
        }
      }
    }
  }
}
