import Diagnostics
import DockerCommandLine
import Glibc
import GoTemplate
import HostOS
import OCI
import Slipway
import SystemPackage

/// `docker version`, `info`, `system`.
extension DockerShim {
  func version() throws {
    if let format, !format.isEmpty {
      let value = DockerVersion.value
      return say(format == "json" ? value.json : try DockerTemplate(format).text(of: value))
    }
    say(
      """
      Client: Slipway
       Version:           \(DockerVersion.version)
       API version:       \(DockerVersion.interface)
       Git commit:        \(DockerVersion.build)
       OS/Arch:           \(Platform.host)
       Context:           default

      Server: Slipway, in the same process
       Engine:
        Version:          \(DockerVersion.version)
        API version:      \(DockerVersion.interface) (minimum version 1.24)
        Git commit:       \(DockerVersion.build)
        OS/Arch:          \(Platform.host)
        Experimental:     false
      """)
  }

  func info() throws {
    let value = try information
    if let format, !format.isEmpty {
      return say(format == "json" ? value.json : try DockerTemplate(format).text(of: value))
    }
    func word(_ name: String) -> String { (value[name] ?? "").description }
    say(
      """
      Client: Slipway
       Version:    \(DockerVersion.version)
       Context:    default
       Debug Mode: false
       Plugins:
        buildx: Docker Buildx (Slipway)
          Version:  \(DockerVersion.buildx)
        compose: Docker Compose (Slipway)
          Version:  \(DockerVersion.compose)

      Server:
       Containers: \(word("Containers"))
        Running: 0
        Paused: 0
        Stopped: \(word("ContainersStopped"))
       Images: \(word("Images"))
       Server Version: \(DockerVersion.version)
       Storage Driver: \(word("Driver"))
       Cgroup Driver: none
       Kernel Version: \(word("KernelVersion"))
       Operating System: \(word("OperatingSystem"))
       OSType: linux
       Architecture: \(word("Architecture"))
       CPUs: \(word("NCPU"))
       Total Memory: \(DockerUnits.size(Int64(word("MemTotal")) ?? 0))
       Name: \(word("Name"))
       Docker Root Dir: \(word("DockerRootDir"))
       Debug Mode: false
       Experimental: false
      """)
  }

  private var information: TemplateValue {
    get throws {
      let bench = try bench(quiet: true)
      let stopped = Int64(try containers.all().count)
      let pages = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
      return [
        "ID": "slipway", "Containers": .integer(stopped), "ContainersRunning": 0, "ContainersPaused": 0,
        "ContainersStopped": .integer(stopped), "Images": .integer(Int64(try DockerImages(bench).all().count)),
        "Driver": "overlayfs", "DriverStatus": .list([]), "LoggingDriver": "json-file", "CgroupDriver": "none",
        "CgroupVersion": "2", "KernelVersion": .text(DockerVersion.kernel), "OperatingSystem": "Slipway",
        "OSType": "linux",
        "Architecture": .text(Platform.host.architecture == "arm64" ? "aarch64" : "x86_64"),
        "NCPU": .integer(Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), "MemTotal": .integer(pages),
        "IndexServerAddress": "https://index.docker.io/v1/", "DockerRootDir": .text(bench.storeFolder.string),
        "HttpProxy": .text(environment["HTTP_PROXY"] ?? ""), "HttpsProxy": .text(environment["HTTPS_PROXY"] ?? ""),
        "NoProxy": .text(environment["NO_PROXY"] ?? ""), "Name": .text(DockerVersion.host),
        "ServerVersion": .text(DockerVersion.version), "ExperimentalBuild": false, "Debug": false,
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"], "Swarm": ["LocalNodeState": "inactive"],
        "Warnings": .list([]), "ClientInfo": ["Version": .text(DockerVersion.version), "Context": "default"],
      ]
    }
  }

  func pruneSystem() throws {
    let bench = try bench(quiet: true)
    for container in try containers.all() where !container.isRunning { try containers.remove(container.id) }
    let lines = try DockerRemoval(bench).prune(all: invocation.has("all"))
    if !lines.isEmpty { say("Deleted Images:\n\(lines.joined(separator: "\n"))\n") }
    say("Total reclaimed space: 0B")
  }

  func listContexts() {
    say("NAME        DESCRIPTION   DOCKER ENDPOINT   ERROR\ndefault *   Slipway                         ")
  }

  func listNetworks() throws {
    var listing = DockerListing(columns: [
      ("ID", "NETWORK ID"), ("Name", "NAME"), ("Driver", "DRIVER"), ("Scope", "SCOPE"),
    ])
    for (id, name) in [("000000000001", "host"), ("000000000002", "none")] {
      listing.rows.append([
        "ID": .text(id), "Name": .text(name), "Driver": .text(name == "host" ? "host" : "null"), "Scope": "local",
      ])
    }
    Self.write(try listing.text(format: format, quiet: invocation.has("quiet") ? "ID" : nil))
  }

  func listVolumes() throws {
    let listing = DockerListing(columns: [("Driver", "DRIVER"), ("Name", "VOLUME NAME")])
    Self.write(try listing.text(format: format, quiet: invocation.has("quiet") ? "Name" : nil))
  }

  func removeVolumes() throws {
    guard !invocation.has("force") else { return }
    throw DockerError(
      "Error response from daemon: get \(invocation.arguments[0]): no such volume")
  }
}
