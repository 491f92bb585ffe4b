//! An event loop that injects one page fault at a time, three ways: plain `?`, `vmi_core::VmiProber` by hand, and
//! `#[probed]` with a `FaultQueue`.
//!
//! A thread of the guest comes to a breakpoint, and the handler needs eight pages of its process. All are paged out, and
//! nothing backs one of them. The loop is vmi-core's own (`VmiSession::handle`); the guest serves each injected fault,
//! raises an exception for the page that nothing backs, and loses every third injection in the second half.
//!
//! ```sh
//! cargo run --example event_loop
//! ```

use std::io;

use indexmap::IndexSet;
use prober::{
    FaultQueue, amd64, probed,
    testing::{Guest, GuestDriver},
};
use vmi_arch_amd64::{Amd64, EventMonitor, EventReason, ExceptionVector};
use vmi_core::{
    AddressContext, Va, VmiContext, VmiError, VmiEventResponse, VmiHandler, VmiSession, VmiState,
    os::NoOS, vmi_probe,
};

type Os = NoOS<GuestDriver>;

const PAGES: [Va; 8] = [
    Va(0x10_0000),
    Va(0x20_0000),
    Va(0x30_0000),
    Va(0x40_0000),
    Va(0x50_0000),
    Va(0x60_0000),
    Va(0x70_0000),
    Va(0x80_0000),
];
const UNSERVICEABLE: Va = Va(0x50_0000);

/// What the handler wants: a value of each page that the guest can give.
pub(crate) type Values = Vec<Option<u64>>;

/// How a tool gets its data at an event.
pub(crate) trait Way {
    /// Reads, or fails with the fault to inject.
    fn read(
        &mut self,
        vmi: &VmiContext<'_, Os>,
        counts: &mut Counts,
    ) -> Result<Option<Values>, VmiError>;

    /// The guest has no page for an address that was injected.
    fn refuse(&mut self, fault: AddressContext);
}

/// What it took.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events at the breakpoint.
    pub(crate) breakpoints: u32,
    /// Times that the operation was run.
    pub(crate) runs: u32,
    /// Reads that it issued.
    pub(crate) reads: u32,
    /// Faults that were injected.
    pub(crate) injections: u32,
}

/// 1. Plain `?`. All that it knows is which page nothing backs.
#[derive(Default)]
pub(crate) struct Plain {
    suppressed: IndexSet<AddressContext>,
}

impl Way for Plain {
    fn read(
        &mut self,
        vmi: &VmiContext<'_, Os>,
        counts: &mut Counts,
    ) -> Result<Option<Values>, VmiError> {
        counts.runs += 1;
        let mut values = Values::new();
        for page in PAGES {
            counts.reads += 1;
            values.push(match vmi.read_u64(page) {
                Err(VmiError::Translation(fault)) if self.suppressed.contains(&fault) => None,
                result => Some(result?),
            });
        }
        Ok(Some(values))
    }

    fn refuse(&mut self, fault: AddressContext) {
        self.suppressed.insert(fault);
    }
}

/// 2. vmi-core's prober: finds all pages in each run, and reports the first.
#[derive(Default)]
pub(crate) struct ByHand {
    suppressed: IndexSet<AddressContext>,
}

impl Way for ByHand {
    fn read(
        &mut self,
        vmi: &VmiContext<'_, Os>,
        counts: &mut Counts,
    ) -> Result<Option<Values>, VmiError> {
        counts.runs += 1;
        let prober = vmi_core::VmiProber::new(&self.suppressed);
        let mut values = Values::new();
        for page in PAGES {
            counts.reads += 1;
            values.push(vmi_probe!(prober, vmi.read_u64(page))?);
        }
        prober.error_for_page_faults()?;
        Ok(Some(values))
    }

    fn refuse(&mut self, fault: AddressContext) {
        self.suppressed.insert(fault);
    }
}

/// 3. `#[probed]`, through a queue, which injects at the moments only that a Linux guest can bear.
pub(crate) struct Probed {
    faults: FaultQueue,
}

impl Default for Probed {
    fn default() -> Self {
        Self {
            faults: FaultQueue::new().may_inject(amd64::linux_veto),
        }
    }
}

impl Way for Probed {
    fn read(
        &mut self,
        vmi: &VmiContext<'_, Os>,
        counts: &mut Counts,
    ) -> Result<Option<Values>, VmiError> {
        let faults = self.faults.clone();
        faults.run_or_skip(vmi, |suppressed| values(vmi, counts, suppressed))
    }

    fn refuse(&mut self, fault: AddressContext) {
        self.faults.refuse(fault);
    }
}

#[probed(options)]
fn values(vmi: &VmiState<'_, Os>, counts: &mut Counts) -> prober::Result<Values> {
    counts.runs += 1;
    let mut values = Values::new();
    for page in PAGES {
        counts.reads += 1;
        values.push(vmi.read_u64(page)?);
    }
    Ok(values)
}

/// The loop's handler, the same for the three.
struct Tool<W> {
    way: W,
    counts: Counts,
    values: Option<Values>,
    done: bool,
}

impl<W: Way> Tool<W> {
    fn new(session: &VmiSession<'_, Os>, way: W) -> Result<Self, VmiError> {
        session.monitor_enable(EventMonitor::interrupt(ExceptionVector::Breakpoint))?;
        session.monitor_enable(EventMonitor::interrupt(ExceptionVector::PageFault))?;
        Ok(Self {
            way,
            counts: Counts::default(),
            values: None,
            done: false,
        })
    }

    fn breakpoint(&mut self, vmi: &VmiContext<'_, Os>) -> Result<(), VmiError> {
        self.counts.breakpoints += 1;
        self.values = self.way.read(vmi, &mut self.counts)?;
        self.done = true;
        Ok(())
    }

    fn inject(&mut self, vmi: &VmiContext<'_, Os>, fault: AddressContext) -> Result<(), VmiError> {
        let interrupt = amd64::page_fault(vmi.registers(), fault);
        match vmi.inject_interrupt(vmi.event().vcpu_id(), interrupt) {
            // Another interrupt is to be taken first. The thread will be back.
            Err(VmiError::Io(error)) if error.kind() == io::ErrorKind::ResourceBusy => {}
            result => {
                result?;
                self.counts.injections += 1;
            }
        }
        Ok(())
    }
}

impl<W: Way> VmiHandler<Os> for Tool<W> {
    type Output = (Option<Values>, Counts);

    fn handle_event(&mut self, vmi: VmiContext<'_, Os>) -> VmiEventResponse<Amd64> {
        // The guest has run since the last event.
        vmi.flush_v2p_cache();

        let EventReason::Interrupt(event) = vmi.event().reason() else {
            return VmiEventResponse::default();
        };
        if event.interrupt.vector == ExceptionVector::PageFault {
            self.way
                .refuse(vmi.address_context(Va(event.interrupt.extra)));
            return VmiEventResponse::default();
        }
        let result = match self.breakpoint(&vmi) {
            Err(VmiError::Translation(fault)) => self.inject(&vmi, fault),
            result => result,
        };
        if let Err(error) = result {
            eprintln!("{error}");
            self.done = true;
        }
        VmiEventResponse::default()
    }

    fn poll(&mut self) -> Option<Self::Output> {
        self.done.then(|| (self.values.take(), self.counts))
    }
}

/// Runs the loop until a breakpoint is handled. The guest loses every `lose`-th injection, none for 0.
///
/// # Errors
///
/// Those of the session.
pub(crate) fn handle<W: Way>(way: W, lose: u64) -> Result<(Option<Values>, Counts), VmiError> {
    let guest = Guest::new();
    for (page, value) in PAGES.into_iter().zip(1..) {
        guest.write_u64(page, value);
    }
    guest.page_out_all();
    guest.unbacked(UNSERVICEABLE);
    guest.drop_every(lose);

    let vm = guest.vm().user_mode();
    vm.breakpoint();
    let output = vm.session().handle(|session| Tool::new(session, way))?;
    Ok(output.unwrap_or_default())
}

fn main() -> Result<(), VmiError> {
    println!("8 reads on 8 pages, 1 of them unserviceable\n");
    println!(
        "{:24}{:>12}{:>16}{:>8}{:>12}",
        "", "events", "operation runs", "reads", "injections"
    );
    for (title, lose) in [("", 0), (", every 3rd injection lost", 3)] {
        println!("one fault an event{title}");
        let ways = [
            ("plain `?`", handle(Plain::default(), lose)?),
            ("vmi_core::VmiProber", handle(ByHand::default(), lose)?),
            (
                "#[probed(options)], FaultQueue",
                handle(Probed::default(), lose)?,
            ),
        ];
        for (way, (values, counts)) in &ways {
            let Counts {
                breakpoints,
                runs,
                reads,
                injections,
            } = counts;
            println!("  {way:22}{breakpoints:>12}{runs:>16}{reads:>8}{injections:>12}");
            assert_eq!(values, &ways[0].1.0, "the three read the same");
        }
    }
    Ok(())
}
