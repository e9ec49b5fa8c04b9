import Diagnostics
import DockerfileSyntax
import OCI

/// A stage of which is known what it is built on, and what its instructions read beside it.
struct ResolvedStage {
  /// Where files come from.
  enum Origin: Hashable {
    case scratch
    case stage(Int)
    case image(ImageRequirement)
    /// A folder, a repository or a file that a name stands for, by its key in `BuildOptions.contexts`.
    case context(String)
  }

  /// An instruction in its place.
  struct Command {
    var instruction: Instruction
    /// The text that the instruction's ranges point into.
    var file: SourceFile
    var escape: EscapeCharacter
    var isTrigger: Bool
    /// What COPY or the mounts of RUN name with `from`, in their order; nil where they name nothing.
    var origins: [Origin?] = []
    /// Where the stage stands that it belongs to.
    var stagePlace: SourceAnnotation

    var annotation: SourceAnnotation { SourceAnnotation(file, instruction.range) }

    /// Where the Dockerfile asks for it: triggers of images stand in no Dockerfile.
    var dockerfilePlace: SourceAnnotation { file == stagePlace.file ? annotation : stagePlace }

    /// Where the names of `origins` are written.
    var originWords: [Word?] { instruction.originWords }
  }

  var index: Int
  /// What progress calls it; empty where there is but one.
  var title: String
  var platform: Platform
  var base: Origin
  /// Whether a named context stands for it, so that nothing of it is built.
  var isReplaced = false
  /// Whether something is wrong with what it is built on.
  var isBroken = false
  var from: FromInstruction
  /// The text that `from` points into.
  var file: SourceFile
  var commands: [Command]

  /// The stages and images that it needs.
  var dependencies: [Origin] { [base] + commands.flatMap(\.origins).compactMap { $0 } }
}

extension Instruction {
  /// What COPY or the mounts of RUN name with `from`, in their order; nil where they name nothing.
  fileprivate var originWords: [Word?] {
    switch kind {
    case .copy(let copy): [copy.from]
    case .run(let run): run.mounts.map(\.from)
    default: []
    }
  }
}

extension RunMount {
  var from: Word? {
    switch kind {
    case .bind(let bind): bind.from
    case .cache(let cache): cache.from
    case .tmpfs, .secret, .ssh: nil
    }
  }
}
