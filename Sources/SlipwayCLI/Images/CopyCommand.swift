import ArgumentParser
import Diagnostics
import HostOS
import Slipway

struct CopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy an image as it is, between registries, image layouts, archives and the store.",
    discussion: """
      Places are NAME or docker://NAME in a registry, store://NAME, oci:PATH[:TAG], oci-archive:FILE[:TAG] and \
      docker-archive:FILE[:NAME]; - is standard input or output. All platforms are copied unless --platform says which. \
      Standard output gets NAME@DIGEST.
      """)

  @Argument(help: "The image.")
  var source: String

  @Argument(help: "Where it goes.")
  var destination: String

  @OptionGroup var arguments: PushArguments

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: arguments.progress.reporter())
    let copy = try CopyImage(from: source, to: destination, arguments.options, bench)
    if let answer = try await copy.run() { try Terminal.answer(answer) }
  }
}

struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push",
    abstract: "Push an image of the store to a registry.",
    discussion: """
      The image is one that was built with --tag, pulled, loaded or tagged, or oci:PATH[:TAG] or an archive. All its \
      platforms are pushed unless --platform says which. Standard output gets NAME@DIGEST.
      """)

  @Argument(help: "The image.")
  var image: String

  @Argument(help: "Its name in the registry (default: the one that it has).")
  var name: String?

  @OptionGroup var arguments: PushArguments

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: arguments.progress.reporter())
    try Terminal.answer(try await PushImage(image, as: name, arguments.options, bench).run())
  }
}

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Pull images from registries into the store.",
    discussion: """
      Of an index, the image for this machine is pulled unless --platform or --all-platforms says otherwise. Standard \
      output gets NAME@DIGEST for each.
      """)

  @Argument(help: "The names of images.")
  var images: [String]

  @Option(
    name: [.short, .long],
    help: """
      Where the image goes instead of the store: type=oci|docker,dest=FILE, or type=oci,tar=false,dest=FOLDER; may be \
      repeated.
      """)
  var output: [String] = []

  @OptionGroup var arguments: TransferArguments

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: arguments.progress.reporter())
    for answer in try await PullImages(images, outputs: output, arguments.options, bench).run() {
      try Terminal.answer(answer)
    }
  }
}
