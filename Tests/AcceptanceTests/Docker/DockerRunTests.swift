import HostOS
import SystemPackage
import TestSupport
import Testing

/// `docker run` and what follows it.
@Suite struct DockerRunTests {
  /// Scripts that use `$BASE`, an image with busybox, and what they write.
  @Test(arguments: [
    ("docker run --rm $BASE sh -c 'exit 4'; echo $?", "4"), ("docker run --rm $BASE no-such-program; echo $?", "127"),
    ("docker run --rm $BASE /etc; echo $?", "126"), ("docker run --rm $BASE echo hello", "hello"),
    ("echo piped | docker run -i --rm $BASE cat", "piped"), ("docker run --rm $BASE cat </dev/null | wc -c", "0"),
    ("A=1 docker run --rm -e A -e B=2 -e NONE $BASE sh -c 'echo $A $B ${NONE-unset}'", "1 2 unset"),
    ("printf '# note\\nC=3\\nD\\n' > env; D=4 docker run --rm --env-file env -eC=5 $BASE sh -c 'echo $C $D'", "5 4"),
    ("docker run --rm -v $PWD:/src -w /src $BASE sh -c 'cat note.txt; echo new > made' && cat made", "ahoy\nnew"),
    ("docker run --rm -v $PWD:/src:ro $BASE sh -c 'touch /src/x 2>/dev/null || echo read-only'", "read-only"),
    ("docker run --rm --mount type=bind,src=$PWD,dst=/src,readonly $BASE cat /src/note.txt", "ahoy"),
    ("docker run --rm --tmpfs /tmp:size=1m $BASE sh -c 'touch /tmp/x && echo fine'", "fine"),
    ("docker run --rm -w /made/here $BASE pwd", "/made/here"), ("docker run --rm -u 12:34 $BASE id -u", "12"),
    ("docker run --rm --entrypoint echo $BASE hi", "hi"), ("docker run --rm --entrypoint='' $BASE echo hi", "hi"),
    ("docker run --rm --hostname box $BASE hostname", "box"),
    ("docker run --rm -h box $BASE cat /etc/hosts | grep -c box", "1"),
    ("docker run --rm --add-host db:10.0.0.7 $BASE cat /etc/hosts | grep db", "10.0.0.7\tdb"),
    ("docker run --rm --network none $BASE echo apart", "apart"),
    ("docker run --rm --network host --init -t $BASE echo x", "x"),
    ("docker run --rm --memory 512m --cpus 1 --privileged $BASE echo limits 2>/dev/null", "limits"),
    ("docker run --rm --cidfile id $BASE true && wc -c < id", "64"),
    ("docker run --rm --pull never $BASE echo never || docker run --rm --pull always $BASE echo always", "always"),
    ("docker run --rm $BASE sh -c 'echo out; echo err >&2' 2>/dev/null", "out"),
    ("docker build -q -t app . >/dev/null && docker run --rm app cat /note.txt", "ahoy"),
    ("docker run --rm --platform linux/amd64 $BASE echo amd64", "amd64"),
  ])
  func commands(_ script: String, _ expected: String) async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(script)
      #expect(text == expected)
    }
  }

  @Test func filesComeOut() async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(
        """
        set -e
        docker build -q -t app . >/dev/null
        docker create --name extract app >/dev/null
        docker cp extract:/note.txt copied.txt && cat copied.txt
        mkdir there && docker cp extract:/note.txt there && cat there/note.txt
        docker cp extract:/note.txt - | tar -xO
        docker export extract | tar -xO note.txt
        docker rm extract
        docker ps -aq | wc -l
        """)
      #expect(text == "ahoy\nahoy\nahoy\nahoy\nextract\n0")
    }
  }

  @Test func whatACommandMadeComesOut() async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(
        """
        docker run --name made $BASE sh -c 'mkdir /out && echo result > /out/file && ln -s file /out/link && rm /bin/cat; exit 3'
        echo $?
        docker ps -a --format '{{.Names}} {{.State}}'
        docker inspect -f '{{.State.ExitCode}}' made
        docker wait made
        docker cp made:/out dist && cat dist/file && readlink dist/link
        mkdir flat && docker cp made:/out/. flat && cat flat/link
        docker export made | tar -t | grep -c '^bin/cat$'
        docker cp made:/nothing . 2>&1 || echo refused
        docker images -q | wc -l
        docker run --name made $BASE true 2>/dev/null; echo $?
        docker rm -f made never; docker ps -aq
        """)
      #expect(
        text == """
          3
          made exited
          3
          3
          result
          file
          result
          0
          Error response from daemon: Could not find the file /nothing in container made
          refused
          1
          125
          made
          never
          """)
    }
  }

  @Test func containersInTheBackground() async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(
        """
        id=$(docker run -d -p 80:80 --name web $BASE sh -c 'echo ready; exec sleep 100')
        echo ${#id}
        docker ps --format '{{.Names}} {{.State}}'
        until docker logs web | grep -q ready; do :; done
        docker inspect -f '{{.State.Running}}' web
        docker rm web 2>/dev/null || echo running
        docker stop web
        docker ps -q | wc -l
        docker logs web
        docker wait web
        docker rm web
        docker run -d --rm $BASE sh -c 'exit 3' | wc -c
        docker run -d $BASE no-such-program >/dev/null 2>&1; echo $?
        """)
      #expect(text == "64\nweb running\ntrue\nrunning\nweb\n0\nready\n137\nweb\n65\n127")
    }
  }

  /// Nothing is left running when the folder of names goes, which a pipeline takes away at its end.
  @Test func containersInTheBackgroundEndWithTheirPipeline() async throws {
    try await DockerPlace.use { place in
      try await place.output("docker run -d --name web $BASE sleep 1000")
      #expect(try await place.output("podman ps -q | wc -l") == "1")
      try Files.rename(place.scratch("shims"), to: place.scratch("gone"))
      let ended = try await place.sh("../gone/podman wait web")
      #expect(ended.outputText == "137\n", "\(ended.errorText)")
    }
  }

  /// With subordinate ids, and with one id alone.
  @Test(arguments: [65_536, 0])
  func plainUsersRunContainers(_ subordinateIDs: Int) async throws {
    try await DockerPlace.use { place in
      try await PlainUser.use(subordinateIDs: subordinateIDs) { user in
        let environment: Environment = [
          "PATH": "\(place.scratch("shims")):/usr/sbin:/usr/bin:/sbin:/bin", "BASE": place.place.base,
          "SLIPWAY_ROOT": user.home.appending("store").string,
        ]
        let script = """
          printf 'FROM %s\\nRUN echo built > /built\\n' $BASE > Dockerfile
          docker build -q -t app . | wc -c
          docker run --rm app sh -c 'cat /built; id -u; exit 4'; echo $?
          mkdir out && docker run --rm -v $PWD/out:/out app sh -c 'echo made > /out/file' && cat out/file
          docker run --name made app sh -c 'echo kept > /kept' && docker cp made:/kept . && cat kept && docker rm made
          docker run -d --name web app sh -c 'echo ready; exec sleep 100' | wc -c
          until docker logs web | grep -q ready; do :; done
          docker stop web && docker rm -f web && docker ps -aq | wc -l
          """
        let outcome = try await user.run("/bin/sh", ["-c", script], environment: environment)
        let text = outcome.outputText
        #expect(text == "72\nbuilt\n0\n4\nmade\nkept\nmade\n65\nweb\nweb\n0\n", "\(outcome.errorText)")
      }
    }
  }

  @Test func aSignalEndsTheContainer() async throws {
    try await DockerPlace.use { place in
      let text = try await place.output(
        """
        mkfifo began
        docker run --rm -v $PWD:/w $BASE sh -c 'echo > /w/began; sleep 100' & pid=$!
        read line < began
        kill -TERM $pid; wait $pid; echo $?
        """)
      #expect(text == "143")
    }
  }
}
