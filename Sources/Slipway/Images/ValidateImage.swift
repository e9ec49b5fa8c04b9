public import Diagnostics
import Images
import OCI

/// `slipway validate`: all of an image is read, and everything that its documents say is computed anew.
public struct ValidateImage: Sendable {
  private let access: ImageAccess
  private let place: ImagePlace
  private let selection: PlatformSelection
  private let jobs: Int

  /// - Throws: `SlipwayError`, `OCIError` for places and options that are not usable; `RegistryError`.
  public init(_ image: String, _ options: ImageOptions, _ bench: Workbench) throws {
    access = try ImageAccess(bench)
    place = try ImagePlace(parsing: image, bare: .either)
    selection = try options.selection(usual: .all)
    jobs = options.jobs ?? 6
  }

  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> ValidationReport {
    try await access.holdingStore(for: [place]) {
      try await access.bench.progress.step("validating \(place)") { step in
        try await access.withImage(at: place) { image in
          let validation = ImageValidation(of: image.reference, in: image.source, jobs: jobs)
          let report = try await validation.report(selecting: selection, step)
          return ValidationReport(name: place.description, report: report)
        }
      }
    }
  }
}

/// What `slipway validate` found.
public struct ValidationReport: Sendable {
  let name: String
  let report: ImageValidation.Report

  public var exitCode: ExitCode { report.faults.isEmpty ? .success : .findings }

  private struct Document: Encodable {
    var name: String
    var digest: Digest
    var valid: Bool
    var manifests: Int
    var blobs: Int
    var size: Int64
    var faults: [ImageValidation.Fault]
  }

  public func rendered(as format: StoreReportFormat) throws -> String {
    switch format {
    case .json:
      let document = Document(
        name: name, digest: report.digest, valid: report.faults.isEmpty, manifests: report.manifestCount,
        blobs: report.blobCount, size: report.size, faults: report.faults)
      return String(decoding: try JSONDocument.encode(document, pretty: true), as: UTF8.self) + "\n"
    case .text:
      let faults = report.faults.map { "\($0.manifest): \($0.part): \($0.message)\n" }.joined()
      guard faults.isEmpty else { return faults }
      let counts = "\(report.manifestCount) manifests, \(report.blobCount) blobs, \(report.size.storageText)"
      return "\(name)@\(report.digest) is valid: \(counts)\n"
    }
  }
}
