import Foundation
import HostOS
import JSON

struct RegistryState: Sendable {
  var repositories: [Repository] = []
  /// Texts by digest.
  var blobs: [String: String] = [:]

  init() {}

  init(_ repositories: [Repository]) {
    self.repositories = repositories
    for image in repositories.flatMap(\.images) { blobs.merge(image.blobs) { $1 } }
  }
}

extension Repository.Image {
  var digest: String { "sha256:" + SHA256Hasher.hex(of: manifest.utf8) }
}

/// Amazon ECR.
extension World {
  static let registryOperations: [Operation] = [
    Operation("ecr", "GetAuthorizationToken") { world, call in world.authorizationToken() },
    Operation("ecr", "CreateRepository") { world, call in try world.createRepository(call) },
    Operation("ecr", "DescribeRepositories") { world, call in try world.describeRepositories(call) },
    Operation("ecr", "DescribeImages") { world, call in try world.describeImages(call) },
    Operation("ecr", "BatchGetImage") { world, call in try world.batchGetImage(call) },
    Operation("ecr", "GetDownloadUrlForLayer") { world, call in try world.downloadURL(call) },
  ]

  func blob(_ digest: String) -> String? { registry.blobs[digest] }

  private var registryHost: String { "\(scene.account).dkr.ecr.\(scene.region).amazonaws.com" }

  private func authorizationToken() -> JSONValue {
    let password = numbers.hex() + numbers.hex()
    return [
      "authorizationData": [
        [
          "authorizationToken": .string(Data("AWS:\(password)".utf8).base64EncodedString()),
          "expiresAt": Self.time(Date.now.timeIntervalSince1970 + 43_200),
          "proxyEndpoint": .string("https://\(registryHost)"),
        ]
      ]
    ]
  }

  private func describe(_ repository: Repository) -> JSONValue {
    [
      "repositoryArn": .string(arn("ecr", "repository/\(repository.name)")), "registryId": .string(scene.account),
      "repositoryName": .string(repository.name), "repositoryUri": .string("\(registryHost)/\(repository.name)"),
      "createdAt": timestamp, "imageTagMutability": "MUTABLE", "imageScanningConfiguration": ["scanOnPush": false],
      "encryptionConfiguration": ["encryptionType": "AES256"],
    ]
  }

  private func createRepository(_ call: Call) throws -> JSONValue {
    let name = try call.required("repositoryName")
    guard !registry.repositories.contains(where: { $0.name == name }) else {
      throw Refusal(
        "RepositoryAlreadyExistsException",
        "The repository with name '\(name)' already exists in the registry with id '\(scene.account)'")
    }
    registry.repositories.append(Repository(name: name))
    return ["repository": describe(Repository(name: name))]
  }

  private func repository(_ name: String) throws -> Repository {
    guard let repository = registry.repositories.first(where: { $0.name == name }) else {
      throw Refusal(
        "RepositoryNotFoundException",
        "The repository with name '\(name)' does not exist in the registry with id '\(scene.account)'")
    }
    return repository
  }

  private func describeRepositories(_ call: Call) throws -> JSONValue {
    let names = call.strings("repositoryNames")
    let found = try names.isEmpty ? registry.repositories : names.map { try repository($0) }
    return try page(found.map { describe($0) }, as: "repositories", call, limit: 1000)
  }

  private static func image(_ id: JSONValue, in repository: Repository) -> Repository.Image? {
    repository.images.first { image in
      (id["imageDigest"] == nil || id["imageDigest"]?.string == image.digest)
        && (id["imageTag"]?.string).map { image.tags.contains($0) } ?? true
    }
  }

  private static func text(_ id: JSONValue) -> String {
    "imageDigest:'\(id["imageDigest"]?.string ?? "null")', imageTag:'\(id["imageTag"]?.string ?? "null")'"
  }

  private func describeImages(_ call: Call) throws -> JSONValue {
    let repository = try repository(try call.required("repositoryName"))
    let ids = call.array("imageIds")
    let found =
      try ids.isEmpty
      ? repository.images
      : ids.map { id in
        guard let image = Self.image(id, in: repository) else {
          throw Refusal(
            "ImageNotFoundException",
            "The image with imageId {\(Self.text(id))} does not exist within the repository with name "
              + "'\(repository.name)' in the registry with id '\(scene.account)'")
        }
        return image
      }
    let details = found.map { image -> JSONValue in
      [
        "registryId": .string(scene.account), "repositoryName": .string(repository.name),
        "imageDigest": .string(image.digest), "imageTags": .array(image.tags.map { .string($0) }),
        "imageSizeInBytes": .int(image.manifest.utf8.count), "imagePushedAt": timestamp,
        "imageManifestMediaType": .string(image.mediaType),
      ]
    }
    return try page(details, as: "imageDetails", call, limit: 1000)
  }

  private func batchGetImage(_ call: Call) throws -> JSONValue {
    let repository = try repository(try call.required("repositoryName"))
    var images: [JSONValue] = []
    var failures: [JSONValue] = []
    for id in call.array("imageIds") {
      if let image = Self.image(id, in: repository) {
        var known: JSONValue = ["imageDigest": .string(image.digest)]
        known["imageTag"] = id["imageTag"]
        images.append([
          "registryId": .string(scene.account), "repositoryName": .string(repository.name), "imageId": known,
          "imageManifest": .string(image.manifest), "imageManifestMediaType": .string(image.mediaType),
        ])
      } else {
        failures.append([
          "imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found",
        ])
      }
    }
    return ["images": .array(images), "failures": .array(failures)]
  }

  private func downloadURL(_ call: Call) throws -> JSONValue {
    let repository = try repository(try call.required("repositoryName"))
    let digest = try call.required("layerDigest")
    guard registry.blobs[digest] != nil else {
      throw Refusal(
        "LayersNotFoundException",
        "The layer with digest '\(digest)' is not present within the repository with name '\(repository.name)'")
    }
    return ["downloadUrl": .string("\(address)/blobs/\(digest)"), "layerDigest": .string(digest)]
  }
}
