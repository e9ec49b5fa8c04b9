import BuildPlanning
import OCI
import Testing

@Suite struct ContextNameTests {
  @Test(arguments: [
    ("alpine", "alpine"), ("alpine:latest", "alpine"), ("docker.io/library/alpine", "alpine"),
    ("index.docker.io/library/alpine:latest", "alpine"), ("alpine:3.20", "alpine:3.20"),
    ("docker.io/owner/tool", "owner/tool"), ("registry.example/alpine:latest", "registry.example/alpine"),
    ("base_1", "base_1"), ("alpine::linux/arm64/v8", "alpine::linux/arm64"),
    ("alpine:3::arm", "alpine:3::linux/arm/v7"),
  ])
  func completesNames(_ text: String, _ expected: String) throws {
    let name = try ContextName(parsing: text)
    #expect(name.description == expected)
    #expect(try ContextName(parsing: name.description) == name)
  }

  @Test(arguments: ["", "Upper", "a b", "alpine::", "alpine::x/y/z/w", "::linux/amd64", "alpine:::3"])
  func refuses(_ text: String) {
    #expect(throws: OCIError.self) { try ContextName(parsing: text) }
  }
}
