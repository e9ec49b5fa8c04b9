import ArgumentParser
import Diagnostics
import HostOS
import Slipway

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a store or an image layout as a registry, until it is told to stop.",
    discussion: """
      Any tool can pull from it: docker, podman, skopeo, crane, Slipway on other machines. Its address is printed when it \
      answers. On addresses of this machine alone it also takes pushes and deletions; on others it does with --writable. \
      docs/serve.md says more.
      """)

  @Argument(help: "A store, or a folder with an OCI image layout; the store of builds when left out.")
  var folder: String?

  @Option(help: "HOST:PORT; port 0 takes a free one.")
  var listen = "127.0.0.1:5000"

  @Flag(name: .customLong("read-only"), help: "Take no pushes and no deletions.")
  var readOnly = false

  @Flag(help: "Take pushes and deletions, also from other machines.")
  var writable = false

  @Option(help: "Let only those in whom this file names, written by htpasswd -B.")
  var htpasswd: String?

  @Option(help: "Speak TLS, with the certificate in this PEM file.")
  var tlsCert: String?

  @Option(help: "The key of the certificate, a PEM file.")
  var tlsKey: String?

  @OptionGroup var progress: ProgressOptions

  func run() async throws {
    guard !readOnly || !writable else {
      throw SlipwayError("invalid-options", "--read-only and --writable exclude each other")
    }
    var request = ServeRequest()
    request.folder = folder
    request.listen = listen
    request.isWritable = readOnly ? false : writable ? true : nil
    request.passwordFile = htpasswd
    request.certificate = tlsCert
    request.key = tlsKey
    let serve = try Serve(request, Workbench(environment: .current, progress: progress.reporter()))
    try await serve.run { address in
      // Whoever closed standard output does not want to know.
      try? Terminal.answer(address)
    }
  }
}
