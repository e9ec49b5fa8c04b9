import Diagnostics
import DockerCommandLine
import GoTemplate
import HostOS
import OCI
import Slipway

/// `docker inspect`.
extension DockerShim {
  func inspect(onlyImages: Bool) throws -> Diagnostics.ExitCode {
    let type = onlyImages ? "image" : invocation["type"] ?? ""
    guard ["", "image", "container"].contains(type) else {
      throw DockerError("\"\(type)\" is not a valid value for --type")
    }
    var found: [TemplateValue] = []
    var failures: [String] = []
    for name in invocation.arguments {
      if let value = try inspection(of: name, type) {
        found.append(value)
      } else {
        failures.append(name)
      }
    }
    try show(found)
    for name in failures {
      let full = (try? ImageReference(parsing: name))?.withDefaultTag.familiarDescription ?? name
      Terminal.tell(
        onlyImages
          ? "Error response from daemon: No such image: \(full)\n"
          : type == "container" ? "Error: No such container: \(name)\n" : "Error: No such object: \(name)\n")
    }
    return failures.isEmpty ? .success : .failure
  }

  private func inspection(of name: String, _ type: String) throws -> TemplateValue? {
    if type != "image", let container = try containers.find(name) { return container.inspection }
    guard type != "container", (try? ImageReference(parsing: name)) != nil || Digest(name) != nil else { return nil }
    return try images.imageIfThere(name)?.inspection
  }

  /// As a list, or by a template, a line each.
  func show(_ values: [TemplateValue]) throws {
    guard let format, !format.isEmpty, format != "json" else {
      let list = TemplateValue.list(values)
      return say(format == "json" ? list.json : list.json(indent: "    "))
    }
    let template = try DockerTemplate(format)
    let lines = try values.map { try template.text(of: $0) }
    Self.write(lines.isEmpty ? "\n" : lines.map { $0 + "\n" }.joined())
  }
}
