// DockerfileSyntax
