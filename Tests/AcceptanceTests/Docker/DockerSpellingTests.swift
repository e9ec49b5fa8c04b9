import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// What public buildspecs write, line by line.
@Suite struct DockerSpellingTests {
  /// Scripts that succeed, and what standard output has then.
  @Test(arguments: [
    (
      "docker build -t app . && docker tag app:latest $REGISTRY/app:1 && docker push $REGISTRY/app:1",
      "1: digest: sha256:"
    ),
    ("docker build -f other/Dockerfile -t a -t b . && docker images", "b "),
    ("docker build . -t x -f other/Dockerfile && docker inspect --format '{{.Config.Labels.kind}}' x", "other"),
    ("docker build -f other/Dockerfile . -t y && docker images -q y", ""),
    ("docker image build --tag z --file=other/Dockerfile . && docker image ls", "z "),
    ("docker build --build-arg -f \"Dockerfile\" . ; test $? -ne 0 && echo swallowed", "swallowed"),
    ("docker build --build-args=A=1 . ; echo $?", "125"),
    ("docker build --platform linux -t p . && docker inspect -f '{{.Os}}/{{.Architecture}}' p", "linux/amd64"),
    ("docker build --platform local -t p . && docker inspect p -f {{.Architecture}}", "amd64"),
    (
      "docker build --platform linux/amd64,linux/arm64 platforms -t p && docker inspect p -f {{.Architecture}}", "amd64"
    ),
    ("docker build --build-arg UNKNOWN=1 --build-arg WHO=me -t w . && docker inspect -f '{{.Config.Env}}' w", "WHO=me"),
    ("docker build -t d platforms/. && cd platforms && docker build -t e ../platforms && echo fine", "fine"),
    (
      "docker pull $REGISTRY/app:latest || true; docker build --cache-from $REGISTRY/app:latest "
        + "--build-arg BUILDKIT_INLINE_CACHE=1 -t $REGISTRY/app:latest . && docker push $REGISTRY/app && echo fine",
      "Using default tag: latest"
    ),
    ("docker build -t repo/name . >/dev/null 2>&1; docker images | grep repo/name", "repo/name"),
    ("docker images | awk '{print $1}' | head -n 1", "REPOSITORY"),
    ("docker build -t named:7 . 2>/dev/null; docker images --format '{{.Tag}}' named", "7"),
    ("docker build -t n . && docker tag n n && docker tag n:latest n:latest && echo fine", "fine"),
    ("docker tag nowhere x || echo code $?", "code 1"), ("docker push $REGISTRY/nowhere || echo code $?", "code 1"),
    ("docker --version", "Docker version "), ("docker -v", "Docker version "),
    ("docker version --format '{{.Server.Version}}'", "28."), ("docker version | grep -c Version", "2"),
    ("docker info >/dev/null && docker info --format '{{.OSType}}'", "linux"), ("docker ps", "CONTAINER ID"),
    ("docker ps -aq", ""), ("docker container ls -a", "CONTAINER ID"), ("docker logout", ""),
    ("DOCKER_CLI_EXPERIMENTAL=enabled docker manifest inspect $REGISTRY/base:latest", "schemaVersion"),
    ("docker manifest inspect $REGISTRY/none || echo code $?", "code 1"),
    (
      "docker buildx create --use --name multi && docker buildx use multi && docker buildx inspect --bootstrap",
      "Status:"
    ),
    ("docker buildx create --name x --driver docker-container --driver-opt network=host", "x"),
    ("docker buildx ls && docker buildx version && docker buildx install && docker buildx rm x", "buildx"),
    (
      "docker buildx build --push --platform linux/amd64,linux/arm64 -t $REGISTRY/multi:1 -f platforms/Dockerfile "
        + "--build-arg A=1 platforms && docker buildx imagetools inspect $REGISTRY/multi:1", "Platform:  linux/arm64"
    ),
    ("docker build -q . ", "sha256:"), ("docker build --progress=plain --no-cache --pull --rm . && echo fine", "fine"),
    ("docker build --iidfile id . && docker tag $(cat id) byid && docker images byid -q", ""),
    (
      "docker build -t s . && docker save -o s.tar s && tar tf s.tar && docker rmi s && docker load -i s.tar",
      "Loaded image: s:latest"
    ),
    ("docker build -t s . && docker save s | docker load -q", "Loaded image: s:latest"),
    ("docker build -o out -f other/Dockerfile . && cat out/note.txt", "ahoy"),
    ("docker build -t h . && docker history h", "COPY note.txt /note.txt"),
    ("docker build -t i . && docker inspect --format='{{.Id}}' i", "sha256:"),
    (
      "docker build -t $REGISTRY/r:1 . && docker push -q $REGISTRY/r:1 && docker inspect --format='{{index .RepoDigests 0}}' "
        + "$REGISTRY/r:1", "/r@sha256:"
    ),
    ("docker inspect nothing; echo code $?", "code 1"), ("docker inspect nothing 2>/dev/null || true", "[]"),
    ("docker build -t $REGISTRY/many:1 -t $REGISTRY/many:2 . && docker push --all-tags $REGISTRY/many", "2: digest: "),
    (
      "nohup dockerd --host=unix:///var/run/docker.sock >/dev/null 2>&1 & "
        + "timeout 15 sh -c 'until docker info; do echo .; sleep 1; done'", "Server Version"
    ),
    ("service docker start && systemctl start docker && echo fine", "fine"), ("systemctl is-active docker", "active"),
    (
      "docker system prune -af && docker volume prune -f && docker network ls && docker image prune -f",
      "Total reclaimed"
    ),
    ("docker stop $(docker ps -q) || echo nothing", "nothing"), ("docker context ls", "default"),
    ("sudo docker build -t sudone . && sudo -E docker images | grep sudone", "sudone"),
    ("podman images && podman build -t pod . && podman tag pod pod:2 && echo fine", "fine"),
    ("docker run --privileged --rm tonistiigi/binfmt --install all && echo fine", "fine"),
    ("docker run --rm --privileged multiarch/qemu-user-static:register --reset -p yes 2>&1", "emulators"),
    ("docker login ghcr.io --username u </dev/null || echo code $?", "code 1"),
    ("docker-compose --version", "Docker Compose version"), ("docker compose version --short", "2."),
    ("docker build -t c . && docker rmi c && docker images -q c | wc -l", "0"),
    ("docker build -t l1 . && docker rmi -f l1 l2; echo code $?", "code 0"),
  ])
  func spelling(_ script: String, _ expected: String) async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(script)
      #expect(expected.isEmpty || text.contains(expected), "\(text)")
    }
  }

  /// Words that scripts look for.
  @Test(arguments: [
    ("docker push $REGISTRY/nowhere", 1, "An image does not exist locally with the tag: 127.0.0.1"),
    ("docker tag nowhere x", 1, "Error response from daemon: No such image: nowhere:latest"),
    ("docker rmi nowhere", 1, "Error response from daemon: No such image: nowhere:latest"),
    ("docker inspect nothing", 1, "Error: No such object: nothing"),
    ("docker image inspect nothing", 1, "Error response from daemon: No such image: nothing:latest"),
    ("docker frobnicate", 1, "docker: 'frobnicate' is not a docker command."),
    ("docker build --nope .", 125, "unknown flag: --nope"), ("docker build", 1, "requires 1 argument"),
    ("docker login -u u localhost:1", 1, "Error: Cannot perform an interactive login from a non TTY device"),
    ("docker login --password-stdin localhost:1", 1, "Must provide --username with --password-stdin"),
    ("docker run --rm no.example.invalid/such:image", 125, "no.example.invalid"),
    ("docker run", 1, "requires at least 1 argument"),
    ("docker run -it $BASE true", 1, "the input device is not a TTY"),
    ("docker run --rm -v $PWD/docker.sock:/var/run/docker.sock $BASE true", 125, "there is no daemon behind"),
    ("docker run --rm -v name:/data $BASE true", 125, "there are no volumes"),
    ("docker run --rm --network nobody $BASE true", 125, "network nobody not found"),
    ("docker run --rm --mount type=bind,src=/no/where,dst=/x $BASE true", 125, "bind source path does not exist"),
    ("docker cp nothing:/x .", 1, "No such container: nothing"), ("docker rm nothing", 1, "No such container: nothing"),
    ("docker save nothing", 1, "No such image: nothing"), ("docker load -i none.tar", 1, "none.tar"),
    ("docker manifest inspect $REGISTRY/nothing", 1, "no such manifest: 127.0.0.1"),
    ("docker manifest push nothing", 1, "No such manifest: nothing:latest"),
    ("docker inspect --format '{{.Nope}}' $BASE", 1, "No such object"),
    ("docker swarm init", 1, "docker swarm is not available"),
    ("docker build --progress rawjson .", 1, "rawjson"), ("docker exec x true", 1, "not available"),
  ])
  func mistake(_ script: String, _ status: Int, _ expected: String) async throws {
    try await DockerPlace.use { place in
      let outcome = try await place.sh(script)
      #expect(Int(outcome.status) == status, "\(outcome.errorText)")
      #expect(outcome.errorText.contains(expected), "\(outcome.errorText)")
    }
  }
}
