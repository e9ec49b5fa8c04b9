extension BuildPlanner {
  /// The images that the stages which are built start from, by the stages' indices. Where platforms have images of
  /// their own, those of the first platform.
  /// - Throws: what `plan` throws.
  public func bases(_ images: [ImageRequirement: BaseImage]) throws -> (stages: Set<Int>, bases: [Int: BaseImage]) {
    guard let platform = options.platforms.first else { return ([], [:]) }
    let resolution = try StageResolver(dockerfile, options, for: platform).resolve(images)
    try resolution.errors.throwIfAny()
    let stages = resolution.stages
    var bases: [Int: BaseImage] = [:]
    for stage in stages {
      if case .image(let requirement) = stage.base { bases[stage.index] = images[requirement] }
    }
    return (Set(stages.map(\.index)), bases)
  }
}
