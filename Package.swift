// swift-tools-version: 6.2
import PackageDescription

/// One language mode for every target: Swift 6, explicit existentials, explicit imports, no warning left.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .treatAllWarnings(as: .error),
]
/// For systems without libdeflate and ISA-L. The bytes of compressed layers are others then.
let usesZlibOnly = Context.environment["SLIPWAY_ZLIB_ONLY"] != nil
let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let tomlKit = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")

/// A Swift module in `Sources/`, or in `path`.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

/// Tests in `Tests/<name>Tests`, with what nearly all of them use.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: ["Diagnostics", "HostOS", "TestSupport", systemPackage] + dependencies,
    swiftSettings: swiftSettings)
}

/// Faster than zlib, and with the same bytes on every processor.
let compressionLibraries: [Target] =
  usesZlibOnly
  ? []
  : [
    // Compresses whole buffers.
    .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    // Decompresses streams, with ISA-L.
    .target(name: "CInflate", cSettings: cSettings, linkerSettings: [.linkedLibrary("isal")]),
  ]

let package = Package(
  name: "slipway",
  products: [
    .executable(name: "slipway", targets: ["SlipwayCLI"]),
    .library(name: "DeployPlugins", targets: ["DeployPlugins"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Its server alone: routes and settings are small enough to be our own.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // MARK: Layer 0
    // JSON text ↔ value that keeps the order of members and the digits of numbers; pure.
    module("JSON"),
    // What we tell people: source ranges, diagnostics, error codes, progress events, and their renderers;
    // no I/O but the sink it is given.
    module("Diagnostics", ["JSON"]),

    // MARK: Layer 1
    // System calls that Glibc's Swift module does not import (openat2, extended attributes, device numbers).
    .target(name: "CHostOS", cSettings: cSettings),
    // Files, descriptors, locks, child processes, signals, clock, environment, SHA-256: the only door to the
    // machine, behind values that tests replace.
    module("HostOS", ["CHostOS", "Diagnostics", crypto, subprocess, systemPackage]),
    // One streaming client over async-http-client: TLS roots, redirects, one retry policy, redaction; a
    // scripted transport for tests.
    module(
      "HTTP", ["Diagnostics", "HostOS", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, systemPackage]),
    // image-spec values and their exact bytes; references; image sources and destinations; the verified
    // ContentStore and image layout.
    module("OCI", ["Diagnostics", "HostOS", nioCore, systemPackage]),
    // Dockerfile and .dockerignore text → AST, expansion, lint; pure.
    module("DockerfileSyntax", ["Diagnostics"]),
    // The libyaml of the system.
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    // YAML text → nodes that know where they are written; pure.
    module("SourceYAML", ["CYAML", "Diagnostics"]),

    // Docker's command line: tables of its commands and flags, with what becomes of each; words → invocation; pure.
    module("DockerCommandLine"),
    // Go's text/template as docker's --format uses it: a template and a tree of values → text; pure.
    module("GoTemplate"),

    // MARK: Layer 2
    // AST + options + base configs → `BuildGraph` and final config; pure.
    module("BuildPlanning", ["Diagnostics", "DockerfileSyntax", "OCI"]),
    // The libarchive, zlib and zstd of the system.
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    // File trees ↔ reproducible layers, over libarchive, zlib and what is faster; safe extraction; whiteouts.
    .target(
      name: "Archive",
      dependencies: ["CArchive", "CHostOS", "CZlib", "CZstd", "Diagnostics", "HostOS", systemPackage]
        + (usesZlibOnly ? [] : ["CDeflate", "CInflate"]),
      swiftSettings: swiftSettings + (usesZlibOnly ? [.define("SLIPWAY_ZLIB_ONLY")] : [])),
    // The child's half of the sandbox: between clone and exec only async-signal-safe C may run.
    .target(name: "CSandbox", cSettings: cSettings),
    // The libseccomp of the system.
    .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    // Run one command in a root filesystem under the strongest isolation the host permits, and say what it
    // changed.
    module("Sandbox", ["CHostOS", "CSandbox", "CSeccomp", "Diagnostics", "HostOS", systemPackage]),
    // distribution-spec client as ImageSource and ImageDestination: auth, mirrors, certificates, resumable upload.
    module("Registry", ["Diagnostics", "HTTP", "HostOS", "OCI", nioCore, nioHTTP1, systemPackage, tomlKit]),
    // Move images between sources and destinations as they are, write and read archives of them, check them.
    module("Images", ["Archive", "Diagnostics", "HostOS", "OCI", nioCore, systemPackage]),
    // A content store as a registry: the server's side of the distribution-spec, with uploads, referrers, deletion,
    // passwords and TLS.
    .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
    module(
      "RegistryServer",
      [
        "CCrypt", "Diagnostics", "HostOS", "OCI", httpTypes, hummingbird, hummingbirdTLS, logging, nioCore, nioPosix,
        nioSSL, systemPackage,
      ]),
    // SigV4, the standard credential chain, endpoints, and only the calls we use.
    module("AWS", ["Diagnostics", "HTTP", "HostOS", "JSON", crypto, nioHTTP1, systemPackage]),
    // Fetch what a Dockerfile names by URL: files over HTTP and git repositories, verified and kept for the next
    // build.
    module(
      "RemoteSources",
      ["Diagnostics", "DockerfileSyntax", "HTTP", "HostOS", "OCI", nioCore, nioHTTP1, systemPackage]),
    // buildspec 0.1 and 0.2 → value with ranges; runs its phases.
    module("Buildspec", ["Diagnostics", "HostOS", "SourceYAML", systemPackage]),
    // The deploy protocol: messages, host side, author side (the SDK), conformance kit.
    module("DeployPlugins", ["Diagnostics", "HostOS", "JSON", "SourceYAML", systemPackage]),

    // Amazon ECS, ECR, CodeDeploy and what they work with, on this machine: for tests and rehearsals.
    module(
      "SimulatedAWS",
      [
        "AWS", "CZlib", "Diagnostics", "HostOS", "JSON", "SourceYAML", httpTypes, hummingbird, logging, nioCore,
        nioPosix, systemPackage,
      ]),

    // MARK: Layer 3
    // Solve a `BuildGraph`: schedule, cache, materialise, execute, commit.
    module(
      "Builder",
      [
        "Archive", "BuildPlanning", "CHostOS", "Diagnostics", "DockerfileSyntax", "HostOS", "Images", "OCI",
        "RemoteSources", "Sandbox", systemPackage,
      ]),

    // MARK: Layer 4
    // The use cases as request → events → result; wires, owns no mechanism.
    module(
      "Slipway",
      [
        "AWS", "Archive", "BlueGreenPlugin", "BuildPlanning", "Builder", "Buildspec", "DeployPlugins", "Diagnostics",
        "DockerfileSyntax", "ExternalPlugin", "GoTemplate", "HTTP", "HostOS", "Images", "JSON", "OCI", "Registry",
        "RegistryServer", "RemoteSources", "RollingPlugin", "Sandbox", "SimulatedAWS", "SourceYAML", systemPackage,
      ]),

    // MARK: Layer 5
    // argv, terminal, exit codes; the executable `slipway`.
    .executableTarget(
      name: "SlipwayCLI",
      dependencies: [
        "Buildspec", "DeployPlugins", "Diagnostics", "DockerCommandLine", "GoTemplate", "HostOS", "Images", "JSON",
        "OCI", "Slipway", argumentParser, systemPackage,
      ],
      swiftSettings: swiftSettings),

    // MARK: Deploy plugins: import `AWS`, `DeployPlugins` and nothing above
    // What all deployments to Amazon ECS share: task definitions, one-off and scheduled tasks, waiting, explanations.
    module(
      "ECSDeployment",
      ["AWS", "DeployPlugins", "Diagnostics", "HTTP", "HostOS", "JSON", "SourceYAML", nioHTTP1, systemPackage],
      path: "Plugins/ECS"),
    // Rolling updates by the ECS deployment controller.
    module(
      "RollingPlugin", ["AWS", "DeployPlugins", "Diagnostics", "ECSDeployment", "HostOS", "JSON"],
      path: "Plugins/Rolling"),
    // Blue/green, canary and linear: by the ECS deployment controller, or by CodeDeploy.
    module(
      "BlueGreenPlugin",
      ["AWS", "DeployPlugins", "Diagnostics", "ECSDeployment", "HostOS", "JSON", "SourceYAML", systemPackage],
      path: "Plugins/BlueGreen"),
    // Deployments by others: task sets, and commands that deploy.
    module(
      "ExternalPlugin", ["AWS", "DeployPlugins", "Diagnostics", "ECSDeployment", "HostOS", "JSON", systemPackage],
      path: "Plugins/External"),

    // MARK: Tests
    // Scratch folders, real tools, a real registry, expected diagnostics: what several test targets share.
    module(
      "TestSupport", ["Diagnostics", "HostOS", nioCore, nioHTTP1, nioPosix, subprocess, systemPackage],
      path: "Tests/TestSupport"),
    tests("JSON", ["JSON"]),
    tests("Diagnostics"),
    tests("HostOS"),
    tests("HTTP", ["HTTP", nioCore, nioHTTP1, nioPosix, nioSSL]),
    tests("OCI", ["OCI", nioCore]),
    tests("DockerfileSyntax", ["DockerfileSyntax", "SyntaxFuzz"]),
    // Feeds made-up and damaged texts to the language for a time: `make fuzz`.
    .executableTarget(
      name: "SyntaxFuzz", dependencies: ["Diagnostics", "DockerfileSyntax"], path: "Tests/SyntaxFuzz",
      swiftSettings: swiftSettings),
    // How long texts of 100,000 lines of all shapes take: `Benchmarks/syntax`.
    .executableTarget(
      name: "SyntaxBench", dependencies: ["Diagnostics", "DockerfileSyntax"], path: "Benchmarks/SyntaxBench",
      swiftSettings: swiftSettings),
    // How long the sandbox takes to run a program: `Benchmarks/run-overhead`.
    .executableTarget(
      name: "RunBench", dependencies: ["HostOS", "Sandbox", systemPackage], path: "Benchmarks/RunBench",
      exclude: ["bare.c"], swiftSettings: swiftSettings),
    tests("SourceYAML", ["SourceYAML"]),
    tests("DockerCommandLine", ["DockerCommandLine"]),
    tests("GoTemplate", ["GoTemplate"]),
    tests("Buildspec", ["Buildspec"]),
    tests("BuildPlanning", ["BuildPlanning", "DockerfileSyntax", "OCI"]),
    tests("Archive", ["Archive"]),
    // A program that enters a user namespace as ours does, for the tests of plain users.
    .executableTarget(
      name: "SandboxProgram", dependencies: ["Diagnostics", "HostOS", "Sandbox", systemPackage],
      path: "Tests/SandboxProgram", swiftSettings: swiftSettings),
    tests("Sandbox", ["CHostOS", "CSandbox", "CSeccomp", "Sandbox", "SandboxProgram"]),
    tests("Registry", ["HTTP", "OCI", "Registry", "RegistryServer", nioCore, nioHTTP1, nioPosix]),
    tests("RegistryServer", ["HTTP", "OCI", "RegistryServer", nioCore, nioHTTP1, nioPosix]),
    tests("Images", ["Archive", "Images", "OCI", nioCore]),
    tests("AWS", ["AWS", "HTTP", nioHTTP1]),
    tests("RemoteSources", ["DockerfileSyntax", "HTTP", "OCI", "RemoteSources"]),
    tests("DeployPlugins", ["DeployPlugins", "JSON", "SourceYAML"]),
    // The simulation as a server of its own, for other clients.
    .executableTarget(
      name: "SimulatedAWSServer", dependencies: ["HostOS", "SimulatedAWS", systemPackage],
      path: "Tests/SimulatedAWSServer", swiftSettings: swiftSettings),
    tests("SimulatedAWS", ["AWS", "HTTP", "JSON", "SimulatedAWS"]),
    // Deployments to the simulated Amazon ECS, by the plugins inside this process and by the program.
    tests(
      "Deployment",
      [
        "AWS", "BlueGreenPlugin", "DeployPlugins", "ECSDeployment", "ExternalPlugin", "HTTP", "JSON", "RollingPlugin",
        "SimulatedAWS",
      ]),
    tests(
      "Builder",
      ["Archive", "BuildPlanning", "Builder", "DockerfileSyntax", "HTTP", "Images", "OCI", "RemoteSources", "Sandbox"]),
    tests(
      "Slipway",
      [
        "AWS", "Archive", "BuildPlanning", "Builder", "Buildspec", "DockerfileSyntax", "HTTP", "Images", "OCI",
        "RemoteSources", "Slipway",
      ]),
    tests("TestSupport"),
    // The program as people run it, with the tools that they have.
    tests("Acceptance", ["OCI"]),
    // Real builds on Debian, at every rung of the isolation ladder.
    tests("Rung"),
  ] + compressionLibraries
)
