/// Of Slipway, by semver.org.
public let slipwayVersion = "0.1.0"
