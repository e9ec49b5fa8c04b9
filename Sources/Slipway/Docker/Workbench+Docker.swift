import Builder
public import SystemPackage

extension Workbench {
  /// The folder of the store.
  public var storeFolder: FilePath { store.root }
}
