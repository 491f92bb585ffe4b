use super::Object;

/// An entry of a handle table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    /// What it refers to.
    pub object: Object,
    /// The access that was granted, 25 bits.
    pub access: u32,
}
