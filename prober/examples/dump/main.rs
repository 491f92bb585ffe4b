//! What a crash dump cannot answer, listed.
//!
//! A dump is a guest that never runs: a page that was paged out when it was taken stays missing, and a frame that the
//! dump left out cannot be read at all. The first is a page fault, and `#[probed]` finds all of them in one pass; the
//! second is an error of the driver.
//!
//! The example writes a full dump of a small guest, and opens it with `vmi-driver-kdmp`.
//!
//! ```sh
//! cargo run --example dump
//! ```

#[allow(dead_code, unreachable_pub)] // Tests use the rest of it.
mod file;

use std::marker::PhantomData;

use prober::{PageFaults, SuppressedPages, probed, retry, testing::Guest};
use vmi_arch_amd64::Amd64;
use vmi_core::{Va, VcpuId, VmiCore, VmiError, VmiSession, VmiState, os::NoOS};
use vmi_driver_kdmp::VmiKdmpDriver;

use self::file::DumpFile;

type Os = NoOS<VmiKdmpDriver<Amd64>>;

/// A list of records, each with a name on a page of its own.
const FIRST: Va = Va(0xffff_f800_0010_0000);

struct Record {
    at: Va,
    id: u64,
    /// `None` when its page was paged out, an error when the dump lacks its frame.
    name: Result<Option<String>, VmiError>,
}

/// Walks the list. That the page of a record itself is missing ends it, and so does an error.
#[probed(options)]
fn records(vmi: &VmiState<'_, Os>, first: Va) -> prober::Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut next = Some(first);
    while let Some(at) = next
        && !at.is_null()
    {
        let id = vmi.read_u64(at)?;
        let name = vmi.read_va64(at + 8)?;
        next = vmi.read_va64(at + 16)?;
        let Some(id) = id else { break };
        // Without `?`: an error is a part of the answer here.
        let name = vmi.read_string_limited(name?, 64);
        records.push(Record { at, id, name });
    }
    Ok(records)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dump = a_dump()?;
    let core = VmiCore::new(VmiKdmpDriver::<Amd64>::new(dump.path())?)?;
    let registers = core.registers(VcpuId(0))?;
    let session = VmiSession::new(&core, &NoOS(PhantomData));
    let vmi = session.with_registers(&registers);

    // Nobody can bring a page in. So the pager notes the batch, and refuses it.
    let mut missing = PageFaults::new();
    let mut note = |faults: &PageFaults, refused: &mut SuppressedPages| {
        missing.extend(faults.iter().copied());
        refused.extend(faults.iter().copied());
        Ok(())
    };
    let records = retry(&mut note, &mut SuppressedPages::new(), |suppressed| {
        records(&vmi, FIRST, suppressed)
    })?;

    println!("records:");
    for Record { at, id, name } in &records {
        match name {
            Ok(Some(name)) => println!("  {id} at {at}: {name}"),
            Ok(None) => println!("  {id} at {at}: its name was paged out"),
            Err(error) => println!("  {id} at {at}: its name is not in the dump: {error}"),
        }
    }
    println!("paged out, all found in one pass:");
    for fault in &missing {
        println!("  {fault}");
    }
    Ok(())
}

/// Six records; the names of two are paged out, the dump lacks the frame of a third.
fn a_dump() -> std::io::Result<DumpFile> {
    let guest = Guest::new();
    for id in 0..6 {
        let (at, name) = (FIRST + id * 0x40, FIRST + (id + 1) * 0x10_0000);
        guest.write_u64(at, id);
        guest.write_va(at + 8, name);
        guest.write_va(at + 16, if id == 5 { Va(0) } else { at + 0x40 });
        guest.write_str(name, &format!("record {id}"));
        if id == 1 || id == 4 {
            guest.page_out(name);
        }
    }
    let lacking = guest.frame(FIRST + 4 * 0x10_0000);
    DumpFile::of(&guest, lacking.as_slice())
}
