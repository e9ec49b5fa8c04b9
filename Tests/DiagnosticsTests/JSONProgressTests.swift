import Diagnostics
import Synchronization
import Testing

@Suite struct JSONProgressTests {
  private static func lines(_ events: [(Int, Double, ProgressEvent.Kind)]) -> [String] {
    let lines = Mutex<[String]>([])
    let progress = JSONProgress { text in lines.withLock { $0.append(text) } }
    for (step, time, kind) in events {
      progress.receive(ProgressEvent(step: step, time: .milliseconds(Int64(time * 1000)), kind: kind))
    }
    return lines.withLock { $0 }
  }

  @Test func everyKindOfEventIsALine() {
    let file = SourceFile(name: "a.yml", text: "a: 1\nb: 2\n")
    let lines = Self.lines([
      (1, 0, .started(name: "make")), (1, 0.5, .log(stream: .output, bytes: Array("one\r\ntw".utf8))),
      (1, 0.6, .log(stream: .error, bytes: Array("wrong".utf8))),
      (1, 0.7, .log(stream: .output, bytes: Array("o\n".utf8))),
      (1, 1, .told(message: "tasks", completed: 1, total: 4)),
      (1, 1.5, .told(message: nil, completed: 2.5, total: nil)),
      (1, 2, .transfer(name: "layer", completed: 10, total: 20)),
      (
        0, 2,
        .diagnostic(
          .warning("odd", "it is odd", at: SourceAnnotation(file, SourceRange(8, 9)), notes: [.init("n")], help: ["h"]))
      ),
      (1, 3, .failed(message: "it failed")), (2, 3, .started(name: "base")), (2, 3, .cached),
      (3, 3, .started(name: "x")),
      (3, 4, .finished), (3, 5, .log(stream: .output, bytes: [0x0A])),
    ])
    #expect(
      lines.joined() == """
        {"type":"progress","step":"make","number":1,"time":0,"state":"running"}
        {"type":"log","step":"make","number":1,"time":0.5,"stream":"stdout","text":"one"}
        {"type":"log","step":"make","number":1,"time":0.7,"stream":"stdout","text":"two"}
        {"type":"progress","step":"make","number":1,"time":1,"state":"running","message":"tasks","completed":1,"total":4}
        {"type":"progress","step":"make","number":1,"time":1.5,"state":"running","completed":2.5}
        {"type":"progress","step":"make","number":1,"time":2,"state":"running","message":"layer","completed":10,"total":20,"unit":"bytes"}
        {"type":"diagnostic","severity":"warning","code":"odd","message":"it is odd","notes":["n"],"help":["h"],"file":"a.yml","line":2,"column":4,"time":2}
        {"type":"log","step":"make","number":1,"time":3,"stream":"stderr","text":"wrong"}
        {"type":"progress","step":"make","number":1,"time":3,"state":"failed","message":"it failed"}
        {"type":"progress","step":"base","number":2,"time":3,"state":"running"}
        {"type":"progress","step":"base","number":2,"time":3,"state":"done","cached":true}
        {"type":"progress","step":"x","number":3,"time":3,"state":"running"}
        {"type":"progress","step":"x","number":3,"time":4,"state":"done"}

        """)
  }

  @Test func linesWithoutAnEndAreCut() {
    let lines = Self.lines([
      (1, 0, .started(name: "s")), (1, 0, .log(stream: .output, bytes: [UInt8](repeating: 0x78, count: 70_000))),
    ])
    #expect(lines.count == 2)
  }
}
