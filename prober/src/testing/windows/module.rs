use vmi_core::Va;

/// A module: of a process, or of the kernel.
///
/// ```
/// use prober::testing::windows::Module;
/// use vmi_core::Va;
///
/// let module = Module {
///     size: 0x1f_8000,
///     ..Module::new("ntdll.dll", Va(0x7ff8_0000_0000))
/// };
/// assert_eq!(module.path, r"C:\Windows\System32\ntdll.dll");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The base name, like `ntdll.dll`.
    pub name: String,
    /// The full path, like `C:\Windows\System32\ntdll.dll`.
    pub path: String,
    /// Where it is mapped.
    pub base: Va,
    /// Its size in bytes, a multiple of the page size.
    pub size: u32,
}

impl Module {
    /// A module of 64 KiB in `C:\Windows\System32`.
    #[must_use]
    pub fn new(name: &str, base: Va) -> Self {
        Self {
            name: name.to_owned(),
            path: format!(r"C:\Windows\System32\{name}"),
            base,
            size: 0x1_0000,
        }
    }
}
