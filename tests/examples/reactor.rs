//! A `FaultQueue` in a handler of vmi-utils' Windows reactor.
//!
//! It is built, not run: the reactor needs a hypervisor, a Windows guest, and the symbols of its kernel.
//!
//! ```sh
//! cargo build -p prober-tests --features vmi-utils --example reactor
//! ```

use isr_cache::IsrCache;
use prober::{FaultQueue, amd64, probe, probed, testing::GuestDriver};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    Va, VmiContext, VmiError, VmiRead, VmiSession, VmiState, driver::VmiFullDriver,
    os::ProcessObject, os::VmiOsProcess as _,
};
use vmi_os_windows::{ArchAdapter, WindowsOs, WindowsOsExt as _};
use vmi_utils::reactor::{Action, Reactor, ReactorHandler, define_events, define_modules};

define_modules! {
    #[os(<Driver: VmiRead> WindowsOs<Driver> where Driver::Architecture: ArchAdapter<Driver>)]
    enum Module {
        #[module(name = "win32k.sys", process = "csrss.exe", optional)]
        Win32k,
    }

    #[resolver]
    struct ModuleResolver;

    #[cache]
    struct SymbolCache;
}

define_events! {
    enum Event in Module {
        /// A program opens a file.
        NtCreateFile,
        /// The guest raises an exception.
        KiDispatchException,
        /// A process is gone.
        PspProcessDelete,
    }
}

/// Prints who opens what.
struct Files {
    faults: FaultQueue,
    left: u32,
}

/// An opened file, as far as the guest has the data.
struct Opened {
    process: Option<String>,
    file: Option<String>,
}

/// Who opens which file: two chains of reads that do not depend on each other, so one batch has the missing pages of
/// both.
#[probed(options)]
fn opened<Driver>(vmi: &VmiState<'_, WindowsOs<Driver>>) -> prober::Result<Opened>
where
    Driver: VmiRead,
    Driver::Architecture: ArchAdapter<Driver>,
{
    let process = probe!(vmi.os().current_process()?.name())?;
    let attributes = probe!(vmi.os().function_argument(2))?;
    let file = probe!(vmi.os().object_attributes(Va(attributes?))?.object_name())?;
    Ok(Opened {
        process,
        file: file.flatten(),
    })
}

/// The address of an access violation: `ExceptionInformation[1]` of the `EXCEPTION_RECORD`.
#[probed(options)]
fn access_violation<Driver>(vmi: &VmiState<'_, WindowsOs<Driver>>) -> prober::Result<Option<Va>>
where
    Driver: VmiRead,
    Driver::Architecture: ArchAdapter<Driver>,
{
    const ACCESS_VIOLATION: u32 = 0xc000_0005;

    let record = probe!(vmi.os().function_argument(0))?;
    let code = vmi.read_u32(Va(record?))?;
    let address = vmi.read_va64(Va(record?) + 0x28)?;
    Ok(if code? == ACCESS_VIOLATION {
        address
    } else {
        None
    })
}

impl<Driver> ReactorHandler<WindowsOs<Driver>> for Files
where
    Driver: VmiRead<Architecture = Amd64>,
    Amd64: ArchAdapter<Driver>,
{
    type Output = ();
    type Event = Event;

    fn handle_event(
        &mut self,
        vmi: &VmiContext<'_, WindowsOs<Driver>>,
        event: Event,
    ) -> Result<Action<Amd64>, VmiError> {
        // The reactor has flushed the V2P cache. It injects a `Translation` that comes out here, and panics on any other
        // error; so what a guest can take away is skipped.
        let faults = self.faults.clone();
        match event {
            Event::NtCreateFile => {
                let Some(opened) = faults.run_or_skip(vmi, |suppressed| opened(vmi, suppressed))?
                else {
                    return Ok(Action::Default);
                };
                // All data is there: what follows happens once.
                let unknown = || "?".to_owned();
                println!(
                    "{} opens {}",
                    opened.process.unwrap_or_else(unknown),
                    opened.file.unwrap_or_else(unknown)
                );
                self.left -= 1;
                if self.left == 0 {
                    println!("{:#?}", faults.stats());
                    return Ok(Action::Done(()));
                }
            }
            Event::KiDispatchException => {
                let address =
                    faults.run_or_skip(vmi, |suppressed| access_violation(vmi, suppressed))?;
                if let Some(address) = address.flatten() {
                    // Changes nothing unless this queue handed the page out.
                    faults.refuse(vmi.address_context(address));
                }
            }
            Event::PspProcessDelete => {
                let root = faults.run_or_skip(vmi, |_| {
                    let object = ProcessObject(Va(vmi.os().function_argument(0)?));
                    vmi.os().process(object)?.translation_root()
                })?;
                if let Some(root) = root {
                    faults.forget_root(root);
                }
            }
        }
        Ok(Action::Default)
    }
}

/// Watches until `count` files are opened.
///
/// `session` is that of a driver for a hypervisor, such as vmi-driver-xen's.
///
/// # Errors
///
/// Those of the session, and of resolving the symbols.
fn watch<Driver>(
    session: &VmiSession<'_, WindowsOs<Driver>>,
    isr: &IsrCache,
    count: u32,
) -> Result<Option<()>, VmiError>
where
    Driver: VmiFullDriver<Architecture = Amd64>,
{
    let mut cache = SymbolCache::default();
    let events = ModuleResolver::default()
        .resolve(session, isr, &mut cache)?
        .into_events()?;
    session.handle(|session| {
        let files = Files {
            faults: FaultQueue::new().may_inject(amd64::windows_veto),
            left: count,
        };
        Reactor::new(session, files, events)
    })
}

fn main() {
    // The testing guest's driver stands for that of a hypervisor here, so that the types are checked to the end.
    let _ = watch::<GuestDriver>;
    println!("this example is built, not run: it needs a hypervisor with a Windows guest");
}
