import Foundation
import JSON

/// Compares values with the shapes of a model, and lists all that does not fit.
struct ShapeCheck {
  let model: ServiceModel
  /// Whether members that the model does not know are left alone.
  var permitsUnknownMembers = false
  /// Numbers and booleans of Query are texts.
  var isQuery = false
  private(set) var findings: [String] = []

  init(_ model: ServiceModel, permitsUnknownMembers: Bool, isQuery: Bool) {
    self.model = model
    self.permitsUnknownMembers = permitsUnknownMembers
    self.isQuery = isQuery
  }

  mutating func check(_ value: JSONValue, _ shapeName: String, at place: String) {
    guard let shape = model.shapes[shapeName] else { return }
    switch shape.type {
    case "structure": checkStructure(value, shape, place)
    case "list": checkList(value, shape, place)
    case "map": checkMap(value, shape, place)
    case "string": checkString(value, shape, place)
    case "integer", "long", "short", "byte": checkNumber(value, shape, place, isWhole: true)
    case "float", "double": checkNumber(value, shape, place, isWhole: false)
    case "boolean":
      let isText = isQuery && (value.string == "true" || value.string == "false")
      if value.bool == nil, !isText { wrong(value, "boolean", place) }
    case "timestamp":
      if value.number == nil, value.string == nil { wrong(value, "timestamp", place) }
    case "blob":
      if value.string == nil { wrong(value, "text in Base64", place) }
    default: break
    }
  }

  private mutating func wrong(_ value: JSONValue, _ type: String, _ place: String) {
    findings.append("\(place) is a \(value.typeName) in place of a \(type)")
  }

  private mutating func checkStructure(_ value: JSONValue, _ shape: ServiceModel.Shape, _ place: String) {
    if shape.document == true { return }
    // Query writes an empty structure as an empty text.
    guard let object = value.object ?? (isQuery && value.string == "" ? JSONObject() : nil) else {
      return wrong(value, "structure", place)
    }
    let members = shape.members ?? [:]
    for member in object.members {
      if member.value.isNull {
        findings.append("\(place).\(member.name) is null, which no client sends")
      } else if let reference = members[member.name] {
        check(member.value, reference.shape, at: "\(place).\(member.name)")
      } else if !permitsUnknownMembers {
        findings.append("\(place).\(member.name) is no member that the model knows")
      }
    }
    for name in shape.required ?? [] where object[name] == nil {
      findings.append("\(place).\(name) is missing")
    }
  }

  private mutating func checkList(_ value: JSONValue, _ shape: ServiceModel.Shape, _ place: String) {
    // Query writes an empty list as an empty text.
    guard let elements = value.array ?? (isQuery && value.string == "" ? [] : nil) else {
      return wrong(value, "list", place)
    }
    checkCount(elements.count, shape, place, "elements")
    guard let member = shape.member else { return }
    for (index, element) in elements.enumerated() { check(element, member.shape, at: "\(place)[\(index)]") }
  }

  private mutating func checkMap(_ value: JSONValue, _ shape: ServiceModel.Shape, _ place: String) {
    guard let object = value.object else { return wrong(value, "map", place) }
    checkCount(object.count, shape, place, "entries")
    for member in object.members {
      if let key = shape.key { check(.string(member.name), key.shape, at: "\(place) key \(member.name)") }
      if let value = shape.value { check(member.value, value.shape, at: "\(place).\(member.name)") }
    }
  }

  private mutating func checkString(_ value: JSONValue, _ shape: ServiceModel.Shape, _ place: String) {
    guard let text = value.string else { return wrong(value, "string", place) }
    if let values = shape.enum, !values.contains(text) {
      findings.append("\(place) is \(text), not one of \(values.joined(separator: ", "))")
    }
    checkCount(text.unicodeScalars.count, shape, place, "characters")
    if let pattern = shape.pattern, !Self.matches(text, pattern) {
      findings.append("\(place) is \(text), which does not match \(pattern)")
    }
  }

  /// Whole texts have to match, as the services read their patterns. Patterns that cannot be read here are not looked at.
  private static func matches(_ text: String, _ pattern: String) -> Bool {
    guard let expression = try? NSRegularExpression(pattern: "^(?:\(pattern))$") else { return true }
    return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }

  private mutating func checkNumber(
    _ value: JSONValue, _ shape: ServiceModel.Shape, _ place: String, isWhole: Bool
  ) {
    let number = value.double ?? (isQuery ? value.string.flatMap { Double($0) } : nil)
    guard let number, !isWhole || number == number.rounded() else {
      return wrong(value, isWhole ? "whole number" : "number", place)
    }
    if let min = shape.min, number < min { findings.append("\(place) is \(number), less than \(min)") }
    if let max = shape.max, number > max { findings.append("\(place) is \(number), more than \(max)") }
  }

  private mutating func checkCount(_ count: Int, _ shape: ServiceModel.Shape, _ place: String, _ unit: String) {
    if let min = shape.min, Double(count) < min {
      findings.append("\(place) has \(count) \(unit), fewer than \(Int(min))")
    }
    if let max = shape.max, Double(count) > max {
      findings.append("\(place) has \(count) \(unit), more than \(Int(max))")
    }
  }
}
