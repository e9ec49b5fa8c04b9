import AWS
import Foundation
import JSON

/// From requests to answers.
struct Responder: Sendable {
  let world: World
  let log: CallLog
  let check: ModelCheck

  /// Nil drops the connection.
  func reply(to inbound: Inbound) async -> Reply? {
    if let reply = await plainReply(to: inbound) { return reply }
    let route: Route
    do { route = try Route(inbound) } catch let refusal as Refusal {
      log.add(violation: "\(inbound.method) \(inbound.path): \(refusal.code) \(refusal.message)")
      return .refusal(refusal, of: nil)
    } catch { return .refusal(Refusal("InternalFailure", "\(error)", status: 500), of: nil) }
    var record = CallRecord(
      service: route.service.id, operation: route.operation, parameters: route.parameters, accessKeyID: "", status: 200,
      answer: [:])
    let reply: Reply?
    do {
      let answer = try await answer(route, inbound, &record)
      reply = .answer(answer, to: route.operation, of: route.service)
      record.answer = answer
    } catch let refusal as Refusal {
      reply = .refusal(refusal, of: route.service)
      (record.status, record.errorCode) = (refusal.status, refusal.code)
    } catch is Dropped {
      reply = nil
      record.status = 0
    } catch {
      log.add(violation: "\(record): \(error)")
      reply = .refusal(Refusal("InternalFailure", "\(error)", status: 500), of: route.service)
      record.status = 500
    }
    log.add(record)
    for violation in await world.meetMoments(route.operation) { log.add(violation: violation) }
    return reply
  }

  private struct Dropped: Error {}

  /// What is asked for outside of any service: credentials, blobs.
  private func plainReply(to inbound: Inbound) async -> Reply? {
    guard inbound.method == "GET" else { return nil }
    if inbound.path == "/credentials" {
      return Reply(status: 200, type: "application/json", text: await world.renewedCredentials().text)
    }
    if inbound.path.hasPrefix("/blobs/") {
      guard let blob = await world.blob(String(inbound.path.dropFirst(7))) else {
        return Reply(status: 404, type: "text/plain", text: "no such blob")
      }
      return Reply(status: 200, type: "application/octet-stream", text: blob)
    }
    return nil
  }

  private func answer(_ route: Route, _ inbound: Inbound, _ record: inout CallRecord) async throws -> JSONValue {
    let fault = await world.nextFault(route.operation)
    if case .dropConnection = fault { throw Dropped() }
    let caller = try await admit(route, inbound, &record)
    if let fault { try await meet(fault, route, record.accessKeyID) }
    let findings = try check.findings(parameters: route.parameters, of: route)
    guard findings.isEmpty else {
      for finding in findings { log.add(violation: "\(route.service.id):\(route.operation): \(finding)") }
      throw Refusal(route.service.invalidCode, findings.joined(separator: "; "))
    }
    let answer = try await world.answer(route, caller)
    for finding in try check.findings(answer: answer, of: route) {
      log.add(violation: "\(route.service.id):\(route.operation) answered wrongly: \(finding)")
    }
    if case .loseAnswer = fault { throw Dropped() }
    return answer
  }

  private func meet(_ fault: Fault.Kind, _ route: Route, _ accessKeyID: String) async throws {
    switch fault {
    case .throttled: throw Refusal("ThrottlingException", "Rate exceeded")
    case .status(let status): throw Refusal("ServiceUnavailable", "Service Unavailable", status: status)
    case .accessDenied:
      throw Refusal(
        "AccessDeniedException",
        "User: \(Identities.firstUser(world.scene.account)) is not authorized to perform: "
          + "\(route.service.signingName):\(route.operation) because no identity-based policy allows the action",
        status: 400)
    case .expiredToken:
      await world.expire(accessKeyID)
      throw Identities.expired
    case .slow(let duration): try? await Task.sleep(for: duration)
    case .refused(let refusal): throw refusal
    case .dropConnection, .loseAnswer: break
    }
  }

  // MARK: Who calls

  private static let unsigned: Set<String> = ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"]

  /// - Throws: `Refusal` when the request is signed wrongly.
  private func admit(_ route: Route, _ inbound: Inbound, _ record: inout CallRecord) async throws -> Caller {
    if Self.unsigned.contains(route.operation) { return .nobody }
    guard let claim = SignatureCheck(headers: inbound.headers) else {
      throw wrong("MissingAuthenticationTokenException", "Missing Authentication Token", route)
    }
    record.accessKeyID = claim.accessKeyID
    guard let key = await world.key(claim.accessKeyID) else {
      throw Refusal(
        "UnrecognizedClientException", "The security token included in the request is invalid.", status: 400)
    }
    guard claim.service == route.service.signingName else {
      throw wrong(
        "InvalidSignatureException", "Credential should be scoped to correct service: '\(route.service.signingName)'.",
        route)
    }
    guard
      claim.accepts(
        method: inbound.method, target: inbound.target, headers: inbound.headers, body: inbound.body,
        secret: key.secret), inbound.header("x-amz-security-token") == key.token
    else {
      throw wrong(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
          + "Key and signing method. Consult the service documentation for details.", route)
    }
    try checkTime(claim.date)
    if key.isExpired { throw Identities.expired }
    return Caller(arn: key.arn, account: key.account, region: claim.region)
  }

  private func wrong(_ code: String, _ message: String, _ route: Route) -> Refusal {
    log.add(violation: "\(route.service.id):\(route.operation): \(message)")
    return Refusal(code, message, status: 403)
  }

  private func checkTime(_ text: String) throws {
    let style = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
    guard let date = try? style.parse(text), abs(date.timeIntervalSinceNow) < 900 else {
      throw Refusal(
        "InvalidSignatureException", "Signature expired: \(text) is not within 15 minutes of now", status: 403)
    }
  }
}
