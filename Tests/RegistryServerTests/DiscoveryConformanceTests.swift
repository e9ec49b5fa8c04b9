import Foundation
import NIOHTTP1
import OCI
import RegistryServer
import TestSupport
import Testing

/// distribution-spec, "Content Discovery".
@Suite("distribution-spec: content discovery") struct DiscoveryConformanceTests {
  @Test("Listing Tags: all, in order; n and last; Link")
  func tags() async throws {
    try await ServedRegistry.use { registry in
      for tag in ["b", "a", "c", "a-1", "B"] { try await registry.pushImage(tag) }
      let all = ["B", "a", "a-1", "b", "c"]
      #expect(try await registry.tags().tags == all)
      #expect(try await registry.tags().link == nil)
      #expect(try await registry.tags("app", "?last=a-1").tags == ["b", "c"])
      #expect(try await registry.tags("app", "?last=aa").tags == ["b", "c"])
      #expect(try await registry.tags("app", "?n=0") == ([], nil))
      #expect(try await registry.tags("app", "?n=9") == (all, nil))
      var (page, link) = try await registry.tags("app", "?n=2")
      var seen = [page]
      while let address = link {
        let path = try #require(address.split(separator: ">").first?.dropFirst())
        #expect(address.hasSuffix(#">; rel="next""#))
        (page, link) = try await registry.tags("app", String(path.drop { $0 != "?" }))
        seen.append(page)
      }
      #expect(seen == [["B", "a"], ["a-1", "b"], ["c"]])
    }
  }

  @Test("Listing Tags: what is no number, and what is no repository")
  func wrongTagLists() async throws {
    try await ServedRegistry.use { registry in
      #expect(try await registry.send(.GET, "/v2/app/tags/list").errorCode == "NAME_UNKNOWN")
      try await registry.pushImage(nil)
      #expect(try await registry.tags().tags == [])
      for n in ["x", "-1"] {
        let reply = try await registry.send(.GET, "/v2/app/tags/list?n=\(n)")
        #expect(reply.status == 400 && reply.errorCode == "PAGINATION_NUMBER_INVALID")
      }
    }
  }

  @Test("the list of repositories, as docker's tools ask for it")
  func catalog() async throws {
    try await ServedRegistry.use { registry in
      for name in ["b/c", "a", "d"] { try await registry.pushImage("1", to: name) }
      let reply = try await registry.send(.GET, "/v2/_catalog?n=2")
      #expect(reply.text == #"{"repositories":["a","b/c"]}"#)
      #expect(reply["Link"] == #"</v2/_catalog?n=2&last=b%2Fc>; rel="next""#)
      #expect(try await registry.send(.GET, "/v2/_catalog?n=2&last=b%2Fc").text == #"{"repositories":["d"]}"#)
    }
  }

  private func referrers(
    _ registry: ServedRegistry, _ subject: Digest, _ query: String = "", in name: String = "app"
  ) async throws -> (manifests: [Descriptor], filters: String?) {
    let reply = try await registry.send(.GET, "/v2/\(name)/referrers/\(subject)\(query)")
    #expect(reply.status == 200 && reply["Content-Type"] == MediaType.ociIndex.rawValue)
    let manifest = try RawManifest(bytes: reply.body, mediaType: nil)
    guard case .index(let index) = manifest.content, index.mediaType == .ociIndex else {
      throw TestFailure("no index: \(reply.text)")
    }
    return (index.manifests, reply["OCI-Filters-Applied"])
  }

  @Test("Listing Referrers: descriptors with type and annotations, filtered by artifactType")
  func referrersOfAnImage() async throws {
    try await ServedRegistry.use { registry in
      let subject = try await registry.pushImage("1").descriptor
      let typed = try await registry.pushImage(nil, layer: "sbom") { image in
        image.artifactType = "application/vnd.example.sbom"
        image.annotations = ["org.example": "yes"]
        image.subject = subject
      }
      let untyped = try await registry.pushImage("signed", layer: "signature") { $0.subject = subject }
      var index = ImageIndex(manifests: [])
      index.subject = subject
      index.artifactType = "application/vnd.example.sbom"
      let list = try RawManifest(index)
      try await registry.push(list)

      let all = try await referrers(registry, subject.digest)
      #expect(Set(all.manifests.map(\.digest)) == Set([typed, untyped, list].map(\.descriptor.digest)))
      #expect(all.filters == nil)
      let found = try #require(all.manifests.first { $0.digest == typed.descriptor.digest })
      #expect(found.artifactType == "application/vnd.example.sbom" && found.annotations == ["org.example": "yes"])
      #expect(found.mediaType == .ociManifest && found.size == Int64(typed.bytes.count))
      // Without a type of its own, that of the configuration.
      let plain = all.manifests.first { $0.digest == untyped.descriptor.digest }
      #expect(plain?.artifactType == MediaType.ociConfig.rawValue)

      let filtered = try await referrers(registry, subject.digest, "?artifactType=application/vnd.example.sbom")
      #expect(Set(filtered.manifests.map(\.digest)) == Set([typed, list].map(\.descriptor.digest)))
      #expect(filtered.filters == "artifactType")
      #expect(try await referrers(registry, subject.digest, "?artifactType=none").manifests == [])
    }
  }

  @Test("Listing Referrers: an empty list where nothing refers, 400 for what is no digest")
  func noReferrers() async throws {
    try await ServedRegistry.use { registry in
      let digest = Digest(sha256Of: Array("nothing".utf8))
      let list = try await referrers(registry, digest)
      #expect(list.manifests == [])
      #expect(try await registry.send(.GET, "/v2/app/referrers/nothing").errorCode == "DIGEST_INVALID")
    }
  }
}
