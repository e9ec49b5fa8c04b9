import Builder
import Diagnostics
import Images
import OCI
import SystemPackage

/// Brings what was built to where it is wanted on this machine.
struct BuildDelivery: Sendable {
  let product: BuildProduct
  let names: [ImageReference]
  let bench: Workbench

  private var exporter: ImageExporter { ImageExporter(store: bench.store, progress: bench.progress) }

  func deliver(_ output: OutputSpecification) async throws {
    // What goes to a registry is on its way already.
    if case .registry = output.kind { return }
    let product = try await product.converted(by: output.compression.conversion(bench))
    switch (output.kind, output.destination) {
    case (.archive(let format), let destination):
      try await bench.progress.step("exporting to \(format.rawValue) archive") { _ in
        try await exporter.writeArchive(product, names: names, format: format, to: target(destination))
      }
    case (.layout, .path(let folder)):
      try await bench.progress.step("exporting to image layout \(folder)") { step in
        try await exporter.writeLayout(product, names: names, to: folder, step)
      }
    case (.files, .path(let folder)):
      try await bench.progress.step("exporting files to \(folder)") { _ in
        try await exporter.writeFiles(of: product, to: folder)
      }
    case (.tar, let destination):
      try await bench.progress.step("exporting files to tar") { _ in
        try await exporter.writeTree(of: product, to: target(destination))
      }
    case (.registry, _), (.layout, _), (.files, _): break
    }
  }

  private func target(_ destination: OutputSpecification.Destination) -> ExportTarget {
    if case .path(let path) = destination { .file(path) } else { .descriptor(bench.output) }
  }
}
