//! Reads of guest memory that may be paged out.

#[cfg(feature = "testing")]
pub mod testing;
