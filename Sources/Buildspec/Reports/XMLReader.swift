import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif

/// An element of an XML document with what is in it.
final class XMLNode {
  let name: String
  let attributes: [String: String]
  private(set) var children: [XMLNode] = []

  init(_ name: String, _ attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  fileprivate func add(_ child: XMLNode) { children.append(child) }

  subscript(name: String) -> String? { attributes[name] }

  func number(_ name: String) -> Double? { attributes[name].flatMap(Double.init) }
  func count(_ name: String) -> Int? { number(name).flatMap { Int(exactly: $0.rounded()) } }

  func first(_ name: String) -> XMLNode? { children.first { $0.name == name } }

  /// All below it with a name, in the order of the text.
  func all(_ name: String) -> [XMLNode] {
    var found: [XMLNode] = []
    var stack = [self]
    while let node = stack.popLast() {
      if node.name == name { found.append(node) }
      stack += node.children.reversed()
    }
    return found
  }

  /// Nil for what is no XML, or deeper than any report.
  static func parse(_ bytes: [UInt8]) -> XMLNode? {
    let parser = XMLParser(data: Data(bytes))
    // Files of others are not read.
    parser.shouldResolveExternalEntities = false
    let builder = Builder()
    parser.delegate = builder
    return parser.parse() && parser.parserError == nil && builder.isComplete ? builder.root : nil
  }

  private final class Builder: NSObject, XMLParserDelegate {
    var root: XMLNode?
    private var open: [XMLNode] = []
    /// An element may have begun where the text breaks off, which is no error behind a document type.
    var isComplete: Bool { open.isEmpty }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      guard open.count < 200 else { return parser.abortParsing() }
      let node = XMLNode(name.split(separator: ":").last.map(String.init) ?? name, attributes)
      open.last?.add(node)
      if root == nil { root = node }
      open.append(node)
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      _ = open.popLast()
    }
  }
}
