public import Diagnostics

/// A layer or archive that cannot be read, written or unpacked as it is.
public struct ArchiveError: DiagnosticError {
  public var code: DiagnosticCode
  /// In lower case without a full stop.
  public var message: String
  /// The next steps to take.
  public var help: [String]
  public var exitCode: ExitCode

  init(_ code: DiagnosticCode, _ message: String, help: [String] = [], exitCode: ExitCode = .failure) {
    self.code = code
    self.message = message
    self.help = help
    self.exitCode = exitCode
  }

  public var diagnostics: [Diagnostic] { [.error(code, message, help: help)] }
}

extension ArchiveError {
  // MARK: Entries that are given to be written

  static func duplicateEntry(_ path: TreePath) -> ArchiveError {
    ArchiveError(
      "layer-duplicate-entry", "\(path) is given twice for one layer",
      help: ["this is a defect of Slipway: please report it"], exitCode: .defect)
  }

  static func reservedName(_ path: TreePath) -> ArchiveError {
    ArchiveError(
      "layer-reserved-name", "\(path) cannot be put into a layer: names with .wh. at the start mean deletions there",
      help: ["rename the file, or exclude it in .dockerignore"])
  }

  static func unwritableEntry(_ path: TreePath, _ reason: String) -> ArchiveError {
    ArchiveError("layer-invalid-entry", "\(path) cannot be put into a layer: \(reason)")
  }

  static func fileGrew(_ path: TreePath, announced: Int64) -> ArchiveError {
    ArchiveError(
      "file-changed", "\(path) grew while it was read: it had \(announced) bytes at first and has more now",
      help: ["stop what writes to the file, or exclude it in .dockerignore, and build again"])
  }

  static func fileShrank(_ path: TreePath, announced: Int64, found: Int64) -> ArchiveError {
    ArchiveError(
      "file-changed", "\(path) shrank while it was read: it had \(announced) bytes at first and \(found) now",
      help: ["stop what writes to the file, or exclude it in .dockerignore, and build again"])
  }

  static func writing(_ detail: String) -> ArchiveError {
    ArchiveError("layer-write", "cannot write the layer: \(detail)")
  }

  // MARK: Layers and archives that are read

  static func corrupt(_ detail: String) -> ArchiveError {
    ArchiveError(
      "archive-corrupt", "the archive is damaged or not of a kind that is known: \(detail)",
      help: ["fetch or make the archive again"])
  }

  static func unsafeName(_ name: some Collection<UInt8>, _ reason: String) -> ArchiveError {
    ArchiveError(
      "archive-unsafe-name", "the archive holds an entry that is refused, \"\(TreePath.printable(name))\": \(reason)",
      help: ["do not use this archive: ask whoever made it"])
  }

  static func invalidEntry(_ path: TreePath, _ reason: String) -> ArchiveError {
    ArchiveError("archive-invalid-entry", "the archive's entry \(path) cannot be used: \(reason)")
  }

  static func limit(_ what: String) -> ArchiveError {
    ArchiveError(
      "archive-limit", "the archive \(what)",
      help: ["if it is meant to be so large, raise the limits for archives"])
  }

  static func mismatch(_ what: String, expected: String, found: String) -> ArchiveError {
    ArchiveError(
      "digest-mismatch", "the layer is not what its image announces: \(what) is \(found), expected \(expected)",
      help: ["fetch the image again; if it stays so, the registry or the store holds a damaged layer"])
  }

  // MARK: Unpacking

  static func cannotUnpack(_ path: TreePath, _ reason: String, help: [String] = []) -> ArchiveError {
    ArchiveError("layer-unpack", "cannot unpack \(path): \(reason)", help: help)
  }

  // MARK: Upper folders

  static func overlayFeature(_ path: TreePath, _ attribute: String) -> ArchiveError {
    ArchiveError(
      "overlay-feature",
      "the folder of changes holds \(path) with the attribute \(attribute), which only its mount can interpret",
      help: ["mount the overlay with redirect_dir=nofollow,metacopy=off"])
  }

  // MARK: The machine

  static func noThread(_ status: Int32) -> ArchiveError {
    ArchiveError(
      "thread", "cannot start a thread (error \(status))", help: ["raise the limit of processes: ulimit -u"])
  }

  // MARK: Index files

  static func index(_ reason: String) -> ArchiveError {
    ArchiveError("layer-index", "the layer index cannot be used: \(reason)", help: ["it is made again from the layer"])
  }
}
