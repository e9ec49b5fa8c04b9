import ArgumentParser
import HostOS
import Slipway

struct TagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Give an image of the store more names.",
    discussion: """
      With docker://NAME, an image of a registry gets more tags in its repository, and nothing is downloaded. Standard \
      output gets NAME@DIGEST for each name.
      """)

  @Argument(help: "The image: its name, its digest, or docker://NAME.")
  var image: String

  @Argument(help: "Names for it.")
  var names: [String]

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    let bench = try Workbench(environment: .current, progress: progress.reporter())
    for answer in try await TagImage(image, as: names, bench).run() { try Terminal.answer(answer) }
  }
}
