import HostOS
import SystemPackage
import TestSupport

/// A project folder, slipway, and a plugin `t` of a few lines of shell that writes down what it is asked.
struct DeployPlace {
  let scratch: Scratch
  var slipway: SlipwayBinary
  static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

  var project: FilePath { scratch("project") }
  /// Where the plugin is, among those of the user.
  var plugin: FilePath { scratch("home/.local/share/slipway/plugins/slipway-deploy-t") }

  static let schema =
    #"{"type":"object","additionalProperties":false,"required":["service"],"properties":{"service":{"type":"string"},"count":{"type":"integer"},"timeout":{"type":"string"},"region":{"type":"string"},"on-cancel":{"enum":["leave","stop"]}}}"#

  /// - Parameters:
  ///   - script: what the operations do: lines of a `case`. The usual one keeps the images in the file `deployed`.
  ///   - credentials: in JSON.
  init(_ files: [String: ScratchEntry] = [:], script: String? = nil, credentials: String = "") throws {
    scratch = try Scratch("deploy")
    slipway = try SlipwayBinary(scratch)
    try scratch.write(files.merging(["empty": .directory()]) { $1 }, in: "project")
    try Files.createDirectories(plugin.removingLastComponent())
    try write(script ?? Self.usual, version: "1", credentials: credentials)
  }

  func write(_ script: String, version: String, credentials: String = "") throws {
    let text = """
      #!/bin/sh
      set -eu
      echo $1 >>"$HOME/calls"
      if [ $1 = describe ]; then
        echo '{"type":"result","result":{"name":"t","version":"\(version)","summary":"T.","protocols":[1],"operations":["describe","plan","apply","status","rollback"],"credentials":[\(credentials)],"configSchema":\(Self.schema),"cancelGraceSeconds":30}}'
        exit
      fi
      cat >"$HOME/request.$1"
      images=$(jq -c .images "$HOME/request.$1") old=$(cat "$HOME/deployed" 2>/dev/null || echo null)
      report() { jq -cn --arg s "$1" --arg m "$2" '{type:"result",result:{state:$s,summary:$m,outputs:{revision:"t:7"}}}'; }
      fail() { jq -cn "{type:\\"error\\",error:{code:\\"x\\",message:\\"it failed\\",$1}}"; exit 1; }
      case $1 in
      \(script)
      esac

      """
    try scratch.write(["t": .file(text, mode: 0o755)])
    try Files.rename(scratch("t"), to: plugin)
  }

  static let usual = """
    plan) jq -cn --argjson o "$old" --argjson n "$images" \
      '{type:"result",result:{summary:"bring images",state:{n:1},changes:[{action:"update",target:"service web",before:$o,after:$n}|select($o!=$n)]}}' ;;
    apply) echo '{"type":"progress","step":"roll","message":"tasks","completed":1,"total":2}'
      echo '{"type":"log","text":"pulled","source":"task/1"}'
      echo '{"type":"diagnostic","severity":"warning","code":"odd","message":"an odd service","path":"/service"}'
      echo "$images" >"$HOME/deployed"
      echo '{"type":"progress","step":"roll","state":"done"}'; report succeeded "deployed" ;;
    status) report in-progress "rolling" ;;
    rollback) rm -f "$HOME/deployed"; report succeeded "went back" ;;
    """

  func run(_ arguments: String...) async throws -> ChildProcess.Outcome { try await run(arguments) }

  func run(_ arguments: [String]) async throws -> ChildProcess.Outcome {
    try await slipway.run(arguments, in: project)
  }

  /// What the plugin left in its home; empty where there is no such file.
  func left(_ name: String) -> String {
    (try? Files.read(scratch("home/\(name)"))).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  var calls: [String] { left("calls").split(separator: "\n").map(String.init) }
}
