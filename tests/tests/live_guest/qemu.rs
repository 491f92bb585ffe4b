//! The emulator as a process: started, watched, and never left behind.

use std::{
    fs::{self, File},
    os::{fd::AsRawFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// The guest's RAM. Half of it is too little for the kernel.
const RAM: &str = "128M";
/// The block device.
const DISK_SIZE: u64 = 4 << 20;

pub(crate) struct Qemu {
    process: Child,
    /// Holds what belongs to this run, and goes with it.
    folder: PathBuf,
}

impl Qemu {
    /// Boots the kernel and the initramfs in `images`, with `options` on the kernel's command line.
    pub(crate) fn start(images: &Path, options: &str) -> Result<Self> {
        let folder = images.join(format!("run-{}", std::process::id()));
        // One may be left of a killed test that had the same process id, with READY in its log.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir(&folder)?;
        File::create(folder.join("disk.img"))?.set_len(DISK_SIZE)?;
        let process = Self::command(images, &folder, options)
            .spawn()
            .context("cannot start qemu-system-x86_64")
            .inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        Ok(Self { process, folder })
    }

    fn command(images: &Path, folder: &Path, options: &str) -> Command {
        // Should this process be killed, the kernel ends the emulator as well: `setpriv` replaces
        // itself by it, so that its process id is the one that we know.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .arg(emulator(images))
            .args(["-nodefaults", "-no-user-config", "-no-reboot"])
            .args(["-display", "none"])
            // With SMAP the kernel notices an injected fault whose error code says "supervisor".
            // Without `tcg`, a host's KVM would be taken; and vmi-core knows four levels of page
            // tables, so no later CPU model.
            .args(["-accel", "tcg", "-cpu", "qemu64,+smap,+smep", "-smp", "1"])
            .args(["-m", RAM, "-machine", "pc,memory-backend=ram", "-object"])
            .arg(format!(
                "memory-backend-file,id=ram,size={RAM},mem-path=ram,share=on"
            ))
            .arg("-kernel")
            .arg(images.join("vmlinuz"))
            .arg("-initrd")
            .arg(images.join("initrd.cpio"))
            .arg("-append")
            .arg(format!(
                "console=ttyS0 quiet rdinit=/init panic=-1 {options}"
            ))
            .args(["-serial", "file:serial.log"])
            .args(["-chardev", "socket,id=gdb,path=gdb,server=on,wait=off"])
            .args(["-gdb", "chardev:gdb"])
            .args(["-drive", "if=none,id=disk,file=disk.img,format=raw"])
            .args(["-device", "virtio-blk-pci,drive=disk"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Ok(errors) = File::create(folder.join("errors.log")) {
            command.stderr(errors);
        }
        command
    }

    /// What exists as long as this does, and no longer.
    pub(crate) fn traces(&self) -> [PathBuf; 2] {
        let process = format!("/proc/{}", self.process.id());
        [process.into(), self.folder.clone()]
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ram(&self) -> PathBuf {
        self.folder.join("ram")
    }

    /// Connects to the gdbstub.
    pub(crate) fn connect(&self) -> Result<UnixStream> {
        // A socket's path is limited to about 100 bytes, a folder's is not.
        let folder = File::open(&self.folder)?;
        let path = format!("/proc/self/fd/{}/gdb", folder.as_raw_fd());
        UnixStream::connect(path).context("cannot connect to the gdbstub")
    }

    /// Waits for a whole line on the serial port that begins with `start`, and returns its rest.
    pub(crate) fn wait_for_line(&mut self, start: &str, limit: Duration) -> Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            for line in self.log("serial.log").split_inclusive('\n') {
                if let Some(rest) = line.strip_prefix(start)
                    && rest.ends_with('\n')
                {
                    return Ok(rest.trim().to_owned());
                }
            }
            if self.has_exited() || Instant::now() > deadline {
                bail!(
                    "no line `{start}` on the serial port (it has {limit:?}); {}",
                    self.last_seen()
                );
            }
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn has_exited(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// What is known of the emulator and its guest, for an error message.
    pub(crate) fn last_seen(&mut self) -> String {
        let state = match self.process.try_wait() {
            Ok(None) => "runs".to_owned(),
            Ok(Some(status)) => format!("ended with {status}"),
            Err(error) => format!("is lost ({error})"),
        };
        let serial = self.log("serial.log");
        let lines: Vec<_> = serial.lines().collect();
        let tail = lines[lines.len().saturating_sub(40)..].join("\n  ");
        let errors = self.log("errors.log");
        format!("the emulator {state}; its errors: {errors:?}; last on the serial port:\n  {tail}")
    }

    /// All that the guest's kernel and program have said.
    pub(crate) fn serial(&self) -> String {
        self.log("serial.log")
    }

    fn log(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }
}

/// The emulator that `prepare.sh` unpacked, where it could not be installed; else the installed one.
fn emulator(images: &Path) -> PathBuf {
    let name = Path::new("qemu-system-x86_64");
    let unpacked = images.join(name);
    if unpacked.exists() {
        unpacked
    } else {
        name.to_owned()
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
