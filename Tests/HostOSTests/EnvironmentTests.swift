import Glibc
import HostOS
import Testing

@Suite struct EnvironmentTests {
  @Test func tellsEmptyFromUnset() {
    let environment: Environment = ["A": "1", "EMPTY": ""]
    #expect((environment["A"], environment["EMPTY"], environment["NONE"]) == ("1", "", nil))
    #expect((environment.nonEmpty("A"), environment.nonEmpty("EMPTY"), environment.nonEmpty("NONE")) == ("1", nil, nil))
  }

  @Test func takesTheLastOfDuplicates() {
    let environment: Environment = ["A": "1", "A": "2"]
    #expect(environment == Environment(["A": "2"]))
  }

  @Test func readsThatOfTheProcess() throws {
    let path = try #require(getenv("PATH"))
    #expect(Environment.current["PATH"] == String(cString: path))
  }
}
