import DockerfileSyntax
import OCI

/// Named contexts that are no images.
extension PlanningSession {
  /// What COPY --from and mounts read.
  mutating func contextVertex(_ name: String) -> VertexID? {
    switch options.contexts[name] {
    case .folder?:
      graph.add(.source(.context(named: name)), title: "[context \(name)] load", origin: nil)
    case .git(let reference)?:
      graph.add(.source(.git(reference)), title: "[context \(name)] \(reference.shownRemote)", origin: nil)
    case .http(let file)?: unpackedVertex(file, name)
    case .image?, .layout?, nil: nil
    }
  }

  /// The same as the layer that a stage begins with.
  mutating func treeVertex(_ name: String) -> VertexID? {
    guard let source = contextVertex(name) else { return nil }
    if case .http? = options.contexts[name] { return source }
    let copy = CopyAction(everythingIn: source, "/", unpacks: false)
    return graph.add(
      .file(FileOperation(base: nil, actions: [.copy(copy)])), title: "[context \(name)] copy", origin: nil)
  }

  private mutating func unpackedVertex(_ file: HTTPSource, _ name: String) -> VertexID {
    var file = file
    file.fileName = "context"
    let url = PublicText.withoutCredentials(file.url)
    let source = graph.add(.source(.http(file)), title: "[context \(name)] \(url)", origin: nil)
    let copy = CopyAction(everythingIn: source, "/context", unpacks: true)
    return graph.add(
      .file(FileOperation(base: nil, actions: [.copy(copy)])), title: "[context \(name)] unpack", origin: nil)
  }
}

extension CopyAction {
  /// Puts a file or the contents of a folder into the root.
  fileprivate init(everythingIn source: VertexID, _ path: String, unpacks: Bool) {
    self.init(
      source: .vertex(source), pattern: path, destination: "/", unpacks: unpacks, excludes: [], keepsParents: false,
      spelling: path)
  }
}

extension ImageConfig {
  /// Says what the image is for.
  mutating func take(_ platform: Platform) {
    let isOther = os != platform.os || architecture != platform.architecture
    (os, architecture) = (platform.os, platform.architecture)
    if isOther || platform.variant != nil { variant = platform.variant }
    if isOther || platform.osVersion != nil { osVersion = platform.osVersion }
    if let features = platform.osFeatures { osFeatures = features }
  }
}
