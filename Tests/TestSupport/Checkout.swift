public import SystemPackage

/// The source tree that the tests were built from, for fixtures and scripts.
public enum Checkout {
  /// The folder with `Package.swift`.
  public static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

  /// A folder or file below `fixtures/`.
  public static func fixture(_ name: String) -> FilePath {
    root.appending("fixtures").pushing(FilePath(name))
  }

  /// A program in `scripts/`.
  public static func script(_ name: String) -> FilePath {
    root.appending("scripts").appending(name)
  }
}
