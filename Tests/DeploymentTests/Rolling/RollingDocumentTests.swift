import DeployPlugins
import HostOS
import JSON
import RollingPlugin
import SystemPackage
import TestSupport
import Testing

/// docs/rolling.md says what the plugin says of itself.
@Suite struct RollingDocumentTests {
  @Test func allKeysAreDocumented() throws {
    let page = String(decoding: try Files.read(Checkout.root.appending("docs/rolling.md")), as: UTF8.self)
    let schema = RollingPlugin().description.configSchema
    let rows = page.split(separator: "\n").filter { $0.hasPrefix("|") }
    let keys = schema["properties"]?.object?.names ?? []
    #expect(keys.count > 30)
    for key in keys {
      #expect(rows.contains { $0.split(separator: "|").first?.contains("`\(key)`") == true }, "\(key)")
    }
  }
}
