public import HostOS
public import SystemPackage

extension RegistriesConfiguration {
  /// That of the machine and of the user.
  ///
  /// `$CONTAINERS_REGISTRIES_CONF`, else `~/.config/containers/registries.conf`, else
  /// `/etc/containers/registries.conf`; then the files of `registries.conf.d`, by name, of the system and of the user,
  /// where later ones win. A user's own file leaves out all of the system's. What
  /// `$CONTAINERS_REGISTRIES_CONF_OVERRIDE` names wins over all of them.
  /// - Parameter system: the folder of the system's files; tests have their own.
  /// - Throws: `RegistryError` with the code `registries-conf-invalid`.
  public init(_ environment: Environment, system: FilePath = "/etc/containers") throws {
    try readUsual(environment, system)
    guard let last = environment.nonEmpty("CONTAINERS_REGISTRIES_CONF_OVERRIDE").map({ FilePath($0) }) else { return }
    guard try read(last) else {
      throw RegistryError.invalidConfiguration(
        last.string, "there is no such file", notes: ["CONTAINERS_REGISTRIES_CONF_OVERRIDE names it"])
    }
  }

  private mutating func readUsual(_ environment: Environment, _ system: FilePath) throws {
    let user = environment.nonEmpty("HOME").map { FilePath($0).appending(".config").appending("containers") }
    let told = environment.nonEmpty("CONTAINERS_REGISTRIES_CONF").map { FilePath($0) }
    if let told {
      guard try read(told) else {
        throw RegistryError.invalidConfiguration(
          told.string, "there is no such file", notes: ["CONTAINERS_REGISTRIES_CONF names it"])
      }
    } else if let user, try read(user.appending("registries.conf")) {
      try readFolder(user.appending("registries.conf.d"))
      return
    } else {
      _ = try read(system.appending("registries.conf"))
    }
    try readFolder(system.appending("registries.conf.d"))
    if let user { try readFolder(user.appending("registries.conf.d")) }
  }

  private mutating func readFolder(_ folder: FilePath) throws {
    let names: [FilePath.Component]
    do { names = try Files.names(in: folder) } catch let error as HostError {
      if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return }
      throw Self.unreadable(folder, error)
    }
    for name in names.sorted(by: { $0.string < $1.string }) where name.extension == "conf" {
      _ = try read(folder.appending(name))
    }
  }

  /// Whether there is such a file. What it says of a prefix or a name takes the place of what was said before.
  private mutating func read(_ path: FilePath) throws -> Bool {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, limit: 4 << 20) } catch let error as HostError {
      if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return false }
      throw Self.unreadable(path, error)
    }
    let file = try RegistriesFile(String(decoding: bytes, as: UTF8.self), called: path.string)
    let prefixes = Set(file.rules.map(\.prefix))
    rules = rules.filter { !prefixes.contains($0.prefix) } + file.rules
    for (name, target) in file.aliases { aliases[name] = Alias(name: target, origin: path.string) }
    files.append(path.string)
    return true
  }

  private static func unreadable(_ path: FilePath, _ error: HostError) -> RegistryError {
    .invalidConfiguration(path.string, "cannot be read: \(error.errno.description.lowercased())")
  }
}
