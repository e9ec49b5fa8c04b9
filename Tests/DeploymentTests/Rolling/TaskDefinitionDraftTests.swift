import ECSDeployment
import JSON
import Testing

/// Task definitions that say the same, and such that do not; known causes.
@Suite struct TaskDefinitionDraftTests {
  private func draft(_ text: String) throws -> TaskDefinitionDraft {
    TaskDefinitionDraft(registering: try JSONValue(parsing: text))
  }

  @Test func whatECSAddsMakesNoDifference() throws {
    let file = try draft(
      """
      {"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE", "EC2"],
       "containerDefinitions": [{"name": "web", "image": "i", "portMappings": [{"containerPort": 80}],
         "environment": [{"name": "B", "value": ""}, {"name": "A", "value": "1"}]}]}
      """)
    let live = try draft(
      """
      {"taskDefinitionArn": "a", "revision": 3, "status": "ACTIVE", "family": "web", "networkMode": "awsvpc",
       "requiresCompatibilities": ["EC2", "FARGATE"], "volumes": [], "placementConstraints": [],
       "containerDefinitions": [{"name": "web", "image": "i", "cpu": 0, "essential": true, "mountPoints": [],
         "volumesFrom": [], "systemControls": [],
         "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
         "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}]}]}
      """)
    #expect(file.isSame(as: live))
    #expect(live.json["revision"] == nil)
  }

  @Test(arguments: [
    #"{"family":"web","containerDefinitions":[{"name":"web","image":"j"}]}"#,
    #"{"family":"web","containerDefinitions":[{"name":"web","image":"i","environment":[{"name":"A","value":""}]}]}"#,
    #"{"family":"web","containerDefinitions":[{"name":"web","image":"i","essential":false}]}"#,
    #"{"family":"web","containerDefinitions":[{"name":"web","image":"i"}],"notYetKnown":{}}"#,
    #"{"family":"web","containerDefinitions":[{"name":"web","image":"i"}],"tags":[{"key":"a","value":""}]}"#,
  ])
  func othersAreOthers(_ text: String) throws {
    let one = try draft(#"{"family":"web","containerDefinitions":[{"name":"web","image":"i"}]}"#)
    #expect(!one.isSame(as: try draft(text)))
  }

  @Test func tagsComeAlongButAWSsOwn() {
    let draft = TaskDefinitionDraft(describing: [
      "taskDefinition": ["family": "web"],
      "tags": [["key": "aws:cloudformation:stack-name", "value": "x"], ["key": "team", "value": ""]],
    ])
    #expect(draft.json == ["family": "web", "tags": [["key": "team", "value": ""]]])
  }

  @Test(arguments: [
    ("CannotPullContainerError: ref not found: manifest unknown", "push the image first"),
    ("exec /bin/app: exec format error", "another architecture"),
    ("(service web) was unable to place a task because no container instance met all of its requirements.", "lack CPU"),
    ("(service web) is unhealthy in (target-group x) due to (reason Health checks failed)", "health check"),
    (
      "service web was unable to stop or start tasks during a deployment because of the service deployment "
        + "configuration", "minimum-healthy-percent"
    ),
    ("ResourceInitializationError: unable to pull secrets or registry auth", "may not read a secret"),
    ("OutOfMemoryError: Container killed due to memory usage", "raise memory"),
    ("You've reached the limit on the number of tasks you can run concurrently", "quota"),
    ("write: no space left on device", "ephemeralStorage"),
    ("failed to do request: dial tcp 52.1.1.1:443: i/o timeout", "NAT"),
    ("not authorized to perform: ecr:GetAuthorizationToken", "AmazonECSTaskExecutionRolePolicy"),
  ])
  func knownCausesHaveHints(_ text: String, _ hint: String) {
    #expect(KnownCause.hint(for: text)?.contains(hint) == true)
  }

  @Test func whatIsNotKnownHasNoHint() { #expect(KnownCause.hint(for: "all is well") == nil) }
}
