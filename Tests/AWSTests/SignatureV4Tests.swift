import Foundation
import HTTP
import HostOS
import NIOHTTP1
import SystemPackage
import TestSupport
import Testing

@testable import AWS

@Suite struct SignatureV4Tests {
  /// A request of AWS's test suite, with what it has to become.
  struct Vector: CustomTestStringConvertible, Sendable {
    var folder: FilePath
    var testDescription: String { name }
    var name: String { folder.lastComponent?.string ?? "" }

    func text(_ suffix: String) throws -> String {
      String(decoding: try Files.read(folder.appending("\(name).\(suffix)")), as: UTF8.self)
        .replacing("\r\n", with: "\n")
    }

    static let all: [Vector] = {
      let root = Checkout.fixture("aws/sigv4")
      let folders = (try? Files.names(in: root).map { root.appending($0) }) ?? []
      let inner = folders.filter { ["normalize-path", "post-sts-token"].contains($0.lastComponent?.string) }.flatMap {
        folder in (try? Files.names(in: folder).map { folder.appending($0) }) ?? []
      }
      return (folders + inner).map(Vector.init).filter { (try? $0.text("req")) != nil }
    }()
  }

  /// A request as text. Lines that begin with a blank belong to the header before.
  private func request(_ text: String) throws -> CanonicalRequest {
    let parts = text.firstRange(of: "\n\n").map { (text[..<$0.lowerBound], text[$0.upperBound...]) } ?? (text[...], "")
    var lines = parts.0.split(separator: "\n")
    let first = lines.removeFirst()
    let method = first.prefix { $0 != " " }
    let target = first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
    var headers: [(name: String, value: String)] = []
    for line in lines {
      if line.hasPrefix(" ") {
        headers[headers.count - 1].value += "\n\(line)"
      } else {
        let colon = try #require(line.firstIndex(of: ":"))
        headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
      }
    }
    let question = target.firstIndex(of: "?") ?? target.endIndex
    return CanonicalRequest(
      method: String(method), path: String(target[..<question]), query: String(target[question...].dropFirst()),
      headers: headers, bodyHash: SHA256Hasher.hex(of: parts.1.utf8))
  }

  private let signer = SignatureV4(
    credentials: AWSCredentials(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", origin: "the suite"),
    region: "us-east-1", service: "service")

  @Test func theSuiteIsWhole() { #expect(Vector.all.count == 34) }

  @Test("AWS's test suite", arguments: Vector.all)
  func vector(_ vector: Vector) throws {
    var request = try request(vector.text("req"))
    // In one of them it is left to the signer to add the token.
    let token = try vector.text("creq").split(separator: "\n").first { $0.hasPrefix("x-amz-security-token:") }
    if let token, !request.headers.contains(where: { $0.name.lowercased() == "x-amz-security-token" }) {
      request.headers.append(("X-Amz-Security-Token", String(token.drop { $0 != ":" }.dropFirst())))
    }
    #expect(request.text == (try vector.text("creq")))
    #expect(signer.stringToSign(request, date: "20150830T123600Z") == (try vector.text("sts")))
    #expect(signer.authorization(for: request, date: "20150830T123600Z") == (try vector.text("authz")))
  }

  /// Examples of S3's documentation, "Authenticating Requests: Using the Authorization Header".
  @Test(
    arguments: [
      (
        "https://examplebucket.s3.amazonaws.com/test.txt", ["Range": "bytes=0-9"], HTTPMethod.GET, "",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
      ),
      (
        "https://examplebucket.s3.amazonaws.com/test%24file.text",
        ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"], .PUT,
        "Welcome to Amazon S3.", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
      ),
      (
        "https://examplebucket.s3.amazonaws.com/?lifecycle", [:], .GET, "",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
      ),
    ] as [(String, [String: String], HTTPMethod, String, String)])
  func objectsOfS3(url: String, headers: [String: String], method: HTTPMethod, body: String, signature: String) throws {
    var request = HTTPRequest(
      method, try #require(URL(string: url)), headers: HTTPHeaders(headers.sorted { $0.key < $1.key }.map { ($0, $1) }),
      body: .bytes(Array(body.utf8)))
    let credentials = AWSCredentials(
      accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", origin: "")
    SignatureV4(credentials: credentials, region: "us-east-1", service: "s3").sign(&request, now: 1_369_353_600)
    #expect(request.headers.first(name: "X-Amz-Date") == "20130524T000000Z")
    #expect(request.headers.first(name: "Authorization")?.hasSuffix("Signature=\(signature)") == true)
  }

  @Test func tokensAndPortsAreSigned() throws {
    var request = HTTPRequest(.POST, try #require(URL(string: "http://127.0.0.1:4566/")), body: .bytes([]))
    var signer = signer
    signer.credentials.sessionToken = "TOKEN"
    signer.sign(&request, now: 1_440_938_160)
    let text = try #require(request.headers.first(name: "Authorization"))
    #expect(text.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"))
    let same = CanonicalRequest(
      method: "POST", path: "/", query: "",
      headers: [
        ("host", "127.0.0.1:4566"), ("x-amz-date", "20150830T123600Z"), ("x-amz-security-token", "TOKEN"),
      ], bodyHash: SHA256Hasher.hex(of: []))
    #expect(text == signer.authorization(for: same, date: "20150830T123600Z"))
  }
}
