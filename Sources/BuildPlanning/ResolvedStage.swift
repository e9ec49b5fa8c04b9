import Diagnostics
import DockerfileSyntax
import OCI

/// A stage whose FROM and COPY --from are known.
struct ResolvedStage {
  enum Base: Hashable {
    case scratch
    case stage(Int)
    case image(ImageRequirement)
  }

  /// An instruction in its place, with where COPY or ADD takes its files from.
  struct Command {
    var instruction: Instruction
    /// The text that the instruction's ranges point into.
    var file: SourceFile
    var escape: EscapeCharacter
    var isTrigger: Bool
    /// Nil is the context.
    var origin: Base?

    var annotation: SourceAnnotation { SourceAnnotation(file, instruction.range) }
  }

  var index: Int
  /// What progress calls it; empty where there is but one.
  var title: String
  var platform: Platform
  var base: Base
  var from: FromInstruction
  /// The text that `from` points into.
  var file: SourceFile
  var commands: [Command]

  /// The stages and images that it needs.
  var dependencies: [Base] { [base] + commands.compactMap(\.origin) }
}
