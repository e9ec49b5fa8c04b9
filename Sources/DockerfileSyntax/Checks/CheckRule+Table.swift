extension CheckRule {
  /// All rules, ordered by name.
  public static let all: [CheckRule] = [
    CheckRule(
      .consistentInstructionCasing, "all instructions of a file are written in capitals, or all in small letters",
      .file(checkInstructionCasing)),
    CheckRule(
      .copyIgnoredFile, "COPY and ADD do not name what .dockerignore keeps out of the context",
      .instruction(checkIgnoredFiles)),
    CheckRule(.duplicateStageName, "no two stages have the same name", .file(checkDuplicateStageNames)),
    CheckRule(
      .exposeInvalidFormat, "EXPOSE names ports of the container alone, no addresses or ports of the host",
      .instruction(checkPortFormat)),
    CheckRule(
      .exposeProtoCasing, "the protocols of EXPOSE are written in small letters", .instruction(checkPortProtocol)),
    CheckRule(.fromAsCasing, "FROM and AS are written in the same case", .stage(checkAsCasing)),
    CheckRule(
      .fromPlatformFlagConstDisallowed, "FROM --platform does not fix a stage to one platform",
      .stage(checkConstantPlatform)),
    CheckRule(
      .invalidBaseImagePlatform, "a base image is made for the platform that is built", .stage(checkBasePlatform)),
    CheckRule(
      .invalidDefaultArgInFrom, "FROM names an image even if no build argument is given",
      .stage(checkDefaultArguments)),
    CheckRule(
      .invalidDefinitionDescription,
      "the comment above a stage or an argument begins with its name, so that it can serve as its description",
      isExperimental: true, .file(checkDescriptions)),
    CheckRule(
      .jsonArgsRecommended, "CMD and ENTRYPOINT are written as JSON arrays, so that signals reach the program",
      .instruction(checkCommandForm)),
    CheckRule(
      .legacyKeyValueFormat, "an equals sign stands between the names and values of ENV and LABEL",
      .instruction(checkPairForm)),
    CheckRule(
      .maintainerDeprecated, "the author of an image is named by a label, not by MAINTAINER",
      .instruction(checkMaintainer)),
    CheckRule(
      .multipleInstructionsDisallowed, "a stage has one CMD, one ENTRYPOINT and one HEALTHCHECK at most",
      .instruction(checkRepetition)),
    CheckRule(
      .noEmptyContinuation, "no empty line stands inside a continued instruction", .file(checkEmptyContinuations)),
    CheckRule(
      .redundantTargetPlatform, "FROM does not ask for the platform that is taken anyway",
      .stage(checkRedundantPlatform)),
    CheckRule(
      .reservedStageName, "no stage has a name that means something else to FROM or COPY --from",
      .stage(checkReservedName)),
    CheckRule(
      .secretsUsedInArgOrEnv, "secrets are not given by ARG or ENV, which the image and its history show",
      .instruction(checkSecrets)),
    CheckRule(.stageNameCasing, "the names of stages are written in small letters", .stage(checkStageNameCasing)),
    CheckRule(
      .undefinedArgInFrom, "the variables of FROM are declared by an ARG before the first FROM",
      .stage(checkFromArguments)),
    CheckRule(.undefinedVar, "variables are set before they are used", .instruction(checkVariables)),
    CheckRule(
      .workdirRelativePath, "the first WORKDIR of a build is absolute", .instruction(checkWorkdir)),
  ]
}
