//! Smoke.
#![allow(missing_docs)]
use prober::{PageFaults, ProbeError, SuppressedPages, probe, probed, settle, testing::Guest};
use vmi_core::{AddressContext, Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

#[probed]
fn sum<Os>(vmi: &VmiState<'_, Os>, a: Va, b: Va) -> prober::Result<u64>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let a = vmi.read_u64(a)?;
    let b = vmi.read_u64(b)?;
    Ok(a.unwrap_or(1) + b.unwrap_or(2))
}
#[probed]
fn chain<Os>(vmi: &VmiState<'_, Os>, a: Va) -> prober::Result<(u64, Option<String>)>
where
    Os: VmiOs,
    Os::Driver: VmiRead,
{
    let x = vmi.read_va(a)?;
    let y = vmi.read_va(x? + 8)?;
    let s = vmi.read_string(y? + 1)?;
    let p = probe!(sum(vmi, a, y?, suppressed))?;
    let z = vmi.read_u64(y? + 1)??;
    println!("{:?} {p:?}", vmi.read_u8(a)?);
    let mut n = 0;
    for i in [Some(a), None] {
        n += vmi
            .read_u64(match i {
                Some(a) => x? + (a.0 - a.0),
                None => break,
            })?
            .unwrap_or(0);
    }
    Ok((z + n, s))
}
#[probed]
fn poke<Os>(vmi: &VmiState<'_, Os>, a: Va) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let x = vmi.read_u64(a)?;
    settle!();
    vmi.write_u64(a, x? + 1)?;
    vmi.write(a, &[1, 2, 3])?;
    Ok(())
}
#[test]
fn smoke() {
    let guest = Guest::new();
    let (a, b) = (Va(0x40_0000), Va(0x50_0000));
    guest.write_u64(a, 0x50_0000);
    guest.write_u64(b, 5);
    guest.write_u64(b + 8, 0x60_0000);
    guest.write(Va(0x60_0001), b"hello\0\0\0");
    guest.page_out_all();
    let vm = guest.vm();
    let mut none = SuppressedPages::new();
    let Err(ProbeError::PageFaults(faults)) = vm.with(|vmi| sum(vmi, a, b, &none)) else {
        panic!()
    };
    let root = guest.root();
    assert_eq!(
        faults,
        PageFaults::from_iter([AddressContext::new(a, root), AddressContext::new(b, root)])
    );
    let mut runs = 0;
    let r = prober::retry(&mut &guest, &mut none, |s| {
        runs += 1;
        vm.with(|vmi| chain(vmi, a, s))
    });
    println!("{r:?} {runs}");
    assert!(r.is_ok());
    vm.with(|vmi| poke(vmi, a, &none)).unwrap();
}
