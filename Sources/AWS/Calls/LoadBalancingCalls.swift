public import JSON

/// A listener, or one of its rules, with its actions as they are (Elastic Load Balancing v2).
public struct ListenerRule: Sendable, Hashable {
  public var arn: String
  /// Members as the service's model names them; numbers are texts.
  public var actions: [JSONValue]

  public init(arn: String, actions: [JSONValue]) {
    self.arn = arn
    self.actions = actions
  }
}

/// Rules by their ARNs.
public struct DescribeRules: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "DescribeRules"
  public typealias Output = [ListenerRule]

  public var arns: [String]

  public init(arns: [String]) { self.arns = arns }

  public var parameters: [(name: String, value: String)] { QueryList.items("RuleArns", arns) }

  public static func output(of result: XMLElement) throws -> [ListenerRule] {
    (result["Rules"]?.children ?? []).map {
      ListenerRule(arn: $0["RuleArn"]?.text ?? "", actions: $0["Actions"].map(QueryList.value)?.array ?? [])
    }
  }
}

/// Listeners by their ARNs; their actions are those of their default rules.
public struct DescribeListeners: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "DescribeListeners"
  public typealias Output = [ListenerRule]

  public var arns: [String]

  public init(arns: [String]) { self.arns = arns }

  public var parameters: [(name: String, value: String)] { QueryList.items("ListenerArns", arns) }

  public static func output(of result: XMLElement) throws -> [ListenerRule] {
    (result["Listeners"]?.children ?? []).map {
      ListenerRule(
        arn: $0["ListenerArn"]?.text ?? "", actions: $0["DefaultActions"].map(QueryList.value)?.array ?? [])
    }
  }
}

/// Gives a rule other actions.
public struct ModifyRule: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "ModifyRule"
  public typealias Output = Void

  public var rule: ListenerRule

  public init(_ rule: ListenerRule) { self.rule = rule }

  public var parameters: [(name: String, value: String)] {
    [("RuleArn", rule.arn)] + QueryList.items("Actions", .array(rule.actions))
  }

  public static func output(of result: XMLElement) throws {}
}

/// Gives a listener's default rule other actions.
public struct ModifyListener: QueryCall {
  public static let service = AWSService.loadBalancing
  public static let operation = "ModifyListener"
  public typealias Output = Void

  public var listener: ListenerRule

  public init(_ listener: ListenerRule) { self.listener = listener }

  public var parameters: [(name: String, value: String)] {
    [("ListenerArn", listener.arn)] + QueryList.items("DefaultActions", .array(listener.actions))
  }

  public static func output(of result: XMLElement) throws {}
}

/// Values of AWS Query: parameters with dots in their names, and answers in XML, whose lists are called `member`.
enum QueryList {
  static func items(_ name: String, _ texts: [String]) -> [(name: String, value: String)] {
    texts.enumerated().map { ("\(name).member.\($0.offset + 1)", $0.element) }
  }

  static func items(_ name: String, _ value: JSONValue) -> [(name: String, value: String)] {
    switch value {
    case .null: []
    case .string(let text): [(name, text)]
    case .bool, .number: [(name, value.text)]
    case .array(let elements):
      elements.enumerated().flatMap { items("\(name).member.\($0.offset + 1)", $0.element) }
    case .object(let object): object.members.flatMap { items("\(name).\($0.name)", $0.value) }
    }
  }

  static func value(_ element: XMLElement) -> JSONValue {
    if element.children.isEmpty { return .string(element.text) }
    if element.children.allSatisfy({ $0.name == "member" }) { return .array(element.children.map(value)) }
    return .members(element.children.map { ($0.name, value($0)) })
  }
}
