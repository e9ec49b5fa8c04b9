import Diagnostics
import DockerfileSyntax
import OCI

/// What `slipway build --print plan --format json` shows. Vertices name each other by their numbers, members without a
/// value are left out, and there are no passwords: proxies are there by their names, URLs without users.
extension BuildPlan: Encodable {
  private enum CodingKeys: String, CodingKey {
    case vertices, images
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(graph.vertices, forKey: .vertices)
    try container.encode(images, forKey: .images)
  }
}

extension PlannedImage: Encodable {
  private enum CodingKeys: String, CodingKey {
    case platform, result, config
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(platform.description, forKey: .platform)
    try container.encodeIfPresent(result?.index, forKey: .result)
    try container.encode(config, forKey: .config)
  }
}

extension Vertex: Encodable {
  private enum CodingKeys: String, CodingKey {
    case id, title, line, ignoresCache, source, exec, file, merge
  }

  /// One of `source`, `exec`, `file` and `merge` says what it does.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id.index, forKey: .id)
    try container.encode(title, forKey: .title)
    if let origin { try container.encode(origin.file.location(at: origin.range.lowerBound).line, forKey: .line) }
    if ignoresCache { try container.encode(true, forKey: .ignoresCache) }
    switch operation {
    case .source(let source): try container.encode(SourceDocument(source), forKey: .source)
    case .exec(let exec): try container.encode(ExecDocument(exec), forKey: .exec)
    case .file(let file): try container.encode(FileDocument(file), forKey: .file)
    case .merge(let merge):
      try container.encode(
        MergeDocument(lower: merge.lower?.index, upper: merge.upper.index), forKey: .merge)
    }
  }
}

private struct SourceDocument: Encodable {
  var image: String?
  var platform: String?
  /// The main context has no name.
  var context: String?
  var url: String?
  var fileName: String?
  var checksum: String?
  var repository: String?
  var ref: String?
  var subfolder: String?
  var keepsGitFolder: Bool?
  var fetchesSubmodules: Bool?
  var modificationTimes: String?

  init(_ source: SourceOperation) {
    switch source {
    case .image(let reference, let platform):
      image = reference.description
      self.platform = platform.description
    case .context(let name): context = name ?? ""
    case .http(let file):
      url = PublicText.withoutCredentials(file.url)
      fileName = file.fileName
      checksum = file.checksum?.description
    case .git(let reference):
      repository = reference.shownRemote
      ref = reference.ref
      checksum = reference.checksum
      subfolder = reference.subfolder
      keepsGitFolder = reference.keepsGitFolder ?? false
      fetchesSubmodules = reference.fetchesSubmodules ?? true
      modificationTimes = reference.modificationTimes?.rawValue
    }
  }
}

private struct MergeDocument: Encodable {
  var lower: Int?
  var upper: Int
}

private struct FileDocument: Encodable {
  var base: Int?
  var actions: [ActionDocument]

  init(_ file: FileOperation) {
    base = file.base?.index
    actions = file.actions.map(ActionDocument.init)
  }
}

/// `folder` is made, or files are copied to `destination`.
private struct ActionDocument: Encodable {
  var folder: String?
  var source: Int?
  /// The name of a here-document and its content.
  var document: String?
  var content: String?
  var pattern: String?
  var destination: String?
  var owner: String?
  var mode: String?
  var unpacks: Bool?
  var keepsParents: Bool?
  var excludes: [String]?

  init(_ action: FileAction) {
    switch action {
    case .makeDirectory(let path, let owner): (folder, self.owner) = (path, owner)
    case .copy(let copy):
      switch copy.source {
      case .vertex(let id): (source, pattern) = (id.index, copy.pattern)
      case .inline(let name, let bytes): (document, content) = (name, String(decoding: bytes, as: UTF8.self))
      }
      (destination, owner, mode) = (copy.destination, copy.owner, copy.mode?.text)
      (unpacks, keepsParents) = (copy.unpacks, copy.keepsParents)
      excludes = copy.excludes.isEmpty ? nil : copy.excludes
    }
  }
}
