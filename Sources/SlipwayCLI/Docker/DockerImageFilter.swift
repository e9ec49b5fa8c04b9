import Diagnostics
import Glibc
import OCI
import Slipway

/// `docker images --filter` and its argument.
struct DockerImageFilter {
  private var patterns: [String] = []
  private var isDangling: Bool?
  private var labels: [String] = []
  private var before: String?
  private var since: String?

  /// - Throws: `DockerError` for what is no filter, or names no image.
  init(_ texts: [String], _ argument: String?, images: DockerImages) throws {
    if let argument { patterns.append(argument) }
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw DockerError(
          "invalid argument \"\(text)\" for \"-f, --filter\" flag: invalid filter '\(text)'",
          exitCode: .init(rawValue: 125))
      }
      switch parts[0] {
      case "reference": patterns.append(parts[1])
      case "label": labels.append(parts[1])
      case "before": before = try images.image(parts[1]).config.created ?? ""
      case "since": since = try images.image(parts[1]).config.created ?? ""
      case "dangling":
        guard let value = ["true": true, "1": true, "false": false, "0": false][parts[1]] else {
          throw DockerError("Error response from daemon: invalid filter 'dangling=[\(parts[1])]'")
        }
        isDangling = value
      default: throw DockerError("Error response from daemon: invalid filter '\(parts[0])'")
      }
    }
  }

  func takes(_ image: DockerImage, _ name: ImageReference?) -> Bool {
    if let isDangling, isDangling != (name == nil) { return false }
    if let before, (image.config.created ?? "") >= before { return false }
    if let since, (image.config.created ?? "") <= since { return false }
    guard labels.allSatisfy({ has($0, image) }) else { return false }
    guard !patterns.isEmpty else { return true }
    guard let name else { return false }
    return patterns.contains { matches($0, name) }
  }

  private func has(_ label: String, _ image: DockerImage) -> Bool {
    let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let value = image.config.config?.labels?[parts[0]] else { return false }
    return parts.count == 1 || parts[1] == value
  }

  /// A pattern of a name, with or without the tag; also of the whole name.
  private func matches(_ pattern: String, _ name: ImageReference) -> Bool {
    let forms = [name.familiarName, name.familiarDescription, name.name, name.description]
    return forms.contains { (form: String) -> Bool in fnmatch(pattern, form, FNM_PATHNAME) == 0 }
  }
}
