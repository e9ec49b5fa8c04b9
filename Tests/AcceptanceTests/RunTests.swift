import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// `slipway run`, as people and CI systems call it.
@Suite struct RunTests {
  /// A source with a buildspec, and slipway to run it.
  struct Place {
    let scratch: Scratch
    var slipway: SlipwayBinary
    var source: FilePath { scratch("source") }

    init(_ buildspec: String, _ files: [String: ScratchEntry] = [:]) throws {
      scratch = try Scratch("run")
      slipway = try SlipwayBinary(scratch)
      try scratch.write(files.merging(["buildspec.yml": .file(buildspec)]) { $1 }, in: "source")
    }

    func run(_ arguments: [String] = []) async throws -> ChildProcess.Outcome {
      try await slipway.run(["run"] + arguments, in: source)
    }

    func text(_ name: String) throws -> String {
      String(decoding: try Files.read(source.pushing(FilePath(name))), as: UTF8.self)
    }
  }

  /// The lines of the log without their times.
  static func log(_ outcome: ChildProcess.Outcome) -> [String] {
    outcome.errorText.split(separator: "\n").map { line in
      String(line).replacing(#/^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} /#, with: "")
    }
  }

  /// A command in each phase that fails on demand.
  private static let phases = """
    version: 0.2
    phases:
      install: {commands: ['echo install; test $FAIL != install'], finally: [echo finally-install]}
      pre_build: {commands: ['echo pre_build; test $FAIL != pre_build']}
      build: {commands: ['echo build; test $FAIL != build', echo more], finally: [echo finally-build]}
      post_build: {commands: ['echo post_build $CODEBUILD_BUILD_SUCCEEDING; test $FAIL != post_build']}

    """

  @Test(
    arguments: [
      ("none", 0, ["install", "finally-install", "pre_build", "build", "more", "finally-build", "post_build 1"]),
      ("install", 1, ["install", "finally-install"]),
      ("pre_build", 1, ["install", "finally-install", "pre_build"]),
      ("build", 1, ["install", "finally-install", "pre_build", "build", "finally-build", "post_build 0"]),
      ("post_build", 1, ["install", "finally-install", "pre_build", "build", "more", "finally-build", "post_build 1"]),
    ] as [(String, Int32, [String])])
  func phasesFollowCodeBuildsTable(failing: String, status: Int32, expected: [String]) async throws {
    let place = try Place(Self.phases)
    let outcome = try await place.run(["--env", "FAIL=\(failing)"])
    expect(outcome, endsWith: status)
    let said = Self.log(outcome).filter { line in expected.contains(line) || line.hasPrefix("post_build ") }
    #expect(said == expected)
    #expect(outcome.outputText.isEmpty)
    if status == 1 {
      #expect(outcome.errorText.contains("Phase complete: \(failing.uppercased()) State: FAILED"))
      #expect(
        outcome.errorText.contains(
          "Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: "))
      #expect(outcome.errorText.contains("exit status 1"))
    }
  }

  @Test(
    arguments: [
      ("ABORT", ["build"], 1), ("CONTINUE", ["build", "post 0"], 1),
      ("RETRY-2", ["build", "build", "build", "post 0"], 1),
      ("RETRY-5-exit status 3", ["build", "post 0"], 1), ("RETRY-1-.*status 1", ["build", "build", "post 0"], 1),
    ] as [(String, [String], Int32)])
  func failuresAreDealtWithAsAsked(action: String, expected: [String], status: Int32) async throws {
    let place = try Place(
      """
      version: 0.2
      phases:
        build: {on-failure: \(action), commands: [echo build, 'false']}
        post_build: {commands: [echo post $CODEBUILD_BUILD_SUCCEEDING]}

      """)
    let outcome = try await place.run()
    expect(outcome, endsWith: status)
    #expect(Self.log(outcome).filter { $0 == "build" || $0.hasPrefix("post ") } == expected)
  }

  @Test func aPhaseThatSucceedsInTheEndSucceeded() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  pre_build:\n    on-failure: RETRY\n    commands: ['test -e mark || { touch mark; exit 9; }']\n"
    )
    let outcome = try await place.run()
    expect(outcome)
    #expect(outcome.errorText.contains("Retrying phase PRE_BUILD: attempt 1 of 3"))
  }

  @Test func variablesHaveTheirOrder() async throws {
    let place = try Place(
      "version: 0.2\nenv:\n  variables: {A: file, B: file, C: file, D: '$PATH:x', E: file}\n  exported-variables: [A, B, C, D, E, F, LATE, NONE]\n"
        + "phases:\n  post_build:\n    commands: [LATE=set]\n",
      ["vars.env": .file("# comment\nB=env file\nC=env file\nF\n")])
    var here = place
    here.slipway.environment.variables.merge(["A": "caller", "E": "caller", "F": "caller"]) { $1 }
    let outcome = try await here.run([
      "--env-file", "vars.env", "--env", "C=option", "-e", "E", "--format", "json", "--dotenv", "out.env",
    ])
    expect(outcome)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
    #expect(
      document["exported-variables"] as? [String: String] == [
        "A": "file", "B": "env file", "C": "option", "D": "$PATH:x", "E": "caller", "F": "caller", "LATE": "set",
      ])
    #expect(document["status"] as? String == "SUCCEEDED")
    #expect(try place.text("out.env") == "A=file\nB=env file\nC=option\nD=$PATH:x\nE=caller\nF=caller\nLATE=set\n")
  }

  @Test func outputsGoToGitHub() async throws {
    let place = try Place(
      "version: 0.2\nenv: {exported-variables: [A, B]}\nphases:\n  build:\n    commands: [A=1, \"B=$(printf 'x\\\\ny')\"]\n"
    )
    var here = place
    here.slipway.environment.variables["GITHUB_OUTPUT"] = place.scratch("github").string
    expect(try await here.run(["--metadata-file", "meta.json"]))
    let text = String(decoding: try Files.read(place.scratch("github")), as: UTF8.self)
    #expect(text.contains(#/^A=1\nB<<(ghadelimiter_\S+)\nx\ny\nghadelimiter_\S+\n$/#))
    #expect(try place.text("meta.json").contains("\"status\" : \"SUCCEEDED\""))
  }

  @Test func codeBuildsVariablesTellOfTheCheckout() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  build:\n    commands:\n      - env | grep -E '^(CODEBUILD|SOURCE_DATE)' | sort > ../vars\n"
    )
    for arguments in [
      ["init", "-q", "-b", "trunk"], ["add", "."],
      ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "x", "--date", "2024-01-02T03:04:05Z"],
      ["remote", "add", "origin", "https://user:pw@example.com/a/b.git"],
    ] {
      try await Tool.run(
        "git", arguments,
        environment: [
          "PATH": Environment.current["PATH"] ?? "", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z", "HOME": "/",
        ],
        in: place.source)
    }
    expect(try await place.run())
    expect(try await place.run())
    let lines = String(decoding: try Files.read(place.scratch("vars")), as: UTF8.self).split(separator: "\n")
    let values = Dictionary(
      uniqueKeysWithValues: lines.map { line in
        let parts = line.split(separator: "=", maxSplits: 1)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
      })
    let commit = try await Tool.output("git", ["-c", "safe.directory=*", "rev-parse", "HEAD"], in: place.source)
    #expect(values["CODEBUILD_RESOLVED_SOURCE_VERSION"] == commit && values["CODEBUILD_SOURCE_VERSION"] == "trunk")
    #expect(values["CODEBUILD_SOURCE_REPO_URL"] == "https://example.com/a/b.git")
    #expect(values["CODEBUILD_BUILD_NUMBER"] == "2" && values["SOURCE_DATE_EPOCH"] == "1704164645")
    #expect(values["CODEBUILD_BUILD_ID"]?.contains(#/^source:[0-9a-f]{8}-[0-9a-f]{4}-4/#) == true)
    #expect(values["CODEBUILD_SRC_DIR"].map { FilePath($0) } == place.source && values["CODEBUILD_CI"] == "true")
  }

  @Test func mistakesEndTheRunBeforeAnyCommand() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  install: {commands: [touch ran]}\n  build:\n    commands:\n      - echo \"a: b\"\n  tset: {}\n"
    )
    let outcome = try await place.run()
    expect(outcome, endsWith: 2)
    #expect(
      outcome.errorText.contains(
        "Phase context status code: YAML_FILE_ERROR Message: Expected Commands[0] to be of string type"))
    #expect(outcome.errorText.contains(":6:9\n") && outcome.errorText.contains("there is no phase tset"))
    #expect(try FileStatus.ifExists(place.source.appending("ran")) == nil)
  }

  @Test func missingFilesHaveNeighbours() async throws {
    let place = try Place("version: 0.2\nphases: {}\n", ["other": .file("")])
    try Files.rename(place.source.appending("buildspec.yml"), to: place.source.appending("buildspec.yaml"))
    let outcome = try await place.run()
    expect(outcome, endsWith: 2)
    #expect(
      outcome.errorText.contains("YAML file does not exist")
        && outcome.errorText.contains("did you mean slipway run buildspec.yaml?"))
    expect(try await place.run(["buildspec.yaml"]))
  }

  @Test func secretsAreMasked() async throws {
    let place = try Place(
      """
      version: 0.2
      env: {exported-variables: [COPY]}
      phases:
        build:
          commands:
            - printf 'hun'; sleep 0.2; printf 'ter2-%s\\n' end
            - echo "$DB_PASSWORD" >&2; COPY=$DB_PASSWORD
            - 'false hunter2-end'

      """)
    let outcome = try await place.run(["--env", "DB_PASSWORD=hunter2-end", "--format", "json"])
    expect(outcome, endsWith: 1)
    #expect(!outcome.errorText.contains("hunter2-end") && !outcome.outputText.contains("hunter2-end"))
    #expect(Self.log(outcome).filter { $0 == "***" }.count == 2 && outcome.outputText.contains("false ***"))
  }

  @Test func dryRunsRunNothing() async throws {
    let place = try Place(
      Self.phases
        + "artifacts: {files: [a.json]}\nslipway: {images: {web: {tags: ['$R:1']}}, deploy: [{plugin: rolling}]}\n")
    let outcome = try await place.run(["--dry-run"])
    expect(outcome)
    #expect(outcome.outputText.contains("phase build:\n  echo build; test $FAIL != build\n"))
    #expect(
      outcome.outputText.contains("image web: . as $R:1, pushed\n") && outcome.outputText.contains("deploy    rolling"))
    #expect(!outcome.errorText.contains("Entering phase"))
    let json = try await place.run(["--dry-run", "--format", "json"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.output)) is [String: Any])
  }

  @Test func quietRunsSayNothing() async throws {
    let place = try Place("version: 0.2\nphases: {build: {commands: [echo hello]}}\n")
    let outcome = try await place.run(["--progress", "quiet"])
    expect(outcome)
    #expect(outcome.errorText.isEmpty && outcome.outputText.isEmpty)
  }
}

/// What runs leave behind, and several at a time.
@Suite struct RunResultTests {
  typealias Place = RunTests.Place

  private func names(_ folder: FilePath) async throws -> String {
    try await Tool.output("sh", ["-c", "find . -mindepth 1 ! -type d | sort | tr '\\n' ' '"], in: folder)
  }

  private static let artifacts = """
    version: 0.2
    phases:
      build:
        commands:
          - mkdir -p dist1/a dist2 sub && echo x > dist1/a/x.txt && echo y > dist2/y.txt && echo j > image.json
          - ln -s image.json link.json; N=image; cd sub
    artifacts:
      files: [$N.json, 'nothing*', link.json]
      discard-paths: no
      enable-symlinks: yes
      secondary-artifacts:
        all: {base-directory: 'dist*', files: ['**/*'], exclude-paths: [a/**]}
        flat: {files: ['dist1/**/*', dist2], discard-paths: yes, name: 'n-$(echo $N)'}

    """

  @Test func artifactsAreCopied() async throws {
    let place = try Place(Self.artifacts)
    let outcome = try await place.run(["--artifacts", "../out", "--format", "json"])
    expect(outcome)
    #expect(try await names(place.scratch("out")) == "./all/y.txt ./flat/x.txt ./flat/y.txt ./image.json ./link.json ")
    #expect(try Files.symbolicLinkTarget(place.scratch("out/link.json")) == "image.json")
    #expect(
      outcome.errorText.contains("Skipping invalid file path nothing*") && outcome.errorText.contains("Found 2 file(s)")
    )
    #expect(outcome.outputText.contains("\"name\" : \"n-image\""))
    #expect(outcome.errorText.contains("Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED"))
  }

  @Test func artifactsAreArchived() async throws {
    let place = try Place(Self.artifacts)
    expect(try await place.run(["--artifacts", "../out/a.zip"]))
    let listed = try await Tool.output("bsdtar", ["-tf", place.scratch("out/a.zip").string])
    #expect(listed == "image.json\nlink.json")
    #expect(try await Tool.output("bsdtar", ["-xOf", place.scratch("out/a-flat.zip").string, "x.txt"]) == "x")
    expect(try await place.run(["--artifacts", "../out/a.tar.gz"]))
    #expect(try await Tool.output("tar", ["-tzf", place.scratch("out/a-all.tar.gz").string]) == "y.txt")
  }

  @Test(arguments: [
    ("files: [none.json]", "no matching artifact paths found"),
    ("{files: ['*'], base-directory: gone}", "no matching base directory path found for gone"),
  ])
  func artifactsThatAreNotThereFailTheRun(block: String, message: String) async throws {
    let artifacts = block.hasPrefix("{") ? "artifacts: \(block)\n" : "artifacts:\n  \(block)\n"
    let outcome = try await Place("version: 0.2\nphases: {build: {commands: ['false']}}\n" + artifacts).run()
    expect(outcome, endsWith: 1)
    // Also behind a build that failed.
    #expect(outcome.errorText.contains("Phase context status code: CLIENT_ERROR Message: \(message)"))
  }

  @Test func imagesAreBuiltPushedAndNamed() async throws {
    try await TestRegistry.serve { registry in
      let place = try Place(
        """
        version: 0.2
        env: {variables: {REPO: \(registry.authority)/team}}
        phases:
          build: {commands: [TAG=1.$((1+1)), echo hello > web/index.html]}
          post_build: {commands: ['echo "web is $SLIPWAY_IMAGE_WEB"', 'cat imagedefinitions.json']}
        artifacts: {files: imagedefinitions.json}
        slipway:
          images:
            web: {context: web, tags: ["$REPO/web:$TAG", "$REPO/web:latest"], args: {A: "$TAG"}, labels: {tag: "$TAG"}}
            local: {context: web, dockerfile: Other, push: false}
          outputs: {imagedefinitions.json: {containers: {c: web}}}

        """,
        [
          "web/Dockerfile": "FROM scratch\nARG A\nCOPY index.html /\nLABEL a=$A\n",
          "web/Other": "FROM scratch\nCOPY Other /\n",
        ])
      let outcome = try await place.run()
      expect(outcome)
      let digest = try await Tool.output(
        "skopeo",
        [
          "inspect", "--tls-verify=false", "--format", "{{.Digest}} {{.Labels}}",
          "docker://\(registry.authority)/team/web:1.2",
        ])
      let parts = digest.split(separator: " ", maxSplits: 1)
      #expect(parts.last == "map[a:1.2 tag:1.2]")
      let reference = "\(registry.authority)/team/web@\(parts.first ?? "")"
      #expect(outcome.errorText.contains("web is \(reference)\n"))
      #expect(outcome.outputText.split(separator: "\n").last.map(String.init) == reference)
      let definitions = try JSONSerialization.jsonObject(with: Data(try place.text("imagedefinitions.json").utf8))
      #expect(definitions as? [[String: String]] == [["name": "c", "imageUri": reference]])
    }
  }

  @Test func imagesThatFailFailTheBuildPhase() async throws {
    let place = try Place(
      "version: 0.2\nphases: {build: {commands: [true]}, post_build: {commands: [echo post $CODEBUILD_BUILD_SUCCEEDING]}}\n"
        + "slipway:\n  images:\n    web: {context: ., tags: ['x:$TGA']}\n",
      ["Dockerfile": "FROM scratch\nCOPY gone /\n"])
    let outcome = try await place.run(["--env", "TAG=1"])
    expect(outcome, endsWith: 1)
    #expect(
      outcome.errorText.contains("the variable TGA is not set") && outcome.errorText.contains("did you mean $TAG?"))
    #expect(outcome.errorText.contains("buildspec.yml:5:30") && outcome.errorText.contains("post 0\n"))
    expect(try await place.run(["--env", "TGA=1"]), endsWith: 1)
  }

  @Test func deploymentsThatNoPluginCanCarryOutAreTold() async throws {
    let outcome = try await Place(
      "version: 0.2\nphases: {build: {commands: [echo built]}}\nslipway: {deploy: [{plugin: nobody, with: {a: 1}}]}\n"
    ).run()
    expect(outcome, endsWith: 1)
    let lines = RunTests.log(outcome)
    let warning = lines.firstIndex(of: "warning[plugin-not-available]: the deploy plugin nobody is not available")
    let built = lines.firstIndex(of: "built")
    #expect(warning != nil && built != nil && warning ?? 0 < built ?? 0)
    #expect(lines.contains("error[plugin-not-available]: the deploy plugin nobody is not available"))
  }

  // MARK: Batches

  private static let graph = """
    version: 0.2
    batch:
      fast-fail: false
      build-graph:
        - {identifier: amd64, env: {variables: {ARCH: amd64}}}
        - {identifier: arm64, env: {variables: {ARCH: arm64}}, ignore-failure: true}
        - {identifier: manifest, depend-on: [amd64, arm64], buildspec: manifest.yml}
        - {identifier: last, depend-on: [manifest]}
    phases:
      build: {commands: ['echo run $CODEBUILD_BATCH_BUILD_IDENTIFIER $ARCH; test ! -e mark && touch mark', 'test "${ARCH:-none}" != "$FAIL"']}

    """

  @Test(arguments: [("", 0), ("arm64", 0), ("amd64", 1)] as [(String, Int32)])
  func tasksOfABatchWaitForOthers(failing: String, status: Int32) async throws {
    let place = try Place(
      Self.graph, ["manifest.yml": "version: 0.2\nphases: {build: {commands: [echo run the manifest]}}\n"])
    let outcome = try await place.run(["--env", "FAIL=\(failing)", "--jobs", "2"])
    expect(outcome, endsWith: status)
    #expect(
      outcome.errorText.contains("[amd64] run amd64 amd64\n") && outcome.errorText.contains("[arm64] run arm64 arm64\n")
    )
    #expect(outcome.errorText.contains("[manifest] run the manifest\n") == (status == 0))
    #expect(
      outcome.errorText.contains(
        "Build manifest: \(status == 0 ? "SUCCEEDED" : "STOPPED (a task that it depends on failed)")"))
    #expect(outcome.errorText.contains("Build last: \(status == 0 ? "SUCCEEDED" : "STOPPED")"))
    #expect(try FileStatus.ifExists(place.source.appending("mark")) == nil)
  }

  @Test func oneTaskOfABatchRunsAlone() async throws {
    let place = try Place(
      Self.graph, ["manifest.yml": "version: 0.2\nphases: {build: {commands: [echo run the manifest]}}\n"])
    let outcome = try await place.run(["--batch-id", "manifest"])
    expect(outcome)
    #expect(outcome.errorText.contains("[manifest] run the manifest\n") && !outcome.errorText.contains("[amd64]"))
    let wrong = try await place.run(["--batch-id", "manifst"])
    expect(wrong, endsWith: 2)
    #expect(wrong.errorText.contains("did you mean --batch-id manifest?"))
  }

  // MARK: AWS

  @Test func parametersAndSecretsComeFromAWS() async throws {
    try await AWSServer.serve { server in
      let place = try Place(
        """
        version: 0.2
        env:
          parameter-store: {P: /app/p, Q: "/app/$NAME"}
          secrets-manager:
            WHOLE: db
            PART: db:password
            NUMBER: "db:port:AWSCURRENT"
        phases:
          build: {commands: ['echo "$P,$Q,$PART,$NUMBER"; printf "%s" "$WHOLE" > ../whole', 'echo "$P,$Q,$PART,$NUMBER" > ../out']}

        """)
      var here = place
      here.slipway.environment.variables.merge(server.environment) { $1 }
      let aws = """
        import boto3
        ssm = boto3.client("ssm", region_name="eu-central-1")
        ssm.put_parameter(Name="/app/p", Value="p4rameter", Type="SecureString")
        ssm.put_parameter(Name="/app/q", Value="q-value", Type="String")
        boto3.client("secretsmanager", region_name="eu-central-1").create_secret(
            Name="db", SecretString='{"password": "s3cret-pw", "port": 54321}')
        """
      try await Tool.run(
        try AWSServer.python().string, ["-c", aws],
        environment: Environment(server.environment.merging(["PATH": Environment.current["PATH"] ?? ""]) { $1 }))
      let outcome = try await here.run(["--env", "NAME=q"])
      expect(outcome)
      func written(_ name: String) throws -> String {
        String(decoding: try Files.read(place.scratch(name)), as: UTF8.self)
      }
      #expect(try written("out") == "p4rameter,q-value,s3cret-pw,54321\n")
      #expect(try written("whole") == #"{"password": "s3cret-pw", "port": 54321}"#)
      #expect(outcome.errorText.contains("***,***,***,***\n") && !outcome.errorText.contains("s3cret-pw"))

      let missing = try await here.run(["--env", "NAME=none"])
      expect(missing, endsWith: 1)
      #expect(
        missing.errorText.contains("Parameter does not exist: /app/none")
          && !missing.errorText.contains("Entering phase"))
      here.slipway.environment.variables["AWS_SECRET_ACCESS_KEY"] = nil
      here.slipway.environment.variables["AWS_ACCESS_KEY_ID"] = nil
      here.slipway.environment.variables["AWS_EC2_METADATA_DISABLED"] = "true"
      expect(try await here.run(["--env", "NAME=q"]), endsWith: 4)
    }
  }
}
