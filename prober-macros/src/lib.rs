//! The `#[probed]` attribute.
