public import Buildspec
public import Diagnostics
public import JSON

/// What became of a run.
public struct PipelineResult: Sendable {
  public struct Image: Sendable, Hashable, Codable {
    /// `NAME@DIGEST`; of an image without a name, the digest.
    public var reference: String
    public var tags: [String]
    public var digest: String
    public var pushed: Bool
  }

  public var buildID: String
  public var phases: [PhaseOutcome] = []
  public var images: [String: Image] = [:]
  public var exportedVariables: [String: String] = [:]
  public var artifacts: [ArtifactResult] = []
  public var reports: [ReportSummary] = []
  public var deployments: [DeploymentResult] = []
  /// How a deployment that failed ends the run.
  public var deploymentFailure: ExitCode?
  /// Of a batch, by their identifiers.
  public var tasks: [String: PipelineResult] = [:]
  /// Tasks whose failure is not one of the batch.
  public var ignoredTasks: Set<String> = []
  /// What could not be done behind the phases.
  public var problems: [Diagnostic] = []

  public init(buildID: String) { self.buildID = buildID }

  public var succeeded: Bool {
    phases.allSatisfy { $0.succeeded } && problems.allSatisfy { $0.severity != .error }
      && tasks.allSatisfy { $0.value.succeeded || ignoredTasks.contains($0.key) }
  }

  public var exitCode: ExitCode { succeeded ? .success : deploymentFailure ?? .failure }

  /// The lines for standard output: what was built.
  public var answer: [String] {
    images.sorted { $0.key < $1.key }.map(\.value.reference)
      + tasks.sorted { $0.key < $1.key }.flatMap(\.value.answer)
  }

  /// The same for programs.
  public var document: Document {
    Document(
      status: succeeded ? "SUCCEEDED" : "FAILED", buildID: buildID,
      phases: phases.map {
        .init(
          name: $0.name, status: $0.succeeded ? "SUCCEEDED" : "FAILED", statusCode: $0.statusCode, message: $0.message,
          seconds: Self.seconds($0.duration))
      },
      images: images, exportedVariables: exportedVariables, artifacts: artifacts, reports: reports,
      deployments: deployments.isEmpty ? nil : deployments.map(\.json),
      tasks: tasks.isEmpty ? nil : tasks.mapValues(\.document), problems: problems.map(\.message))
  }

  private static func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return (Double(seconds) * 1000 + Double(attoseconds / 1_000_000_000_000_000)).rounded() / 1000
  }

  /// The document of `--format json` and `--metadata-file`.
  public struct Document: Sendable, Codable {
    public struct Phase: Sendable, Codable {
      public var name: String
      public var status: String
      public var statusCode: String
      public var message: String
      public var seconds: Double
    }

    public var status: String
    public var buildID: String
    public var phases: [Phase]
    public var images: [String: Image]
    public var exportedVariables: [String: String]
    public var artifacts: [ArtifactResult]
    public var reports: [ReportSummary]
    public var deployments: [JSONValue]?
    public var tasks: [String: Document]?
    public var problems: [String]

    enum CodingKeys: String, CodingKey {
      case status, phases, images, artifacts, reports, deployments, tasks, problems
      case exportedVariables = "exported-variables"
      case buildID = "build-id"
    }
  }

  /// Variables for what follows: exported ones, and images as `SLIPWAY_IMAGE_NAME`.
  public var outputVariables: [(name: String, value: String)] {
    let images = images.map { (SlipwaySection.Image.variable(of: $0.key), $0.value.reference) }
    let tasks = tasks.sorted { $0.key < $1.key }.flatMap(\.value.outputVariables)
    return (exportedVariables.map { ($0.key, $0.value) } + images).sorted { $0.0 < $1.0 } + tasks
  }
}

/// What artifacts there were.
public struct ArtifactResult: Sendable, Hashable, Codable {
  /// Nil for the primary ones.
  public var identifier: String?
  public var name: String?
  /// Paths as they are in the artifact.
  public var files: [String]
  /// Where they were put; nil where no place was given.
  public var location: String?
}
