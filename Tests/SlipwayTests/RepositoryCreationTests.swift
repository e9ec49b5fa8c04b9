import AWS
import Diagnostics
import TestSupport
import Testing

@testable import Slipway

@Suite struct RepositoryCreationTests {
  @Test(
    "fields",
    arguments: [
      ("default", true, "MUTABLE", nil, nil), ("", true, "MUTABLE", nil, nil),
      ("scan-on-push=false,immutable", false, "IMMUTABLE", nil, nil),
      ("immutable=true,encryption=AES256", true, "IMMUTABLE", "AES256", nil),
      ("kms-key=alias/a", true, "MUTABLE", "KMS", "alias/a"),
      (
        "encryption=KMS_DSSE,kms-key=arn:aws:kms:eu-west-1:1:key/x=y", true, "MUTABLE", "KMS_DSSE",
        "arn:aws:kms:eu-west-1:1:key/x=y"
      ),
    ] as [(String, Bool, String, String?, String?)])
  func fields(text: String, scans: Bool, mutability: String, encryption: String?, key: String?) throws {
    let call = try RepositoryCreation(parsing: text).call("team/web", account: "123456789012")
    #expect(call.repositoryName == "team/web" && call.registryId == "123456789012")
    #expect(call.imageScanningConfiguration?.scanOnPush == scans)
    #expect(call.imageTagMutability == mutability)
    #expect(call.encryptionConfiguration?.encryptionType == encryption)
    #expect(call.encryptionConfiguration?.kmsKey == key)
  }

  @Test(
    "what is no field",
    arguments: [
      ("imutable", "did you mean immutable?"), ("x", "the fields are"), ("immutable=yes", "neither true nor false"),
      ("encryption", "no kind of encryption"), ("kms-key", "kms-key has no value"),
      ("kms-key=a,encryption=AES256", "AES256 takes no kms-key"),
    ])
  func mistakes(text: String, said: String) {
    let error = #expect(throws: SlipwayError.self) { try RepositoryCreation(parsing: text) }
    #expect(error.map { "\($0)".contains(said) } == true)
    #expect(error?.exitCode == .usage)
  }
}
