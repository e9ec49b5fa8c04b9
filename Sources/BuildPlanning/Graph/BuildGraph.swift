public import Diagnostics
public import DockerfileSyntax
public import OCI

/// What has to be done for an image, as a graph without cycles: four kinds of operation on file trees.
///
/// A vertex stands for a stack of layers. The graph is a value without side effects: tests and `--print` read it, the
/// Builder solves it.
public struct BuildGraph: Sendable, Hashable {
  /// In an order in which every vertex comes after those that it reads.
  public private(set) var vertices: [Vertex] = []
  private var known: [Operation: VertexID] = [:]

  init() {}

  public subscript(id: VertexID) -> Vertex { vertices[id.index] }

  /// Adds a vertex, or finds the one that does the same.
  mutating func add(_ operation: Operation, title: String, origin: SourceAnnotation?) -> VertexID {
    let meaning = operation.meaning
    if let id = known[meaning] { return id }
    let id = VertexID(index: vertices.count)
    vertices.append(Vertex(id: id, title: title, origin: origin, operation: operation))
    known[meaning] = id
    return id
  }

  /// Has a vertex done anew even if its result is known.
  mutating func ignoreCache(of id: VertexID) { vertices[id.index].ignoresCache = true }

  /// Whether a command has to be run for it.
  public var runsCommands: Bool {
    vertices.contains { if case .exec = $0.operation { true } else { false } }
  }
}

/// A vertex of the graph that it comes from.
public struct VertexID: Sendable, Hashable {
  public let index: Int
}

public struct Vertex: Sendable, Hashable {
  public let id: VertexID
  /// What people see: `[build 2/5] RUN make`.
  public let title: String
  /// The instruction that asked for it.
  public let origin: SourceAnnotation?
  public let operation: Operation
  /// Whether it is done anew even if its result is known (`--no-cache-filter`).
  public internal(set) var ignoresCache = false
}

/// What a vertex does.
public enum Operation: Sendable, Hashable {
  /// Brings in an image or a context.
  case source(SourceOperation)
  /// Runs a command; what it changes is a layer.
  case exec(ExecOperation)
  /// Copies and creates files; they are a layer.
  case file(FileOperation)
  /// Puts layers on others without looking at them.
  case merge(MergeOperation)

  /// The same without what only messages need.
  fileprivate var meaning: Operation {
    switch self {
    case .source, .merge: return self
    case .exec(var exec):
      for index in exec.mounts.indices { exec.mounts[index].place = nil }
      exec.shell = ""
      return .exec(exec)
    case .file(var file):
      file.actions = file.actions.map { action in
        guard case .copy(var copy) = action else { return action }
        copy.place = nil
        copy.spelling = ""
        return .copy(copy)
      }
      return .file(file)
    }
  }

  /// The vertices that it reads.
  public var inputs: [VertexID] {
    switch self {
    case .source: []
    case .exec(let exec): [exec.root].compactMap { $0 } + exec.mounts.compactMap(\.source)
    case .file(let file): [file.base].compactMap { $0 } + file.actions.compactMap(\.source)
    case .merge(let merge): [merge.lower].compactMap { $0 } + [merge.upper]
    }
  }
}

public enum SourceOperation: Sendable, Hashable {
  /// An image, pinned by digest.
  case image(ImageReference, Platform)
  /// A folder of this machine; nothing but files that are asked for are read from it. Nil is the main build context,
  /// a name one of `--build-context`.
  case context(named: String?)
  /// One file, fetched by its URL.
  case http(HTTPSource)
  /// The files of a repository, with all that flags say beside the reference: `.git` is left out unless
  /// `keepsGitFolder` is true, submodules are fetched unless `fetchesSubmodules` is false.
  case git(GitReference)
}

public struct HTTPSource: Sendable, Hashable {
  public var url: String
  /// What the file is called in the tree, whose only file it is.
  public var fileName: String
  /// Of the content.
  public var checksum: Digest?

  public init(url: String, fileName: String, checksum: Digest? = nil) {
    self.url = url
    self.fileName = fileName
    self.checksum = checksum
  }
}

public struct FileOperation: Sendable, Hashable {
  /// Nil is the empty tree.
  public var base: VertexID?
  public var actions: [FileAction]
}

public enum FileAction: Sendable, Hashable {
  /// Makes a folder and its parents, all with the owner and mode 0755, unless they are there.
  case makeDirectory(path: String, owner: String?)
  case copy(CopyAction)

  /// The vertex that it reads beside the tree that it changes.
  public var source: VertexID? {
    if case .copy(let copy) = self, case .vertex(let id) = copy.source { id } else { nil }
  }
}

/// COPY or ADD of one source.
public struct CopyAction: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    case vertex(VertexID)
    /// A here-document.
    case inline(name: String, content: [UInt8])
  }

  public var source: Source
  /// A path or a wildcard inside the source, absolute.
  public var pattern: String
  /// Absolute. A slash at the end says that it is a folder.
  public var destination: String
  /// `user[:group]`, as names or numbers; nil is root.
  public var owner: String?
  public var mode: FileModeChange?
  /// Archives are unpacked.
  public var unpacks: Bool
  /// Patterns of .dockerignore relative to the source; what they match is left out.
  public var excludes: [String]
  /// The path of the source is kept below the destination, from its pivot `/./` on.
  public var keepsParents: Bool
  /// What messages call the source: as it is written.
  public var spelling: String
  /// Where the source is written.
  public var place: SourceAnnotation?
}

public struct MergeOperation: Sendable, Hashable {
  public var lower: VertexID?
  public var upper: VertexID
}
