/// A failure that many have had: what AWS writes of it, and what to do.
public struct KnownCause: Sendable, Hashable {
  /// All of them have to be in the text, in any case of letters.
  public let fragments: [String]
  public let hint: String

  init(_ fragments: String..., hint: String) {
    self.fragments = fragments
    self.hint = hint
  }

  public func matches(_ text: String) -> Bool {
    let text = text.lowercased()
    return fragments.allSatisfy { text.contains($0.lowercased()) }
  }

  /// What to do about the first cause that a text shows; nil when none is known.
  public static func hint(for text: String) -> String? { table.first { $0.matches(text) }?.hint }

  /// The same for the first of several texts that shows one.
  public static func hint(for texts: [String]) -> String? { texts.lazy.compactMap { hint(for: $0) }.first }

  /// The more special ones come first.
  public static let table: [KnownCause] = images + starts + placement + health + requests

  private static let images = [
    KnownCause(
      "does not contain descriptor matching platform",
      hint: "the image has no variant for the task's architecture: build it for runtimePlatform.cpuArchitecture of the "
        + "task definition"),
    KnownCause(
      "exec format error",
      hint: "the image is built for another architecture: build it for runtimePlatform.cpuArchitecture of the task "
        + "definition (X86_64 is linux/amd64, ARM64 is linux/arm64)"),
    KnownCause(
      "manifest unknown",
      hint:
        "push the image first, and check registry, account and region of its reference; a lifecycle policy may have "
        + "removed it"),
    KnownCause(
      "cannotpullcontainererror", "not found",
      hint:
        "push the image first, and check registry, account and region of its reference; a lifecycle policy may have "
        + "removed it"),
    KnownCause(
      "ecr:getauthorizationtoken",
      hint: "give the task's executionRoleArn the managed policy AmazonECSTaskExecutionRolePolicy"),
    KnownCause(
      "pull access denied",
      hint: "the task's executionRoleArn may not pull the image: give it AmazonECSTaskExecutionRolePolicy, and the "
        + "repository a policy that lets this account in"),
    KnownCause(
      "httpreaderseeker: failed open",
      hint: "the task cannot reach the registry's storage: give its subnets a NAT, a public address, or endpoints for "
        + "ecr.api, ecr.dkr, logs and the S3 gateway"),
    KnownCause(
      "i/o timeout",
      hint: "the task cannot reach the registry: give its subnets a NAT or a public address (assign-public-ip), or "
        + "endpoints for ecr.api, ecr.dkr, logs and the S3 gateway"),
    KnownCause("toomanyrequests", hint: "the registry limits pulls: mirror the image to Amazon ECR"),
    KnownCause(
      "cannotpullcontainererror",
      hint: "check the image's reference, the task's executionRoleArn and the way from its subnets to the registry"),
  ]

  private static let starts = [
    KnownCause(
      "resourceinitializationerror", "secret",
      hint: "the task's executionRoleArn may not read a secret, or its subnets have no way to secretsmanager, ssm and "
        + "kms"),
    KnownCause(
      "resourceinitializationerror", "log",
      hint: "create the log group (create: true does), and let the task's executionRoleArn write to it"),
    KnownCause(
      "resourceinitializationerror",
      hint: "check the task's executionRoleArn and the way from its subnets to AWS's endpoints"),
    KnownCause(
      "no space left on device", hint: "raise ephemeralStorage of the task definition, or make the image smaller"),
    KnownCause(
      "outofmemory", hint: "raise memory of the container or of the task, or make the program use less"),
    KnownCause(
      "container killed due to memory usage", hint: "raise memory of the container or of the task"),
    KnownCause(
      "is unable to consistently start tasks successfully",
      hint: "the tasks end as soon as they start: read the last lines of the log and the exit codes"),
    KnownCause(
      "spot", "interrupt", hint: "AWS took the capacity back: give the strategy a base of FARGATE beside FARGATE_SPOT"),
  ]

  private static let placement = [
    KnownCause(
      "no container instances were found in your cluster",
      hint: "the cluster has no EC2 instance: register some, or use Fargate (launchType or capacity providers)"),
    KnownCause(
      "no container instance met all of its requirements", "agent",
      hint: "the ECS agent of the instances is disconnected: restart it"),
    KnownCause(
      "no container instance met all of its requirements",
      hint: "the instances lack CPU, memory, host ports, network interfaces or attributes for another task: add "
        + "instances, or lower minimum-healthy-percent so that an old task may end first"),
    KnownCause(
      "because of the service deployment configuration",
      hint: "minimum and maximum percent allow no task to stop or to start: lower minimum-healthy-percent or raise "
        + "maximum-percent"),
    KnownCause("reached the limit on the number of", hint: "ask AWS for a higher quota of tasks or vCPUs"),
    KnownCause("above your limit", hint: "ask AWS for a higher quota of vCPUs on Fargate"),
    KnownCause(
      "operations are being throttled", hint: "AWS limits how fast tasks start in this account: try again later"),
    KnownCause(
      "number of protected tasks", hint: "end the scale-in protection of old tasks, or wait until it runs out"),
    KnownCause("capacity is unavailable", hint: "try again later, or add subnets of other availability zones"),
    KnownCause("resource:cpu", hint: "no instance has that much CPU left: add instances or lower cpu"),
    KnownCause("resource:memory", hint: "no instance has that much memory left: add instances or lower memory"),
    KnownCause("resource:ports", hint: "the host port is taken on all instances: use a dynamic one (hostPort 0)"),
    KnownCause(
      "resource:eni", hint: "the instances have no network interface left: add instances, or use ENI trunking"),
    KnownCause("no container instances", hint: "check that cluster names the cluster with your instances"),
  ]

  private static let health = [
    KnownCause(
      "health checks failed with these codes",
      hint: "the program answers the load balancer's health check with another status: check the path and the expected "
        + "codes of the target group"),
    KnownCause(
      "target.timeout",
      hint: "nothing answers the health check: check the container's port, and that its security group lets the load "
        + "balancer in"),
    KnownCause(
      "responsecodemismatch",
      hint: "the program answers the load balancer's health check with another status: check the path and the expected "
        + "codes of the target group"),
    KnownCause(
      "is unhealthy in (target-group",
      hint: "check path, port and codes of the target group's health check, healthCheckGracePeriodSeconds of the "
        + "service, and the security group"),
    KnownCause(
      "is unhealthy in target-group",
      hint: "check path, port and codes of the target group's health check, healthCheckGracePeriodSeconds of the "
        + "service, and the security group"),
    KnownCause(
      "failed elb health checks",
      hint: "check path, port and codes of the target group's health check, healthCheckGracePeriodSeconds of the "
        + "service, and the security group"),
    KnownCause(
      "failed container health checks",
      hint: "run the command of the container's healthCheck in the image, and check its startPeriod"),
    KnownCause(
      "alarm", "detected",
      hint: "look at the alarm in CloudWatch: the new revision made it go off"),
  ]

  private static let requests = [
    KnownCause(
      "iam:passrole",
      hint: "let the caller pass the task's roles: iam:PassRole on taskRoleArn and executionRoleArn, for "
        + "ecs-tasks.amazonaws.com"),
    KnownCause(
      "does not have an associated load balancer",
      hint: "attach the target group to a listener of a load balancer first"),
    KnownCause("not idempotent", hint: "a service of that name exists with other settings: update it instead"),
    KnownCause("still draining", hint: "wait until the deleted service is INACTIVE, and deploy again"),
    KnownCause(
      "execution role arn", hint: "give the task definition an executionRoleArn: Fargate pulls and logs with it"),
    KnownCause(
      "no fargate configuration exists",
      hint: "choose cpu and memory of the task from the combinations that Fargate has (256/512, 512/1024, 1024/2048, …)"
    ),
    KnownCause("only supports network mode", hint: "set networkMode of the task definition to awsvpc"),
    KnownCause(
      "network configuration must be provided",
      hint: "give the service a network: subnets and security-groups of the VPC"),
    KnownCause(
      "taskdefinition is inactive", hint: "that revision was deregistered: register it again, or deploy another one"),
    // The most general one.
    KnownCause(
      "essential container in task exited",
      hint: "look at the first container with an exit code other than 0, and at the last lines of its log"),
  ]

  /// What an exit code means, for messages; nil where only the log knows.
  public static func meaning(ofExitCode code: Int) -> String? {
    switch code {
    case 126: "the command cannot be executed"
    case 127: "the command was not found"
    case 134: "aborted (SIGABRT)"
    case 137: "killed (SIGKILL): out of memory, or SIGTERM was ignored past stopTimeout"
    case 139: "segmentation fault (SIGSEGV)"
    case 143: "ended by SIGTERM"
    default: nil
    }
  }
}
