import AWS
import Diagnostics
import OCI

/// `--ecr-create [FIELD,…]`: how repositories of Amazon ECR are made that a push needs and that are missing.
struct RepositoryCreation: Sendable, Hashable {
  var scansOnPush = true
  var isImmutable = false
  /// `AES256` or `KMS`; nil is what the registry has as default.
  var encryption: String?
  /// The ARN, the ID or an alias.
  var key: String?

  private static let fields = ["scan-on-push", "immutable", "encryption", "kms-key"]

  /// - Throws: `SlipwayError` with the code `invalid-ecr-create`.
  init(parsing text: String) throws {
    for part in text.split(separator: ",").map(String.init) where part != "default" {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let value = pair.count == 2 ? pair[1] : "true"
      switch pair[0] {
      case "scan-on-push": scansOnPush = try Self.flag(value, part)
      case "immutable": isImmutable = try Self.flag(value, part)
      case "encryption":
        guard ["AES256", "KMS", "KMS_DSSE"].contains(value) else {
          throw Self.invalid("\(part) is no kind of encryption", "write encryption=AES256, KMS or KMS_DSSE")
        }
        encryption = value
      case "kms-key":
        guard !value.isEmpty, pair.count == 2 else { throw Self.invalid("kms-key has no value", "write kms-key=ARN") }
        key = value
      default:
        let nearest = Suggestion.nearest(to: pair[0], in: Self.fields).map { "did you mean \($0)?" }
        throw Self.invalid(
          "there is no field \"\(pair[0])\"", nearest ?? "the fields are \(Self.fields.joined(separator: ", "))")
      }
    }
    if key != nil, encryption == nil { encryption = "KMS" }
    if key != nil, encryption == "AES256" {
      throw Self.invalid("AES256 takes no kms-key", "write encryption=KMS, or leave kms-key away")
    }
  }

  private static func flag(_ value: String, _ part: String) throws -> Bool {
    guard let flag = Bool(value) else { throw invalid("\(part) is neither true nor false", "write =true or =false") }
    return flag
  }

  private static func invalid(_ reason: String, _ help: String) -> SlipwayError {
    SlipwayError("invalid-ecr-create", "--ecr-create is not usable: \(reason)", help: [help])
  }

  /// The call that makes a repository so.
  func call(_ name: String, account: String) -> CreateRepository {
    var call = CreateRepository(repositoryName: name)
    call.registryId = account
    call.imageTagMutability = isImmutable ? "IMMUTABLE" : "MUTABLE"
    call.imageScanningConfiguration = .init(scanOnPush: scansOnPush)
    call.encryptionConfiguration = encryption.map { .init(encryptionType: $0, kmsKey: key) }
    return call
  }

  /// Makes those that are missing. Names of other registries are left alone.
  /// - Throws: `AWSError`, `CancellationError`.
  func make(_ names: [ImageReference], _ ecr: ECRCredentials, _ progress: ProgressReporter) async throws {
    var seen: Set<String> = []
    for name in names {
      guard let registry = ECRRegistry(host: name.registry), let account = registry.account,
        seen.insert("\(name.registry)/\(name.repository)").inserted
      else { continue }
      let client = try ecr.client()
      do {
        _ = try await client.send(
          DescribeRepositories(repositoryNames: [name.repository], registryId: account), to: registry)
      } catch let error as AWSError where error.serviceCode == "RepositoryNotFoundException" {
        try await progress.step("creating the repository \(name.registry)/\(name.repository)") { _ in
          // Somebody else may have made it meanwhile.
          do { _ = try await client.send(call(name.repository, account: account), to: registry) } catch let error
            as AWSError where error.serviceCode == "RepositoryAlreadyExistsException"
          {}
        }
      }
    }
  }
}
