import HostOS
import SystemPackage
import TestSupport
import Testing

/// kaniko's command line.
@Suite struct KanikoTests {
  @Test func buildsAndPushes() async throws {
    try await DockerPlace.use { place in
      try await place.output(
        """
        executor --context dir://$PWD --dockerfile Dockerfile --destination $REGISTRY/app:1 --destination=$REGISTRY/app:2 \
          --build-arg BASE=$BASE --build-arg WHO=kaniko --label a=b --digest-file=out/digest --cleanup --force \
          --image-name-with-digest-file names --image-name-tag-with-digest-file tags --snapshot-mode=redo --use-new-run \
          --skip-unused-stages --single-snapshot=false --verbosity=info --push-retry 3 --tar-path app.tar \
          --oci-layout-path layout --cache=true --cache-repo $REGISTRY/cache --compression zstd
        """)
      let digest = try await place.inspect("app:1", "{{.Digest}}")
      #expect(try await place.inspect("app:2", "{{.Digest}} {{.Labels.a}}") == "\(digest) b")
      #expect(try await place.output("cat out/digest") == digest)
      #expect(
        try await place.output("cat names tags")
          == """
          \(place.authority)/app@\(digest)
          \(place.authority)/app@\(digest)
          \(place.authority)/app:1@\(digest)
          \(place.authority)/app:2@\(digest)
          """)
      try await Tool.run("skopeo", ["inspect", "oci:\(place.scratch("work/layout")):1"])
      #expect(try await place.output("tar tf app.tar").contains("manifest.json"))
      // What the cache has is not run again, also in another store.
      let cached = try await place.sh(
        "executor -c . -d $REGISTRY/app:3 --build-arg BASE=$BASE --build-arg WHO=kaniko --cache --cache-repo $REGISTRY/cache",
        ["SLIPWAY_ROOT": place.scratch("fresh").string])
      #expect(cached.status == 0 && cached.errorText.contains("CACHED"), "\(cached.errorText)")
    }
  }

  @Test func archivesAreContexts() async throws {
    try await DockerPlace.use { place in
      try await place.output(
        """
        tar -czf /tmp/context-$$.tar.gz other note.txt && mv /tmp/context-$$.tar.gz context.tar.gz
        executor --context=tar://context.tar.gz --dockerfile other/Dockerfile --no-push --tarPath a.tar --destination x:1
        slipway() { "$SLIPWAY" "$@"; }
        slipway kaniko --context=tar://stdin --dockerfile other/Dockerfile --no-push < context.tar.gz
        mkdir sub && cp note.txt other/Dockerfile sub && executor --context . --context-sub-path sub --no-push --reproducible
        """, ["SLIPWAY": place.place.slipway.executable.string])
      #expect(try await place.output("docker load -i a.tar") == "Loaded image: x:1")
    }
  }

  @Test(arguments: [
    ("executor --context .", "you must provide --destination"), ("executor --nope", "unknown flag: --nope"),
    ("executor --context s3://bucket/x --no-push", "fetch it first"),
    ("executor --single-snapshot --no-push", "--single-snapshot is not available"),
    ("executor --context nowhere --no-push", "nowhere"),
    ("executor --context . --no-push --registry-map x", "is not FROM=TO"),
  ])
  func mistakes(_ script: String, _ message: String) async throws {
    try await DockerPlace.use { place in
      let outcome = try await place.sh(script)
      #expect(outcome.status == 1)
      #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
    }
  }

  @Test func registriesAreLedElsewhere() async throws {
    try await DockerPlace.use { place in
      try place.scratch.write(["Dockerfile": "FROM hub.invalid/base:latest\nCOPY note.txt /\n"], in: "work")
      try await place.output(
        "executor --context . --no-push --registry-map hub.invalid=$REGISTRY --insecure-registry $REGISTRY")
      try await place.output(
        "executor --context . --no-push", ["KANIKO_REGISTRY_MAP": "hub.invalid=\(place.authority)"])
    }
  }
}
