/// `COPY [flags] source… destination`, or the same as a JSON array
public struct CopyInstruction: Sendable, Hashable {
  /// Paths and wildcards, in their order.
  public var sources: [Word]
  /// Sources that are here-documents, in their order; they come after `sources`.
  public var heredocs: [Heredoc]
  public var destination: Word
  /// `--from`: a stage, an image or a named context.
  public var from: Word?
  /// `--chown`: `user[:group]`
  public var chown: Word?
  /// `--chmod`: an octal number or symbols such as `u=rwX,go=rX`
  public var chmod: Word?
  /// `--link`
  public var link: Bool
  /// `--parents`
  public var parents: Bool
  /// `--exclude`, any number of times.
  public var excludes: [Word]

  public init(sources: [Word], heredocs: [Heredoc] = [], destination: Word) {
    self.sources = sources
    self.heredocs = heredocs
    self.destination = destination
    self.link = false
    self.parents = false
    self.excludes = []
  }
}

/// `ADD [flags] source… destination`, or the same as a JSON array
public struct AddInstruction: Sendable, Hashable {
  /// Paths, wildcards, URLs and git repositories, in their order.
  public var sources: [Word]
  /// Sources that are here-documents, in their order; they come after `sources`.
  public var heredocs: [Heredoc]
  public var destination: Word
  /// `--chown`: `user[:group]`
  public var chown: Word?
  /// `--chmod`: an octal number or symbols such as `u=rwX,go=rX`
  public var chmod: Word?
  /// `--link`
  public var link: Bool
  /// `--checksum`: the digest of a download, or a commit.
  public var checksum: Word?
  /// `--keep-git-dir`; nil when not given.
  public var keepGitDir: Bool?
  /// `--unpack`; nil when not given: local archives are unpacked then, downloaded ones are not.
  public var unpack: Bool?
  /// `--exclude`, any number of times.
  public var excludes: [Word]

  public init(sources: [Word], heredocs: [Heredoc] = [], destination: Word) {
    self.sources = sources
    self.heredocs = heredocs
    self.destination = destination
    self.link = false
    self.excludes = []
  }
}
