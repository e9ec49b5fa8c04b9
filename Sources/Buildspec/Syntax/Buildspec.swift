public import Diagnostics

/// A buildspec of AWS CodeBuild ("Build specification reference for CodeBuild"), with Slipway's own section.
public struct Buildspec: Sendable {
  public enum Version: String, Sendable, Hashable {
    /// Each command has a shell of its own, which begins in the source folder.
    case v0_1 = "0.1"
    /// Folder and variables carry over.
    case v0_2 = "0.2"
  }

  public var file: SourceFile
  public var version = Version.v0_2
  /// The user of all commands.
  public var runAs: WrittenText?
  public var environment = EnvironmentSection()
  public var proxy = ProxySection()
  public var batch: Batch?
  /// In the order in which they run; one that is not written is not there.
  public var phases: [Phase] = []
  public var reports: [ReportGroup] = []
  public var artifacts: Artifacts?
  public var secondaryArtifacts: [Artifacts] = []
  public var cache: CacheSection?
  public var section = SlipwaySection()
  /// What is doubtful, in the order in which it was found.
  public var warnings: [Diagnostic] = []

  init(file: SourceFile) { self.file = file }

  public func phase(_ name: Phase.Name) -> Phase? { phases.first { $0.name == name } }

  public func annotation(_ range: SourceRange, _ label: String = "") -> SourceAnnotation {
    SourceAnnotation(file, range, label: label)
  }
}

/// `env`.
public struct EnvironmentSection: Sendable, Hashable {
  public enum Shell: String, Sendable, Hashable, CaseIterable {
    case bash
    case sh = "/bin/sh"
  }

  public struct Variable: Sendable, Hashable {
    public var name: WrittenText
    public var value: WrittenText
  }

  public var shell: Shell?
  /// Literal texts.
  public var variables: [Variable] = []
  /// Names of parameters of AWS Systems Manager.
  public var parameters: [Variable] = []
  /// `ID[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]` of AWS Secrets Manager.
  public var secrets: [Variable] = []
  public var exported: [WrittenText] = []
  public var usesCredentialHelper = false
}

/// `proxy`: what goes through an explicit proxy server.
public struct ProxySection: Sendable, Hashable {
  public var uploadsArtifacts = false
  public var logs = false
}

/// One of `phases`.
public struct Phase: Sendable, Hashable {
  public enum Name: String, Sendable, Hashable, CaseIterable {
    case install
    case preBuild = "pre_build"
    case build
    case postBuild = "post_build"

    /// As CodeBuild's logs have it.
    public var logName: String { rawValue.uppercased() }
  }

  public enum FailureAction: Sendable, Hashable {
    case abort
    case goOn
    /// - Parameters:
    ///   - count: how many times at most.
    ///   - pattern: what the message has to match.
    case retry(count: Int, pattern: String)
  }

  public var name: Name
  public var range: SourceRange
  public var commands: [WrittenText] = []
  public var finally: [WrittenText] = []
  public var onFailure: Written<FailureAction>?
  public var runAs: WrittenText?
  /// `runtime-versions`, of install.
  public var runtimes: [EnvironmentSection.Variable] = []
}

/// `artifacts`, or one of its `secondary-artifacts`.
public struct Artifacts: Sendable, Hashable {
  /// Nil for the primary ones.
  public var identifier: WrittenText?
  public var range: SourceRange
  public var files: [WrittenText] = []
  public var excluded: [WrittenText] = []
  public var baseDirectory: WrittenText?
  /// Evaluated by a shell.
  public var name: WrittenText?
  public var discardsPaths = false
  public var keepsSymbolicLinks = false
  public var s3Prefix: WrittenText?
}

/// One of `reports`.
public struct ReportGroup: Sendable, Hashable {
  public enum Format: String, Sendable, Hashable, CaseIterable {
    case junit = "JUNITXML"
    case cucumber = "CUCUMBERJSON"
    case nunit = "NUNITXML"
    case nunit3 = "NUNIT3XML"
    case testNG = "TESTNGXML"
    case visualStudio = "VISUALSTUDIOTRX"
    case clover = "CLOVERXML"
    case cobertura = "COBERTURAXML"
    case jacoco = "JACOCOXML"
    case simpleCov = "SIMPLECOV"
  }

  public var name: WrittenText
  public var files: [WrittenText] = []
  public var format = Format.junit
  public var baseDirectory: WrittenText?
  public var discardsPaths = false
}

/// `cache`.
public struct CacheSection: Sendable, Hashable {
  public var range: SourceRange
  public var paths: [WrittenText] = []
  /// Evaluated by a shell.
  public var key: WrittenText?
  /// Beginnings of keys, the best first.
  public var fallbackKeys: [WrittenText] = []
  public var restores = true
  public var saves = true
}
