import NIOHTTP1

/// Writes an object of Amazon S3 from memory, in the form that has the bucket in the path.
public struct PutObject: ServiceCall {
  public static let service = AWSService.s3
  public static let operation = "PutObject"

  public var bucket: String
  /// Without a slash at the beginning.
  public var key: String
  public var body: [UInt8]

  public init(bucket: String, key: String, body: [UInt8]) {
    self.bucket = bucket
    self.key = key
    self.body = body
  }

  public struct Output: Sendable {}

  public var message: CallMessage {
    CallMessage(
      method: .PUT,
      path: "/\(PercentEncoding.encode(bucket))/\(PercentEncoding.encode(key, keepsSlash: true))",
      headers: ["Content-Type": "application/octet-stream"], body: body)
  }

  public static func output(_ bytes: [UInt8]) throws -> Output { Output() }
}
