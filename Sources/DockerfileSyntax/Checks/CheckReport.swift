public import Diagnostics

/// What the checks found in a Dockerfile.
public struct CheckReport: Sendable, Hashable {
  /// Warnings whose codes are the names of rules, in the order of the text.
  public var findings: [Diagnostic]
  /// What else there is to say: the parser's errors and warnings, and mistakes in `# check=` itself.
  public var remarks: [Diagnostic]
  /// What the file, or the caller, asked for.
  public var options: CheckOptions
  /// Where the file says `# check=`.
  public var directive: SourceAnnotation?

  /// Findings and remarks in the order of the text.
  public var diagnostics: [Diagnostic] { (findings + remarks).inTextOrder }

  /// Why a build ends here: there are findings, and `error=true` says that there must be none.
  public var violation: Diagnostic? {
    guard options.treatsFindingsAsErrors, !findings.isEmpty else { return nil }
    let names = Set(findings.map(\.code.rawValue)).sorted().joined(separator: ", ")
    return .error(
      "check-violation", "the build permits no findings of its checks, and there are some: \(names)", at: directive,
      help: ["mend them", "or permit them: # check=skip=\(names.split(separator: " ").joined())"])
  }
}

extension [Diagnostic] {
  /// Each only once: a trigger is looked at in each stage that it runs in.
  var withoutRepetitions: [Diagnostic] {
    var known: Set<Diagnostic> = []
    return filter { known.insert($0).inserted }
  }

  /// Sorted by where they begin; what is at the same place keeps its order.
  var inTextOrder: [Diagnostic] {
    enumerated().sorted { left, right in
      let (leftStart, rightStart) = (left.element.start, right.element.start)
      return (leftStart, left.offset) < (rightStart, right.offset)
    }.map(\.element)
  }
}

extension Diagnostic {
  fileprivate var start: Int { annotation?.range.lowerBound ?? 0 }
}
