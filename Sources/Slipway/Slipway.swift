// Slipway
