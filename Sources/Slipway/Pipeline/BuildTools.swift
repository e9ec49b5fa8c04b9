import HostOS
import SystemPackage

/// Programs that CodeBuild's images have and no other machine does.
enum BuildTools {
  /// `codebuild-hash-files FILE…`, for the keys of caches: one digest of what the files hold, also of patterns.
  private static let hashFiles = """
    #!/bin/sh
    # Prints the SHA-256 of files, given as paths or patterns.
    exec bash -O globstar -O nullglob -c '
      for pattern; do for file in $pattern; do [ -f "$file" ] && printf "%s\\0" "$file"; done; done |
        sort -zu | xargs -0r cat | sha256sum | cut -d " " -f 1
    ' codebuild-hash-files "$@"

    """

  /// - Returns: the folder for PATH.
  /// - Throws: `HostError`.
  static func make(in folder: FilePath) throws -> FilePath {
    let tools = folder.appending("tools")
    try Files.createDirectories(tools)
    try Files.writeAtomically(
      Array(hashFiles.utf8), to: tools.appending("codebuild-hash-files"), permissions: FilePermissions(rawValue: 0o755),
      isDurable: false)
    return tools
  }
}
