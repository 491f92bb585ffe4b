use super::Object;

/// An entry of a handle table.
///
/// ```
/// use prober::testing::windows::{Handle, Object, Process};
///
/// let process = Process::new(700, "lsass.exe").handle(Object::Event("ready".to_owned()));
/// let Handle { object, access } = &process.handles[0];
/// assert_eq!(object.type_name(), "Event");
/// assert_eq!(*access, 0x1f_0003);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    /// What it refers to.
    pub object: Object,
    /// The access that was granted, 25 bits.
    pub access: u32,
}
