import Builder
import HTTP
import HostOS
import RemoteSources
import SystemPackage

extension Workbench {
  /// Fetches what builds name by URL, and keeps it in the store.
  func remoteFetcher(_ secrets: RemoteSecrets = .none) -> RemoteFetcher {
    var fetcher = RemoteFetcher(
      root: store.root.appending("remote"),
      client: HTTPClient(transport: transport, userAgent: "slipway/\(slipwayVersion)"), environment: environment,
      secrets: secrets)
    fetcher.isOffline = isOffline
    return fetcher
  }
}
