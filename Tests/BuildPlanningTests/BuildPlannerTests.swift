import BuildPlanning
import Diagnostics
import DockerfileSyntax
import OCI
import Testing

@Suite struct BuildPlannerTests {
  private static func planner(_ text: String, _ change: (inout BuildOptions) -> Void = { _ in }) throws -> BuildPlanner
  {
    var options = BuildOptions(platforms: [Platform(os: "linux", architecture: "arm64")])
    options.buildPlatform = Platform(os: "linux", architecture: "amd64")
    change(&options)
    return BuildPlanner(try Dockerfile.parse(SourceFile(name: "Dockerfile", text: text)).get(), options)
  }

  private static func image(_ name: String, triggers: [String] = []) -> BaseImage {
    var config = ImageConfig(platform: .host)
    config.config = RuntimeConfig()
    config.config?.onBuild = triggers
    config.rootfs = RootFS(diffIDs: [Digest(sha256Of: [1])])
    let pinned = ImageReference(registry: "r.example", repository: name, digest: Digest(sha256Of: [2]))
    return BaseImage(pinned: pinned, config: config)
  }

  @Test func asksForEachImageOnce() throws {
    let planner = try Self.planner(
      """
      FROM base AS one
      FROM --platform=$BUILDPLATFORM base AS two
      FROM docker.io/library/base:latest AS three
      FROM unused AS four
      FROM three
      COPY --from=one / /
      COPY --from=two / /
      COPY --from=base / /
      COPY --from=tools:1 / /
      """)
    let missing = try planner.missingImages([:])
    #expect(
      missing.map { "\($0.reference) \($0.platform)" }.sorted() == [
        "docker.io/library/base:latest linux/amd64", "docker.io/library/base:latest linux/arm64",
        "docker.io/library/tools:1 linux/arm64",
      ])
  }

  /// ONBUILD may name images that nobody knew of.
  @Test func asksInRounds() throws {
    let planner = try Self.planner("FROM base\n")
    let first = try planner.missingImages([:])
    #expect(first.map(\.reference.repository) == ["library/base"])
    var known = [first[0]: Self.image("base", triggers: ["COPY --from=tools / /"])]
    let second = try planner.missingImages(known)
    #expect(second.map(\.reference.repository) == ["library/tools"])
    let error = #expect(throws: PlanningError.self) { try planner.plan(known) }
    #expect(error?.diagnostics.map(\.code) == ["missing-image"])
    known[second[0]] = Self.image("tools")
    #expect(try planner.missingImages(known).isEmpty)
    #expect(try planner.plan(known).graph.vertices.count == 3)
  }

  @Test func placesEveryVertexBehindItsInputs() throws {
    let planner = try Self.planner(
      """
      FROM scratch AS a
      COPY a /
      FROM scratch AS b
      COPY --link --from=a / /
      RUN x
      FROM b
      COPY --from=a / /
      COPY --from=b / /
      """)
    let graph = try planner.plan([:]).graph
    #expect(graph.runsCommands)
    #expect(graph.vertices.count == 7)
    for vertex in graph.vertices {
      #expect(graph[vertex.id] == vertex)
      for input in vertex.operation.inputs { #expect(input.index < vertex.id.index) }
    }
  }

  @Test func knowsWhetherCommandsRun() throws {
    #expect(try !Self.planner("FROM scratch\nCOPY a /\n").plan([:]).graph.runsCommands)
    #expect(try !Self.planner("FROM scratch AS x\nRUN a\nFROM scratch\nCOPY a /\n").plan([:]).graph.runsCommands)
  }

  /// Equal input, equal plan, whatever order dictionaries have in this process.
  @Test func isDeterministic() throws {
    let text = "FROM scratch\nARG A B C\nLABEL a=1 b=2 c=3\nEXPOSE 1 2 3\nVOLUME /a /b /c\nRUN x\n"
    let plans = try (0..<10).map { _ in
      try Self.planner(text) {
        $0.arguments = ["A": "1", "B": "2", "C": "3", "HTTP_PROXY": "p", "https_proxy": "q", "X": "", "Y": "", "Z": ""]
        $0.labels = ["x": "1", "y": "2", "z": "3"]
      }.plan([:])
    }
    #expect(Set(plans).count == 1)
    #expect(Set(plans.map(\.description)).count == 1)
  }

  /// Plans are shown and logged, and proxies may hold passwords.
  @Test func describesNoPasswords() throws {
    let plan = try Self.planner("FROM scratch\nRUN x\n") { $0.arguments = ["HTTP_PROXY": "http://u:secret@p"] }.plan([:]
    )
    #expect(plan.description.contains("proxy http_proxy\n"))
    #expect(!plan.description.contains("secret"))
    #expect(!(try JSONDocument.encode(plan.images.map(\.config))).contains(Array("secret".utf8)))
  }

  /// Nobody finds a password in a plan, whatever form it is shown in.
  @Test func showsNoCredentialsOfSources() throws {
    let planner = try Self.planner(
      """
      FROM scratch
      ADD https://user:secret@r.example/file https://user:secret@r.example/x.git /a/
      COPY --from=web / /
      COPY --from=repository / /
      RUN x
      """
    ) {
      $0.arguments = ["HTTPS_PROXY": "http://user:secret@p"]
      $0.contexts = [
        "web": .http(HTTPSource(url: "https://user:secret@r.example/web", fileName: "web")),
        "repository": (try? GitReference.parse("https://user:secret@r.example/y.git")).flatMap { $0 }.map { .git($0) }
          ?? .folder,
      ]
    }
    let plan = try planner.plan([:])
    let urls = plan.graph.vertices.compactMap { vertex -> String? in
      switch vertex.operation {
      case .source(.http(let file)): file.url
      case .source(.git(let reference)): reference.remote
      default: nil
      }
    }
    #expect(urls.count == 4)
    #expect(urls.allSatisfy { $0.contains("secret") })
    let json = String(decoding: try JSONDocument.encode(plan), as: UTF8.self)
    for text in [plan.description, json] + plan.graph.vertices.map(\.title) {
      #expect(!text.contains("secret"))
    }
  }

  /// A mistake that is seen at once is not told after images were looked up.
  @Test func tellsMistakesBeforeItAsksForImages() throws {
    let planner = try Self.planner(
      "FROM scratch AS a\nEXPOSE x\nFROM base\nEXPOSE $PORT\nCOPY --from=a x x\nCOPY --from=?! / /\n")
    let error = #expect(throws: PlanningError.self) { try planner.missingImages([:]) }
    #expect(error?.diagnostics.map(\.code) == ["invalid-port", "invalid-reference"])
  }

  @Test func findsWhereImagesAreAskedFor() throws {
    let text = "FROM scratch\nRUN --mount=target=/a,from=one --mount=from=two,target=/b x\nCOPY --from=three / /\n"
    let planner = try Self.planner(text)
    let places = try planner.missingImages([:]).map { image in
      planner.place(of: image, [:]).map { String(decoding: $0.file.bytes[$0.range.range], as: UTF8.self) }
    }
    #expect(places == ["one", "two", "three"])
  }

  @Test func endsAsAFileErrorDoes() throws {
    let error = #expect(throws: PlanningError.self) { try Self.planner("FROM scratch\nEXPOSE x\n").plan([:]) }
    #expect(error?.exitCode == .usage)
  }
}
