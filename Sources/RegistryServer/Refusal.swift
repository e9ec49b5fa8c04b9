import HTTPTypes
import OCI

/// An answer that says why a request cannot be fulfilled (distribution-spec, "Error codes").
struct Refusal: Error {
  var status: HTTPResponse.Status
  var code: String
  var message: String
  var headers = HTTPFields()

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  static let nameInvalid = Refusal(.badRequest, "NAME_INVALID", "no repository can have this name")
  static let unauthorized: Refusal = {
    var refusal = Refusal(.unauthorized, "UNAUTHORIZED", "user name and password are needed")
    refusal.headers[.wwwAuthenticate] = #"Basic realm="slipway""#
    return refusal
  }()
  static let readOnly = Refusal(
    .methodNotAllowed, "UNSUPPORTED", "this registry is read-only; slipway serve --writable takes pushes")
  static let noSuchEndpoint = Refusal(.notFound, "UNSUPPORTED", "a registry has nothing at this address")
  static let uploadUnknown = Refusal(.notFound, "BLOB_UPLOAD_UNKNOWN", "there is no such upload; begin a new one")

  static func nameUnknown(_ repository: String) -> Refusal {
    Refusal(.notFound, "NAME_UNKNOWN", "there is no repository \(repository)")
  }

  static func manifestUnknown(_ reference: String) -> Refusal {
    Refusal(.notFound, "MANIFEST_UNKNOWN", "there is no manifest \(reference)")
  }

  static func blobUnknown(_ digest: String) -> Refusal {
    Refusal(.notFound, "BLOB_UNKNOWN", "there is no blob \(digest)")
  }

  static func digestInvalid(_ text: String) -> Refusal {
    Refusal(.badRequest, "DIGEST_INVALID", "\"\(text)\" is no digest that is known here")
  }

  static func methodNotAllowed(_ allowed: String) -> Refusal {
    var refusal = Refusal(.methodNotAllowed, "UNSUPPORTED", "this address takes \(allowed)")
    refusal.headers[.allow] = allowed
    return refusal
  }

  var answer: Answer {
    struct Body: Encodable {
      struct Entry: Encodable {
        var code: String
        var message: String
      }
      var errors: [Entry]
    }
    var answer = Answer(status, headers)
    let body = Body(errors: [.init(code: code, message: message)])
    if let bytes = try? JSONDocument.encode(body) { answer.setBody(bytes, type: "application/json") }
    return answer
  }
}

extension HTTPField.Name {
  static let contentDigest = known("Docker-Content-Digest")
  static let apiVersion = known("Docker-Distribution-API-Version")
  static let uploadID = known("Docker-Upload-UUID")
  static let subject = known("OCI-Subject")
  static let filtersApplied = known("OCI-Filters-Applied")
  static let tag = known("OCI-Tag")
  static let link = known("Link")

  /// Of a name that is one.
  private static func known(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .contentType }
}
