import Diagnostics
import Glibc
public import HostOS
public import SystemPackage

/// Where plugins are looked for. The first of a name counts: built-in ones, the folders of SLIPWAY_PLUGIN_PATH,
/// `$XDG_DATA_HOME/slipway/plugins`, `<prefix>/libexec/slipway`, absolute entries of PATH. Never in the checkout.
public struct PluginSearch: Sendable {
  public var builtIns: [String]
  /// That of this program, which the built-in ones are in.
  public var executable: FilePath
  public var environment: Environment
  /// What is being built and deployed: its files are no plugins, whatever PATH says.
  public var checkout: FilePath?

  public init(builtIns: [String], executable: FilePath, environment: Environment, checkout: FilePath? = nil) {
    self.builtIns = builtIns
    self.executable = executable
    self.environment = environment
    self.checkout = checkout
  }

  /// A plugin that was found, and whether it counts.
  public struct Entry: Sendable, Hashable {
    public enum State: Sendable, Hashable {
      case usable
      /// By what comes first.
      case shadowed(by: String)
      case refused(reason: String)
    }

    public var plugin: LocatedPlugin
    public var state: State
  }

  // MARK: Finding

  /// - Parameters:
  ///   - name: a name, or a path with a slash.
  ///   - folder: what relative paths are relative to.
  /// - Throws: `PluginError`, `HostError`.
  public func find(_ name: String, pin: String? = nil, from folder: FilePath = ".") throws -> LocatedPlugin {
    let plugin = try name.contains("/") ? explicit(folder.pushing(FilePath(name)), name) : named(name)
    try plugin.check(pin: pin)
    return plugin
  }

  private func explicit(_ path: FilePath, _ spelling: String) throws -> LocatedPlugin {
    guard (try? FileStatus(following: path)) != nil else {
      throw PluginError(
        "unknown-plugin", "there is no plugin \(spelling)", help: ["correct the path, or name a plugin: rolling"])
    }
    if let reason = Self.refusal(of: path) { throw Self.refused(path, reason) }
    let file = path.lastComponent?.string ?? ""
    let name = file.hasPrefix(LocatedPlugin.prefix) ? String(file.dropFirst(LocatedPlugin.prefix.count)) : file
    return LocatedPlugin(name: name, path: try Files.realPath(path), isBuiltIn: false)
  }

  private func named(_ name: String) throws -> LocatedPlugin {
    if builtIns.contains(name) { return builtIn(name) }
    guard let entry = entries().first(where: { $0.plugin.name == name }) else {
      let names = Set(entries().map(\.plugin.name)).sorted()
      throw PluginError(
        "unknown-plugin", "there is no plugin \"\(name)\"",
        help: [
          Suggestion.nearest(to: name, in: names).map { "did you mean \($0)?" }
            ?? "the plugins are \(names.joined(separator: ", ")); another one is a program \(LocatedPlugin.prefix)\(name) in a folder of PATH or SLIPWAY_PLUGIN_PATH"
        ])
    }
    if case .refused(let reason) = entry.state { throw Self.refused(entry.plugin.path, reason) }
    return entry.plugin
  }

  private func builtIn(_ name: String) -> LocatedPlugin {
    LocatedPlugin(name: name, path: executable, isBuiltIn: true)
  }

  private static func refused(_ path: FilePath, _ reason: String) -> PluginError {
    PluginError(
      "plugin-refused", "the plugin \(path) is refused: \(reason)",
      help: ["let nobody else write to it: chmod go-w \(path) \(path.removingLastComponent())"])
  }

  // MARK: All of them

  /// All plugins there are, in the order of their names, the one that counts first.
  public func entries() -> [Entry] {
    var counting: [String: LocatedPlugin] = [:]
    var found: [Entry] = []
    for plugin in builtIns.map(builtIn) + folders.flatMap(plugins) {
      if let first = counting[plugin.name] {
        let other = first.isBuiltIn ? "the built-in one" : first.path.string
        if first != plugin { found.append(Entry(plugin: plugin, state: .shadowed(by: other))) }
        continue
      }
      counting[plugin.name] = plugin
      let reason = plugin.isBuiltIn ? nil : Self.refusal(of: plugin.path)
      found.append(Entry(plugin: plugin, state: reason.map { .refused(reason: $0) } ?? .usable))
    }
    return found.enumerated().sorted { ($0.element.plugin.name, $0.offset) < ($1.element.plugin.name, $1.offset) }
      .map(\.element)
  }

  private func plugins(in folder: FilePath) -> [LocatedPlugin] {
    let names = ((try? Files.names(in: folder)) ?? []).map(\.string).filter { $0.hasPrefix(LocatedPlugin.prefix) }
    return names.compactMap { name in
      let path = folder.appending(name)
      guard (try? FileStatus(following: path))?.kind == .file, path.withPlatformString({ access($0, X_OK) }) == 0
      else { return nil }
      return LocatedPlugin(
        name: String(name.dropFirst(LocatedPlugin.prefix.count)), path: path, isBuiltIn: false)
    }
  }

  /// In the order in which they count.
  var folders: [FilePath] {
    var folders = Self.entries(environment.nonEmpty("SLIPWAY_PLUGIN_PATH")).filter(isOutside)
    if let data = environment.nonEmpty("XDG_DATA_HOME") ?? environment.nonEmpty("HOME").map({ "\($0)/.local/share" }),
      data.hasPrefix("/")
    {
      folders.append(FilePath(data).appending("slipway").appending("plugins"))
    }
    let prefix = executable.removingLastComponent().removingLastComponent()
    folders.append(prefix.appending("libexec").appending("slipway"))
    folders += Self.entries(environment.nonEmpty("PATH")).filter(isOutside)
    var seen: Set<FilePath> = []
    return folders.filter { seen.insert($0).inserted }
  }

  private static func entries(_ list: String?) -> [FilePath] {
    (list ?? "").split(separator: ":").map { FilePath(String($0)) }.filter(\.isAbsolute)
  }

  private func isOutside(_ folder: FilePath) -> Bool {
    guard let checkout, let top = try? Files.realPath(checkout), let real = try? Files.realPath(folder) else {
      return true
    }
    return !real.starts(with: top)
  }

  // MARK: Safety

  /// Why a file must not be run: others could put something else there. Nil when it may.
  static func refusal(of path: FilePath) -> String? {
    guard let real = try? Files.realPath(path), let file = try? FileStatus(following: real) else {
      return "it cannot be looked at"
    }
    if file.kind != .file { return "it is no file" }
    if real.withPlatformString({ access($0, X_OK) }) != 0 { return "it is not executable" }
    if file.mode & 0o022 != 0 { return "others may write to it (mode \(octal(file.mode)))" }
    for folder in Set([path.removingLastComponent(), real.removingLastComponent()]) {
      guard let status = try? FileStatus(following: folder.isEmpty ? "." : folder) else { continue }
      guard status.mode & 0o022 != 0 else { continue }
      if status.mode & 0o1000 == 0 { return "others may write to its folder \(folder) (mode \(octal(status.mode)))" }
      if file.uid != geteuid(), file.uid != 0 { return "it belongs to somebody else, in a folder for everybody" }
    }
    return nil
  }

  private static func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
}
