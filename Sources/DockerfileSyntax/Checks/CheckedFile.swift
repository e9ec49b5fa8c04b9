import Diagnostics

/// A Dockerfile with what rules need to know of it as a whole. It is a reference, since every scope holds it.
final class CheckedFile: Sendable {
  let dockerfile: Dockerfile
  let context: CheckContext
  /// What the parser said about it.
  let parserDiagnostics: [Diagnostic]
  /// What FROM sees.
  let globals: GlobalScope
  /// What FROM would see if no build argument were given.
  let defaults: GlobalScope
  /// What is kept out of the context.
  let ignored: IgnoredSources?
  /// The first ARG of each name inside of a stage.
  private let stageDeclarations: [String: (stage: Int, declaration: ArgInstruction.Declaration)]

  init(_ dockerfile: Dockerfile, _ context: CheckContext, parserDiagnostics: [Diagnostic]) {
    self.dockerfile = dockerfile
    self.context = context
    self.parserDiagnostics = parserDiagnostics
    self.globals = GlobalScope(dockerfile, context, arguments: context.buildArguments)
    self.defaults = GlobalScope(dockerfile, context, arguments: [:])
    self.ignored = context.ignore.flatMap { $0.rules.isEmpty ? nil : IgnoredSources($0) }
    var declarations: [String: (stage: Int, declaration: ArgInstruction.Declaration)] = [:]
    for (index, stage) in dockerfile.stages.enumerated() {
      for case .arg(let arg) in stage.instructions.map(\.kind) {
        for declaration in arg.declarations where declarations[declaration.name.text] == nil {
          declarations[declaration.name.text] = (index, declaration)
        }
      }
    }
    self.stageDeclarations = declarations
  }

  /// The first ARG of a name inside of a stage above another one.
  func declaration(of name: String, before stage: Int) -> ArgInstruction.Declaration? {
    guard let found = stageDeclarations[name], found.stage < stage else { return nil }
    return found.declaration
  }

  /// The places and comments of all instructions, in their order.
  var commentedRanges: [(range: SourceRange, comments: [Comment])] {
    dockerfile.preamble.map { ($0.range, $0.comments) }
      + dockerfile.stages.flatMap { stage in
        [(stage.from.range, stage.from.comments)] + stage.instructions.map { ($0.range, $0.comments) }
      }
  }
}

/// A stage as its FROM describes it.
struct CheckedStage {
  enum Base {
    case scratch
    case stage(Int)
    /// An image, or something that cannot be told.
    case image
  }

  var index: Int
  var from: FromInstruction
  var base: Base
}

/// The variables that FROM sees (Dockerfile reference, "Understand how ARG and FROM interact").
struct GlobalScope: VariableEnvironment {
  private(set) var values: [String: String]
  /// The ARGs before the first FROM; the last of a name counts.
  private(set) var declarations: [String: ArgInstruction.Declaration] = [:]
  /// What is wrong with their default values.
  private(set) var errors: [Diagnostic] = []

  init(_ dockerfile: Dockerfile, _ context: CheckContext, arguments: [String: String]) {
    values = Self.platformArguments(context)
    for name in values.keys { values[name] = arguments[name] ?? values[name] }
    for declaration in dockerfile.globalArguments.flatMap(\.declarations) {
      let name = declaration.name.text
      declarations[name] = declaration
      if let given = arguments[name] {
        values[name] = given
      } else if let word = declaration.defaultValue {
        do {
          values[name] = try dockerfile.expansion.expand(word, in: self).text
        } catch {
          errors += error.diagnostics
        }
      }
    }
  }

  func value(of name: String) -> String? { values[name] }

  func means(_ name: String) -> Bool { values[name] != nil || declarations[name] != nil }

  /// All names that mean something.
  var names: Set<String> { Set(values.keys).union(declarations.keys) }

  private static func platformArguments(_ context: CheckContext) -> [String: String] {
    let (build, target) = (context.buildPlatform, context.targetPlatform)
    return [
      "BUILDPLATFORM": build.description, "BUILDOS": build.os, "BUILDOSVERSION": "",
      "BUILDARCH": build.architecture, "BUILDVARIANT": build.variant ?? "",
      "TARGETPLATFORM": target.description, "TARGETOS": target.os, "TARGETOSVERSION": "",
      "TARGETARCH": target.architecture, "TARGETVARIANT": target.variant ?? "",
      "TARGETSTAGE": context.target ?? "default",
    ]
  }
}
