import HostOS
import SystemPackage
import Testing

/// Makes archives with python3's tarfile, which writes what no sane program would.
enum Python {
  /// - Parameters:
  ///   - script: calls `add(name, type, content=…, attribute=…)` for each member.
  ///   - owner: of members that name no other.
  static func tar(format: String, _ script: String, owner: (UInt32, UInt32) = (0, 0)) async throws -> [UInt8] {
    let folder = try TemporaryDirectory()
    let file = folder.path.appending("made.tar")
    let program = """
      import io, sys, tarfile
      from tarfile import TarInfo, REGTYPE, LNKTYPE, SYMTYPE, CHRTYPE, BLKTYPE, DIRTYPE, FIFOTYPE, XHDTYPE
      out = tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[2] + '_FORMAT'))
      def add(name, type=REGTYPE, content=b'', **attributes):
          member = TarInfo(name)
          member.type = type
          member.size = len(content)
          member.uid, member.gid = \(owner.0), \(owner.1)
          for key, value in attributes.items(): setattr(member, key, value)
          out.addfile(member, io.BytesIO(content))
      \(script)
      out.close()
      """
    try await tool("python3", ["-c", program, file.string, format])
    return try Files.read(file)
  }
}
