import HostOS
import Testing

struct BlockingTests {
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
