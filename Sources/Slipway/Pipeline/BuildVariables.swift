import Glibc
import HostOS
import SystemPackage

/// The variables that CodeBuild sets ("Environment variables in build environments"), with what they are here.
struct BuildVariables: Sendable {
  /// `PROJECT:UUID`.
  var buildID: String
  var number: Int
  var startTime: Int64
  var source: FilePath
  var checkout: SourceCheckout
  /// As `--image` has it.
  var image: String?
  var region: String?
  var task: String?

  /// The account is not known.
  private static let account = "000000000000"

  static func project(of source: FilePath) -> String {
    let name = source.lastComponent?.string ?? "project"
    let letters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }
    return letters.isEmpty ? "project" : String(letters)
  }

  /// - Parameter outer: of whoever called: inside of CodeBuild itself, what it says of the build counts.
  func values(_ outer: Environment) -> [String: String] {
    let uuid = buildID.split(separator: ":").last.map(String.init) ?? buildID
    let arnRegion = region ?? "local"
    var values: [String: String] = [
      "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:\(arnRegion):\(Self.account):build/\(buildID)",
      "CODEBUILD_BUILD_ID": buildID,
      "CODEBUILD_BUILD_IMAGE": image ?? "slipway",
      "CODEBUILD_BUILD_NUMBER": String(number),
      "CODEBUILD_BUILD_URL": "",
      "CODEBUILD_CI": "true",
      "CODEBUILD_INITIATOR": outer.nonEmpty("USER") ?? "slipway",
      "CODEBUILD_KMS_KEY_ID": "arn:aws:kms:\(arnRegion):\(Self.account):alias/aws/s3",
      "CODEBUILD_LOCAL_BUILD": "true",
      "CODEBUILD_LOG_PATH": uuid,
      "CODEBUILD_PROJECT_UUID": uuid,
    ]
    values["CODEBUILD_RESOLVED_SOURCE_VERSION"] = checkout.commit
    values["CODEBUILD_SOURCE_VERSION"] = checkout.branch ?? checkout.commit
    values["CODEBUILD_SOURCE_REPO_URL"] = checkout.repository
    values["CODEBUILD_BATCH_BUILD_IDENTIFIER"] = task
    for (name, value) in outer.variables where name.hasPrefix("CODEBUILD_") { values[name] = value }
    values["CODEBUILD_SRC_DIR"] = source.string
    values["CODEBUILD_START_TIME"] = String(startTime)
    values["CODEBUILD_BUILD_SUCCEEDING"] = "1"
    return values
  }

  /// Numbers the builds of a project, by a file of the store; 1 where it cannot be written.
  static func nextNumber(_ project: String, in store: FilePath) -> Int {
    let folder = store.appending("builds")
    let file = folder.appending(project)
    let number = try? {
      try Files.createDirectories(folder)
      return try FileLock.hold(folder.appending("\(project).lock")) {
        let bytes = (try? Files.read(file)) ?? []
        let last = Int(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)) ?? 0
        try Files.writeAtomically(Array("\(last &+ 1)\n".utf8), to: file, isDurable: false)
        return last &+ 1
      }
    }()
    return number ?? 1
  }

  static func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec / 1_000_000)
  }
}
