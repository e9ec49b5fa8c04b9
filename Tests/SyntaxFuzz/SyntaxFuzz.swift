import Foundation

/// Feeds made-up and damaged texts to the parser, the expansion, the checks and the matching of paths, for a time:
///
///     SyntaxFuzz --seconds 600 --seed 1
///     SyntaxFuzz --seed 1 --only 4711      # one input again, which is printed
///
/// Ends with 1 at the first trap, hang, broken promise, or when it takes too much memory, and says which input it was.
@main struct SyntaxFuzz {
  /// No input of 200 kB may take longer, in seconds of processor time.
  private static let slowest = 5.0
  /// The resident set, in megabytes.
  private static let largest = 1024

  static func main() {
    let options = FuzzOptions(CommandLine.arguments)
    let corpus = FuzzCorpus.read(from: options.corpus)
    FuzzWatch.start(seed: options.seed)
    if let only = options.only {
      run(only, options, corpus, prints: true)
      return
    }
    let start = ContinuousClock.now
    var (count, bytes, slowest) = (UInt64(0), 0, (time: 0.0, input: UInt64(0)))
    while start.duration(to: .now) < .seconds(options.seconds) {
      let (size, time) = run(count, options, corpus)
      bytes += size
      if time > slowest.time { slowest = (time, count) }
      if time > Self.slowest { fail("took \(time) s", count, options) }
      if FuzzWatch.residentMegabytes > largest { fail("holds \(FuzzWatch.residentMegabytes) MB", count, options) }
      count += 1
    }
    print(
      "seed \(options.seed): \(count) inputs, \(bytes / 1_000_000) MB, \(Int(Double(count) / options.seconds)) a second; "
        + "slowest input \(slowest.input): \(Int(slowest.time * 1000)) ms; resident \(FuzzWatch.residentMegabytes) MB; "
        + "corpus of \(corpus.count) files")
  }

  @discardableResult
  private static func run(
    _ input: UInt64, _ options: FuzzOptions, _ corpus: [[UInt8]], prints: Bool = false
  ) -> (bytes: Int, time: Double) {
    FuzzWatch.begin(input)
    let start = FuzzWatch.processorTime
    var generator = FuzzGenerator(seed: options.seed, input: input, corpus: corpus)
    let bytes = generator.next()
    if prints { FileHandle.standardOutput.write(Data(bytes)) }
    do {
      try FuzzTarget(bytes, variables: generator.variables()).run()
    } catch {
      fail(error.message, input, options)
    }
    return (bytes.count, FuzzWatch.processorTime - start)
  }

  private static func fail(_ message: String, _ input: UInt64, _ options: FuzzOptions) -> Never {
    print("input \(input) of seed \(options.seed): \(message)")
    exit(1)
  }
}

/// `--seconds`, `--seed`, `--only`, `--corpus`
struct FuzzOptions {
  var seconds = 10.0
  var seed: UInt64 = 1
  var only: UInt64?
  /// A folder with files to start from.
  var corpus = "fixtures"

  init(_ arguments: [String]) {
    for (name, value) in zip(arguments, arguments.dropFirst()) {
      switch name {
      case "--seconds": seconds = Double(value) ?? seconds
      case "--seed": seed = UInt64(value) ?? seed
      case "--only": only = UInt64(value)
      case "--corpus": corpus = value
      default: break
      }
    }
  }
}

/// The files to start from.
enum FuzzCorpus {
  private static let names: Set = ["Dockerfile", "dockerignore", ".dockerignore", "words", "trigger", "paths"]

  static func read(from folder: String) -> [[UInt8]] {
    let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    let files = paths.filter { names.contains(URL(filePath: $0).lastPathComponent) }.sorted()
    let texts = files.compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }.map { [UInt8]($0) }
    guard !texts.isEmpty else { fatalError("there are no Dockerfiles in \(folder)") }
    return texts.filter { $0.count <= 50_000 }
  }
}
