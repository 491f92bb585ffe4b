/// What backs a [`Region`](super::Region).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionKind {
    /// Memory of the process's own.
    Private,
    /// An image, with its path on the volume.
    Image(String),
    /// A file of data, with its path on the volume.
    Data(String),
}
