import Foundation
import HTTPTypes
import HostOS
import OCI

/// distribution-spec, "Listing Tags", "Listing Referrers".
extension Handler {
  func listTags(_ inquiry: Inquiry, _ name: String) async throws -> Answer {
    struct Body: Encodable {
      var name: String
      var tags: [String]
    }
    let repository = try await repository(name)
    let page = try Page(repository.tags.keys.sorted(), inquiry)
    return try page.answer(Body(name: name, tags: page.items), path: "/v2/\(name)/tags/list")
  }

  func listRepositories(_ inquiry: Inquiry) async throws -> Answer {
    struct Body: Encodable { var repositories: [String] }
    let names = try await Blocking.run { [catalog] in try catalog.repositoryNames() }
    let page = try Page(names, inquiry)
    return try page.answer(Body(repositories: page.items), path: "/v2/_catalog")
  }

  func listReferrers(_ inquiry: Inquiry, _ name: String, _ subject: Digest) async throws -> Answer {
    let manifests = try await Blocking.run { [catalog] in try catalog.repository(name) }?.manifests ?? [:]
    var found = manifests.values.filter { $0.subject == subject }.map(\.descriptor)
    let type = inquiry.parameter("artifactType")
    if let type { found = found.filter { $0.artifactType == type } }
    found.sort { $0.digest.hex < $1.digest.hex }
    var answer = Answer(.ok)
    answer.setBody(
      try JSONDocument.encode(ImageIndex(manifests: found)), type: MediaType.ociIndex.rawValue)
    if type != nil { answer.headers[.filtersApplied] = "artifactType" }
    return answer
  }
}

/// A part of a sorted list: `n` entries behind `last`.
private struct Page {
  var items: [String]
  /// What the next page begins behind; nil when this is the last one.
  private var next: String?
  private var count: Int?

  init(_ all: [String], _ inquiry: Inquiry) throws {
    let last = inquiry.parameter("last")
    let rest = all.drop { item in last.map { item <= $0 } ?? false }
    items = Array(rest)
    guard let text = inquiry.parameter("n") else { return }
    guard let count = Int(text), count >= 0 else {
      throw Refusal(.badRequest, "PAGINATION_NUMBER_INVALID", "\"\(text)\" is no number of entries")
    }
    self.count = count
    items = Array(rest.prefix(count))
    if items.count < rest.count { next = items.last }
  }

  /// - Parameter path: where the next page is asked for.
  func answer(_ body: some Encodable, path: String) throws -> Answer {
    var answer = Answer(.ok)
    answer.setBody(try JSONDocument.encode(body), type: "application/json")
    if let next, let count {
      let last = next.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", ".", "_", "~"])) ?? next
      answer.headers[.link] = "<\(path)?n=\(count)&last=\(last)>; rel=\"next\""
    }
    return answer
  }
}
