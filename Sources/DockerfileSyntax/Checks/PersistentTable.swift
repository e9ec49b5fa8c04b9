/// A table of which each copy may be changed for itself without the others being copied: stages start with the
/// variables of the stages that they are built from.
///
/// It is a search tree over the bits of the names' hashes, in which a change makes new nodes on its way only.
struct PersistentTable<Value: Sendable>: Sendable {
  private final class Node: Sendable {
    let name: String
    let hash: Int
    let value: Value
    let zero: Node?
    let one: Node?

    init(name: String, hash: Int, value: Value, zero: Node? = nil, one: Node? = nil) {
      self.name = name
      self.hash = hash
      self.value = value
      self.zero = zero
      self.one = one
    }
  }

  private var root: Node?

  init() {}

  subscript(name: String) -> Value? {
    get {
      let hash = name.hashValue
      var node = root
      var bit = 0
      while let here = node {
        if here.hash == hash, here.name == name { return here.value }
        node = hash >> (bit & 63) & 1 == 0 ? here.zero : here.one
        bit += 1
      }
      return nil
    }
    set {
      guard let newValue else { return }
      root = Self.inserted(newValue, name, hash: name.hashValue, at: 0, into: root)
    }
  }

  var names: Set<String> {
    var names: Set<String> = []
    var rest = [root].compactMap { $0 }
    while let node = rest.popLast() {
      names.insert(node.name)
      rest += [node.zero, node.one].compactMap { $0 }
    }
    return names
  }

  private static func inserted(_ value: Value, _ name: String, hash: Int, at bit: Int, into node: Node?) -> Node {
    guard let node else { return Node(name: name, hash: hash, value: value) }
    if node.hash == hash, node.name == name {
      return Node(name: name, hash: hash, value: value, zero: node.zero, one: node.one)
    }
    let isOne = hash >> (bit & 63) & 1 == 1
    let child = inserted(value, name, hash: hash, at: bit + 1, into: isOne ? node.one : node.zero)
    return Node(
      name: node.name, hash: node.hash, value: node.value, zero: isOne ? node.zero : child,
      one: isOne ? child : node.one)
  }
}
