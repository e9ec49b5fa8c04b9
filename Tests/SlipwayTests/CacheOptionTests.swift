import Builder
import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Slipway

@Suite struct CacheOptionTests {
  private static let image = ImageReference(registry: "localhost:5000", repository: "app", tag: "cache")

  @Test func formsOfCacheTo() throws {
    let registry = try CacheExportOption(parsing: "type=registry,ref=localhost:5000/app:cache")
    #expect(registry.place == .registry(Self.image) && registry.mode == .min && !registry.ignoresErrors)
    #expect(try CacheExportOption(parsing: "localhost:5000/app:cache") == registry)
    let full = try CacheExportOption(
      parsing: "type=registry,ref=localhost:5000/app,mode=max,ignore-error=true,image-manifest=true,oci-mediatypes=true"
    )
    #expect(full.place == .registry(ImageReference(registry: "localhost:5000", repository: "app", tag: "latest")))
    #expect(full.mode == .max && full.ignoresErrors)
    #expect(try CacheExportOption(parsing: "type=local,dest=out").place == .folder("out", tag: nil, digest: nil))
    #expect(
      try CacheExportOption(parsing: "type=local,dest=out,tag=main").place == .folder("out", tag: "main", digest: nil))
    #expect(try CacheExportOption(parsing: "type=inline").place == .image)
    #expect(try CacheExportOption(parsing: "type=local,dest=a,compression=gzip").mode == .min)
  }

  @Test(arguments: [
    ("", CacheExporter.Mounts.none), (",mounts=true", .all), (",mounts=1", .all), (",mounts=false", .none),
    (",mounts=go", .ids(["go"])), (",\"mounts=go,/root/.npm\"", .ids(["go", "/root/.npm"])),
    (",mounts=\"a,b\",mode=max", .ids(["a", "b"])),
  ])
  func mountsOfCacheTo(_ text: String, _ mounts: CacheExporter.Mounts) throws {
    #expect(try CacheExportOption(parsing: "type=local,dest=a\(text)").mounts == mounts)
  }

  @Test func formsOfCacheFrom() throws {
    #expect(try CacheImportOption(parsing: "localhost:5000/app:cache").place == .registry(Self.image))
    #expect(try CacheImportOption(parsing: "type=registry,ref=localhost:5000/app:cache").place == .registry(Self.image))
    let digest = Digest(sha256Of: [])
    #expect(
      try CacheImportOption(parsing: "type=local,src=in,tag=a,digest=\(digest)").place
        == .folder("in", tag: "a", digest: digest))
    let pinned = try CacheImportOption(parsing: "localhost:5000/app@\(digest)")
    #expect(
      pinned.place == .registry(ImageReference(registry: "localhost:5000", repository: "app", digest: digest)))
  }

  private static let exportForms = "write type=registry,ref=NAME, type=local,dest=PATH or type=inline"
  private static let importForms = "write type=registry,ref=NAME or type=local,src=PATH"

  @Test(arguments: [
    ("", "it is empty", exportForms),
    ("mode=max", "it has no type=", exportForms),
    ("type=registry", "it has no ref=", "say which image it is: type=registry,ref=NAME"),
    ("type=local", "it has no dest=", "name a folder: type=local,dest=PATH"),
    ("type=local,src=a", "it has no dest=", "name a folder: type=local,dest=PATH"),
    ("type=regsitry,ref=a", "there is no cache type \"regsitry\"", "did you mean type=registry?"),
    ("type=s3,bucket=a", "there is no cache type \"s3\"", exportForms),
    ("type=local,dest=a,mode=all", "mode= is \"all\"", "write mode=min or mode=max"),
    ("type=local,dest=a,speed=9", "speed= is not known for type=local", exportForms),
    ("type=local,dest", "\"dest\" is not KEY=VALUE", exportForms),
    (
      "type=local,dest=a,image-manifest=false",
      "image-manifest=false is a form that some registries refuse, and is not written", "leave it away"
    ),
    (
      "type=local,dest=a,compression=zstd", "layers are cached as the image has them, and that is gzip",
      "leave compression= away"
    ),
    ("type=local,dest=a,mounts=", "mounts= is empty", "write mounts=true, or ids of cache mounts"),
    (
      "type=inline,mounts=true", "an image must not hold what commands keep for themselves",
      "leave mounts= away, or export to a registry or a folder beside it"
    ),
    (
      "type=inline,mode=max", "an image holds the results of its own steps only",
      "write mode=min, or export to a registry or a folder"
    ),
    (
      "a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "a digest is known when the cache is written", "write ref=NAME[:TAG]"
    ),
  ])
  func mistakesOfCacheToAreExplained(_ text: String, _ reason: String, _ help: String) throws {
    let error = try #require(throws: SlipwayError.self) { try CacheExportOption(parsing: text) }
    #expect(error.diagnostics.map(\.message) == ["--cache-to \(text) is not usable: \(reason)"])
    #expect(error.diagnostics.map(\.help) == [[help]])
    #expect(error.exitCode == .usage)
  }

  @Test(arguments: [
    ("", "it is empty", importForms),
    ("type=inline", "a cache inside of an image is read by the image's name", importForms),
    ("type=gha", "there is no cache type \"gha\"", importForms),
    ("type=local,dest=a", "it has no src=", "name a folder: type=local,src=PATH"),
    (
      "type=local,src=a,digest=sha256:1", "sha256:1 is not a digest",
      "write sha256: and 64 lower-case hexadecimal digits"
    ),
    ("type=registry,ref=a,mode=max", "mode= is not known for type=registry", importForms),
  ])
  func mistakesOfCacheFromAreExplained(_ text: String, _ reason: String, _ help: String) throws {
    let error = try #require(throws: SlipwayError.self) { try CacheImportOption(parsing: text) }
    #expect(error.diagnostics.map(\.message) == ["--cache-from \(text) is not usable: \(reason)"])
    #expect(error.diagnostics.map(\.help) == [[help]])
    #expect(error.exitCode == .usage)
  }
}
