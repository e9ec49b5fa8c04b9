import Foundation
import HTTP
import NIOHTTP1
import Synchronization

/// Answers from a list, and remembers what it was asked.
final class ScriptedTransport: Sendable {
  enum Answer: Sendable {
    case response(Int, HTTPHeaders = [:], body: String = "")
    case failure(HTTPError)
  }

  private let state: Mutex<(answers: [Answer], requests: [HTTPRequest])>

  init(_ answers: [Answer]) { state = Mutex((answers, [])) }

  var requests: [HTTPRequest] { state.withLock { $0.requests } }

  var transport: HTTPTransport {
    HTTPTransport { request in
      let answer = self.state.withLock { state in
        state.requests.append(request)
        return state.answers.isEmpty ? .response(599) : state.answers.removeFirst()
      }
      switch answer {
      case .response(let status, let headers, let body):
        return HTTPResponse(status: status, headers: headers, body: HTTPBytes(body.utf8), url: request.url)
      case .failure(let error): throw error
      }
    }
  }
}

/// A clock that stands still until somebody sleeps.
final class TestClock: Sendable {
  private let state: Mutex<(now: Double, slept: [Duration])>

  init(now: Double = 1_000_000_000) { state = Mutex((now, [])) }

  var slept: [Duration] { state.withLock { $0.slept } }

  var clock: HTTPClock {
    HTTPClock(
      now: { self.state.withLock { $0.now } },
      sleep: { duration in
        try Task.checkCancellation()
        self.state.withLock { state in
          state.slept.append(duration)
          state.now += Double(duration.components.seconds)
        }
      },
      random: { 0 })
  }
}

func url(_ text: String) throws -> URL {
  guard let url = URL(string: text) else { throw HTTPError(.invalidURL, text) }
  return url
}
