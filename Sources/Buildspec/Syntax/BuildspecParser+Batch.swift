import Diagnostics
import SourceYAML

extension BuildspecParser {
  mutating func batch(_ entry: YAMLMapping.Entry) {
    guard let mapping = reader.mapping(entry.value, "batch") else { return }
    let kinds = Batch.Kind.allCases.filter { mapping[$0.rawValue] != nil }
    reader.expectKeys(["fast-fail"] + Batch.Kind.allCases.map(\.rawValue), in: mapping, "batch")
    guard kinds.count == 1, let kind = kinds.first, let node = mapping[kind.rawValue] else {
      return reader.error(
        .buildspecForm, kinds.isEmpty ? "batch has no tasks" : "batch has tasks of several kinds", entry.keyRange,
        help: "write one of \(Batch.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    var batch = Batch(kind: kind, range: entry.keyRange)
    batch.failsFast = reader.flag(mapping["fast-fail"], "batch/fast-fail")
    switch kind {
    case .list, .graph: batch.tasks = tasks(node, kind)
    case .matrix: batch.tasks = matrix(node)
    case .fanout: batch.tasks = fanout(node)
    }
    checkGraph(batch)
    spec.batch = batch
  }

  // MARK: Lists and graphs

  private mutating func tasks(_ node: YAMLNode, _ kind: Batch.Kind) -> [Batch.Task] {
    guard let items = node.sequence else {
      reader.error(
        .buildspecForm, "batch/\(kind.rawValue) is \(node.kindName) and has to be a list", node.range,
        help: "write \"- identifier: NAME\" for each task")
      return []
    }
    return items.compactMap { task($0, kind) }
  }

  private mutating func task(_ node: YAMLNode, _ kind: Batch.Kind) -> Batch.Task? {
    let what = "batch/\(kind.rawValue)"
    guard let mapping = reader.mapping(node, "a task of \(what)") else { return nil }
    let keys = ["identifier", "buildspec", "debug-session", "env", "ignore-failure"]
    reader.expectKeys(kind == .graph ? keys + ["depend-on"] : keys, in: mapping, "a task of \(what)")
    guard let identifier = reader.text(mapping["identifier"], "\(what)/identifier") else {
      if mapping["identifier"]?.isNull ?? true {
        reader.error(.buildspecForm, "a task of \(what) has no identifier", node.range, help: "add identifier:")
      }
      return nil
    }
    checkIdentifier(identifier)
    var task = Batch.Task(identifier: identifier)
    task.buildspec = reader.text(mapping["buildspec"], "\(what)/buildspec")
    task.ignoresFailure = reader.flag(mapping["ignore-failure"], "\(what)/ignore-failure")
    if kind == .graph { task.dependencies = reader.texts(mapping["depend-on"], "\(what)/depend-on") }
    if let environment = taskEnvironment(mapping["env"], "\(what)/env") {
      task.variables = reader.variables(environment["variables"], "\(what)/env/variables")
      task.image = reader.text(environment["image"], "\(what)/env/image")
    }
    return task
  }

  private mutating func taskEnvironment(_ node: YAMLNode?, _ what: String) -> YAMLMapping? {
    guard let mapping = reader.mapping(node, what) else { return nil }
    reader.expectKeys(["compute-type", "fleet", "image", "privileged-mode", "type", "variables"], in: mapping, what)
    return mapping
  }

  private mutating func checkIdentifier(_ identifier: WrittenText) {
    let isGood =
      !identifier.value.isEmpty && identifier.value.utf8.count <= 128
      && identifier.value.utf8.allSatisfy { $0 == 0x5F || $0 == 0x2D || $0.isASCIILetter || (0x30...0x39).contains($0) }
    guard !isGood else { return }
    reader.error(
      .buildspecValue, "\"\(identifier.value)\" is not usable as an identifier", identifier.range,
      help: "write letters, digits and underscores, 128 at most")
  }

  /// Identifiers are there once, dependencies exist and make no circle.
  private mutating func checkGraph(_ batch: Batch) {
    var known: [String: Batch.Task] = [:]
    for task in batch.tasks {
      if known.updateValue(task, forKey: task.identifier.value) != nil {
        reader.error(
          .buildspecValue, "there are two tasks \(task.identifier.value)", task.identifier.range,
          help: "give each an identifier of its own")
      }
    }
    for name in batch.tasks.flatMap(\.dependencies) where known[name.value] == nil {
      reader.error(
        .buildspecValue, "there is no task \(name.value)", name.range,
        help: Suggestion.nearest(to: name.value, in: known.keys.sorted()).map { "did you mean \($0)?" }
          ?? "the tasks are \(batch.tasks.map(\.identifier.value).joined(separator: ", "))")
    }
    var settled: Set<String> = []
    var grew = true
    while grew {
      grew = false
      for task in batch.tasks where !settled.contains(task.identifier.value) {
        guard task.dependencies.allSatisfy({ settled.contains($0.value) || known[$0.value] == nil }) else { continue }
        settled.insert(task.identifier.value)
        grew = true
      }
    }
    if let task = batch.tasks.first(where: { !settled.contains($0.identifier.value) }),
      let first = task.dependencies.first
    {
      reader.error(
        .buildspecValue, "the task \(task.identifier.value) waits for itself", first.range,
        help: "remove one depend-on of the circle")
    }
  }

  // MARK: Matrix and fan-out

  private mutating func matrix(_ node: YAMLNode) -> [Batch.Task] {
    guard let mapping = reader.mapping(node, "batch/build-matrix") else { return [] }
    reader.expectKeys(["static", "dynamic"], in: mapping, "batch/build-matrix")
    var ignoresFailure = false
    if let fixed = reader.mapping(mapping["static"], "batch/build-matrix/static") {
      reader.expectKeys(["ignore-failure", "env"], in: fixed, "batch/build-matrix/static")
      ignoresFailure = reader.flag(fixed["ignore-failure"], "batch/build-matrix/static/ignore-failure")
      _ = taskEnvironment(fixed["env"], "batch/build-matrix/static/env")
    }
    let what = "batch/build-matrix/dynamic"
    guard let dynamic = reader.mapping(mapping["dynamic"], what) else { return [] }
    reader.expectKeys(["buildspec", "env"], in: dynamic, what)
    let environment = taskEnvironment(dynamic["env"], "\(what)/env")
    var axes: [[Batch.Task.Change]] = []
    axes.append(reader.texts(dynamic["buildspec"], "\(what)/buildspec").map { .buildspec($0) })
    axes.append(reader.texts(environment?["image"], "\(what)/env/image").map { .image($0) })
    axes.append(reader.texts(environment?["compute-type"], "\(what)/env/compute-type").map { _ in .machine })
    if let variables = reader.mapping(environment?["variables"], "\(what)/env/variables") {
      for entry in variables.entries {
        let values = reader.texts(entry.value, "\(what)/env/variables/\(entry.key)")
        axes.append(values.map { .variable(.init(name: WrittenText(entry.key, entry.keyRange), value: $0)) })
      }
    }
    return combinations(axes.filter { !$0.isEmpty }, node.range, ignoresFailure)
  }

  private mutating func combinations(
    _ axes: [[Batch.Task.Change]], _ range: SourceRange, _ ignoresFailure: Bool
  ) -> [Batch.Task] {
    var count = 1
    for axis in axes { count = min(count * axis.count, 10_000) }
    guard count <= 100 else {
      reader.error(
        .buildspecValue, "the matrix has more than 100 tasks", range,
        help: "leave values away: CodeBuild permits 100 tasks")
      return []
    }
    return (0..<count).map { number in
      var task = Batch.Task(identifier: WrittenText("build_\(number)", range))
      task.ignoresFailure = ignoresFailure
      var rest = number
      for axis in axes.reversed() {
        task.apply(axis[rest % axis.count])
        rest /= axis.count
      }
      task.variables.reverse()
      return task
    }
  }

  private mutating func fanout(_ node: YAMLNode) -> [Batch.Task] {
    guard let mapping = reader.mapping(node, "batch/build-fanout") else { return [] }
    reader.expectKeys(["parallelism", "ignore-failure"], in: mapping, "batch/build-fanout")
    let ignoresFailure = reader.flag(mapping["ignore-failure"], "batch/build-fanout/ignore-failure")
    guard let text = reader.text(mapping["parallelism"], "batch/build-fanout/parallelism"),
      let count = Int(text.value), (1...100).contains(count)
    else {
      reader.error(
        .buildspecValue, "batch/build-fanout does not say how many tasks there are", node.range,
        help: "write parallelism: with a number of 1 to 100")
      return []
    }
    return (0..<count).map { number in
      var task = Batch.Task(identifier: WrittenText("build_\(number)", text.range))
      task.ignoresFailure = ignoresFailure
      return task
    }
  }
}

extension Batch.Task {
  /// What one value of a matrix says.
  enum Change {
    case buildspec(WrittenText)
    case image(WrittenText)
    case machine
    case variable(EnvironmentSection.Variable)
  }

  mutating func apply(_ change: Change) {
    switch change {
    case .buildspec(let text): buildspec = text
    case .image(let text): image = text
    case .machine: break
    case .variable(let variable): variables.append(variable)
    }
  }
}
