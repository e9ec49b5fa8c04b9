import HTTP
import HostOS
import Testing

@Suite struct ProxySettingsTests {
  @Test(
    "which proxy stands before which host",
    arguments: [
      (["HTTPS_PROXY": "http://p:3128"], "https://h.example/", "p:3128"),
      (["https_proxy": "p:3128", "HTTPS_PROXY": "http://q:1"], "https://h.example/", "p:3128"),
      (["HTTPS_PROXY": "http://p"], "https://h.example/", "p:80"),
      (["HTTPS_PROXY": "http://p:3128"], "http://h.example/", nil),
      (["HTTP_PROXY": "http://p:3128"], "http://h.example/", "p:3128"),
      (["HTTP_PROXY": "http://p:3128", "REQUEST_METHOD": "GET"], "http://h.example/", nil),
      (["ALL_PROXY": "http://p:3128"], "http://h.example/", "p:3128"),
      (["HTTPS_PROXY": ""], "https://h.example/", nil), ([:], "https://h.example/", nil),
      (["ALL_PROXY": "p:1"], "https://localhost:5000/", nil), (["ALL_PROXY": "p:1"], "http://127.0.0.2/", nil),
      (["ALL_PROXY": "p:1"], "http://[::1]:80/", nil), (["ALL_PROXY": "p:1"], "http://169.254.169.254/latest", nil),
      (["ALL_PROXY": "p:1"], "http://[fd00:ec2::254]/latest", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": "*"], "http://h.example/", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": "a,example"], "http://h.example/", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": ".example"], "http://h.example/", nil),
      (["ALL_PROXY": "p:1", "no_proxy": "*.H.example, x"], "http://h.example/", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": "ample"], "http://h.example/", "p:1"),
      (["ALL_PROXY": "p:1", "NO_PROXY": "h.example:443"], "https://h.example/", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": "h.example:443"], "http://h.example/", "p:1"),
      (["ALL_PROXY": "p:1", "NO_PROXY": "10.0.0.0/8"], "http://10.9.8.7/", nil),
      (["ALL_PROXY": "p:1", "NO_PROXY": "10.0.0.0/8"], "http://11.9.8.7/", "p:1"),
      (["ALL_PROXY": "p:1", "NO_PROXY": "0.0.0.0/0"], "http://11.9.8.7/", nil),
    ] as [([String: String], String, String?)])
  func proxies(variables: [String: String], address: String, proxy: String?) throws {
    let found = try ProxySettings(Environment(variables)).proxy(for: url(address))
    #expect(found.map { "\($0.host):\($0.port)" } == proxy)
  }

  @Test func readsUserAndPassword() throws {
    let settings = try ProxySettings(["https_proxy": "http://me:p%40ss@p:3128"])
    let proxy = try #require(try settings.proxy(for: url("https://h.example")))
    #expect(proxy.user == "me" && proxy.password == "p@ss")
  }

  @Test("what is no HTTP proxy", arguments: ["socks5://p:1", "https://p:1", "http://", "http://p:99999999999"])
  func invalid(text: String) {
    let error = #expect(throws: HTTPError.self) { try ProxySettings(["HTTPS_PROXY": text]) }
    #expect(error?.code == .proxyFailure)
    #expect(error?.message == "HTTPS_PROXY is not the address of an HTTP proxy")
  }
}
