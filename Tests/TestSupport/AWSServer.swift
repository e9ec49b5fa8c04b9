internal import HostOS
internal import Synchronization
public import SystemPackage

/// Services of AWS on this machine (moto), behind a gate that refuses what botocore would not have sent: wrong
/// parameters, wrong signatures. It knows STS, ECR, ECS, Secrets Manager and the parameter store.
public struct AWSServer: Sendable {
  /// Keys that the gate knows the secret of.
  public static let accessKeyID = "AKIAEXAMPLE000000001"
  public static let secretAccessKey = "example/secret+of0the1gate"
  /// The account that they belong to.
  public static let account = "123456789012"

  public let port: Int
  let log: FilePath

  public var url: String { "http://127.0.0.1:\(port)" }

  /// What a program needs to work there.
  public var environment: [String: String] {
    [
      "AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": Self.accessKeyID,
      "AWS_SECRET_ACCESS_KEY": Self.secretAccessKey,
    ]
  }

  /// Starts it, calls `body` when it listens, and ends it.
  /// - Throws: `TestSupportError`, and what `body` throws.
  public static func serve<Result: Sendable>(_ body: (AWSServer) async throws -> Result) async throws -> Result {
    try await Scratch.use("aws") { scratch in
      let log = scratch("aws.log")
      let server = Server(
        command: [
          try python().string, Checkout.fixture("aws/aws-server").string, "--key", "\(accessKeyID):\(secretAccessKey)",
        ],
        environment: [
          "PATH": Environment.current["PATH"] ?? "", "HOME": scratch.path.string, "PYTHONUNBUFFERED": "1",
        ],
        log: log,
        // Moto takes some seconds to begin on a machine that has nothing else to do.
        patience: .seconds(90))
      return try await server.serve(ready: Server.listeningPort) { port in
        try await body(AWSServer(port: port, log: log))
      }
    }
  }

  /// Targets of the calls so far, or `-` for calls that have none, with their status.
  /// - Throws: `HostError`.
  public func calls() throws -> [String] {
    String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "POST" else { return nil }
      return "\(words[2].split(separator: ".").last ?? "") \(words[3])"
    }
  }

  /// The one that `scripts/install-packages` made where the Python of PATH lacks what it takes.
  /// - Throws: `TestSupportError`.
  public static func python() throws -> FilePath {
    let own = Checkout.root.pushing(".build/python/bin/python3")
    return try FileStatus.ifExists(own) == nil ? Tool.find("python3") : own
  }

  /// The folder of botocore's service models.
  /// - Throws: `TestSupportError`.
  public static func models() async throws -> FilePath {
    if let known = knownModels.withLock({ $0 }) { return known }
    let program = "import botocore, os; print(os.path.join(botocore.__path__[0], 'data'))"
    let folder = FilePath(try await Tool.output(try python().string, ["-c", program]))
    knownModels.withLock { $0 = folder }
    return folder
  }

  private static let knownModels = Mutex<FilePath?>(nil)
}
