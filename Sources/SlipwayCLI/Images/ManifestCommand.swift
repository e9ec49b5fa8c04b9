import ArgumentParser
import HostOS
import Slipway

struct ManifestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest",
    abstract: "Put images for several platforms together.",
    discussion: """
      create, annotate and push make an index step by step, as those of docker do; merge makes one of what several \
      builds pushed. slipway inspect shows one.
      """,
    subcommands: [Create.self, Annotate.self, Push.self, Merge.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Make an index of images in the store.",
      discussion: "Layers of images of registries stay there until the index is pushed.")

    @Argument(help: "The name of the index.")
    var name: String

    @Argument(help: "The images: names, or places as slipway copy takes them. Of an index, its images are taken.")
    var images: [String]

    @Option(help: "An annotation for the index, KEY=value; may be repeated.")
    var annotation: [String] = []

    @Flag(name: [.short, .long], help: "Add to an index of that name.")
    var amend = false

    @OptionGroup var progress: ProgressOptions

    func run() async throws {
      let bench = try Workbench(environment: .current, progress: progress.reporter())
      let create = try CreateManifest(name, of: images, annotations: annotation, amends: amend, bench)
      try Terminal.answer(try await create.run())
    }
  }

  struct Annotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "annotate", abstract: "Change what an index of the store says of one of its images.")

    @Argument(help: "The name of the index.")
    var name: String

    @Argument(help: "The image: its name, or its digest.")
    var image: String

    @Option(help: "The operating system.")
    var os: String?

    @Option(help: "The processor.")
    var arch: String?

    @Option(help: "The variant of the processor, such as v7.")
    var variant: String?

    @Option(help: "The version of the operating system.")
    var osVersion: String?

    @Option(help: "A feature of the operating system; may be repeated.")
    var osFeatures: [String] = []

    @Option(help: "An annotation for the image in the index, KEY=value; may be repeated.")
    var annotation: [String] = []

    @OptionGroup var progress: ProgressOptions

    func run() async throws {
      let bench = try Workbench(environment: .current, progress: progress.reporter())
      var changes = AnnotateManifest.Changes()
      changes.os = os
      changes.architecture = arch
      changes.variant = variant
      changes.osVersion = osVersion
      changes.osFeatures = osFeatures
      changes.annotations = annotation
      try Terminal.answer(try await AnnotateManifest(name, image: image, changes, bench).run())
    }
  }

  struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "push", abstract: "Push an index of the store, with its images.")

    @Argument(help: "The name of the index.")
    var name: String

    @Argument(help: "Its name in the registry (default: the one that it has).")
    var target: String?

    @Flag(name: [.short, .long], help: "Take the name away in the store afterwards.")
    var purge = false

    @OptionGroup var arguments: PushArguments

    func run() async throws {
      let bench = try Workbench(environment: .current, progress: arguments.progress.reporter())
      var push = try PushImage(name, as: target, arguments.options, bench)
      push.untagsAfterwards = purge
      try Terminal.answer(try await push.run())
    }
  }

  struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge",
      abstract: "Push an index of what several builds pushed.",
      discussion: """
        Each build runs on a machine of its own, with --push and --metadata-file; the files are named here. Images that \
        lie in other repositories come along.
        """)

    @Argument(help: "Files of --metadata-file, or names of images.")
    var images: [String]

    @Option(name: [.short, .long], help: "A name for the index, REGISTRY/NAME[:TAG]; may be repeated.")
    var tag: [String] = []

    @Option(help: "An annotation for the index, KEY=value; may be repeated.")
    var annotation: [String] = []

    @OptionGroup var creation: CreationArguments
    @OptionGroup var work: JobArguments

    func run() async throws {
      let bench = try Workbench(environment: .current, progress: work.progress.reporter())
      var options = ImageOptions()
      options.jobs = work.jobs
      options.repositoryCreation = creation.ecrCreate
      let merge = try MergeManifests(images, as: tag, annotations: annotation, options, bench)
      for answer in try await merge.run() { try Terminal.answer(answer) }
    }
  }
}
