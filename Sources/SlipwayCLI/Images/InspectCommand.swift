import ArgumentParser
import Diagnostics
import HostOS
import Slipway
import SystemPackage

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what an image is made of.",
    discussion: """
      A name is an image of the store, else one of its registry; docker://NAME, store://NAME, oci:PATH[:TAG] and \
      archives are read, too. No layer is downloaded.
      """)

  @Argument(help: "The image.")
  var image: String

  @Option(help: "The image of an index for a platform, OS/ARCH[/VARIANT].")
  var platform: String?

  @Flag(help: "Show the manifest or index itself, byte for byte.")
  var raw = false

  @Flag(help: "Show the configuration itself, byte for byte; of an index, that of the image for this machine.")
  var config = false

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if raw, config { throw ValidationError("--raw and --config exclude each other: the first shows the manifest") }
  }

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let inspection = try InspectImage(image, platform: platform, bench)
    let answer = try await inspection.run(raw ? .manifest : config ? .config : .summary, as: format)
    try FileDescriptor.standardOutput.writeAll(answer)
  }
}

struct DigestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "Print the digest that a name stands for.",
    discussion: "The registry is asked, without reading the image; places are those of slipway copy.")

  @Argument(help: "The image.")
  var image: String

  @Option(help: "The image of an index for a platform, OS/ARCH[/VARIANT].")
  var platform: String?

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    try Terminal.answer(try await ImageDigest(image, platform: platform, bench).run())
  }
}

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "List the images of the store, or the tags of a repository.")

  @Argument(help: "A repository of a registry, or oci:PATH (default: the store).")
  var place: String?

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    let answer = try await ListImages(place, bench).run(as: format)
    try FileDescriptor.standardOutput.writeAll(Array(answer.utf8))
  }
}

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Read all of an image and compute its digests, sizes and diff IDs anew.",
    discussion: """
      A name is an image of the store, else one of its registry; other places are those of slipway copy. Faults go to \
      standard output. The exit code is 3 when there are any.
      """)

  @Argument(help: "The image.")
  var image: String

  @Option(help: "How it is written: text or json.")
  var format: StoreReportFormat = .text

  @OptionGroup var arguments: TransferArguments

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: arguments.progress.reporter())
    let report = try await ValidateImage(image, arguments.options, bench).run()
    try FileDescriptor.standardOutput.writeAll(Array(try report.rendered(as: format).utf8))
    if report.exitCode != .success { throw Diagnostics.ExitCode.Failure(code: report.exitCode) }
  }
}
