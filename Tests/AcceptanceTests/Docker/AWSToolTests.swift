import HostOS
import SystemPackage
import TestSupport
import Testing

/// `aws`, on machines that have none, against moto.
@Suite struct AWSToolTests {
  @Test func passwordsAndIdentity() async throws {
    try await AWSServer.serve { aws in
      try await DockerPlace.use { place in
        var variables = aws.environment
        variables["AWS_EC2_METADATA_DISABLED"] = "true"
        // Nothing else that is called aws.
        variables["PATH"] = "\(place.scratch("shims")):/usr/sbin:/usr/bin:/sbin:/bin"
        let password = "\(AWSServer.account)-auth-token"
        #expect(try await place.output("aws ecr get-login-password --region eu-central-1", variables) == password)
        #expect(
          try await place.output("aws sts get-caller-identity --query Account --output text", variables)
            == AWSServer.account)
        #expect(
          try await place.output("aws sts get-caller-identity | tr -d ' \\n'", variables).contains(
            "\"Account\":\"\(AWSServer.account)\""))
        let host = "\(AWSServer.account).dkr.ecr.eu-west-1.amazonaws.com"
        #expect(
          try await place.output("aws ecr get-login --no-include-email --region eu-west-1", variables)
            == "docker login -u AWS -p \(password) https://\(host)")
        #expect(
          try await place.output(
            "aws ecr get-login --region eu-west-1 --registry-ids 111111111111 222222222222", variables)
              == """
              docker login -u AWS -p \(password) -e none https://111111111111.dkr.ecr.eu-west-1.amazonaws.com
              docker login -u AWS -p \(password) -e none https://222222222222.dkr.ecr.eu-west-1.amazonaws.com
              """)
        let unknown = try await place.sh("aws s3 ls", variables)
        #expect(unknown.status == 252 && unknown.errorText.contains("install the AWS CLI"))
      }
    }
  }

  @Test func theMachinesOwnIsLeftInItsPlace() async throws {
    try await DockerPlace.use { place in
      try place.scratch.write(
        [
          "aws": .file(
            """
            #!/bin/sh
            [ "$1" = --version ] && { echo "${VERSION:-aws-cli/2.31.0} Python/3"; exit; }
            echo own "$@"; exit 7

            """, mode: 0o755)
        ], in: "own")
      let variables = ["PATH": "\(place.scratch("shims")):\(place.scratch("own")):/usr/bin:/bin"]
      #expect(try await place.output("aws s3 ls x || echo $?", variables) == "own s3 ls x\n7")
      #expect(
        try await place.output("VERSION=aws-cli/1.18 aws ecr get-login || true", variables) == "own ecr get-login")
      let second = try await place.sh("AWS_EC2_METADATA_DISABLED=true aws ecr get-login --region eu-west-1", variables)
      #expect(second.status == 254 && !second.outputText.contains("own"))
    }
  }
}
