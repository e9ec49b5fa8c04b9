public import Diagnostics
import SourceYAML

extension Buildspec {
  static let topKeys = [
    "version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache", "slipway",
  ]

  /// Reads a buildspec; all mistakes are told at once.
  /// - Throws: `BuildspecError`, with the warnings behind the mistakes.
  public static func parse(_ file: SourceFile) throws -> Buildspec {
    let document: YAMLDocument
    do { document = try YAMLDocument.parse(file) } catch { throw BuildspecError(error.diagnostics) }
    var parser = BuildspecParser(reader: SpecReader(file: file), spec: Buildspec(file: file))
    parser.parse(document.root)
    let problems = document.warnings + parser.reader.problems
    if parser.reader.hasErrors {
      let errors = problems.filter { $0.severity == .error }
      let sorted = errors.sorted { ($0.annotation?.range.lowerBound ?? 0) < ($1.annotation?.range.lowerBound ?? 0) }
      throw BuildspecError(sorted + problems.filter { $0.severity != .error })
    }
    parser.spec.warnings = problems
    return parser.spec
  }
}

struct BuildspecParser {
  var reader: SpecReader
  var spec: Buildspec

  mutating func parse(_ root: YAMLNode) {
    guard let top = root.mapping, top["version"] != nil || top["phases"] != nil else { return reportNoBuildspec(root) }
    reader.expectKeys(Buildspec.topKeys + ["environment_variables"], in: top, "a buildspec")
    version(top["version"], root)
    spec.runAs = reader.text(top["run-as"], "run-as")
    environment(top["env"])
    oldEnvironment(top["environment_variables"])
    proxy(top["proxy"])
    if let batch = top.entry("batch") { self.batch(batch) }
    phases(top, root)
    reports(top["reports"])
    artifacts(top.entry("artifacts"))
    cache(top.entry("cache"))
    section(top["slipway"])
  }

  private mutating func reportNoBuildspec(_ root: YAMLNode) {
    let keys = root.mapping?.entries.map(\.key) ?? []
    let near = keys.lazy.compactMap { key in
      Suggestion.nearest(to: key, in: ["version", "phases"]).map { "did you mean \($0) where \(key) stands?" }
    }.first
    reader.error(
      .buildspecForm, "wrong number of container tags, expected 1: this is no buildspec", root.range,
      help: near ?? "a buildspec begins with version: 0.2, and has its commands below phases:")
  }

  private mutating func version(_ node: YAMLNode?, _ root: YAMLNode) {
    guard let text = reader.text(node, "version") else {
      if node == nil || node?.isNull == true {
        reader.error(
          .buildspecForm, "wrong number of container tags, expected 1: there is no version",
          SourceRange(root.range.lowerBound, root.range.lowerBound), help: "write version: 0.2 at the top")
      }
      return
    }
    guard let version = Buildspec.Version(rawValue: text.value.trimmed) else {
      return reader.error(
        .buildspecValue, "there is no version \(text.value) of buildspecs", text.range, help: "write version: 0.2")
    }
    spec.version = version
  }

  private mutating func proxy(_ node: YAMLNode?) {
    guard let mapping = reader.mapping(node, "proxy") else { return }
    reader.expectKeys(["upload-artifacts", "logs"], in: mapping, "proxy")
    spec.proxy.uploadsArtifacts = reader.flag(mapping["upload-artifacts"], "proxy/upload-artifacts")
    spec.proxy.logs = reader.flag(mapping["logs"], "proxy/logs")
  }

  // MARK: Reports, artifacts, cache

  private mutating func reports(_ node: YAMLNode?) {
    guard let mapping = reader.mapping(node, "reports") else { return }
    for entry in mapping.entries {
      let name = WrittenText(entry.key, entry.keyRange)
      guard let group = reader.mapping(entry.value, "reports/\(entry.key)") else { continue }
      reader.expectKeys(
        ["files", "file-format", "base-directory", "discard-paths"], in: group, "reports/\(entry.key)")
      var report = ReportGroup(name: name)
      report.files = reader.texts(group["files"], "reports/\(entry.key)/files")
      if report.files.isEmpty {
        reader.error(.buildspecForm, "reports/\(entry.key) names no files", entry.keyRange, help: "add files:")
      }
      let format = reader.choice(group["file-format"], "reports/\(entry.key)/file-format", ReportGroup.Format.self)
      if let format { report.format = format.value }
      report.baseDirectory = reader.text(group["base-directory"], "reports/\(entry.key)/base-directory")
      report.discardsPaths = reader.flag(group["discard-paths"], "reports/\(entry.key)/discard-paths")
      spec.reports.append(report)
    }
  }

  private mutating func artifacts(_ entry: YAMLMapping.Entry?) {
    guard let entry, let mapping = reader.mapping(entry.value, "artifacts") else { return }
    let primary = block(mapping, entry, "artifacts", further: ["secondary-artifacts"])
    if let secondary = reader.mapping(mapping["secondary-artifacts"], "artifacts/secondary-artifacts") {
      for entry in secondary.entries {
        let what = "artifacts/secondary-artifacts/\(entry.key)"
        guard let mapping = reader.mapping(entry.value, what) else { continue }
        var block = block(mapping, entry, what, further: [])
        block.identifier = WrittenText(entry.key, entry.keyRange)
        spec.secondaryArtifacts.append(block)
      }
    }
    if primary.files.isEmpty {
      // Where there is no primary artifact, CodeBuild wants the key all the same.
      if spec.secondaryArtifacts.isEmpty {
        reader.warning(
          .buildspecForm, "artifacts names no files", entry.keyRange, help: "add files:, or leave artifacts away")
      }
      return
    }
    spec.artifacts = primary
  }

  private mutating func block(
    _ mapping: YAMLMapping, _ entry: YAMLMapping.Entry, _ what: String, further: [String]
  ) -> Artifacts {
    // The last one is of version 0.1.
    reader.expectKeys(
      [
        "files", "name", "discard-paths", "base-directory", "exclude-paths", "enable-symlinks", "s3-prefix", "type",
      ] + further, in: mapping, what)
    var block = Artifacts(range: entry.keyRange)
    block.files = reader.texts(mapping["files"], "\(what)/files")
    block.excluded = reader.texts(mapping["exclude-paths"], "\(what)/exclude-paths")
    block.baseDirectory = reader.text(mapping["base-directory"], "\(what)/base-directory")
    block.name = reader.text(mapping["name"], "\(what)/name")
    block.discardsPaths = reader.flag(mapping["discard-paths"], "\(what)/discard-paths")
    block.keepsSymbolicLinks = reader.flag(mapping["enable-symlinks"], "\(what)/enable-symlinks")
    block.s3Prefix = reader.text(mapping["s3-prefix"], "\(what)/s3-prefix")
    return block
  }

  private mutating func cache(_ entry: YAMLMapping.Entry?) {
    guard let entry, let mapping = reader.mapping(entry.value, "cache") else { return }
    reader.expectKeys(["paths", "key", "fallback-keys", "action"], in: mapping, "cache")
    var cache = CacheSection(range: entry.keyRange)
    cache.paths = reader.texts(mapping["paths"], "cache/paths")
    cache.key = reader.text(mapping["key"], "cache/key")
    cache.fallbackKeys = reader.texts(mapping["fallback-keys"], "cache/fallback-keys")
    if cache.fallbackKeys.count > 5 {
      reader.error(
        .buildspecValue, "cache/fallback-keys has \(cache.fallbackKeys.count) keys, and may have 5",
        cache.fallbackKeys[5].range, help: "leave the least likely away")
    }
    if let action = reader.choice(mapping["action"], "cache/action", CacheAction.self) {
      cache.restores = action.value == .restore
      cache.saves = action.value == .save
    }
    spec.cache = cache
  }

  private enum CacheAction: String, CaseIterable { case restore, save }
}

extension String {
  /// Without blanks at its ends.
  var trimmed: String {
    let blanks = { (character: Character) in character.isWhitespace }
    let front = drop(while: blanks)
    guard let last = front.lastIndex(where: { !blanks($0) }) else { return "" }
    return String(front[...last])
  }
}
