import Buildspec
import Diagnostics
import Testing

@Suite struct BuildspecParsingTests {
  private func parse(_ text: String) throws -> Buildspec {
    try Buildspec.parse(SourceFile(name: "buildspec.yml", text: text))
  }

  private func problems(_ text: String) -> [Diagnostic] {
    do { return try parse(text).warnings } catch { return (error as? BuildspecError)?.diagnostics ?? [] }
  }

  @Test func everyKeyIsRead() throws {
    let spec = try parse(
      """
      version: 0.2
      run-as: root
      env:
        shell: bash
        variables: {ACCOUNT: 012345678901, ON: yes, EMPTY: , PATH2: "$PATH:/x"}
        parameter-store: {P: /app/p}
        secrets-manager: {S: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbC:password::"}
        exported-variables: [A, B]
        git-credential-helper: yes
      proxy: {upload-artifacts: yes, logs: no}
      phases:
        post_build: {commands: [d]}
        install:
          runtime-versions: {docker: 18, python: 3.10}
          on-failure: RETRY-2-.*timeout.*
          run-as: root
          commands: [a]
          finally: [z]
        build:
          on-failure: CONTINUE
          commands:
            - b
            - # nothing
            - |
              c
              d
      reports:
        junit: {files: ["**/*.xml"], file-format: junitxml, base-directory: out, discard-paths: yes}
      artifacts:
        files: imagedefinitions.json
        name: app-$(date +%F)
        discard-paths: yes
        base-directory: 'dist*'
        exclude-paths: [a/**]
        enable-symlinks: true
        s3-prefix: p
        secondary-artifacts:
          one: {files: [x]}
      cache:
        paths: ['/root/.m2/**/*']
        key: k-$(codebuild-hash-files pom.xml)
        fallback-keys: [k-]
        action: restore
      """)
    #expect(spec.warnings.isEmpty)
    #expect(spec.runAs?.value == "root" && spec.environment.shell == .bash)
    #expect(spec.environment.variables.map(\.value.value) == ["012345678901", "yes", "", "$PATH:/x"])
    #expect(spec.environment.exported.map(\.value) == ["A", "B"] && spec.environment.usesCredentialHelper)
    #expect(spec.proxy.uploadsArtifacts && !spec.proxy.logs)
    #expect(spec.phases.map(\.name) == [.install, .build, .postBuild])
    let install = try #require(spec.phase(.install))
    #expect(install.onFailure?.value == .retry(count: 2, pattern: ".*timeout.*"))
    #expect(install.runtimes.map(\.value.value) == ["18", "3.10"] && install.finally.map(\.value) == ["z"])
    #expect(spec.phase(.build)?.commands.map(\.value) == ["b", "c\nd\n"])
    #expect(spec.phase(.build)?.onFailure?.value == .goOn)
    let report = try #require(spec.reports.first)
    #expect(report.format == .junit && report.discardsPaths && report.baseDirectory?.value == "out")
    let artifacts = try #require(spec.artifacts)
    #expect(artifacts.files.map(\.value) == ["imagedefinitions.json"] && artifacts.keepsSymbolicLinks)
    #expect(spec.secondaryArtifacts.map(\.identifier?.value) == ["one"])
    #expect(spec.cache?.fallbackKeys.map(\.value) == ["k-"] && spec.cache?.saves == false)
  }

  @Test func oddFormsAreTakenAsTheyAreMeant() throws {
    let spec = try parse(
      "version: 0.1\r\nenvironment_variables:\r\n  plaintext:\r\n    A: b\r\nphases:\r\n  install:\r\n  build:\r\n"
        + "    commands: one\r\n  post_build:\r\n    commands:\r\nartifacts:\r\n  type: zip\r\n  files: [a]\r\n")
    #expect(spec.version == .v0_1)
    #expect(spec.environment.variables.map(\.name.value) == ["A"])
    #expect(spec.phases.map(\.commands.count) == [0, 1, 0])
    #expect(spec.warnings.isEmpty)
  }

  struct Mistake: Sendable {
    var text: String
    var severity: Diagnostic.Severity
    var message: String
    var line: Int
    var help: String
  }

  @Test(arguments: [
    Mistake(
      text: "version: 0.2\nphases:\n  build:\n    commands:\n      - a\n      - echo \"Account ID: $X\"\n",
      severity: .error,
      message:
        "Expected Commands[1] to be of string type: found subkeys instead at line 6, value of the key tag on line 6 might be empty",
      line: 6, help: "single quotes"),
    Mistake(
      text: "a: 1\n", severity: .error, message: "wrong number of container tags, expected 1: this is no buildspec",
      line: 1, help: "version: 0.2"),
    Mistake(
      text: "phases: {}\n", severity: .error,
      message: "wrong number of container tags, expected 1: there is no version", line: 1, help: "version: 0.2"),
    Mistake(
      text: "version: 0.2\n", severity: .error,
      message: "wrong number of container tags, expected 1: there are no phases", line: 1, help: "phases:"),
    Mistake(
      text: "version: 0.3\nphases: {}\n", severity: .error, message: "there is no version 0.3 of buildspecs", line: 1,
      help: "0.2"),
    Mistake(
      text: "version: 0.2\nphases:\n  prebuild: {}\n", severity: .error, message: "there is no phase prebuild", line: 3,
      help: "did you mean pre_build?"),
    Mistake(
      text: "version: 0.2\nphases:\n  build: {command: [a]}\n", severity: .warning,
      message: "phases/build has no key command; it is ignored", line: 3, help: "did you mean commands?"),
    Mistake(
      text: "version: 0.2\nphases: {}\nartifact: {}\n", severity: .warning,
      message: "a buildspec has no key artifact; it is ignored", line: 3, help: "did you mean artifacts?"),
    Mistake(
      text: "version: 0.2\nphases:\n  build: {on-failure: ABROT}\n", severity: .error,
      message: "phases/build/on-failure is \"ABROT\"", line: 3, help: "did you mean ABORT?"),
    Mistake(
      text: "version: 0.2\nphases:\n  build: {on-failure: \"RETRY-1-(\"}\n", severity: .error,
      message: "phases/build/on-failure has a regular expression that cannot be used: (", line: 3, help: "backslash"),
    Mistake(
      text: "version: 0.2\nenv: {shell: zsh}\nphases: {}\n", severity: .error, message: "env/shell is \"zsh\"", line: 2,
      help: "bash"),
    Mistake(
      text: "version: 0.2\nenv: {variables: {a-b: 1}}\nphases: {}\n", severity: .error,
      message: "\"a-b\" is not a name that a variable can have", line: 2, help: "underscores"),
    Mistake(
      text: "version: 0.2\nenv: {variables: {CODEBUILD_X: 1}}\nphases: {}\n", severity: .warning,
      message: "names that begin with CODEBUILD_ are reserved; CODEBUILD_X is ignored", line: 2, help: "another name"),
    Mistake(
      text: "version: 0.2\nenv: {secrets-manager: {A: \"x::AWSCURRENT:id\"}}\nphases: {}\n", severity: .error,
      message: "\"x::AWSCURRENT:id\" has a version stage and a version id, which exclude each other", line: 2,
      help: "empty"),
    Mistake(
      text: "version: 0.2\nphases: {}\nreports: {r: {file-format: junit, files: [a]}}\n", severity: .error,
      message: "reports/r/file-format is \"junit\"", line: 3, help: "JUNITXML"),
    Mistake(
      text: "version: 0.2\nphases: {}\nartifacts: {files: [a], discard-paths: maybe}\n", severity: .error,
      message: "artifacts/discard-paths is \"maybe\"", line: 3, help: "yes or no"),
    Mistake(
      text: "version: 0.2\nphases: [a]\n", severity: .error, message: "phases is a list and has to be a mapping",
      line: 2, help: "KEY: VALUE"),
    Mistake(
      text: "version: 0.2\nbatch: {build-graph: [{identifier: a, depend-on: [b]}, {identifier: b, depend-on: [a]}]}\n",
      severity: .error, message: "the task a waits for itself", line: 2, help: "circle"),
    Mistake(
      text: "version: 0.2\nbatch: {build-list: [{identifier: linux}, {identifier: linux}]}\n", severity: .error,
      message: "there are two tasks linux", line: 2, help: "own"),
    Mistake(
      text: "version: 0.2\nphases: {}\nslipway: {image: {}}\n", severity: .error, message: "slipway has no key image",
      line: 3, help: "did you mean images?"),
    Mistake(
      text: "version: 0.2\nphases: {}\nslipway: {images: {a-b: {}, a_b: {}}}\n", severity: .error,
      message: "the images a-b and a_b have the same variable SLIPWAY_IMAGE_A_B", line: 3, help: "rename"),
    Mistake(
      text: "version: 0.2\nphases: {}\nslipway: {deploy: [{with: {}}]}\n", severity: .error,
      message: "a deployment names no plugin", line: 3, help: "rolling"),
  ])
  func mistakesNamePlaceAndRemedy(mistake: Mistake) throws {
    let found = problems(mistake.text)
    let diagnostic = try #require(found.first { $0.message == mistake.message }, "found \(found.map(\.message))")
    #expect(diagnostic.severity == mistake.severity)
    let place = try #require(diagnostic.annotation)
    #expect(place.file.location(at: place.range.lowerBound).line == mistake.line)
    #expect(diagnostic.help.contains { $0.contains(mistake.help) }, "\(diagnostic.help)")
  }

  @Test func allMistakesAreToldAtOnce() {
    let found = problems(
      "version: 0.4\nenv: {shell: fish}\nphases:\n  biuld: {}\n  build:\n    commands: [{a: b}, {c: d}]\n    on-failure: NO\n"
    )
    #expect(found.filter { $0.severity == .error }.count == 6)
  }

  @Test func matricesAreProducts() throws {
    let spec = try parse(
      """
      version: 0.2
      batch:
        fast-fail: true
        build-matrix:
          static: {ignore-failure: true}
          dynamic:
            buildspec: [a.yml, b.yml]
            env: {variables: {V: [1, 2, 3], W: x}}
      """)
    let batch = try #require(spec.batch)
    #expect(batch.failsFast && batch.tasks.count == 6)
    let described = batch.tasks.map { task in
      "\(task.buildspec?.value ?? "") \(task.variables.map { "\($0.name.value)=\($0.value.value)" }.joined(separator: " "))"
    }
    #expect(described.first == "a.yml V=1 W=x" && described.last == "b.yml V=3 W=x")
    #expect(Set(batch.tasks.map(\.identifier.value)).count == 6)
    #expect(batch.tasks.filter(\.ignoresFailure).count == 6)
  }

  @Test(
    arguments: [
      ("db", "db", nil, nil, nil), ("db:pw", "db", "pw", nil, nil),
      ("db:pw:AWSPREVIOUS", "db", "pw", "AWSPREVIOUS", nil),
      ("db:::v1", "db", nil, nil, "v1"),
      ("arn:aws:secretsmanager:r:1:secret:n-AbC", "arn:aws:secretsmanager:r:1:secret:n-AbC", nil, nil, nil),
      ("arn:aws:secretsmanager:r:1:secret:n-AbC:key::v", "arn:aws:secretsmanager:r:1:secret:n-AbC", "key", nil, "v"),
    ] as [(String, String, String?, String?, String?)])
  func secretsAreTakenApart(text: String, id: String, key: String?, stage: String?, version: String?) throws {
    let reference = try SecretReference(parsing: text)
    #expect(reference.id == id && reference.jsonKey == key)
    #expect(reference.versionStage == stage && reference.versionID == version)
  }

  /// Cut anywhere, a file is read or refused with a diagnostic.
  @Test func damagedFilesAreReadOrRefused() {
    let text = Array(
      "version: 0.2\nenv:\n  variables: {A: b}\nphases:\n  build:\n    commands:\n      - |\n        x\n      - 'y: z'\nslipway:\n  images: {w: {tags: [a]}}\n  deploy: [{plugin: p, with: {}}]\nbatch: {build-list: [{identifier: a}]}\n"
        .utf8)
    for place in text.indices {
      for bytes in [Array(text[..<place]), Array(text[..<place]) + Array(": [".utf8) + Array(text[place...])] {
        do { _ = try Buildspec.parse(SourceFile(name: "b", bytes: bytes)) } catch {
          #expect((error as? BuildspecError)?.diagnostics.isEmpty == false)
        }
      }
    }
  }
}
