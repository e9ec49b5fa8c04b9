import AWS
import Diagnostics
import OCI

/// `slipway scan`: what Amazon ECR knows of the weaknesses of an image, as a gate before deployments.
public struct Scan: Sendable {
  private let reference: ImageReference
  private let registry: ECRRegistry
  private let waits: Bool
  private let failOn: ScanSeverity?
  private let timeout: Int
  private let bench: Workbench

  /// - Throws: `SlipwayError` with the codes `not-ecr` and `invalid-severity`; `OCIError` for what is no name.
  public init(_ request: ScanRequest, _ bench: Workbench) throws {
    let reference = try ImageReference(parsing: request.name)
    guard let registry = ECRRegistry(host: reference.registry), !registry.isPublic else {
      throw SlipwayError(
        "not-ecr",
        "\(reference.familiarDescription) is not in a private registry of Amazon ECR, which does the scanning",
        help: ["name an image of ACCOUNT.dkr.ecr.REGION.amazonaws.com"])
    }
    self.reference = reference.digest == nil ? reference.withDefaultTag : reference
    self.registry = registry
    waits = request.waits
    timeout = request.timeout
    failOn = try request.failOn.map { text in
      guard let severity = ScanSeverity(rawValue: text.uppercased()) else {
        let names = ScanSeverity.allCases.map(\.name)
        throw SlipwayError(
          "invalid-severity", "there is no severity \"\(text)\"",
          help: [
            Suggestion.nearest(to: text, in: names).map { "did you mean \($0)?" }
              ?? "they are \(names.joined(separator: ", "))"
          ])
      }
      return severity
    }
    self.bench = bench
  }

  /// - Throws: `AWSError`; `SlipwayError` with the codes `scan-not-finished` and `scan-failed`; `CancellationError`.
  public func run() async throws -> ScanReport {
    let client = try bench.ecrCredentials().client()
    return try await bench.progress.step("scan of \(reference.familiarDescription)") { step in
      let first = try await finished(client, step)
      var pages = [first.imageScanFindings].compactMap { $0 }
      var token = first.nextToken
      while let next = token {
        var call = call
        call.nextToken = next
        let page = try await client.send(call, to: registry)
        pages += [page.imageScanFindings].compactMap { $0 }
        token = page.nextToken
      }
      let digest = first.imageId?.imageDigest ?? reference.digest?.description
      return ScanReport(
        image: "\(reference.name)\(digest.map { "@\($0)" } ?? "")", status: first.imageScanStatus?.status ?? "UNKNOWN",
        pages: pages, failOn: failOn)
    }
  }

  private var image: ECRImageIdentifier {
    reference.digest.map { ECRImageIdentifier(digest: $0.description) } ?? ECRImageIdentifier(tag: reference.tag)
  }

  private var call: DescribeImageScanFindings {
    DescribeImageScanFindings(repositoryName: reference.repository, imageId: image, registryId: registry.account)
  }

  // MARK: Waiting

  /// Asks until there is a result.
  private func finished(
    _ client: AWSClient, _ step: ProgressStep
  ) async throws -> DescribeImageScanFindings.Output {
    let deadline = ContinuousClock.now + .seconds(timeout)
    var pause = Duration.seconds(1)
    var told = ""
    while true {
      let answer = try await status(client, step)
      let status = answer?.imageScanStatus?.status ?? "PENDING"
      if let answer, ["COMPLETE", "ACTIVE"].contains(status) { return answer }
      guard ["PENDING", "IN_PROGRESS"].contains(status) else {
        throw failure(status, answer?.imageScanStatus?.description)
      }
      guard waits else { throw unfinished("its status is \(status)", help: "wait for it with --wait") }
      if told != status { step.log("waiting: \(status.lowercased())") }
      told = status
      guard ContinuousClock.now + pause < deadline else {
        throw unfinished("its status is \(status) after \(timeout) seconds", help: "wait longer with --timeout SECONDS")
      }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(5))
    }
  }

  /// Nil when there is no scan yet; then one is begun, unless ECR does that by itself.
  private func status(
    _ client: AWSClient, _ step: ProgressStep
  ) async throws -> DescribeImageScanFindings.Output? {
    do { return try await client.send(call, to: registry) } catch let error as AWSError
      where error.serviceCode == "ScanNotFoundException"
    {}
    let start = StartImageScan(repositoryName: reference.repository, imageId: image, registryId: registry.account)
    do {
      _ = try await client.send(start, to: registry)
      step.log("the scan was begun")
    } catch let error as AWSError
      where ["LimitExceededException", "ValidationException"].contains(error.serviceCode ?? "")
    {}
    return nil
  }

  private func unfinished(_ reason: String, help: String) -> SlipwayError {
    SlipwayError(
      "scan-not-finished", "the scan of \(reference.familiarDescription) has not ended: \(reason)", help: [help],
      exitCode: .failure)
  }

  private func failure(_ status: String, _ description: String?) -> SlipwayError {
    SlipwayError(
      "scan-failed", "\(reference.familiarDescription) has no result of a scan: \(status)",
      notes: description.map { [.init("ECR says: \($0)")] } ?? [],
      help: ["see which images can be scanned: docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html"],
      exitCode: .failure)
  }
}
