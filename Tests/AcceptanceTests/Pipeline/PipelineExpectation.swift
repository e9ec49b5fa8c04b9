/// What a fixture's `expected.yml` says of its run. Texts may have the placeholders of `PipelinePlaceholders`, and `*`
/// for anything.
struct PipelineExpectation: Decodable, Sendable {
  /// Who answers to `aws`: the real AWS CLI, or nobody, so that Slipway does.
  enum Answerer: String, Decodable, Sendable { case cli, shim }

  /// What is in AWS and in the registry before the run.
  struct Seed: Decodable, Sendable {
    var secrets: [String: String]?
    var parameters: [String: String]?
    var images: [String]?
  }

  /// What the configuration of a pushed image has to say; what is left out may be anything.
  struct Image: Decodable, Sendable {
    var labels: [String: String]?
    var entrypoint: [String]?
    var cmd: [String]?
    var user: String?
    /// In the index's order.
    var platforms: [String]?
  }

  var about: String
  /// A folder of `fixtures` that has the source; nil for the one that has this file.
  var source: String?
  var verb: String
  var arguments: [String]
  /// Variables of the project, `--env`.
  var env: [String: String]
  /// Variables of the process.
  var environment: [String: String]
  /// A folder of the checkout that is first on PATH.
  var path: String?
  /// Programs that only say their name and arguments.
  var tools: [String]
  var aws: [Answerer]
  var seed: Seed
  var seconds: Int

  var exit: Int32
  /// `BUILD` or `BUILD FAILED`, in their order; nil where several builds mix theirs.
  var phases: [String]?
  /// Repository → tag → letter: the same letter is the same digest, another one another, `*` any.
  var pushed: [String: [String: String]]
  var images: [String: Image]
  /// Paths of the first artifact.
  var artifacts: [String]
  /// Paths of the others, by their names.
  var secondary: [String: [String]]
  /// Texts of files of the first artifact.
  var contents: [String: String]
  /// Whole lines that are in the output.
  var log: [String]
  /// Whole lines that are not.
  var never: [String]
  /// Variables for later stages of a pipeline.
  var exported: [String: String]?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case about, source, verb, arguments, env, environment, path, tools, aws, seed, seconds
    case exit, phases, pushed, images, artifacts, secondary, contents, log, never, exported
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, else other: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? other
    }
    about = try values.decode(String.self, forKey: .about)
    source = try values.decodeIfPresent(String.self, forKey: .source)
    verb = try value(.verb, else: "run")
    arguments = try value(.arguments, else: [])
    env = try value(.env, else: [:])
    environment = try value(.environment, else: [:])
    path = try values.decodeIfPresent(String.self, forKey: .path)
    tools = try value(.tools, else: [])
    aws = try value(.aws, else: [.shim])
    seed = try value(.seed, else: Seed())
    seconds = try value(.seconds, else: 120)
    exit = try value(.exit, else: 0)
    phases = try values.decodeIfPresent([String].self, forKey: .phases)
    pushed = try value(.pushed, else: [:])
    images = try value(.images, else: [:])
    artifacts = try value(.artifacts, else: [])
    secondary = try value(.secondary, else: [:])
    contents = try value(.contents, else: [:])
    log = try value(.log, else: [])
    never = try value(.never, else: [])
    exported = try values.decodeIfPresent([String: String].self, forKey: .exported)
  }
}

/// Names in braces, such as `{ecr}` and `{commit7}`, and what stands for them.
struct PipelinePlaceholders: Sendable {
  var values: [String: String]

  func fill(_ text: String) -> String {
    values.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
  }
}

/// Texts in which `*` stands for anything, also for nothing.
struct LinePattern {
  private let parts: [Substring]

  init(_ text: String) { parts = text.split(separator: "*", omittingEmptySubsequences: false) }

  func matches(_ text: String) -> Bool {
    guard let first = parts.first, let last = parts.last else { return text.isEmpty }
    if parts.count == 1 { return text == first }
    guard text.hasPrefix(first), text.hasSuffix(last), text.utf8.count >= first.utf8.count + last.utf8.count else {
      return false
    }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }
}
