import JSON

/// Parameters of Query (`Names.member.1=a`, `Config.Weight=1`) as a value; numbers stay texts.
enum QueryParameters {
  static func value(of items: [(name: String, value: String)]) -> JSONValue {
    var root = Node()
    for item in items where item.name != "Action" && item.name != "Version" {
      root.set(item.value, at: item.name.split(separator: ".").map(String.init)[...])
    }
    return root.value
  }

  private struct Node {
    var text: String?
    var children: [(name: String, node: Node)] = []

    mutating func set(_ value: String, at path: ArraySlice<String>) {
      guard let name = path.first else {
        text = value
        return
      }
      let index: Int
      if let known = children.firstIndex(where: { $0.name == name }) {
        index = known
      } else {
        children.append((name, Node()))
        index = children.endIndex - 1
      }
      children[index].node.set(value, at: path.dropFirst())
    }

    /// Lists have one child `member`, whose children are numbers.
    var value: JSONValue {
      if children.isEmpty { return .string(text ?? "") }
      if children.count == 1, let list = children.first, list.name == "member" {
        let elements = list.node.children.sorted { (Int($0.name) ?? 0) < (Int($1.name) ?? 0) }
        return .array(elements.map(\.node.value))
      }
      return .members(children.map { ($0.name, $0.node.value) })
    }
  }
}
