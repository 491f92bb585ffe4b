//! What vmi-os-windows uses of `isr-dl-windows`; with the feature `download` all of it.

#[cfg(feature = "download")]
pub use whole::*;

/// Names the symbol file of an image, as the type of the whole crate does.
#[cfg(not(feature = "download"))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeView {
    /// The file's name.
    pub name: String,
    /// Its GUID, in hexadecimal digits.
    pub guid: String,
    /// Its age.
    pub age: u32,
}
