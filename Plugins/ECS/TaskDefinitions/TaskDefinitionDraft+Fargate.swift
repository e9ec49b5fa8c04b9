import JSON

extension TaskDefinitionDraft {
  /// What Fargate would refuse, one sentence each (developer guide, "Task definition differences for Fargate").
  public var fargateFindings: [String] {
    guard isForFargate else { return [] }
    var findings: [String] = []
    if let mode = json["networkMode"]?.string ?? Optional("bridge"), mode != "awsvpc" {
      findings.append("Fargate only supports network mode awsvpc, and this task definition has \(mode)")
    }
    findings += sizeFindings
    return findings
  }

  /// Whether Fargate needs a role to pull, to log or to read secrets, and there is none.
  public var lacksExecutionRole: Bool {
    guard isForFargate, json["executionRoleArn"]?.string?.isEmpty != false else { return false }
    return containers.contains { container in
      container["image"]?.string?.contains(".dkr.ecr") == true || container["secrets"]?.array?.isEmpty == false
        || container["repositoryCredentials"] != nil
        || container["logConfiguration"]?["logDriver"]?.string == "awslogs"
    }
  }

  private var sizeFindings: [String] {
    guard let cpuText = json["cpu"]?.string ?? json["cpu"]?.int.map(String.init),
      let memoryText = json["memory"]?.string ?? json["memory"]?.int.map(String.init)
    else { return ["Fargate needs cpu and memory of the whole task"] }
    guard let cpu = Self.units(cpuText, "vcpu"), let memory = Self.units(memoryText, "gb") else { return [] }
    guard let sizes = Self.memory[cpu] else {
      return ["no Fargate configuration exists for cpu \(cpuText): it may be \(Self.memory.keys.sorted())"]
    }
    guard !sizes.contains(memory) else { return [] }
    return ["no Fargate configuration exists for cpu \(cpuText) with memory \(memoryText)"]
  }

  /// `1024`, or `1 vCPU`, `2 GB`.
  private static func units(_ text: String, _ unit: String) -> Int? {
    let text = text.lowercased().filter { $0 != " " }
    if text.hasSuffix(unit) { return Double(text.dropLast(unit.count)).map { Int($0 * 1024) } }
    return Int(text)
  }

  /// MiB by CPU units.
  private static let memory: [Int: Set<Int>] = {
    func gigabytes(_ sizes: StrideThrough<Int>) -> Set<Int> { Set(sizes.map { $0 * 1024 }) }
    return [
      256: [512, 1024, 2048], 512: gigabytes(stride(from: 1, through: 4, by: 1)),
      1024: gigabytes(stride(from: 2, through: 8, by: 1)), 2048: gigabytes(stride(from: 4, through: 16, by: 1)),
      4096: gigabytes(stride(from: 8, through: 30, by: 1)), 8192: gigabytes(stride(from: 16, through: 60, by: 4)),
      16_384: gigabytes(stride(from: 32, through: 120, by: 8)),
    ]
  }()
}
