import DockerfileSyntax
import OCI

/// What `slipway build --print plan` shows: what is to be done, and the image that comes of it.
extension BuildPlan: CustomStringConvertible {
  /// Several lines, the last one with its line feed: the vertices of the graph; then for each image its result, the
  /// configuration as JSON, and its history, where a `-` stands before an entry that makes a layer.
  public var description: String {
    var lines = graph.vertices.flatMap { $0.descriptionLines }
    for image in images {
      if images.count > 1 {
        if lines.last?.isEmpty == false { lines.append("") }
        lines.append("image for \(image.platform)")
      }
      lines += image.descriptionLines
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension PlannedImage {
  fileprivate var descriptionLines: [String] {
    var lines = ["result \(result?.description ?? "empty")"]
    lines.append("")
    var described = config
    described.history = nil
    // Every member is a string, a number or a list of those, which JSON can always say.
    let json = (try? JSONDocument.encode(described, pretty: true)) ?? []
    lines.append("config \(String(decoding: json, as: UTF8.self))")
    lines.append("")
    lines.append("history")
    lines += (config.history ?? []).map(Self.describe)
    return lines
  }

  private static func describe(_ entry: History) -> String {
    let text = GoFormat.singleLine(entry.createdBy ?? "")
    let comment = entry.comment.map { $0 == StageState.historyComment ? "" : " (\($0))" } ?? ""
    return "\(entry.emptyLayer == true ? "   " : " - ")\(text)\(comment)"
  }
}

extension VertexID: CustomStringConvertible {
  public var description: String { "#\(index)" }
}

extension Vertex {
  fileprivate var descriptionLines: [String] {
    let details = operation.details + (ignoresCache ? ["without cache"] : [])
    return ["\(id) \(operation.summary)", "   \(GoFormat.singleLine(title))"] + details.map { "   \($0)" } + [""]
  }
}

extension Operation {
  fileprivate var summary: String {
    func on(_ base: VertexID?) -> String { base.map { " on \($0)" } ?? " on nothing" }
    switch self {
    case .source(.image(let reference, let platform)): return "source image \(reference) for \(platform)"
    case .source(.context(nil)): return "source context"
    case .source(.context(let name?)): return "source context \(name)"
    case .source(.http(let file)):
      let checksum = file.checksum.map { " checksum \($0)" } ?? ""
      return "source file \(PublicText.withoutCredentials(file.url)) as \(file.fileName)\(checksum)"
    case .source(.git(let reference)): return "source \(reference.summary)"
    case .exec(let exec): return "exec\(on(exec.root))"
    case .file(let file): return "file\(on(file.base))"
    case .merge(let merge): return "merge \(merge.upper)\(on(merge.lower))"
    }
  }

  fileprivate var details: [String] {
    switch self {
    case .source, .merge: return []
    case .exec(let exec): return exec.details
    case .file(let file): return file.actions.map(\.summary)
    }
  }
}

extension GitReference {
  fileprivate var summary: String {
    var words = ["git", shownRemote]
    if let ref { words.append("ref \(ref)") }
    if let checksum { words.append("commit \(checksum)") }
    if let subfolder { words.append("folder \(subfolder)") }
    if keepsGitFolder == true { words.append("with .git") }
    if fetchesSubmodules == false { words.append("without submodules") }
    if let modificationTimes { words.append("times of \(modificationTimes.rawValue)") }
    if fetchesByCommit { words.append("by commit") }
    return words.joined(separator: " ")
  }
}

extension ExecOperation {
  fileprivate var details: [String] {
    var lines = ["arguments \(GoFormat.quoted(arguments))"]
    lines += environment.map { "environment \(GoFormat.quoted($0))" }
    // Proxies may hold passwords.
    lines += proxyEnvironment.map { "proxy \($0.prefix { $0 != "=" })" }
    lines.append("directory \(workingDirectory)")
    if !user.isEmpty { lines.append("user \(user)") }
    lines.append("network \(network.rawValue)")
    if let script {
      lines.append("script \(script.path) \(GoFormat.quoted(String(decoding: script.content, as: UTF8.self)))")
    }
    lines += surroundings.details
    return lines + mounts.map(\.summary)
  }
}

extension ExecSurroundings {
  fileprivate var details: [String] {
    var lines = hosts.map { "host \($0.name) is \($0.address)" }
    if let sharedMemorySize { lines.append("shared memory \(sharedMemorySize)") }
    return lines + limits.map { "limit \($0.name) \($0.soft) up to \($0.hard)" }
  }
}

extension FileAction {
  fileprivate var summary: String {
    switch self {
    case .makeDirectory(let path, let owner): "folder \(path)\(owner.map { " owner \($0)" } ?? "")"
    case .copy(let copy): copy.summary
    }
  }
}

extension CopyAction {
  fileprivate var summary: String {
    var words = ["copy"]
    switch source {
    case .vertex(let id): words.append("\(id) \(GoFormat.quoted(pattern))")
    case .inline(let name, let content):
      words.append("<<\(name) \(GoFormat.quoted(String(decoding: content, as: UTF8.self)))")
    }
    words.append("to \(GoFormat.quoted(destination))")
    if let owner { words.append("owner \(owner)") }
    if let mode { words.append("mode \(mode.text)") }
    if unpacks { words.append("unpacking") }
    if keepsParents { words.append("keeping parents") }
    if !excludes.isEmpty { words.append("without \(GoFormat.quoted(excludes))") }
    return words.joined(separator: " ")
  }
}
