import Glibc

enum Processors {
  /// How many this process may use (glibc asks sched_getaffinity(2)), at least 1.
  static var available: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
