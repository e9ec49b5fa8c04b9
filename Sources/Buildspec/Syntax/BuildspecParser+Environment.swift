import Diagnostics
import SourceYAML

extension BuildspecParser {
  private static let environmentKeys = [
    "shell", "variables", "parameter-store", "secrets-manager", "exported-variables", "git-credential-helper",
  ]

  mutating func environment(_ node: YAMLNode?) {
    guard let mapping = reader.mapping(node, "env") else { return }
    reader.expectKeys(Self.environmentKeys, in: mapping, "env")
    shell(mapping["shell"])
    spec.environment.variables = named(mapping["variables"], "env/variables")
    spec.environment.parameters = named(mapping["parameter-store"], "env/parameter-store")
    spec.environment.secrets = named(mapping["secrets-manager"], "env/secrets-manager")
    for secret in spec.environment.secrets { checkSecret(secret) }
    spec.environment.exported = reader.texts(mapping["exported-variables"], "env/exported-variables")
    for name in spec.environment.exported where !name.value.isVariableName {
      reader.error(
        .buildspecValue, "\"\(name.value)\" is not the name of a variable", name.range,
        help: "write names alone, without $ and values")
    }
    spec.environment.usesCredentialHelper = reader.flag(mapping["git-credential-helper"], "env/git-credential-helper")
  }

  /// Version 0.1: `environment_variables: {plaintext: {…}}`.
  mutating func oldEnvironment(_ node: YAMLNode?) {
    guard let mapping = reader.mapping(node, "environment_variables") else { return }
    reader.expectKeys(["plaintext"], in: mapping, "environment_variables")
    spec.environment.variables =
      named(mapping["plaintext"], "environment_variables/plaintext") + spec.environment.variables
  }

  private mutating func shell(_ node: YAMLNode?) {
    guard let text = reader.text(node, "env/shell") else { return }
    switch text.value.trimmed {
    case "bash", "/bin/bash", "/usr/bin/bash": spec.environment.shell = .bash
    case "/bin/sh", "sh": spec.environment.shell = .sh
    case "powershell.exe", "cmd.exe":
      reader.error(
        .buildspecValue, "env/shell is \(text.value), which is for Windows", text.range, help: "write bash or /bin/sh")
    default:
      reader.error(.buildspecValue, "env/shell is \"\(text.value)\"", text.range, help: "write bash or /bin/sh")
    }
  }

  /// Variables whose names a shell can use.
  private mutating func named(_ node: YAMLNode?, _ what: String) -> [EnvironmentSection.Variable] {
    reader.variables(node, what).filter { variable in
      let name = variable.name.value
      guard name.isVariableName else {
        reader.error(
          .buildspecValue, "\"\(name)\" is not a name that a variable can have", variable.name.range,
          help: "write letters, digits and underscores, and no digit at the beginning")
        return false
      }
      guard name.hasPrefix("CODEBUILD_") else { return true }
      reader.warning(
        .buildspecIgnored, "names that begin with CODEBUILD_ are reserved; \(name) is ignored", variable.name.range,
        help: "choose another name")
      return false
    }
  }

  private mutating func checkSecret(_ secret: EnvironmentSection.Variable) {
    do { _ = try SecretReference(parsing: secret.value.value) } catch {
      reader.error(.buildspecValue, error.reason, secret.value.range, help: error.help)
    }
  }
}

/// `ID[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]`, as `env/secrets-manager` writes it.
public struct SecretReference: Sendable, Hashable {
  /// A name, or an ARN.
  public var id: String
  /// Nil is the whole text.
  public var jsonKey: String?
  public var versionStage: String?
  public var versionID: String?

  public struct Malformed: Error {
    public var reason: String
    public var help: String
  }

  /// An ARN has six colons of its own; the name behind the last of them begins with the secret's name.
  public init(parsing text: String) throws(Malformed) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let length = text.hasPrefix("arn:") ? 7 : 1
    guard parts.count >= length, parts.count <= length + 3, parts.first?.isEmpty == false, parts[length - 1] != ""
    else {
      throw Malformed(
        reason: "\"\(text)\" does not name a secret", help: "write ID[:JSON-KEY[:VERSION-STAGE[:VERSION-ID]]]")
    }
    func part(_ index: Int) -> String? {
      let place = length + index
      return place < parts.count && !parts[place].isEmpty ? parts[place] : nil
    }
    id = parts[..<length].joined(separator: ":")
    jsonKey = part(0)
    versionStage = part(1)
    versionID = part(2)
    if versionStage != nil, versionID != nil {
      throw Malformed(
        reason: "\"\(text)\" has a version stage and a version id, which exclude each other",
        help: "leave one of them empty")
    }
  }
}
