import HTTPTypes
import OCI
import SystemPackage

/// What is sent back.
struct Answer: Sendable {
  enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// A part of a file.
    case file(FilePath, Range<Int64>)
    /// A whole blob, which is verified on its way.
    case blob(FilePath, Descriptor)
  }

  var status: HTTPResponse.Status
  var headers: HTTPFields
  private(set) var body = Body.none

  init(_ status: HTTPResponse.Status, _ headers: HTTPFields = [:]) {
    self.status = status
    self.headers = headers
  }

  mutating func setBody(_ bytes: [UInt8], type: String) {
    body = .bytes(bytes)
    headers[.contentType] = type
    headers[.contentLength] = "\(bytes.count)"
  }

  mutating func setBody(_ content: Body, length: Int64) {
    body = content
    headers[.contentType] = "application/octet-stream"
    headers[.contentLength] = "\(length)"
  }
}
