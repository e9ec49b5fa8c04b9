public import Diagnostics

/// Something that is worth a warning in a Dockerfile; the rules and their names are those of BuildKit's frontend.
public struct CheckRule: Sendable {
  /// The name of a rule, as BuildKit and `# check=skip=…` write it.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    case consistentInstructionCasing = "ConsistentInstructionCasing"
    case copyIgnoredFile = "CopyIgnoredFile"
    case duplicateStageName = "DuplicateStageName"
    case exposeInvalidFormat = "ExposeInvalidFormat"
    case exposeProtoCasing = "ExposeProtoCasing"
    case fromAsCasing = "FromAsCasing"
    case fromPlatformFlagConstDisallowed = "FromPlatformFlagConstDisallowed"
    case invalidBaseImagePlatform = "InvalidBaseImagePlatform"
    case invalidDefaultArgInFrom = "InvalidDefaultArgInFrom"
    case invalidDefinitionDescription = "InvalidDefinitionDescription"
    case jsonArgsRecommended = "JSONArgsRecommended"
    case legacyKeyValueFormat = "LegacyKeyValueFormat"
    case maintainerDeprecated = "MaintainerDeprecated"
    case multipleInstructionsDisallowed = "MultipleInstructionsDisallowed"
    case noEmptyContinuation = "NoEmptyContinuation"
    case redundantTargetPlatform = "RedundantTargetPlatform"
    case reservedStageName = "ReservedStageName"
    case secretsUsedInArgOrEnv = "SecretsUsedInArgOrEnv"
    case stageNameCasing = "StageNameCasing"
    case undefinedArgInFrom = "UndefinedArgInFrom"
    case undefinedVar = "UndefinedVar"
    case workdirRelativePath = "WorkdirRelativePath"
  }

  public let name: Name
  /// One sentence, without a full stop at the end.
  public let summary: String
  /// Whether the rule is off unless `# check=experimental=…` asks for it.
  public let isExperimental: Bool
  let method: CheckMethod

  init(_ name: Name, _ summary: String, isExperimental: Bool = false, _ method: CheckMethod) {
    self.name = name
    self.summary = summary
    self.isExperimental = isExperimental
    self.method = method
  }

  public static subscript(name: Name) -> CheckRule? { all.first { $0.name == name } }

  /// The rule's page in the documentation, from the root of the repository.
  public var page: String { "docs/checks/\(name.rawValue).md" }

  /// The code of the rule's findings.
  public var code: DiagnosticCode { DiagnosticCode(rawValue: name.rawValue) }

  /// The rule's entry in reports, linked to its page below `root`, such as a URL of the repository with a slash at
  /// its end.
  public func descriptor(linkedBelow root: String = "") -> DiagnosticRule {
    DiagnosticRule(code: code, summary: summary, link: root + page, isEnabledByDefault: !isExperimental)
  }
}

/// How a rule is checked.
enum CheckMethod: Sendable {
  /// Once for the whole file.
  case file(@Sendable (CheckedFile, inout FindingCollector) -> Void)
  /// For each FROM.
  case stage(@Sendable (CheckedStage, CheckedFile, inout FindingCollector) -> Void)
  /// For each instruction of a stage, with what is known in front of it.
  case instruction(@Sendable (Instruction, StageScope, inout FindingCollector) -> Void)
}
