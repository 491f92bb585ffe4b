//! Other attributes: on the function, its parameters, statements, arms and
//! expressions.
#![deny(warnings)]
#![allow(
    clippy::items_after_statements,
    clippy::missing_errors_doc,
    clippy::mixed_attributes_style,
    clippy::needless_pass_by_value,
    clippy::non_minimal_cfg,
    clippy::unnecessary_wraps
)] // Shapes under test.

use prober::{probe, probed, unprobed};
use prober_tests::{Vmi, faults, none, suppress};
use vmi_core::VmiError;

/// Docs stay.
#[must_use = "check it"]
#[inline(always)]
#[allow(clippy::inline_always)]
#[cfg_attr(all(), deprecated(note = "old"))]
#[probed(options)]
#[doc(alias = "g")]
pub fn everywhere(
    vmi: &Vmi,
    #[cfg(any())] gone: u8,
    #[cfg(all())]
    #[allow(unused_variables)]
    kept: u8,
) -> Result<u32, VmiError> {
    #[allow(unused_assignments)]
    let mut a = 0;
    #[cfg(any())]
    {
        a = vmi.read_nope(1)?;
    }
    #[cfg(all())]
    {
        a = vmi.read_u32(1)?.unwrap_or(0);
    }
    #[cfg(any())]
    return Ok(0);
    let m = match a {
        #[cfg(any())]
        0 => vmi.read_nope(1)?,
        #[allow(unreachable_patterns)]
        _ => vmi.read_u32(4)?,
    };
    #[cfg(any())]
    {
        Err(VmiError::Other("no"))
    }
    #[cfg(all())]
    {
        Ok(a + 1 + m.unwrap_or(0))
    }
}

#[test]
fn on_everything() {
    #[allow(deprecated)]
    let f = everywhere;
    assert_eq!(f(&Vmi::default(), 0, &none()).unwrap(), 6);
    assert_eq!(faults(f(&Vmi::with(&[1]), 0, &none())), [1]);
    assert_eq!(f(&Vmi::with(&[1]), 0, &suppress(&[1])).unwrap(), 5);
}

#[test]
fn inner_attributes_and_docs() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u32> {
        #![deny(unused_variables)]
        //! Inner docs.
        #![allow(non_snake_case)]
        let A = vmi.read_u32(1)?;
        Ok(A.unwrap_or(0))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1);
    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
}

#[test]
fn on_parameters() {
    struct Lock(#[allow(dead_code)] u8);

    #[probed(options)]
    fn f(
        #[allow(unused_mut)] mut vmi: Vmi,
        #[cfg(any())] gone: String,
        #[cfg(all())] kept: String,
        #[cfg_attr(all(), allow(unused_variables))] lock: Lock,
        #[allow(unused_variables)] unused: String,
        #[expect(unused_variables)] expected: String,
        #[expect(unused_variables)] number: u64,
    ) -> prober::Result<String> {
        let _ = vmi.read_u32(1)?;
        Ok(kept)
    }

    let text = || "text".to_owned();
    assert_eq!(
        f(Vmi::default(), text(), Lock(0), text(), text(), 1, &none()).unwrap(),
        "text"
    );
}

#[test]
fn cfg_on_the_function_and_on_methods() {
    struct S;

    impl S {
        #[cfg(any())]
        #[probed(options)]
        fn f(&self, vmi: &Nothing) -> prober::Result<u32> {
            vmi.read_nope()
        }

        #[probed(options)]
        #[cfg(all())]
        fn f(&self, vmi: &Vmi) -> prober::Result<u32> {
            let Self = self;
            Ok(vmi.read_u32(1)??)
        }

        #[probed(options)]
        #[cfg(any())]
        fn g(&self, vmi: &Nothing) -> prober::Result<u32> {
            vmi.read_nope()
        }
    }

    #[cfg_attr(all(), probed(options))]
    fn by_cfg_attr(vmi: &Vmi) -> prober::Result<u32> {
        Ok(vmi.read_u32(1)??)
    }

    #[cfg_attr(all(), probed(options, vmi = ctx), inline)]
    fn with_arguments(ctx: &Vmi) -> prober::Result<u32> {
        Ok(ctx.read_u32(1)??)
    }

    assert_eq!(S.f(&Vmi::default(), &none()).unwrap(), 1);
    assert_eq!(faults(by_cfg_attr(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(faults(with_arguments(&Vmi::with(&[1]), &none())), [1]);
}

#[test]
fn on_statements_and_expressions() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64]) -> prober::Result<Vec<Option<u64>>> {
        #[rustfmt::skip]
        let mut out = vec![vmi.read_u64(1)?];
        #[allow(clippy::explicit_iter_loop)]
        for a in list.iter() {
            #[cfg(all())]
            out.push(vmi.read_u64(*a)?);
            #[cfg(any())]
            continue;
            #[cfg(any())]
            return Err(VmiError::Timeout.into());
            #[cfg(any())]
            break;
        }
        #[cfg(any())]
        let out = vmi.read_nope()?;
        #[cfg(any())]
        probe!(nothing())?;
        #[cfg(all())]
        let _ = probe!(vmi.read_u64(1))?;
        #[cfg(any())]
        vmi.write_u64(1, 1)?;
        #[cfg(any())]
        Nothing::f()?;
        #[cfg(all())]
        vmi.write_u64(1, 1)?;
        #[allow(clippy::unit_arg)]
        #[cfg(all())]
        Some(())?;
        out.extend([
            #[cfg(any())]
            vmi.read_nope()?,
            #[cfg(all())]
            vmi.read_u64(7)?,
        ]);
        let tuple = Pair {
            #[cfg(any())]
            first: vmi.read_nope()?,
            #[cfg(all())]
            first: vmi.read_u64(8)?,
            second: unprobed!(9),
        };
        out.push(tuple.first);
        out.push(Some(tuple.second));
        Ok(out)
    }

    struct Pair {
        first: Option<u64>,
        second: u64,
    }

    assert_eq!(
        f(&Vmi::default(), &[2], &none()).unwrap(),
        [1, 2, 7, 8, 9].map(Some)
    );
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &[2], &none())), [1, 2]);
    assert_eq!(faults(f(&Vmi::with(&[7, 8]), &[2], &none())), [7, 8]);
}

#[test]
fn on_closures_and_blocks() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        #[inline]
        fn same(a: u64) -> u64 {
            a
        }
        let read = |a| vmi.read_u64(same(a));
        #[allow(clippy::blocks_in_conditions)]
        if { vmi.read_u64(1)? }.is_some() {
            #[allow(unused_must_use)]
            {
                vmi.read_u64(2);
            }
        }
        #[expect(unused_variables)]
        let unused = vmi.read_u64(4)?;
        #[warn(unused)]
        match read(3)? {
            #[cfg(all())]
            #[rustfmt::skip]
            Some(v) => { Ok(v) },
            None => Ok(0),
        }
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3, 4]), &none())), [1, 4, 3]);
}

// A lint that was expected would warn if the expansion had silenced it.
#[test]
fn expected_lints_fire() {
    #[probed(options)]
    #[expect(
        unused_variables,
        unused_mut,
        dead_code,
        unreachable_code,
        unused_assignments
    )]
    fn f(vmi: &Vmi, extra: u64, text: String, mut list: Vec<u64>) -> prober::Result<u64> {
        let local = 1;
        let mut assigned = vmi.read_u64(1)?;
        assigned = None;
        fn never() {}
        return Ok(1);
        Ok(2)
    }

    #[probed(options)]
    #[expect(unused_must_use)]
    fn g(vmi: &Vmi) -> prober::Result<()> {
        vmi.read_u64(1);
        Ok(())
    }

    // The value of a probe: the buffer may be stale.
    #[probed(options)]
    #[expect(unused_must_use)]
    fn h(vmi: &Vmi) -> prober::Result<u8> {
        let mut buffer = [0xaa];
        vmi.read(1, &mut buffer)?;
        Ok(buffer[0])
    }

    assert_eq!(
        f(&Vmi::default(), 1, String::new(), vec![], &none()).unwrap(),
        1
    );
    assert_eq!(faults(g(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(h(&Vmi::with(&[1]), &suppress(&[1])).unwrap(), 0xaa);
}

#[expect(dead_code)]
#[probed(options)]
fn never_called(vmi: &Vmi) -> prober::Result<Option<u64>> {
    Ok(vmi.read_u64(1)?)
}

mod must_use {
    #[prober::probed(options)]
    #[must_use = "needed"]
    pub(super) fn f(vmi: &super::Vmi) -> prober::Result<u64> {
        Ok(vmi.read_u64(1)??)
    }
}

#[test]
fn must_use_stays() {
    #[expect(unused_must_use)]
    {
        must_use::f(&Vmi::default(), &none());
    }
}
