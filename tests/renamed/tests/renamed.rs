//! `#[probed(crate = PATH)]`: there is no crate `prober` here.
#![allow(clippy::many_single_char_names)] // Shapes under test.

use guest_reads::{Result, probe, probed, settle, unprobed};
use prober_tests::{Vmi, block_on, faults, none, suppress, unavailable};
use vmi_core::VmiError;

#[test]
fn under_another_name() {
    #[probed(options, crate = guest_reads)]
    fn f(vmi: &Vmi, p: Option<u64>) -> Result<Vec<Option<u64>>> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(p? + 1)?;
        let c = probe!(vmi.read_struct::<u64>(3))?;
        let d = guest_reads::probe!(vmi.read_u64(4))?;
        let e = ::guest_reads::probe!(vmi.read_u64(5))?;
        settle!();
        guest_reads::settle!();
        vmi.write_u64(1, 1)?;
        let f = guest_reads::unprobed!(vmi.read_u64(6)).ok();
        let g = unprobed!(vmi.read_u64(7)).ok();
        let mut buffer = [0];
        vmi.read(8, &mut buffer)??;
        assert!(vmi.read_u64(9)?.is_some());
        Ok(vec![a, b, c, d, e, f, g])
    }

    let vmi = Vmi::default();
    assert_eq!(
        f(&vmi, Some(1), &none()).unwrap(),
        [1, 2, 3, 4, 5, 6, 7].map(Some)
    );
    assert_eq!(
        faults(f(&Vmi::with(&[1, 2, 3, 4, 5, 6]), Some(1), &none())),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(
        unavailable(f(&Vmi::with(&[8]), Some(1), &suppress(&[8]))),
        [8]
    );
}

#[test]
fn by_an_absolute_path_and_through_another_crate() {
    #[probed(options, crate = ::guest_reads)]
    fn absolute(vmi: &Vmi) -> core::result::Result<u64, VmiError> {
        Ok(vmi.read_u64(1)?? + u64::from(::guest_reads::probe!(vmi.read_u8(2))??))
    }

    #[probed(options, crate = prober_tests_renamed::reexport::prober_of_ours)]
    async fn through(vmi: &Vmi) -> Result<u64> {
        let a = vmi.read_async(1).await?;
        let b = prober_tests_renamed::reexport::prober_of_ours::probe!(vmi.read_u64(2))?;
        Ok(a? + b?)
    }

    #[probed(options, crate = ::guest_reads, suppressed = none(), vmi = ctx, limit = 2)]
    fn everything(ctx: &Vmi) -> Result<u64> {
        let mut n = 0;
        loop {
            n += 1;
            if ctx.read_u64(n)?.is_some() {
                return Ok(n);
            }
        }
    }

    #[probed(crate = ::guest_reads)]
    fn kept(vmi: &Vmi, places: &[u64]) -> Result<Vec<u64>> {
        let mut values = Vec::new();
        for at in places {
            let value = vmi.read_u64(*at)?;
            values.push(value);
        }
        let last = vmi.read_u64(3)?;
        values.push(last);
        Ok(values)
    }

    #[probed(crate = prober_tests_renamed::reexport::prober_of_ours)]
    async fn kept_through(vmi: &Vmi) -> Result<u64> {
        let a = vmi.read_async(1).await?;
        let b = vmi.read_u64(2)?;
        Ok(a + b)
    }

    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1, 2, 3]));
    assert_eq!(kept(&vmi, &[1, 2], &none()).unwrap(), [1, 2, 3]);
    assert_eq!(faults(kept(&lost, &[1, 2], &none())), [1, 2, 3]);
    assert_eq!(block_on(kept_through(&vmi, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(kept_through(&lost, &none()))), [1, 2]);
    assert_eq!(absolute(&vmi, &none()).unwrap(), 3);
    assert_eq!(faults(absolute(&lost, &none())), [1]);
    assert_eq!(block_on(through(&vmi, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(through(&lost, &none()))), [1, 2]);
    assert_eq!(everything(&vmi).unwrap(), 1);
    assert_eq!(faults(everything(&lost)), [1, 2, 3]);
}

mod relative {
    use super::{Vmi, faults, none};

    mod inner {
        pub(super) use guest_reads as reads;
    }

    #[guest_reads::probed(options, crate = inner::reads)]
    fn by_self(vmi: &Vmi) -> inner::reads::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[guest_reads::probed(options, crate = self::inner::reads)]
    fn by_module(vmi: &Vmi) -> inner::reads::Result<Option<u64>> {
        let _ = self::inner::reads::probe!(vmi.read_u64(2))?;
        by_self(vmi, suppressed)
    }

    #[test]
    fn by_a_path_in_the_module() {
        assert_eq!(by_self(&Vmi::default(), &none()).unwrap(), Some(1));
        assert_eq!(faults(by_module(&Vmi::with(&[1, 2]), &none())), [2, 1]);
    }
}
