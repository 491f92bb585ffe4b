//! A crate that knows `prober` under another name, and gives it on.

/// What a framework would hand to its users.
pub mod reexport {
    pub use guest_reads as prober_of_ours;
}
