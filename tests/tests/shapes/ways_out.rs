//! The ways out of a function: each of them passes the gate.
#![allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::deref_addrof,
    clippy::many_single_char_names,
    clippy::needless_continue,
    clippy::needless_question_mark,
    clippy::needless_return,
    clippy::no_effect_underscore_binding,
    clippy::question_mark,
    clippy::unnecessary_wraps
)] // Shapes under test.

use std::{error::Error, fmt, num::ParseIntError};

use prober::{FaultError, Missing, ProbeError, probed};
use prober_tests::{Vmi, batch, fault, faults, hard, none, suppress, unavailable};
use vmi_core::VmiError;

#[test]
fn one_batch_of_all_faults_in_order() {
    #[probed(options)]
    fn sum(vmi: &Vmi, base: u64) -> prober::Result<u64> {
        let mut sum = 0;
        for i in 0..4 {
            sum += vmi.read_u64(base + i)?.unwrap_or(0);
        }
        Ok(sum)
    }

    assert_eq!(faults(sum(&Vmi::with(&[1, 3]), 0, &none())), [1, 3]);
    assert_eq!(sum(&Vmi::with(&[1]), 0, &suppress(&[1])).unwrap(), 5);
    assert_eq!(faults(sum(&Vmi::with(&[3, 1]), 0, &suppress(&[1]))), [3]);
}

#[test]
fn a_page_is_in_the_batch_once() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<[Option<u64>; 4]> {
        Ok([
            vmi.read_u64(2)?,
            vmi.read_u64(1)?,
            vmi.read_u64(2)?,
            vmi.read_u64(1)?,
        ])
    }

    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [2, 1]);
}

#[test]
fn return_from_nested_loops() {
    #[probed(options)]
    fn find(vmi: &Vmi, lists: &[Vec<u64>]) -> prober::Result<Option<u64>> {
        for list in lists {
            for &a in list {
                match vmi.read_u64(a)? {
                    Some(v) if v > 10 => return Ok(Some(v)),
                    _ => continue,
                }
            }
        }
        Ok(None)
    }

    let lists = [vec![1, 2], vec![11, 12]];
    assert_eq!(faults(find(&Vmi::with(&[2, 12]), &lists, &none())), [2]);
    assert_eq!(find(&Vmi::default(), &lists, &none()).unwrap(), Some(11));
}

#[test]
fn return_hidden_in_a_macro() {
    macro_rules! ensure {
        ($condition:expr, $error:expr) => {
            if !$condition {
                return Err($error);
            }
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<u32, VmiError> {
        let a = vmi.read_u32(7)?;
        ensure!(a.is_some(), VmiError::Other("short"));
        Ok(a.map_or(0, |a| a + 1))
    }

    assert_eq!(faults(f(&Vmi::with(&[7]), &none())), [7]);
    assert_eq!(hard(f(&Vmi::with(&[7]), &suppress(&[7]))), "short");
    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 8);
}

#[test]
fn anyhow_bail_and_ensure() {
    #[probed(options)]
    fn f(vmi: &Vmi, least: u64) -> anyhow::Result<u64> {
        let a = vmi.read_u64(7)?;
        let b = vmi.read_u64(8)?;
        anyhow::ensure!(a.is_some(), "no a");
        if b.is_some_and(|b| b < least) {
            anyhow::bail!("b is below {least}");
        }
        Ok(b?)
    }

    assert_eq!(faults(f(&Vmi::with(&[7, 8]), 0, &none())), [7, 8]);
    assert_eq!(faults(f(&Vmi::with(&[8]), 0, &none())), [8]);
    assert_eq!(hard(f(&Vmi::default(), 9, &none())), "b is below 9");
    assert_eq!(hard(f(&Vmi::with(&[7]), 0, &suppress(&[7]))), "no a");
    assert_eq!(unavailable(f(&Vmi::with(&[8]), 0, &suppress(&[8]))), [8]);
}

#[test]
fn question_mark_supplied_by_a_macro() {
    macro_rules! get {
        ($e:expr) => {
            $e?.unwrap_or_default()
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi, s: &str) -> Result<u32, Box<dyn Error>> {
        Ok(get!(vmi.read_u32(7)) + s.parse::<u32>().inspect_err(|_| get())?)
    }

    fn get() {}

    assert_eq!(faults(f(&Vmi::with(&[7]), "1", &none())), [7]);
    assert_eq!(faults(f(&Vmi::with(&[7]), "x", &none())), [7]);
    assert_eq!(
        hard(f(&Vmi::default(), "x", &none())),
        "invalid digit found in string"
    );
    assert_eq!(f(&Vmi::default(), "1", &none()).unwrap(), 8);
}

#[test]
fn foreign_error_in_macro_arguments() {
    #[probed(options)]
    fn f(vmi: &Vmi, r: Result<u64, VmiError>) -> prober::Result<Vec<u64>> {
        let _ = vmi.read_u64(1)?;
        Ok(vec![r?; 2])
    }

    #[probed(options)]
    fn g(vmi: &Vmi, r: Result<u64, VmiError>) -> prober::Result<bool> {
        let _ = vmi.read_u64(1)?;
        Ok(matches!(r?, 1 | 2 if true))
    }

    let other = || Err(VmiError::Other("o"));
    assert_eq!(faults(f(&Vmi::with(&[1]), other(), &none())), [1]);
    assert_eq!(faults(g(&Vmi::with(&[1]), other(), &none())), [1]);
    assert_eq!(hard(f(&Vmi::default(), other(), &none())), "o");
    assert_eq!(hard(g(&Vmi::default(), other(), &none())), "o");
    // A fault there joins the batch.
    let missing = || Err(VmiError::Translation(fault(4)));
    assert_eq!(faults(f(&Vmi::with(&[1]), missing(), &none())), [1, 4]);
    assert_eq!(faults(g(&Vmi::with(&[1]), missing(), &none())), [1, 4]);
}

#[derive(Debug)]
enum AppError {
    Probe(ProbeError),
    Parse,
}

impl From<ProbeError> for AppError {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for AppError {
    fn from(error: VmiError) -> Self {
        Self::Probe(error.into())
    }
}

impl From<ParseIntError> for AppError {
    fn from(_: ParseIntError) -> Self {
        Self::Parse
    }
}

impl FaultError for AppError {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Parse => None,
        }
    }
}

#[test]
fn faults_win_over_a_foreign_error() {
    #[probed(options)]
    fn before(vmi: &Vmi, s: &str) -> Result<u32, AppError> {
        let a = vmi.read_u32(7)?.unwrap_or(0);
        Ok(a + s.parse::<u32>()?)
    }

    // The read after the foreign error is never made.
    #[probed(options)]
    fn after(vmi: &Vmi, s: &str) -> Result<u32, AppError> {
        let n = s.parse::<u32>()?;
        Ok(n + vmi.read_u32(7)?.unwrap_or(0))
    }

    assert!(matches!(
        before(&Vmi::default(), "x", &none()),
        Err(AppError::Parse)
    ));
    assert_eq!(faults(before(&Vmi::with(&[7]), "x", &none())), [7]);
    assert!(matches!(
        after(&Vmi::with(&[7]), "x", &none()),
        Err(AppError::Parse)
    ));
    assert_eq!(faults(after(&Vmi::with(&[7]), "1", &none())), [7]);
}

#[test]
fn closures_have_their_own_exits() {
    #[probed(options)]
    fn returns(vmi: &Vmi, v: &[u64]) -> prober::Result<Vec<u64>> {
        let _ = vmi.read_u64(0)?;
        Ok(v.iter()
            .map(|&x| {
                if x < 3 {
                    return 0;
                }
                x
            })
            .collect())
    }

    #[probed(options)]
    fn options(vmi: &Vmi) -> prober::Result<Option<u32>> {
        let add = |x: Option<u32>, y: Option<u32>| -> Option<u32> { x?.checked_add(y?) };
        let (a, b) = (vmi.read_u32(1)?, vmi.read_u32(2)?);
        Ok(add(a, b))
    }

    #[probed(options)]
    fn parses(vmi: &Vmi, s: &str) -> prober::Result<u64> {
        let parse = |s: &str| -> Result<u64, ParseIntError> { Ok(s.parse::<u64>()? + 1) };
        Ok(parse(s).unwrap_or(7) + vmi.read_u64(1)?.unwrap_or(0))
    }

    assert_eq!(returns(&Vmi::default(), &[1, 5], &none()).unwrap(), [0, 5]);
    assert_eq!(options(&Vmi::default(), &none()).unwrap(), Some(3));
    assert_eq!(faults(options(&Vmi::with(&[2]), &none())), [2]);
    assert_eq!(options(&Vmi::with(&[2]), &suppress(&[2])).unwrap(), None);
    assert_eq!(parses(&Vmi::default(), "3", &none()).unwrap(), 5);
    assert_eq!(parses(&Vmi::default(), "x", &none()).unwrap(), 8);
}

#[test]
fn nested_items_are_not_probed() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        fn helper(x: Option<u64>) -> Option<u64> {
            if x.is_none() {
                return None;
            }
            Some(x? + 1)
        }
        fn inner(vmi: &Vmi) -> Result<u64, VmiError> {
            vmi.read_u64(9)
        }
        type F = fn(Option<u64>) -> Option<u64>;
        const H: F = helper;
        let _p: fn() = || ();
        Ok(H(vmi.read_u64(1)?).unwrap_or(0) + inner(vmi)?)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 11);
    // What leaves through `?` joins the batch.
    assert_eq!(faults(f(&Vmi::with(&[1, 9]), &none())), [1, 9]);
}

#[test]
fn nested_impls_traits_and_modules_are_not_probed() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<u64, VmiError> {
        trait Plain {
            fn plain(&self, vmi: &Vmi) -> Result<u64, VmiError> {
                Ok(vmi.read_u64(2)? + 1)
            }
        }
        struct S;
        impl S {
            fn own(&self, vmi: &Vmi) -> Result<u64, VmiError> {
                let Self = self;
                vmi.read_u64(3)
            }
        }
        impl Plain for S {}
        mod inner {
            pub(super) fn value() -> Option<u64> {
                Some(Some(4)? + 1)
            }
        }
        static FIVE: u64 = 5;
        let a = vmi.read_u64(1)?;
        Ok(a.unwrap_or(0) + S.own(vmi)? + S.plain(vmi)? + inner::value()? + FIVE)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1 + 3 + 3 + 5 + 5);
}

#[test]
fn question_and_return_in_the_arguments_of_a_read() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>, offset: Result<u64, VmiError>) -> prober::Result<u64> {
        let a = vmi.read_u64(
            offset?
                + match base {
                    Some(base) => base,
                    None => return Ok(0),
                },
        )?;
        Ok(a.unwrap_or(7))
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, None, Ok(1), &none()).unwrap(), 0);
    assert_eq!(f(&vmi, Some(1), Ok(2), &none()).unwrap(), 3);
    assert_eq!(hard(f(&vmi, None, Err(VmiError::Other("o")), &none())), "o");
    // A fault met by `?` in a probe is recorded, and makes the probe missing.
    let missing = || Err(VmiError::Translation(fault(4)));
    assert_eq!(faults(f(&vmi, Some(1), missing(), &none())), [4]);
    assert_eq!(f(&vmi, Some(1), missing(), &suppress(&[4])).unwrap(), 7);
    assert_eq!(vmi.asked(), [3]);
}

#[test]
fn nested_question_marks() {
    #[probed(options)]
    fn f(vmi: &Vmi, n: Result<Result<u64, VmiError>, VmiError>) -> prober::Result<u64> {
        let x: u64 = n??;
        Ok(vmi.read_u64(x)?.ok_or(VmiError::Other("none"))? + 1)
    }

    let vmi = Vmi::with(&[2]);
    assert_eq!(f(&vmi, Ok(Ok(3)), &none()).unwrap(), 4);
    assert_eq!(faults(f(&vmi, Ok(Ok(2)), &none())), [2]);
    assert_eq!(hard(f(&vmi, Ok(Ok(2)), &suppress(&[2]))), "none");
    assert_eq!(hard(f(&vmi, Ok(Err(VmiError::Other("in"))), &none())), "in");
    assert_eq!(hard(f(&vmi, Err(VmiError::Other("out")), &none())), "out");
}

#[test]
fn question_mark_in_operator_position() {
    #[derive(Clone, Copy)]
    struct R(Option<u32>);

    impl R {
        fn get(self) -> Result<u32, VmiError> {
            self.0.ok_or(VmiError::Other("r"))
        }
    }

    #[probed(options)]
    fn f(vmi: &Vmi, a: R) -> prober::Result<u32> {
        let _ = vmi.read_u32(1)?;
        let g = { a.get()? & 1 };
        let h = { a.get()? - 1 };
        a.get()?;
        let n = -i64::from(a.get()?) + i64::from(!a.get()?);
        let _ = n;
        let r = *&a.get()? as u64 as u32;
        Ok(g + h + r)
    }

    assert_eq!(f(&Vmi::default(), R(Some(3)), &none()).unwrap(), 6);
    assert_eq!(hard(f(&Vmi::default(), R(None), &none())), "r");
}

#[test]
fn a_macro_that_moves_its_argument_into_a_closure() {
    macro_rules! later {
        ($e:expr) => {
            (|| $e)()
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let x: Result<u64, VmiError> = later!(Ok(
            vmi.read_u64(1)?.unwrap_or(0) + Err::<u64, _>(VmiError::Other("in"))?
        ));
        Ok(x.unwrap_or(7))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 7);
    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
}

#[test]
fn a_callees_batch_is_merged() {
    #[probed(options)]
    fn inner(vmi: &Vmi) -> prober::Result<u64> {
        Ok(vmi.read_u64(1)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    #[probed(options)]
    fn by_question(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(3)?.unwrap_or(0);
        Ok(a + inner(vmi, suppressed)?)
    }

    #[probed(options)]
    fn by_tail(vmi: &Vmi) -> prober::Result<u64> {
        let _ = vmi.read_u64(3)?;
        inner(vmi, suppressed)
    }

    #[probed(options)]
    fn by_return(vmi: &Vmi) -> prober::Result<u64> {
        if vmi.read_u64(3)?.is_none() {
            return inner(vmi, suppressed);
        }
        Ok(0)
    }

    let vmi = Vmi::with(&[1, 2, 3]);
    assert_eq!(faults(by_question(&vmi, &none())), [3, 1, 2]);
    assert_eq!(faults(by_tail(&vmi, &none())), [3, 1, 2]);
    assert_eq!(faults(by_return(&vmi, &none())), [3, 1, 2]);
    assert_eq!(by_question(&Vmi::default(), &none()).unwrap(), 6);
}

#[test]
fn the_tail_of_every_shape() {
    #[probed(options)]
    fn by_match(vmi: &Vmi, k: u64) -> Result<Option<u64>, VmiError> {
        match k {
            0 => vmi.read_u64(1),
            1 => Err(VmiError::os(batch(&[2]))),
            2 => Ok(None),
            _ => return Ok(vmi.read_u64(3)?),
        }
    }

    #[probed(options)]
    fn by_if(vmi: &Vmi, k: bool) -> Result<Option<u64>, VmiError> {
        if k { vmi.read_u64(1) } else { Ok(Some(7)) }
    }

    #[probed(options)]
    fn by_loop(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        let mut n = 0;
        loop {
            n += 1;
            if n == 3 {
                break vmi.read_u64(n);
            }
        }
    }

    #[probed(options)]
    fn by_label(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        'out: {
            if vmi.read_u64(1)?.is_none() {
                break 'out vmi.read_u64(2);
            }
            Ok(None)
        }
    }

    #[probed(options)]
    fn by_unsafe(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        unsafe { vmi.read_raw(1) }
    }

    let absent = || Vmi::with(&[1, 2, 3]);
    for k in 0..4 {
        let expected: &[u64] = match k {
            0 => &[1],
            1 => &[2],
            2 => &[],
            _ => &[3],
        };
        let result = by_match(&absent(), k, &none());
        if expected.is_empty() {
            assert_eq!(result.unwrap(), None);
        } else {
            assert_eq!(faults(result), expected);
        }
    }
    assert_eq!(faults(by_if(&absent(), true, &none())), [1]);
    assert_eq!(by_if(&absent(), false, &none()).unwrap(), Some(7));
    assert_eq!(faults(by_loop(&absent(), &none())), [3]);
    assert_eq!(faults(by_label(&Vmi::with(&[1, 2]), &none())), [1]);
    assert_eq!(
        by_label(&Vmi::with(&[1]), &suppress(&[1])).unwrap(),
        Some(2)
    );
    assert_eq!(faults(by_unsafe(&absent(), &none())), [1]);
}

#[test]
fn a_panic_goes_through() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        assert!(a.is_some(), "no data");
        Ok(a?)
    }

    let caught = std::panic::catch_unwind(|| f(&Vmi::with(&[1]), &none()).is_err());
    assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "no data");
    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1);
}

#[test]
fn a_function_that_never_returns_a_value() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<std::convert::Infallible> {
        let mut a = 1;
        loop {
            a = vmi.read_u64(a)?? + 1;
        }
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> prober::Result<u64> {
        let _ = vmi.read_u64(1)?;
        Err(VmiError::Timeout)?
    }

    assert_eq!(faults(f(&Vmi::with(&[5]), &none())), [5]);
    assert_eq!(faults(g(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(
        hard(g(&Vmi::default(), &none())),
        VmiError::Timeout.to_string()
    );
}

// It had its way out before: as many misses as are allowed are no error.
#[test]
fn an_opaque_error_at_the_limit_is_the_bodys_own() {
    #[derive(Debug, PartialEq)]
    enum Opaque {
        Probe,
        Own,
    }

    impl From<ProbeError> for Opaque {
        fn from(_: ProbeError) -> Self {
            Self::Probe
        }
    }

    impl From<VmiError> for Opaque {
        fn from(_: VmiError) -> Self {
            Self::Probe
        }
    }

    #[probed(options, limit = 2)]
    fn f(vmi: &Vmi, reads: u64) -> Result<(), Opaque> {
        for _ in 0..reads {
            let _ = vmi.read_u64(1)?;
        }
        Err(Opaque::Own)
    }

    let vmi = Vmi::with(&[1]);
    assert_eq!(f(&vmi, 2, &suppress(&[1])), Err(Opaque::Own));
    assert_eq!(f(&vmi, 3, &suppress(&[1])), Err(Opaque::Probe));
    assert_eq!(f(&vmi, 2, &none()), Err(Opaque::Probe));
}

#[test]
fn a_boxed_error_may_borrow() {
    #[derive(Debug)]
    struct Bad<'a>(&'a str);

    impl fmt::Display for Bad<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Bad<'_> {}

    #[probed(options)]
    fn f<'t>(vmi: &Vmi, text: &'t str) -> Result<u64, Box<dyn Error + 't>> {
        let a = vmi.read_u64(1)?;
        if !text.is_empty() {
            Err(Bad(text))?;
        }
        Ok(a?)
    }

    #[probed(options)]
    fn sync<'t>(vmi: &Vmi, text: &'t str) -> Result<u64, Box<dyn Error + Send + Sync + 't>> {
        let a = vmi.read_u64(2)?;
        Err(Bad(text))?;
        Ok(a?)
    }

    let text = String::from("bad");
    let vmi = Vmi::with(&[1]);
    assert_eq!(f(&Vmi::default(), "", &none()).unwrap(), 1);
    assert_eq!(hard(f(&Vmi::default(), &text, &none())), "bad");
    assert_eq!(faults(f(&vmi, &text, &none())), [1]);
    assert_eq!(hard(sync(&vmi, &text, &none())), "bad");
    assert_eq!(faults(sync(&Vmi::with(&[2]), &text, &none())), [2]);
    assert_eq!(unavailable(f(&vmi, "", &suppress(&[1]))), [1]);
}
