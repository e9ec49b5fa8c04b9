/// How the targets of a group are (Elastic Load Balancing v2).
public struct DescribeTargetHealth: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "DescribeTargetHealth"
  public typealias Output = [Target]

  public var targetGroupARN: String

  public init(targetGroupARN: String) { self.targetGroupARN = targetGroupARN }

  public struct Target: Sendable, Hashable {
    /// An address, an instance, a function.
    public var id: String
    public var port: Int?
    /// `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`, ….
    public var state: String
    /// Such as `Target.ResponseCodeMismatch`.
    public var reason: String?
    public var description: String?
  }

  public var parameters: [(name: String, value: String)] { [("TargetGroupArn", targetGroupARN)] }

  public static func output(of result: XMLElement) throws -> [Target] {
    (result["TargetHealthDescriptions"]?.children ?? []).map { element in
      let health = element["TargetHealth"]
      return Target(
        id: element["Target"]?["Id"]?.text ?? "", port: element["Target"]?["Port"].flatMap { Int($0.text) },
        state: health?["State"]?.text ?? "", reason: health?["Reason"]?.text, description: health?["Description"]?.text)
    }
  }
}
