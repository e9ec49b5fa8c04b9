extension Collection where Element: Sendable {
  /// Runs `body` for all elements, the first ones first and no more than `limit` at a time.
  /// - Throws: what `body` throws first; the others are cancelled then.
  public func forEachSideBySide(
    limit: Int, _ body: @escaping @Sendable (Element) async throws -> Void
  ) async throws {
    _ = try await mapSideBySide(limit: limit, body)
  }

  /// The same with results, in the order of the elements.
  public func mapSideBySide<Result: Sendable>(
    limit: Int, _ body: @escaping @Sendable (Element) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
      var results = [Result?](repeating: nil, count: count)
      for (position, element) in enumerated() {
        if position >= limit, let (done, result) = try await group.next() { results[done] = result }
        group.addTask { (position, try await body(element)) }
      }
      for try await (done, result) in group { results[done] = result }
      return results.compactMap { $0 }
    }
  }
}
