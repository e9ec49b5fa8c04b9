import Diagnostics
import GoTemplate
import Slipway

/// Rows of a command such as `docker images`, written as a table or by a template (docker/cli, "formatter").
struct DockerListing {
  /// The fields of the usual table, with their titles.
  let columns: [(field: String, title: String)]
  /// Fields that only templates ask for, with their titles.
  var others: [(field: String, title: String)] = []
  var rows: [[String: TemplateValue]] = []

  /// - Parameters:
  ///   - format: a template, `table TEMPLATE`, `table`, `json`, or nil for the table.
  ///   - quiet: the only field that is wanted.
  /// - Throws: `DockerError`.
  func text(format: String?, quiet: String? = nil) throws -> String {
    if let quiet { return rows.map { ($0[quiet] ?? "").description + "\n" }.joined() }
    guard let format, !format.isEmpty, format != "table" else { return usual }
    if format == "json" || format == "{{json .}}" {
      return rows.map { TemplateValue.map($0).json + "\n" }.joined()
    }
    let isTable = format.hasPrefix("table ")
    let template = try DockerTemplate(isTable ? String(format.dropFirst("table ".count)) : format)
    let lines = try rows.map { try template.text(of: .map($0)) }
    guard isTable else { return lines.map { $0 + "\n" }.joined() }
    let titles = Dictionary((columns + others).map { ($0.field, TemplateValue.text($0.title)) }) { first, _ in first }
    let head = try template.text(of: .map(titles))
    return DockerColumns(
      ([head] + lines).map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    )
    .text
  }

  private var usual: String {
    let cells = rows.map { row in columns.map { (row[$0.field] ?? "").description } }
    return DockerColumns([columns.map(\.title)] + cells).text
  }
}

/// A template of `--format`: what cannot be used is told as docker tells it.
struct DockerTemplate {
  private let template: GoTemplate

  /// - Throws: `DockerError`.
  init(_ text: String) throws {
    // In quotation marks of a shell these stay two characters.
    let text = text.replacing("\\t", with: "\t").replacing("\\n", with: "\n")
    do { template = try GoTemplate(parsing: text) } catch {
      throw DockerError("template parsing error: \(error.message)", exitCode: .init(rawValue: 64))
    }
  }

  /// - Throws: `DockerError`.
  func text(of value: TemplateValue) throws -> String {
    do { return try template.text(of: value) } catch {
      throw DockerError("template parsing error: \(error.message)")
    }
  }
}
