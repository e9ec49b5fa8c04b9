import HostOS
public import JSON

extension PluginRequest {
  public var json: JSONValue {
    var value: JSONValue = [
      "protocol": 1, "operation": .string(operation.rawValue), "id": .string(id),
      "images": .members(images.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }), "config": config,
      "dryRun": .bool(isDryRun),
    ]
    value["project"] = project.map { .string($0) }
    value["region"] = region.map { .string($0) }
    value["deadline"] = deadline.map { .string(Timestamp(seconds: Int64($0)).rfc3339) }
    value["plan"] = plan
    if operation == .status { value["wait"] = .bool(waits) }
    value["decision"] = decision
    value["previous"] = previous
    return value
  }

  /// - Throws: `PluginFailure` with the code `invalid-request`.
  public init(json: JSONValue) throws(PluginFailure) {
    func invalid(_ reason: String) -> PluginFailure {
      PluginFailure(code: "invalid-request", message: "the request is not one of deploy protocol 1: \(reason)")
    }
    guard json.object != nil else { throw invalid("it is no object") }
    guard json["protocol"]?.int == 1 else { throw invalid("its protocol is \(json["protocol"]?.text ?? "missing")") }
    guard let operation = json["operation"]?.string.flatMap(PluginOperation.init(rawValue:)) else {
      throw invalid("its operation is \(json["operation"]?.text ?? "missing")")
    }
    self.init(operation, id: json["id"]?.string ?? "")
    project = json["project"]?.string
    for (name, image) in json["images"]?.object?.members ?? [] {
      guard let reference = image["reference"]?.string else { throw invalid("image \(name) has no reference") }
      images[name] = PluginImage(
        reference: reference, digest: image["digest"]?.string, tag: image["tag"]?.string,
        platforms: image["platforms"]?.array?.compactMap(\.string) ?? [])
    }
    config = json["config"] ?? [:]
    region = json["region"]?.string
    isDryRun = json["dryRun"]?.bool ?? false
    if let text = json["deadline"]?.string {
      guard let time = Timestamp(rfc3339: text) else { throw invalid("its deadline is \(text)") }
      deadline = Double(time.seconds)
    }
    plan = json["plan"]
    waits = json["wait"]?.bool ?? false
    decision = json["decision"]
    previous = json["previous"]
  }
}

extension PluginImage {
  var json: JSONValue {
    var value: JSONValue = ["reference": .string(reference)]
    value["digest"] = digest.map { .string($0) }
    value["tag"] = tag.map { .string($0) }
    if !platforms.isEmpty { value["platforms"] = .array(platforms.map { .string($0) }) }
    return value
  }
}
