import JSON

/// Target groups by their names (Elastic Load Balancing v2).
public struct DescribeTargetGroups: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "DescribeTargetGroups"
  public typealias Output = [TargetGroup]

  public struct TargetGroup: Sendable, Hashable {
    public var name: String
    public var arn: String
  }

  public var names: [String]

  public init(names: [String]) { self.names = names }

  public var parameters: [(name: String, value: String)] { QueryList.items("Names", names) }

  public static func output(of result: XMLElement) throws -> [TargetGroup] {
    (result["TargetGroups"]?.children ?? []).map {
      TargetGroup(name: $0["TargetGroupName"]?.text ?? "", arn: $0["TargetGroupArn"]?.text ?? "")
    }
  }
}

/// All rules of a listener; the default one cannot be changed by its ARN, only with the listener.
public struct DescribeListenerRules: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "DescribeRules"
  public typealias Output = [(rule: ListenerRule, isDefault: Bool)]

  public var listener: String

  public init(listener: String) { self.listener = listener }

  public var parameters: [(name: String, value: String)] { [("ListenerArn", listener)] }

  public static func output(of result: XMLElement) throws -> [(rule: ListenerRule, isDefault: Bool)] {
    (result["Rules"]?.children ?? []).map {
      (
        ListenerRule(arn: $0["RuleArn"]?.text ?? "", actions: $0["Actions"].map(QueryList.value)?.array ?? []),
        $0["IsDefault"]?.text == "true"
      )
    }
  }
}
