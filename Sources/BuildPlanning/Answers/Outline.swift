/// What a build can be given: what `docker buildx build --call outline` prints (BuildKit,
/// `frontend/subrequests/outline`, version 1.0.0).
public struct Outline: Sendable, Hashable, Codable {
  /// A variable that ARG declares.
  public struct Argument: Sendable, Hashable, Codable {
    public var name: String
    /// What a comment above ARG says of the name.
    public var description: String?
    /// What the build would take; nil when that is nothing.
    public var value: String?
    public var location: SourceLines
  }

  /// A secret or an SSH agent that a mount asks for.
  public struct Credential: Sendable, Hashable, Codable {
    /// The id.
    public var name: String
    /// True when the build fails without it, else nil.
    public var required: Bool?
    public var location: SourceLines
  }

  /// The target's name, nil when it has none.
  public var name: String?
  /// What a comment above the target's FROM says of its name.
  public var summary: String?
  /// Nil when there are none; so are the others.
  public var args: [Argument]?
  public var secrets: [Credential]?
  public var ssh: [Credential]?
  /// The Dockerfile in Base64.
  public var sources: [String]

  enum CodingKeys: String, CodingKey {
    case name, args, secrets, ssh, sources
    case summary = "description"
  }
}

extension Outline: CustomStringConvertible {
  /// Tables, each with an empty line behind it.
  public var description: String {
    var tables: [TextTable] = []
    if name != nil || summary != nil {
      let rows = [["TARGET:", name ?? "(default)"]] + (summary.map { [["DESCRIPTION:", $0]] } ?? [])
      tables.append(TextTable(padding: 1, rows: rows))
    }
    if let args {
      let rows = args.map { [$0.name, $0.value ?? "", $0.description ?? ""] }
      tables.append(TextTable(padding: 3, rows: [["BUILD ARG", "VALUE", "DESCRIPTION"]] + rows))
    }
    if let secrets { tables.append(Self.table("SECRET", secrets)) }
    if let ssh { tables.append(Self.table("SSH", ssh)) }
    return tables.map { $0.text + "\n" }.joined()
  }

  private static func table(_ heading: String, _ credentials: [Credential]) -> TextTable {
    TextTable(
      padding: 3,
      rows: [[heading, "REQUIRED"]] + credentials.map { [$0.name, $0.required == true ? "true" : ""] })
  }
}
