import Diagnostics
import DockerfileSyntax
import Glibc

/// How long texts of all shapes take to be parsed, checked and told about, beside the time that it takes to read and
/// hash the same bytes. Ends with 1 when a text takes longer than a second, or longer than its size explains.
@main struct SyntaxBench {
  static func main() {
    let arguments = Swift.CommandLine.arguments.dropFirst()
    let lines = arguments.compactMap { Int($0) }.first ?? 100_000
    let wanted = arguments.filter { Int($0) == nil }
    var failures: [String] = []
    print(row("\(lines) of", "MB", "read+hash", "parse", "check", "render", "ratio", "10x costs", "messages"))
    for shape in SyntaxShape.all where wanted.isEmpty || wanted.contains(shape.name) {
      let small = Measurement(shape.text(lines / 10))
      let full = Measurement(shape.text(lines))
      print(full.line(named: shape.name, small))
      if let failure = full.failure(named: shape.name, small) { failures.append(failure) }
    }
    for count in [lines / 10, lines] where wanted.isEmpty || wanted.contains("ignore") {
      print(IgnoreMeasurement(rules: count, paths: lines / 10).line)
    }
    print("largest resident set: \(residentMegabytes) MB")
    for failure in failures { print("too slow: \(failure)") }
    if !failures.isEmpty { exit(1) }
  }

  static var residentMegabytes: Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  static func row(_ name: String, _ columns: String...) -> String {
    let padded = columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }
    return name + String(repeating: " ", count: max(1, 36 - name.count)) + padded.joined()
  }
}

/// What one text costs, in seconds.
struct Measurement {
  private let bytes: Int
  private let floor: Double
  private let parse: Double
  private let check: Double
  private let render: Double
  private let messages: Int

  private var total: Double { parse + check + render }

  init(_ text: String) {
    let written = Array(text.utf8)
    bytes = written.count
    floor = ReadAndHash(written).time
    let file = SourceFile(name: "Dockerfile", bytes: written)
    let parsed = seconds { Dockerfile.parse(SourceFile(name: "Dockerfile", bytes: written)) }
    parse = parsed.time
    var context = CheckContext()
    context.bases = [0: CheckContext.BaseImage()]
    context.ignore = try? DockerIgnore.parse(SourceFile(name: ".dockerignore", text: "file1*\n!file2\n")).get()
    let checked = seconds { parsed.value.check(context) }
    check = checked.time
    let rendered = seconds { DiagnosticRenderer().render(checked.value.diagnostics) }
    render = rendered.time
    messages = checked.value.diagnostics.count
    precondition(file.bytes.count == bytes && !(messages > 0 && rendered.value.isEmpty))
  }

  func line(named name: String, _ small: Measurement) -> String {
    SyntaxBench.row(
      name, tenths(Double(bytes) / 1e6), milliseconds(floor), milliseconds(parse), milliseconds(check),
      milliseconds(render), tenths(parse / floor), tenths(total / small.total), String(messages))
  }

  /// Times below a tenth of a second say nothing about growth.
  func failure(named name: String, _ small: Measurement) -> String? {
    if parse > 1 { return "\(name): \(milliseconds(parse)) to parse" }
    if total > 0.1, total > 30 * small.total {
      return "\(name): ten times the text costs \(tenths(total / small.total))"
    }
    return nil
  }
}

/// Matching of paths against rules, each below a folder of its own.
struct IgnoreMeasurement {
  private let rules: Int
  private let paths: Int
  private let parse: Double
  private let match: Double

  init(rules: Int, paths: Int) {
    self.rules = rules
    self.paths = paths
    var text = ""
    for number in 0..<rules { text += number % 10 == 0 ? "**/*.t\(number)\n" : "folder\(number)/**/file\n" }
    let file = SourceFile(name: ".dockerignore", text: text)
    let parsed = seconds { DockerIgnore.parse(file).value ?? DockerIgnore() }
    parse = parsed.time
    match =
      seconds {
        let matcher = DockerIgnoreMatcher(parsed.value)
        let root = matcher.root
        var ignored = 0
        for number in 0..<paths where matcher.match("folder\(number)/a/file", in: root).isIgnored { ignored += 1 }
        return ignored
      }.time
  }

  var line: String {
    SyntaxBench.row("\(rules) ignore rules", "", "", milliseconds(parse), "")
      + "   \(paths) paths: \(milliseconds(match))"
  }
}

/// The least that any reader of a file must do.
struct ReadAndHash {
  let time: Double
  let digest: UInt64

  /// Writes the bytes to a file, then takes the time of reading and hashing them (FNV-1a).
  init(_ bytes: [UInt8]) {
    guard let file = tmpfile() else { fatalError("no temporary file") }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
    let measured = seconds {
      rewind(file)
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
        for byte in buffer[..<count] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      }
      return hash
    }
    (time, digest) = (measured.time, measured.value)
  }
}

/// The processor time that something takes, so that other programs do not count.
func seconds<Value>(_ body: () -> Value) -> (time: Double, value: Value) {
  let start = processorTime()
  let value = body()
  return (processorTime() - start, value)
}

private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func tenths(_ value: Double) -> String {
  let scaled = Int((value * 10).rounded())
  return "\(scaled / 10).\(scaled % 10)"
}

func milliseconds(_ seconds: Double) -> String { tenths(seconds * 1000) + " ms" }
