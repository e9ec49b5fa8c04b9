import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Registries and services of AWS that all fixtures of a suite share, and what they have in common.
struct PipelineServers: Sendable {
  /// In the place of Amazon ECR: it wants the password that AWS gives.
  let ecr: TestRegistry
  /// In the place of all other registries.
  let hub: TestRegistry
  let aws: AWSServer
  /// Every program of this machine but those that build, run or fetch containers, and `aws`.
  let programs: FilePath
  /// `aws`, alone.
  let awsProgram: FilePath
  let expectations: [String: PipelineExpectation]

  /// Those of the suite that runs.
  @TaskLocal static var current: PipelineServers?

  static let ecrHosts = [
    "\(AWSServer.account).dkr.ecr.eu-central-1.amazonaws.com", "\(AWSServer.account).dkr.ecr.us-east-1.amazonaws.com",
    "210987654321.dkr.ecr.eu-central-1.amazonaws.com",
  ]
  private static let otherHosts = [
    "docker.io", "public.ecr.aws", "mcr.microsoft.com", "gcr.io", "ghcr.io", "quay.io", "registry.gitlab.com",
  ]
  /// What must not be what a fixture runs on.
  private static let absent: Set<String> = [
    "aws", "buildah", "containerd", "crane", "crun", "ctr", "docker", "docker-compose", "dockerd", "img", "kaniko",
    "nerdctl", "podman", "runc", "service", "skopeo", "sudo", "systemctl", "umoci",
  ]

  static func serve(_ body: @Sendable (PipelineServers) async throws -> Void) async throws {
    // Moto's password.
    let credentials = TestRegistry.Credentials(user: "AWS", password: "\(AWSServer.account)-auth-token")
    try await Scratch.use("pipelines") { scratch in
      let expectations = try await readExpectations()
      let programs = scratch("programs"), awsProgram = scratch("aws")
      try await writePrograms(programs, aws: awsProgram)
      try await AWSServer.serve { aws in
        try await TestRegistry.serve(.init(access: .basic(credentials))) { ecr in
          try await TestRegistry.serve { hub in
            try await putBases(into: hub)
            try await body(
              PipelineServers(
                ecr: ecr, hub: hub, aws: aws, programs: programs, awsProgram: awsProgram, expectations: expectations))
          }
        }
      }
    }
  }

  private static func readExpectations() async throws -> [String: PipelineExpectation] {
    let python = try AWSServer.python().string
    let script = Checkout.fixture("buildspecs/expectations").string
    let answer = try await Tool.run(python, [script])
    let known = Set(PipelineExpectation.CodingKeys.allCases.map(\.rawValue))
    let keys = try JSONDecoder().decode([String: Keys].self, from: Data(answer.output))
    for (name, found) in keys {
      let unknown = found.names.subtracting(known)
      guard unknown.isEmpty else {
        throw PipelineFixtureError("\(name)/expected.yml has unknown keys: \(unknown.sorted())")
      }
    }
    return try JSONDecoder().decode([String: PipelineExpectation].self, from: Data(answer.output))
  }

  private struct Keys: Decodable {
    struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    var names: Set<String>

    init(from decoder: any Decoder) throws {
      names = Set(try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue))
    }
  }

  private static func writePrograms(_ programs: FilePath, aws: FilePath) async throws {
    try Scratch.write([:], to: programs)
    let script = """
      folder=$1; shift
      for directory in /usr/local/bin /usr/bin /bin /usr/local/sbin /usr/sbin /sbin; do
        for program in "$directory"/*; do
          name=${program##*/}
          case " $ABSENT " in *" $name "*) continue ;; esac
          if [ -x "$program" ] && [ ! -e "$folder/$name" ]; then ln -s "$program" "$folder/$name"; fi
        done
      done
      """
    try await Tool.run(
      "sh", ["-c", script, "sh", programs.string],
      environment: Environment(["PATH": "/usr/bin:/bin", "ABSENT": absent.sorted().joined(separator: " ")]))
    let python = try AWSServer.python()
    // Who is root needs no sudo; the real one would leave the PATH that the pipeline has made.
    try Scratch.write(["sudo": .file("#!/bin/sh\nexec \"$@\"\n", mode: 0o755)], to: programs)
    try Scratch.write(["aws": .file("#!/bin/sh\nexec \(python) -m awscli \"$@\"\n", mode: 0o755)], to: aws)
  }

  /// Puts the busybox base there under all names of `bases.txt`, without sending it again for each.
  private static func putBases(into hub: TestRegistry) async throws {
    try await hub.push(BaseImages.busybox(), as: "docker.io/library/busybox:latest")
    let script = """
      cd "$1"
      grep -v '^#' "$2" | while read -r name; do
        repository=${name%:*} tag=${name##*:} tags=$repository/_manifests/tags
        if [ ! -e "$repository" ]; then
          mkdir -p "${repository%/*}"
          cp -r docker.io/library/busybox "$repository"
        fi
        [ -e "$tags/$tag" ] || cp -r "$tags/latest" "$tags/$tag"
      done
      """
    let repositories = hub.repositories
    try await Tool.run(
      "sh", ["-euc", script, "sh", repositories.string, Checkout.fixture("buildspecs/bases.txt").string])
  }

  /// Leads all names to the two registries; what is pushed goes below `space`, and bases are found beside it.
  func registriesConfiguration(space: String) -> String {
    let hub = Self.otherHosts.map { host in
      """
      [[registry]]
      prefix = "\(host)"
      location = "\(self.hub.authority)/\(space)/\(host)"
      insecure = true
      [[registry.mirror]]
      location = "\(self.hub.authority)/\(host)"
      insecure = true

      """
    }
    let ecr = Self.ecrHosts.map { host in
      """
      [[registry]]
      prefix = "\(host)"
      location = "\(self.ecr.authority)/\(space)/\(host)"
      insecure = true

      """
    }
    return (hub + ecr).joined(separator: "\n")
  }
}

extension TestRegistry {
  /// Where docker-registry keeps what it has, for registries that store in a folder.
  var storage: FilePath { folder.pushing("blobs/docker/registry/v2") }
  var repositories: FilePath { storage.appending("repositories") }

  /// Repository, without `space` → tag → digest.
  func tags(below space: String) async throws -> [String: [String: String]] {
    let root = repositories.appending(space)
    guard try FileStatus.ifExists(root) != nil else { return [:] }
    let links = try await Tool.output(
      "find", [root.string, "-path", "*/_manifests/tags/*/current/link", "-printf", "%P\n"])
    var tags: [String: [String: String]] = [:]
    for link in links.split(separator: "\n") {
      guard let match = link.wholeMatch(of: /(.+)\/_manifests\/tags\/([^\/]+)\/current\/link/) else { continue }
      let digest = String(decoding: try Files.read(root.pushing(FilePath(String(link)))), as: UTF8.self)
      tags[String(match.1), default: [:]][String(match.2)] = digest
    }
    return tags
  }

  /// A blob, if it is there.
  func blob(_ digest: String) -> Data? {
    let hex = String(digest.dropFirst("sha256:".count))
    let path = storage.pushing(FilePath("blobs/sha256/\(hex.prefix(2))/\(hex)/data"))
    return (try? Files.read(path)).map { Data($0) }
  }
}

/// Starts the servers once for a suite.
struct PipelineServersTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await PipelineServers.serve { servers in
      try await PipelineServers.$current.withValue(servers) { try await function() }
    }
  }
}

extension Trait where Self == PipelineServersTrait {
  /// The registries and services that `PipelineServers.current` has.
  static var pipelineServers: Self { Self() }
}
