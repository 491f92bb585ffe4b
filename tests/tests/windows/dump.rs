//! The guest as a dump, through vmi-driver-kdmp.

use prober::testing::windows::WindowsGuest;
use vmi_core::{VmiError, os::VmiOsProcess as _};

use super::lists::guest;

/// The kernel objects of a dump are resident: the list needs no page-in.
#[test]
fn a_dump_gives_the_process_list() -> Result<(), Box<dyn std::error::Error>> {
    let guest = guest();
    let dump = prober_tests::dump::DumpFile::of(guest.guest(), &[])?;
    let read = |guest: &WindowsGuest, path: &std::path::Path| {
        let driver = vmi_driver_kdmp::VmiKdmpDriver::<vmi_arch_amd64::Amd64>::new(path)?;
        let core = vmi_core::VmiCore::new(driver)?;
        let os = guest.os();
        let registers = guest.registers(4, &guest.vm(4).registers());
        let session = vmi_core::VmiSession::new(&core, &os);
        let vmi = session.with_registers(&registers);
        let mut names = Vec::new();
        for process in vmi.os().processes()? {
            names.push(process?.name()?);
        }
        Ok::<_, VmiError>(names)
    };
    let names: Vec<_> = guest
        .processes()
        .iter()
        .map(|process| process.name.clone())
        .collect();
    assert_eq!(read(&guest, dump.path())?, names);
    Ok(())
}
