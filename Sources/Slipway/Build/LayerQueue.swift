import Builder
import OCI

/// Which layers a push that has begun early sends next. What is in the store is sent; of what is not, which the build
/// may yet need or not, it is only asked whether the registry has it.
struct LayerQueue: Sendable {
  enum Task: Sendable {
    case send(Layer)
    case ask(Layer)
  }

  /// How many run at a time.
  private static let width = 4

  private var waiting: [Task] = []
  private var running = 0
  /// Sent, asked for, or about to be.
  private var begun: Set<Digest> = []
  private var asked: Set<Digest> = []
  /// What the registry has.
  private(set) var present: Set<Digest> = []
  /// What is sent while it is made.
  private var growing: [GrowingBlob] = []
  /// Layers of which it is not known yet whether that succeeds.
  private var held: [Digest: Layer] = [:]
  private var isStopped = false

  var isIdle: Bool { running == 0 && growing.isEmpty }

  /// Takes in layers, new ones and those that may have come into the store.
  mutating func add(_ layers: [Layer], isStored: (Digest) -> Bool) {
    for layer in layers where !present.contains(layer.descriptor.digest) {
      let digest = layer.descriptor.digest
      if begun.contains(digest) { continue }
      if growing.contains(where: { $0.descriptor?.digest == digest }) {
        held[digest] = layer
        continue
      }
      if isStored(digest) {
        begun.insert(digest)
        waiting.append(.send(layer))
      } else if asked.insert(digest).inserted {
        waiting.append(.ask(layer))
      }
    }
  }

  mutating func next() -> Task? {
    guard running < Self.width, !waiting.isEmpty else { return nil }
    running += 1
    return waiting.removeFirst()
  }

  /// - Parameter digest: under which the registry has it now; nil when it does not.
  mutating func end(present digest: Digest?) {
    running -= 1
    if let digest { present.insert(digest) }
  }

  /// A layer begins to be sent that is still being made.
  mutating func begin(_ blob: GrowingBlob) { growing.append(blob) }

  /// Such a layer is there now, or else is sent once more, as others are.
  mutating func end(_ blob: GrowingBlob, isPresent: Bool) {
    growing.removeAll { $0 === blob }
    guard let digest = blob.descriptor?.digest else { return }
    let layer = held.removeValue(forKey: digest)
    if isPresent {
      present.insert(digest)
    } else if let layer, !isStopped, begun.insert(digest).inserted {
      waiting.append(.send(layer))
    }
  }

  /// What has not begun is left to the end of the push.
  mutating func stop() {
    waiting = []
    isStopped = true
  }
}
