import Diagnostics
import Images
import OCI

/// What the commands that move images have in common, as people write it.
public struct ImageOptions: Sendable {
  /// `OS/ARCH[/VARIANT]`, also several with commas.
  public var platforms: [String] = []
  public var includesAllPlatforms = false
  /// How many blobs are moved at a time; nil is the usual number.
  public var jobs: Int?
  /// Whether what refers to images comes along.
  public var includesReferrers = false
  /// How missing repositories of Amazon ECR are made, as `--ecr-create` has it; nil is not at all.
  public var repositoryCreation: String?

  public init() {}

  /// - Parameter usual: what is meant where nothing is said.
  /// - Throws: `OCIError` with the code `invalid-platform`, `SlipwayError` with the code `invalid-options`.
  func selection(usual: PlatformSelection) throws -> PlatformSelection {
    guard !platforms.isEmpty else { return includesAllPlatforms ? .all : usual }
    guard !includesAllPlatforms else {
      throw SlipwayError(
        "invalid-options", "--platform and --all-platforms exclude each other", help: ["leave one away"])
    }
    return .only(
      try platforms.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        .map { try Platform(parsing: String($0)) })
  }

  var creation: RepositoryCreation? {
    get throws { try repositoryCreation.map { try RepositoryCreation(parsing: $0) } }
  }

  func transfer(to destination: any ImageDestination) -> ImageTransfer {
    jobs.map { ImageTransfer(to: destination, jobs: $0) } ?? ImageTransfer(to: destination)
  }
}
