/// What `slipway build` is to do with a Dockerfile (docker buildx build, "--call").
public enum BuildCall: String, Sendable, Hashable, CaseIterable {
  case build
  /// Say what the checks find.
  case check
  /// Say what the target takes: arguments, secrets, agents.
  case outline
  /// List the stages that can be built.
  case targets
  /// Show what would be done, and the image that would come of it.
  case plan
}
