import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Whole pieces of work by docker's commands, judged by other tools.
@Suite struct DockerCommandTests {
  @Test(arguments: [TestRegistry.Access.basic(.example), .token(.example)])
  func loginAndPush(_ access: TestRegistry.Access) async throws {
    try await DockerPlace.use(.init(access: access)) { place in
      let credentials = TestRegistry.Credentials.example
      let variables = [
        "DOCKER_CONFIG": place.scratch("config").string, "USERNAME": credentials.user, "SECRET": credentials.password,
      ]
      let refused = try await place.sh(
        "docker build -t $REGISTRY/app other -f other/Dockerfile --build-context x=other . ; docker push $REGISTRY/app",
        variables)
      #expect(refused.status == 1)
      for server in ["$REGISTRY", "https://$REGISTRY", "http://$REGISTRY/", "$REGISTRY/team/app", "$REGISTRY/v2/"] {
        let text = try await place.output(
          "echo \"$SECRET\" | docker login --username $USERNAME --password-stdin \(server)", variables)
        #expect(text == "Login Succeeded")
        _ = try await place.output("docker build -t $REGISTRY/app . && docker push $REGISTRY/app", variables)
        #expect(
          try await place.output("docker logout \(server)", variables).hasPrefix("Removing login credentials for "))
      }
      for login in [
        "docker login -u $USERNAME -p \"$SECRET\" $REGISTRY", "docker login $REGISTRY -u=$USERNAME -p=\"$SECRET\"",
        "docker login -u $USERNAME -p \"$SECRET\" -e none https://$REGISTRY",
        "docker --config $DOCKER_CONFIG login --username=$USERNAME --password=\"$SECRET\" $REGISTRY",
      ] {
        #expect(try await place.output(login, variables) == "Login Succeeded")
      }
      let wrong = try await place.sh("docker login -u $USERNAME -p wrong $REGISTRY", variables)
      #expect(wrong.status == 1 && wrong.outputText.isEmpty)
      #expect(!wrong.errorText.contains(credentials.password))
    }
  }

  @Test func whatIsPushedIsWhatOthersRead() async throws {
    try await DockerPlace.use { place in
      let id = try await place.output("docker build -q -t $REGISTRY/team/app:1 --build-arg WHO=me --label a=b .")
      let push = try await place.output("docker push $REGISTRY/team/app:1")
      let digest = try await place.inspect("team/app:1", "{{.Digest}}")
      #expect(push.contains("The push refers to repository [\(place.authority)/team/app]\n"))
      #expect(push.contains("1: digest: \(digest) size: "))
      #expect(try await place.inspect("team/app:1", "{{.Labels.a}}") == "b")
      #expect(try await place.output("docker images --no-trunc -q $REGISTRY/team/app:1") == id)
      #expect(try await place.output("docker inspect -f '{{.Id}}' \(id.dropFirst(7).prefix(12))") == id)
      #expect(try await place.output("docker inspect -f '{{.Id}}' $REGISTRY/team/app@\(digest)") == id)
      #expect(
        try await place.output(
          "docker tag \(id) again:1 && docker rmi \(id.dropFirst(7)) -f >/dev/null && docker images -q") == ""
      )
      let pull = try await place.output("docker pull $REGISTRY/team/app:1")
      #expect(pull.contains("1: Pulling from \(place.authority)/team/app\nDigest: \(digest)\nStatus: Downloaded newer"))
      #expect(try await place.output("docker pull $REGISTRY/team/app:1").contains("Image is up to date"))
      #expect(
        try await place.output("docker pull -q $REGISTRY/team/app@\(digest)") == "\(place.authority)/team/app@\(digest)"
      )
    }
  }

  @Test func inspectionIsDockers() async throws {
    try await DockerPlace.use { place in
      try await place.output("docker build -q -t app:1 --label a=b .")
      let text = try await place.output("docker inspect app:1")
      let list = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
      let image = try #require(list.first)
      #expect(image["RepoTags"] as? [String] == ["app:1"])
      #expect(image["Architecture"] as? String == "amd64" && image["Os"] as? String == "linux")
      let layers = (image["RootFS"] as? [String: Any])?["Layers"] as? [String]
      #expect(layers?.count == 2)
      let config = try #require(image["Config"] as? [String: Any])
      #expect((config["Labels"] as? [String: String])?["a"] == "b")
      #expect(config["Entrypoint"] is NSNull)
      #expect(
        try await place.output("docker image inspect --format '{{.Os}} {{len .RootFS.Layers}}' app:1") == "linux 2")
      #expect(try await place.output("docker inspect -f '{{json .Config.Labels}}' app:1") == #"{"a":"b"}"#)
      #expect(
        try await place.output("docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' app:1").contains(
          "WHO=nobody"))
      let mistake = try await place.sh("docker inspect -f '{{.Nope}}' app:1")
      #expect(mistake.status == 1 && mistake.errorText.contains("map has no entry for key \"Nope\""))
      #expect(
        try await place.output("docker images --format 'table {{.Repository}}\\t{{.Tag}}' app")
          == "REPOSITORY   TAG\napp          1")
      #expect(try await place.output("docker images --filter label=a=b --filter dangling=false -q | wc -l") == "1")
      #expect(
        try await place.output("docker images --filter reference='ap*' --format json").contains(
          "\"Repository\":\"app\""))
    }
  }

  @Test func listsOfSeveralMembers() async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(
        """
        set -e
        docker build -q -t $REGISTRY/app:amd64 platforms --platform linux/amd64
        docker build -q -t $REGISTRY/app:arm64 platforms --platform linux/arm64
        docker push -q $REGISTRY/app:amd64
        docker push -q $REGISTRY/app:arm64
        docker rmi $REGISTRY/app:amd64
        docker manifest create $REGISTRY/app $REGISTRY/app:amd64 $REGISTRY/app:arm64
        docker manifest annotate --arch arm64 --variant v8 $REGISTRY/app $REGISTRY/app:arm64
        docker manifest inspect $REGISTRY/app
        docker manifest push $REGISTRY/app
        """)
      #expect(text.contains("Created manifest list \(place.authority)/app:latest"))
      #expect(text.contains("\"variant\": \"v8\""))
      let raw = try await Tool.output(
        "skopeo",
        ["inspect", "--raw"] + place.place.registry.skopeoOptions + ["docker://\(place.authority)/app:latest"])
      #expect(raw.contains("\"amd64\"") && raw.contains("\"arm64\""))
      let again = try await place.sh("docker manifest create $REGISTRY/app $REGISTRY/app:amd64")
      #expect(again.status == 1 && again.errorText.contains("refusing to amend an existing manifest list"))
      try await place.output(
        """
        docker manifest create $REGISTRY/app --amend $REGISTRY/app:amd64 --amend $REGISTRY/app:arm64 &&
        docker manifest push --purge $REGISTRY/app
        """)
      #expect(try await place.sh("docker manifest rm $REGISTRY/app").status == 1)
      // Lists are no images.
      #expect(try await place.output("docker images -q $REGISTRY/app:latest") == "")
      // One image under two names, told apart by what is said of them.
      let same = try await place.output(
        """
        set -e
        docker tag $REGISTRY/app:arm64 $REGISTRY/app:copy && docker push -q $REGISTRY/app:copy
        docker manifest create $REGISTRY/app:same $REGISTRY/app:arm64 $REGISTRY/app:copy
        docker manifest annotate --arch s390x $REGISTRY/app:same $REGISTRY/app:copy
        docker manifest push $REGISTRY/app:same
        docker buildx imagetools create -t $REGISTRY/app:stable $REGISTRY/app:same
        docker buildx imagetools inspect $REGISTRY/app:stable --format '{{json .Manifest}}'
        """)
      #expect(same.contains("s390x"))
    }
  }

  @Test func archivesAreReadByDocker() async throws {
    try await DockerPlace.use { place in
      try await place.output("docker build -q -t app:1 . && docker tag app:1 app:2 && docker save app -o app.tar")
      try await DockerDaemon.run { daemon in
        let loaded = try await daemon.docker(["load", "--input", place.scratch("work/app.tar").string])
        expect(loaded)
        for tag in ["1", "2"] { #expect(loaded.outputText.contains("Loaded image: app:\(tag)")) }
        let saved = place.scratch("work/theirs.tar")
        expect(try await daemon.docker(["save", "--output", saved.string, "app:1"]))
      }
      #expect(
        try await place.output("docker rmi app:1 app:2 >/dev/null; docker load < theirs.tar") == "Loaded image: app:1")
    }
  }
}
