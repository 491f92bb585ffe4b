/// What a [`Handle`](super::Handle) refers to.
///
/// ```
/// use prober::testing::windows::Object;
///
/// assert_eq!(Object::Process(4).type_name(), "Process");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A file, with its path on the volume, like `\Windows\System32\ntdll.dll`.
    File(String),
    /// An event, with its name.
    Event(String),
    /// A mutant, with its name.
    Mutant(String),
    /// A process of the guest, with its ID.
    Process(u32),
}

impl Object {
    /// The name of its object type, as `WindowsObject::type_name` gives it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::File(_) => "File",
            Self::Event(_) => "Event",
            Self::Mutant(_) => "Mutant",
            Self::Process(_) => "Process",
        }
    }
}
