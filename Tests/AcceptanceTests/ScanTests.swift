import Foundation
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// `slipway scan`, against moto, and against an ECR that answers as the test wants it.
@Suite struct ScanTests {
  private static let host = "\(AWSServer.account).dkr.ecr.eu-central-1.amazonaws.com"
  private static let name = "\(host)/team/app:1"

  private func slipway(_ scratch: Scratch, _ variables: [String: String]) throws -> SlipwayBinary {
    var slipway = try SlipwayBinary(scratch)
    slipway.environment.variables["AWS_EC2_METADATA_DISABLED"] = "true"
    slipway.environment.variables.merge(variables) { $1 }
    return slipway
  }

  /// Makes a repository and puts an image into it, with boto3.
  private func putImage(in server: AWSServer) async throws {
    var variables = server.environment
    variables["PATH"] = Environment.current["PATH"]
    variables["HOME"] = "/nonexistent"
    let script = """
      import boto3, json, os, sys
      ecr = boto3.client("ecr", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=os.environ["AWS_REGION"])
      ecr.create_repository(repositoryName="team/app")
      layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1, "digest": "sha256:" + "0" * 64}
      config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "sha256:" + "1" * 64}
      manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                  "config": config, "layers": [layer]}
      ecr.put_image(repositoryName="team/app", imageTag="1", imageManifest=json.dumps(manifest))
      """
    try await Tool.run(
      AWSServer.python().string, ["-c", script], environment: Environment(variables))
  }

  @Test func beginsAScanAndShowsWhatItFound() async throws {
    try await Scratch.use("scan") { scratch in
      try await AWSServer.serve { server in
        try await putImage(in: server)
        let slipway = try slipway(scratch, server.environment)
        let outcome = try await slipway.run(["scan", "--wait", "--fail-on", "critical", Self.name])
        expect(outcome)
        #expect(outcome.outputText.contains("high") && outcome.outputText.contains("CVE-9999-9999"))
        #expect(outcome.outputText.contains("\(Self.host)/team/app@sha256:"))
        let gate = try await slipway.run(["scan", "--quiet", "--fail-on", "high", "--format", "json", Self.name])
        expect(gate, endsWith: 3)
        #expect(gate.outputText.contains("\"HIGH\" : 1"))
        #expect(
          try server.calls().filter { $0 != "PutImage 200" && $0 != "CreateRepository 200" } == [
            "DescribeImageScanFindings 400", "StartImageScan 200", "DescribeImageScanFindings 200",
            "DescribeImageScanFindings 200",
          ])
        let missing = try await slipway.run(["scan", "\(Self.host)/team/app:2"])
        expect(missing, endsWith: 1)
        #expect(missing.errorText.contains("ImageNotFoundException"))
      }
    }
  }

  /// An ECR that gives these answers to DescribeImageScanFindings, the last one for ever.
  private func withAnswers(
    _ answers: [(status: Int, body: String)], start: (status: Int, body: String) = (200, "{}"),
    _ body: (SlipwayBinary, WebServer) async throws -> Void
  ) async throws {
    try await Scratch.use("scan") { scratch in
      let counter = Counter()
      try await WebServer.serving({ request in
        let isStart = request.headers["x-amz-target"]?.hasSuffix(".StartImageScan") == true
        let answer = isStart ? start : answers[min(counter.next(), answers.count - 1)]
        return WebServer.Answer(
          answer.status, ["Content-Type": "application/x-amz-json-1.1"], body: Array(answer.body.utf8))
      }) { server, port in
        let variables = [
          "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        ]
        try await body(try slipway(scratch, variables), server)
      }
    }
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
      count.withLock { count in
        defer { count += 1 }
        return count
      }
    }
  }

  private static func status(_ status: String, _ findings: String = "") -> (Int, String) {
    (200, #"{"imageScanStatus":{"status":"\#(status)","description":"as it is"}\#(findings)}"#)
  }

  private static let notFound = (400, #"{"__type":"ScanNotFoundException","message":"no scan"}"#)

  @Test func waitsForAScanThatECRBeginsItself() async throws {
    let enhanced = #"""
      ,"imageScanFindings":{"findingSeverityCounts":{"CRITICAL":1,"UNTRIAGED":1},"enhancedFindings":[
      {"severity":"CRITICAL","title":"CVE-1 - openssl","packageVulnerabilityDetails":{"vulnerabilityId":"CVE-1",
      "sourceUrl":"https://example.org/1","vulnerablePackages":[{"name":"openssl","version":"3.0"}]}}]},"nextToken":"2"
      """#
    let more = #","imageScanFindings":{"enhancedFindings":[{"severity":"UNTRIAGED","title":"CVE-2"}]}"#
    let refused = (400, #"{"__type":"ValidationException","message":"This feature is disabled"}"#)
    let answers = [
      Self.notFound, Self.status("PENDING"), Self.status("ACTIVE", enhanced), Self.status("ACTIVE", more),
    ]
    try await withAnswers(answers, start: refused) { slipway, server in
      let outcome = try await slipway.run(["scan", "--wait", "--fail-on", "high", Self.name])
      expect(outcome, endsWith: 3)
      let lines = outcome.outputText.split(separator: "\n")
      #expect(lines.count == 3 && lines[0].contains("critical") && lines[0].contains("openssl 3.0"))
      #expect(lines[1].contains("CVE-2") && lines[2].hasSuffix("active, 1 critical, 1 untriaged"))
      #expect(server.requests.count == 5)
    }
  }

  @Test(arguments: [
    ("IN_PROGRESS", [], "scan-not-finished", "wait for it with --wait"),
    ("IN_PROGRESS", ["--wait", "--timeout", "1"], "scan-not-finished", "--timeout"),
    ("FAILED", ["--wait"], "scan-failed", "as it is"), ("UNSUPPORTED_IMAGE", [], "scan-failed", "UNSUPPORTED_IMAGE"),
  ])
  func aGateWithoutAResultStaysClosed(status: String, options: [String], code: String, text: String) async throws {
    try await withAnswers([Self.status(status)]) { slipway, _ in
      let outcome = try await slipway.run(["scan", "--fail-on", "high", Self.name] + options)
      expect(outcome, endsWith: 1)
      #expect(outcome.errorText.contains("error[\(code)]") && outcome.errorText.contains(text))
      #expect(outcome.outputText.isEmpty)
    }
  }

  @Test func nothingFoundIsSuccess() async throws {
    try await withAnswers([Self.status("COMPLETE", #","imageScanFindings":{}"#)]) { slipway, _ in
      let outcome = try await slipway.run(["scan", "--fail-on", "undefined", Self.name])
      expect(outcome)
      #expect(outcome.outputText == "\(Self.host)/team/app: complete, nothing was found\n")
    }
  }

  @Test(arguments: [
    ("debian:12", [], "not-ecr"), ("public.ecr.aws/a/b:1", [], "not-ecr"), ("-", [], "invalid-reference"),
    (name, ["--fail-on", "hihg"], "did you mean high?"),
  ])
  func whatCannotBeAsked(name: String, options: [String], text: String) async throws {
    try await Scratch.use("scan") { scratch in
      let outcome = try await slipway(scratch, [:]).run(["scan"] + options + ["--", name])
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains(text), "\(outcome.errorText)")
    }
  }
}
