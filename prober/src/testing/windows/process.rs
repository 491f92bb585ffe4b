use super::{Handle, Module, Object, Region};

/// A process, as a test asks for it. The fields are also what a test compares
/// with.
///
/// ```
/// use prober::testing::windows::{Module, Object, Process, Region};
/// use vmi_core::Va;
///
/// let process = Process::new(700, "lsass.exe")
///     .command_line("lsass.exe -quiet")
///     .thread(708)
///     .module(Module::new("ntdll.dll", Va(0x7ff8_0000_0000)))
///     .handle(Object::File(r"\Windows\win.ini".to_owned()))
///     .region(Region::private(Va(0x20_0000), 4));
/// assert_eq!(process.threads, [704, 708]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The process ID, a multiple of 4.
    pub id: u32,
    /// The ID of the process that started it.
    pub parent: u32,
    /// The name; `ImageFileName` holds its first 14 bytes.
    pub name: String,
    /// The image's path, in the process parameters.
    pub image_path: String,
    /// The command line, in the process parameters.
    pub command_line: String,
    /// Whether it is a 32-bit process, which has a PEB of 32 bits too.
    pub wow64: bool,
    /// The IDs of its threads.
    pub threads: Vec<u32>,
    /// Its modules in load order. Each makes a region, too.
    pub modules: Vec<Module>,
    /// Its handles: the first has the value 4, the next 8, and so on.
    pub handles: Vec<Handle>,
    /// Its regions in the order of their addresses. [`build`] adds those of the
    /// modules and of what it lays out itself.
    ///
    /// [`build`]: super::WindowsBuilder::build
    pub regions: Vec<Region>,
}

impl Process {
    /// A 64-bit process of one thread that was started by System, with an image
    /// in `C:\Windows\System32` and without modules and handles.
    #[must_use]
    pub fn new(id: u32, name: &str) -> Self {
        let path = format!(r"C:\Windows\System32\{name}");
        Self {
            id,
            parent: 4,
            name: name.to_owned(),
            image_path: path.clone(),
            command_line: path,
            wow64: false,
            threads: vec![id + 4],
            modules: Vec::new(),
            handles: Vec::new(),
            regions: Vec::new(),
        }
    }

    /// Sets the command line.
    #[must_use]
    pub fn command_line(mut self, line: &str) -> Self {
        line.clone_into(&mut self.command_line);
        self
    }

    /// Sets the parent's process ID.
    #[must_use]
    pub fn parent(mut self, id: u32) -> Self {
        self.parent = id;
        self
    }

    /// Makes it a 32-bit process.
    #[must_use]
    pub fn wow64(mut self) -> Self {
        self.wow64 = true;
        self
    }

    /// Adds a thread.
    #[must_use]
    pub fn thread(mut self, id: u32) -> Self {
        self.threads.push(id);
        self
    }

    /// Adds a module.
    #[must_use]
    pub fn module(mut self, module: Module) -> Self {
        self.modules.push(module);
        self
    }

    /// Adds a handle with the access rights `0x1f_0003`.
    #[must_use]
    pub fn handle(mut self, object: Object) -> Self {
        let access = 0x1f_0003;
        self.handles.push(Handle { object, access });
        self
    }

    /// Adds a region.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.regions.push(region);
        self
    }
}
