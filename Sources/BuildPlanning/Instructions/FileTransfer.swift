import Diagnostics
import DockerfileSyntax

/// What COPY and ADD have in common.
struct FileTransfer {
  var isAdd: Bool
  var sources: [Word]
  var heredocs: [Heredoc]
  var destination: Word
  var chown: Word?
  var chmod: Word?
  var isLinked: Bool
  var excludes: [Word]
  var keepsParents: Bool
  /// Nil where the instruction does not say.
  var unpacks: Bool?

  init(_ copy: CopyInstruction) {
    isAdd = false
    (sources, heredocs, destination) = (copy.sources, copy.heredocs, copy.destination)
    (chown, chmod, isLinked, excludes) = (copy.chown, copy.chmod, copy.link, copy.excludes)
    keepsParents = copy.parents
  }

  init(_ add: AddInstruction) {
    isAdd = true
    (sources, heredocs, destination) = (add.sources, add.heredocs, add.destination)
    (chown, chmod, isLinked, excludes) = (add.chown, add.chmod, add.link, add.excludes)
    keepsParents = false
    unpacks = add.unpack
  }
}

/// A source of COPY or ADD whose variables are expanded.
struct PlannedSource {
  var text: String
  var place: SourceAnnotation
  /// What has to be fetched; nil for a path.
  var remote: SourceOperation?

  init(_ text: String, at place: SourceAnnotation, remote: SourceOperation? = nil) {
    self.text = text
    self.place = place
    self.remote = remote
  }
}
