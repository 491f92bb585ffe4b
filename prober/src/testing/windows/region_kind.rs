/// What backs a [`Region`](super::Region).
///
/// ```
/// use prober::testing::windows::{Region, RegionKind};
/// use vmi_core::{MemoryAccess, Va};
///
/// let image = Region {
///     protection: MemoryAccess::RX,
///     kind: RegionKind::Image(r"\Windows\notepad.exe".to_owned()),
///     ..Region::private(Va(0x40_0000), 8)
/// };
/// assert_ne!(image.kind, RegionKind::Private);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionKind {
    /// Memory of the process's own.
    Private,
    /// An image, with its path on the volume.
    Image(String),
    /// A file of data, with its path on the volume.
    Data(String),
}
