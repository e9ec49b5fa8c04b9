import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

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
    expect(outcome, endsWith: 2)
    #expect(outcome.errorText.contains("error[unknown-plugin]: there is no plugin \"nobody\""))
    #expect(outcome.errorText.contains("buildspec.yml:3:29") && !outcome.errorText.contains("built\n"))
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

  @Test func artifactsAreUploaded() async throws {
    try await AWSServer.serve { server in
      let place = try Place(
        "version: 0.2\nphases: {build: {commands: [echo one > a.txt]}}\n"
          + "artifacts: {files: a.txt, name: 'app $((1+1))', s3-prefix: pre}\n")
      var here = place
      here.slipway.environment.variables.merge(server.environment) { $1 }
      func python(_ text: String) async throws -> String {
        try await Tool.output(
          try AWSServer.python().string,
          ["-c", "import boto3\ns3 = boto3.client('s3', region_name='eu-central-1')\n" + text],
          environment: Environment(server.environment.merging(["PATH": Environment.current["PATH"] ?? ""]) { $1 }))
      }
      _ = try await python(
        "s3.create_bucket(Bucket='out', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})")
      let outcome = try await here.run(["--artifacts", "s3://out/some/where"])
      expect(outcome)
      #expect(outcome.errorText.contains("Artifacts are in s3://out/some/where/pre/app 2.zip"))
      let listed = try await python(
        "import io, zipfile\nbody = s3.get_object(Bucket='out', Key='some/where/pre/app 2.zip')['Body'].read()\n"
          + "print(zipfile.ZipFile(io.BytesIO(body)).namelist())")
      #expect(listed == "['a.txt']")
      let refused = try await here.run(["--artifacts", "s3://gone"])
      expect(refused, endsWith: 1)
      #expect(refused.errorText.contains("AWS refuses s3:PutObject"))
    }
  }
}
