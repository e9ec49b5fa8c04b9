import Testing

/// Rolling deployments in simulated worlds, from the first call to the last.
@Suite(.timeLimit(.minutes(2))) struct RollingTests {
  @Test(arguments: RollingScenario.courses) func goesWell(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }

  @Test(arguments: RollingScenario.failures) func fails(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }

  @Test(arguments: RollingScenario.troubles) func meetsTrouble(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }

  @Test(arguments: RollingScenario.interruptions) func isInterrupted(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }

  @Test(arguments: RollingScenario.extras) func doesMore(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }

  @Test(arguments: RollingScenario.mistakes) func refuses(_ scenario: RollingScenario) async throws {
    try await RollingRun.expect(scenario)
  }
}
