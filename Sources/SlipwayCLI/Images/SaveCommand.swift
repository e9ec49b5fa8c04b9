public import ArgumentParser
import Diagnostics
import Glibc
import HostOS
public import Images
import Slipway
import SystemPackage

struct SaveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save",
    abstract: "Save images of the store in one archive.",
    discussion: """
      The archive can be read by docker load, podman load, skopeo and slipway load. It is an OCI image layout that holds \
      all platforms; docker sees one image of each, the one for this machine.
      """)

  @Argument(help: "The images, by their names in the store, or as slipway copy takes them.")
  var images: [String]

  @Option(name: [.short, .long], help: "The file (default: standard output).")
  var output: String?

  @Option(help: "The form of the archive: docker, or oci, which docker load of old does not read.")
  var format: ImageArchiveFormat = .docker

  @OptionGroup var platforms: PlatformArguments
  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    guard output != nil || isatty(STDOUT_FILENO) == 0 else {
      throw SlipwayError(
        "archive-to-terminal", "an archive is nothing for a terminal",
        help: ["name a file with --output, or use a pipe"])
    }
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let path = output.flatMap { $0 == "-" ? nil : FilePath($0) }
    try await SaveImages(images, format, to: path, platforms.options, bench).run()
  }
}

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Load the images of an archive into the store.",
    discussion: """
      Archives of docker save, podman save, skopeo, buildah and slipway save are read, also when they are compressed. \
      Standard output gets NAME@DIGEST for each image.
      """)

  @Option(name: [.short, .long], help: "The file (default: standard input).")
  var input: String?

  @Option(name: [.short, .long], help: "A name for the only image of the archive; may be repeated.")
  var tag: [String] = []

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    guard input != nil || isatty(STDIN_FILENO) == 0 else {
      throw SlipwayError(
        "archive-from-terminal", "there is no archive on standard input",
        help: ["name a file with --input, or use a pipe"])
    }
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let path = input.flatMap { $0 == "-" ? nil : FilePath($0) }
    for answer in try await LoadImages(path, names: tag, bench).run() { try Terminal.answer(answer) }
  }
}

extension ImageArchiveFormat: ExpressibleByArgument {}
