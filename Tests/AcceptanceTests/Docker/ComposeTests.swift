import HostOS
import SystemPackage
import TestSupport
import Testing

/// `docker compose`, for the image parts of compose files.
@Suite struct ComposeTests {
  private static let file = """
    name: fleet
    x-common: &common
      labels: {team: ships}
    services:
      web:
        image: ${REGISTRY}/web:${TAG:-latest}
        build:
          <<: *common
          context: .
          args:
            BASE: ${BASE}
            WHO: "${WHO:?say who}"
          tags: ["${REGISTRY}/web:extra"]
        environment: {GREETING: hello, FROM_ENV: null}
        working_dir: /tmp
        volumes: [".:/src:ro"]
        ports: ["80:80"]
      worker:
        build: {context: ., dockerfile: other/Dockerfile}
        depends_on: [web]
      tool:
        image: ${BASE}
        profiles: [tools]
        command: sh -c 'echo "from $$GREETING"; exit 3'
        environment: ["GREETING=tool"]
    """

  private func use(_ body: @Sendable (DockerPlace) async throws -> Void) async throws {
    try await DockerPlace.use { place in
      try place.scratch.write(
        ["docker-compose.yml": .file(Self.file), ".env": "WHO=me # note\nTAG=7\n"], in: "work")
      try await body(place)
    }
  }

  @Test func imagesAreBuiltAndPushed() async throws {
    try await use { place in
      try await place.output("docker-compose build --no-cache web worker && docker compose push")
      #expect(try await place.inspect("web:7", "{{.Labels.team}}") == "ships")
      #expect(try await place.inspect("web:extra", "{{.Env}}").contains("WHO=me"))
      #expect(try await place.output("docker inspect -f '{{.Config.Labels.kind}}' fleet-worker") == "other")
      let tagged = try await place.output("TAG=8 docker compose -p navy build --push web && docker images -q")
      #expect(!tagged.isEmpty)
      #expect(try await place.inspect("web:8", "{{.Os}}") == "linux")
      #expect(try await place.output("docker compose images").contains("fleet-web-1"))
    }
  }

  @Test func filesAreMergedAndShown() async throws {
    try await use { place in
      try place.scratch.write(
        [
          "more.yml": """
          services:
            web: {build: {args: [WHO=others]}, image: changed}
            extra: {image: busybox}
          """
        ], in: "work")
      let merged = "docker compose -f docker-compose.yml --file more.yml config"
      #expect(try await place.output("\(merged) --services") == "web\nworker\nextra")
      #expect(
        try await place.output("\(merged) --images") == "changed\nfleet-worker\nbusybox")
      let text = try await place.output(merged)
      for line in ["name: fleet", "WHO: others", "context: .", "team: ships"] {
        #expect(text.contains(line), "\(text)")
      }
      #expect(try await place.output("\(merged) --format json").contains("\"WHO\": \"others\""))
      #expect(try await place.output("docker compose --profile tools config --services") == "web\nworker\ntool")
    }
  }

  @Test func oneServiceRuns() async throws {
    try await use { place in
      try await place.output("docker build -q -t ${REGISTRY}/web:7 .")
      #expect(
        try await place.output(
          "FROM_ENV=x docker compose run --rm -e MORE=y web sh -c 'echo $GREETING $FROM_ENV $MORE; pwd; cat /src/note.txt'"
        )
          == "hello x y\n/tmp\nahoy")
      #expect(try await place.output("docker compose up tool; echo $?") == "from tool\n3")
      let several = try await place.sh("docker compose up")
      #expect(several.status == 1 && several.errorText.contains("one service"))
      let dependent = try await place.sh("docker compose run worker true")
      #expect(dependent.status == 1 && dependent.errorText.contains("--no-deps"))
      let detached = try await place.sh("docker compose up -d tool")
      #expect(detached.status == 125 && detached.errorText.contains("--detach is not available"))
    }
  }

  @Test(arguments: [
    ("services:\n  a: {build: {context: ., cached_from: x}}\n", "build", "did you mean cache_from?"),
    (
      "services:\n  a: {image: '${NOPE?not there}'}\n", "config", "required variable NOPE is missing a value: not there"
    ),
    ("services:\n  a: {image: '${'}\n", "config", "invalid interpolation format"),
    ("services:\n  a: {}\n", "config", "neither an image nor a build context"),
    ("services:\n  a: {extends: b, image: x}\n", "build", "extends:, which is not available"),
    ("a: [\n", "config", "docker-compose.yml:"), ("version: '3'\n", "build", "no services"),
    ("services:\n  a: {image: x}\n", "build b", "no such service: b"),
  ])
  func mistakes(_ file: String, _ command: String, _ message: String) async throws {
    try await DockerPlace.use { place in
      try place.scratch.write(["docker-compose.yml": .file(file)], in: "work")
      let outcome = try await place.sh("docker compose \(command)")
      #expect(outcome.status == 1)
      #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
    }
  }

  @Test func withoutAFile() async throws {
    try await DockerPlace.use { place in
      let outcome = try await place.sh("docker compose build")
      #expect(outcome.status == 14 && outcome.errorText == "no configuration file provided: not found\n")
    }
  }
}
