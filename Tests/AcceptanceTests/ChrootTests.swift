import HostOS
import SystemPackage
import TestSupport
import Testing

/// A chroot whose root is no mount point, where nobody can make mounts private: commands run with a changed root folder
/// alone, or, where more is asked for, the build says what stands in the way.
@Suite struct ChrootTests {
  @Test func aPlainChrootIsToldWhatToDo() async throws {
    try await Workplace.use { place in
      let context = try place.scratch.write(["Dockerfile": "ARG BASE\nFROM $BASE\nRUN true\n"], in: "context")
      // The machine's folders inside a folder that is not mounted itself; all of it goes with the namespace.
      let script = """
        set -e
        root=$1; shift
        for folder in $(cd / && ls -d *); do
          case $folder in
            proc) mkdir -p "$root/proc"; mount -t proc proc "$root/proc" ;;
            *) if [ -L "/$folder" ]; then cp -P "/$folder" "$root/$folder"
               elif [ -d "/$folder" ]; then mkdir -p "$root/$folder"; mount --rbind "/$folder" "$root/$folder"; fi ;;
          esac
        done
        exec chroot "$root" "$@"
        """
      func build(_ isolation: String) async throws -> ChildProcess.Outcome {
        let root = try place.scratch.write([:], in: "root-\(isolation)")
        let command = [
          "build", "--isolation", isolation, "--build-arg", "BASE=\(place.base)", "--no-cache", context.string,
        ]
        return try await Tool.attempt(
          "unshare",
          ["--mount", "--propagation", "private", "sh", "-c", script, "sh", root.string]
            + [place.slipway.executable.string] + command, environment: place.slipway.environment)
      }
      let refused = try await build("userns")
      expect(refused, endsWith: 1)
      #expect(refused.errorText.contains("cannot keep mounts apart from the host's"))
      #expect(refused.errorText.contains("= help: the root folder of this process is no mount point"))
      #expect(refused.errorText.contains("Dockerfile:3:1"))
      let weaker = try await build("auto")
      expect(weaker)
      #expect(weaker.errorText.contains("warning[weak-isolation]: "))
    }
  }
}
