import ArgumentParser
import Slipway

/// Which platforms of an image are meant.
struct PlatformArguments: ParsableArguments {
  @Option(
    help: "The platform that is meant, OS/ARCH[/VARIANT]; several, with commas or repeated, make a smaller index.")
  var platform: [String] = []

  @Flag(help: "All platforms of an image.")
  var allPlatforms = false

  var options: ImageOptions {
    var options = ImageOptions()
    options.platforms = platform
    options.includesAllPlatforms = allPlatforms
    return options
  }
}

/// How many blobs are moved at a time, and how that is shown.
struct JobArguments: ParsableArguments {
  @Option(help: "How many blobs are moved at a time (default: 6).")
  var jobs: Int?

  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs \(jobs) is not usable: at least one blob has to be moved") }
  }
}

/// How images are moved.
struct TransferArguments: ParsableArguments {
  @OptionGroup var platforms: PlatformArguments
  @OptionGroup var work: JobArguments

  var options: ImageOptions {
    var options = platforms.options
    options.jobs = work.jobs
    return options
  }

  var progress: ProgressOptions { work.progress }
}

/// How repositories are made that a push needs.
struct CreationArguments: ParsableArguments {
  @Option(
    help: """
      Make a repository of Amazon ECR that is missing: default, or fields with commas, scan-on-push=false, immutable, \
      encryption=KMS, kms-key=ARN.
      """)
  var ecrCreate: String?
}

/// How images are pushed.
struct PushArguments: ParsableArguments {
  @OptionGroup var transfer: TransferArguments

  @Flag(help: "Bring along what refers to the image, such as signatures.")
  var referrers = false

  @OptionGroup var creation: CreationArguments

  var options: ImageOptions {
    var options = transfer.options
    options.includesReferrers = referrers
    options.repositoryCreation = creation.ecrCreate
    return options
  }

  var progress: ProgressOptions { transfer.progress }
}
