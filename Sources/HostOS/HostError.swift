public import Diagnostics
public import SystemPackage

/// A system call that failed, with what was being done and to what.
public struct HostError: DiagnosticError {
  /// What was being done, as a verb phrase: `open`, `create the folder`.
  public var operation: String
  public var path: FilePath?
  public var errno: Errno

  public init(_ operation: String, _ path: FilePath? = nil, _ errno: Errno) {
    self.operation = operation
    self.path = path
    self.errno = errno
  }

  public var diagnostics: [Diagnostic] {
    let object = path.map { " \($0)" } ?? ""
    return [.error(code, "cannot \(operation)\(object): \(errno.description.lowercased())", help: help)]
  }

  private var code: DiagnosticCode {
    switch errno {
    case .noSuchFileOrDirectory: "file-not-found"
    case .permissionDenied, .notPermitted: "permission-denied"
    case .noSpace, Errno(rawValue: 122): "disk-full"
    case .readOnlyFileSystem: "read-only-file-system"
    default: "host-error"
    }
  }

  private var help: [String] {
    switch errno {
    case .noSpace: ["free some space, or put the store on another disk with SLIPWAY_ROOT"]
    case .permissionDenied, .notPermitted:
      ["check the owner and the mode of \(path.map(String.init(describing:)) ?? "it")"]
    case .readOnlyFileSystem: ["choose a folder that can be written, for the store with SLIPWAY_ROOT"]
    case .tooManyOpenFiles: ["raise the limit of open files: ulimit -n 4096"]
    default: []
    }
  }
}
