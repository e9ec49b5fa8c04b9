import Glibc

/// The character set in which libarchive works during a call, set for the calling thread alone.
///
/// Writing needs UTF-8: elsewhere libarchive takes every name beyond ASCII for undecodable and marks it as binary.
/// Reading needs the C locale: with UTF-8 libarchive brings the names of pax headers into normalisation form C, which
/// renames files.
enum TextLocale {
  case writing, reading

  // A locale_t is never changed after it was made, and is meant to be shared by threads.
  private nonisolated(unsafe) static let utf8 = newlocale(Int32(1 << LC_CTYPE), "C.UTF-8", nil)
  private nonisolated(unsafe) static let c = newlocale(Int32(1 << LC_CTYPE), "C", nil)

  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let locale = self == .writing ? Self.utf8 : Self.c else { return try body() }
    let previous = uselocale(locale)
    defer { uselocale(previous) }
    return try body()
  }
}
