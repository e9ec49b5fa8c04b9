/// The signals that STOPSIGNAL may name, on Linux (signal(7)).
enum SignalName {
  static let all = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
  ]

  /// Any number but 0, or a name in any case with or without SIG, `RTMIN+n` and `RTMAX-n` among them.
  static func isValid(_ text: String) -> Bool {
    if let number = Int(text) { return number != 0 }
    let upper = text.uppercased()
    let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    if all.contains(name) { return true }
    if name.hasPrefix("RTMIN+"), let offset = Int(name.dropFirst(6)) { return (1...30).contains(offset) }
    if name.hasPrefix("RTMAX-"), let offset = Int(name.dropFirst(6)) { return (1...30).contains(offset) }
    return false
  }
}
