import Foundation
import HostOS
import SystemPackage
import TestSupport

/// How a run of a fixture ended, and what it left.
struct PipelineOutcome: Sendable {
  var status: Int32
  var lines: [String]
  /// Repository, with its host as the buildspec has it → tag → digest.
  var pushed: [String: [String: String]]
  /// Paths, by the name of the artifact; the first one's is empty.
  var artifacts: [String: [String]]
  /// Texts of the first artifact's files.
  var contents: [String: String]
  var exported: [String: String]
  /// Commands that still ran.
  var leftovers: [String]
  /// Manifests and configurations of pushed images, by digest.
  var documents: [String: Data]
  var placeholders: PipelinePlaceholders
  /// Whether several builds ran, in an order that nobody knows.
  var isBatch: Bool
  /// Phases that the file has; CodeBuild tells of the others, too, which succeed.
  var declaredPhases: Set<String>

  private static let frame: Set<String> = [
    "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED",
  ]

  /// `BUILD` or `BUILD FAILED`, as the log has them.
  var phases: [String] {
    lines.compactMap { line in
      guard let match = line.firstMatch(of: /Phase complete: ([A-Z_]+) State: ([A-Z_]+)/) else { return nil }
      let (name, state) = (String(match.1), String(match.2))
      if Self.frame.contains(name) { return nil }
      if state == "SUCCEEDED" { return declaredPhases.contains(name) ? name : nil }
      return "\(name) \(state)"
    }
  }
}

extension PipelineExpectation {
  /// What is not as expected, one line each; also what is there and is not expected.
  func faults(in outcome: PipelineOutcome) -> [String] {
    var faults: [String] = []
    if outcome.status != exit {
      faults.append(
        outcome.status == 124 || outcome.status == 137
          ? "it had not ended after \(seconds) seconds" : "it ended with \(outcome.status), not \(exit)")
    }
    faults += phaseFaults(in: outcome)
    let (tagFaults, digests) = pushFaults(in: outcome)
    faults += tagFaults
    var known = outcome.placeholders
    for (letter, digest) in digests { known.values["digest:\(letter)"] = digest }
    faults += imageFaults(in: outcome, known)
    faults += artifactFaults(in: outcome, known)
    faults += logFaults(in: outcome, known)
    faults += outcome.leftovers.map { "still runs: \($0)" }
    return faults
  }

  private func phaseFaults(in outcome: PipelineOutcome) -> [String] {
    guard let phases else { return [] }
    let found = outcome.phases
    let isRight = outcome.isBatch ? found.sorted() == phases.sorted() : found == phases
    return isRight ? [] : ["phases are \(found), not \(phases)"]
  }

  /// - Returns: with the digests that the letters stand for.
  private func pushFaults(in outcome: PipelineOutcome) -> (faults: [String], digests: [String: String]) {
    var faults: [String] = [], digests: [String: String] = [:]
    var left = outcome.pushed
    for (pattern, tags) in pushed.sorted(by: { $0.key < $1.key }) {
      let repository = outcome.placeholders.fill(pattern)
      for (tagPattern, letter) in tags.sorted(by: { $0.key > $1.key }) {
        let wanted = LinePattern(outcome.placeholders.fill(tagPattern))
        guard let found = left[repository]?.first(where: { wanted.matches($0.key) }) else {
          faults.append("not pushed: \(repository):\(tagPattern)")
          continue
        }
        left[repository]?[found.key] = nil
        if letter == "*" { continue }
        if let other = digests[letter], other != found.value {
          faults.append("\(repository):\(found.key) is \(found.value), and the other \(letter) is \(other)")
        } else if let other = digests.first(where: { $0.key != letter && $0.value == found.value }) {
          faults.append("\(repository):\(found.key) is the same as \(other.key)")
        } else {
          digests[letter] = found.value
        }
      }
    }
    for (repository, tags) in left.sorted(by: { $0.key < $1.key }) {
      faults += tags.keys.sorted().map { "pushed, too: \(repository):\($0)" }
    }
    return (faults, digests)
  }

  private func imageFaults(in outcome: PipelineOutcome, _ known: PipelinePlaceholders) -> [String] {
    images.sorted(by: { $0.key < $1.key }).flatMap { pattern, wanted -> [String] in
      let name = known.fill(pattern)
      guard let colon = name.lastIndex(of: ":"),
        let digest = outcome.pushed[String(name[..<colon])]?[String(name[name.index(after: colon)...])]
      else { return ["there is no \(name) to look at"] }
      return PushedImage(digest: digest, documents: outcome.documents).faults(against: wanted, known)
        .map { "\(name): \($0)" }
    }
  }

  private func artifactFaults(in outcome: PipelineOutcome, _ known: PipelinePlaceholders) -> [String] {
    var faults: [String] = []
    var wanted = secondary
    wanted[""] = artifacts
    for name in Set(wanted.keys).union(outcome.artifacts.keys).sorted() {
      let expected = Set((wanted[name] ?? []).map(known.fill)), found = Set(outcome.artifacts[name] ?? [])
      let label = name.isEmpty ? "artifact" : "artifact \(name)"
      faults += expected.subtracting(found).sorted().map { "\(label) lacks \($0)" }
      faults += found.subtracting(expected).sorted().map { "\(label) has \($0), too" }
    }
    for (path, text) in contents.sorted(by: { $0.key < $1.key }) {
      guard let found = outcome.contents[path] else {
        faults.append("there is no \(path) to read")
        continue
      }
      if !LinePattern(known.fill(text)).matches(found) { faults.append("\(path) is \(found.debugDescription)") }
    }
    if let exported, exported.mapValues(known.fill) != outcome.exported {
      faults.append("exported are \(outcome.exported), not \(exported.mapValues(known.fill))")
    }
    return faults
  }

  private func logFaults(in outcome: PipelineOutcome, _ known: PipelinePlaceholders) -> [String] {
    let missing = log.map(known.fill).filter { wanted in
      !outcome.lines.contains(where: LinePattern(wanted).matches)
    }
    let unwanted = never.map(known.fill).filter { pattern in
      outcome.lines.contains(where: LinePattern(pattern).matches)
    }
    return missing.map { "no line is: \($0)" } + unwanted.map { "a line is: \($0)" }
  }
}

/// A manifest or index that was pushed.
private struct PushedImage {
  let digest: String
  let documents: [String: Data]

  private func object(_ digest: String) -> [String: Any] {
    documents[digest].flatMap { try? JSONSerialization.jsonObject(with: $0) as? [String: Any] } ?? [:]
  }

  private var platforms: [String] {
    ((object(digest)["manifests"] as? [[String: Any]]) ?? []).compactMap { entry in
      guard let platform = entry["platform"] as? [String: Any], let system = platform["os"] as? String,
        let architecture = platform["architecture"] as? String, system != "unknown"
      else { return nil }
      return ([system, architecture] + [platform["variant"] as? String].compactMap { $0 }).joined(separator: "/")
    }
  }

  func faults(against wanted: PipelineExpectation.Image, _ known: PipelinePlaceholders) -> [String] {
    var faults: [String] = []
    func check<Value: Equatable>(_ what: String, _ found: Value, _ wanted: Value?) {
      if let wanted, wanted != found { faults.append("\(what) is \(found), not \(wanted)") }
    }
    check("the list of platforms", platforms, wanted.platforms)
    let manifest = object(digest)
    let configuration = (manifest["config"] as? [String: Any])?["digest"] as? String
    let config = configuration.map(object)?["config"] as? [String: Any] ?? [:]
    check("entrypoint", config["Entrypoint"] as? [String] ?? [], wanted.entrypoint)
    check("cmd", config["Cmd"] as? [String] ?? [], wanted.cmd)
    check("user", config["User"] as? String ?? "", wanted.user)
    let labels = config["Labels"] as? [String: String] ?? [:]
    for (label, value) in wanted.labels ?? [:] { check("label \(label)", labels[label] ?? "", known.fill(value)) }
    return faults
  }
}
