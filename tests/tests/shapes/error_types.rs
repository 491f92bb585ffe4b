//! The error that a function declares, and the errors that meet `?`.
#![allow(
    clippy::default_trait_access,
    clippy::items_after_statements,
    clippy::many_single_char_names,
    clippy::map_unwrap_or,
    clippy::unnecessary_wraps
)] // Shapes under test.

use std::{cell::RefCell, error::Error, fmt, io, rc::Rc, sync::Mutex};

use prober::{FaultError, Missing, PageFaults, ProbeError, Unavailable, probe, probed};
use prober_tests::{Vmi, batch, fault, faults, hard, none, suppress, unavailable};
use vmi_core::VmiError;

/// Makes a module with the same functions for one error type.
macro_rules! with_error {
    ($name:ident: $error:ty) => {
        mod $name {
            use super::*;

            #[probed(options)]
            fn f(vmi: &Vmi, r: Result<u64, VmiError>, o: Option<u64>) -> Result<u64, $error> {
                let a = vmi.read_u64(1)?;
                let b = vmi.read_u64(2)?;
                Ok(a? + b? + r? + o?)
            }

            #[probed(options)]
            fn callee(vmi: &Vmi) -> Result<u64, $error> {
                let a = vmi.read_u64(3)?;
                Ok(a.unwrap_or(0) + f(vmi, Ok(0), Some(0), suppressed)?)
            }

            #[probed(options)]
            fn in_probe(vmi: &Vmi) -> Result<u64, $error> {
                let a = vmi.read_u64(3)?;
                let b = probe!(f(vmi, Ok(0), Some(0), suppressed))?;
                Ok(a.unwrap_or(0) + b.unwrap_or(100))
            }

            #[test]
            fn carries_faults_and_unavailable() {
                let ok = || Ok(0);
                let lost = Vmi::with(&[1, 2, 3]);
                assert_eq!(f(&Vmi::default(), ok(), Some(1), &none()).unwrap(), 4);
                // `VmiError` can hold the first fault only.
                let first = stringify!($name) == "vmi";
                let n = if first { 1 } else { 2 };
                assert_eq!(faults(f(&lost, ok(), Some(1), &none())), [1, 2][..n]);
                assert_eq!(
                    unavailable(f(&lost, ok(), None, &suppress(&[1, 2]))),
                    [1, 2]
                );
                assert_eq!(faults(f(&lost, ok(), None, &suppress(&[1]))), [2]);
                assert!(unavailable(f(&Vmi::default(), ok(), None, &none())).is_empty());
                let timeout = || Err(VmiError::Timeout);
                let text = VmiError::Timeout.to_string();
                assert_eq!(hard(f(&Vmi::default(), timeout(), None, &none())), text);
                assert_eq!(faults(f(&Vmi::with(&[2]), timeout(), None, &none())), [2]);

                let expected: &[u64] = if first { &[3] } else { &[3, 1, 2] };
                assert_eq!(faults(callee(&lost, &none())), expected);
                assert_eq!(faults(in_probe(&lost, &none())), expected);
                assert_eq!(unavailable(callee(&lost, &suppress(&[1, 2, 3]))), [3, 1, 2]);
                assert_eq!(in_probe(&lost, &suppress(&[1, 2, 3])).unwrap(), 100);
            }
        }
    };
}

with_error!(probe_error: ProbeError);
with_error!(vmi: VmiError);
with_error!(any: anyhow::Error);
with_error!(boxed: Box<dyn Error>);
with_error!(boxed_sync: Box<dyn Error + Send + Sync>);
with_error!(own: AppError);

#[derive(Debug)]
enum AppError {
    Probe(ProbeError),
    Vmi(VmiError),
    Parse(std::num::ParseIntError),
    Text(String),
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(error) => error.fmt(f),
            Self::Vmi(error) => error.fmt(f),
            Self::Parse(error) => error.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Error for AppError {}

macro_rules! from {
    ($($error:ty => $variant:path;)*) => {$(
        impl From<$error> for AppError {
            fn from(error: $error) -> Self {
                $variant(error)
            }
        }
    )*};
}

from! {
    ProbeError => Self::Probe;
    VmiError => Self::Vmi;
    std::num::ParseIntError => Self::Parse;
}

impl From<&str> for AppError {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl FaultError for AppError {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Vmi(error) => error.missing(),
            Self::Parse(_) | Self::Text(_) => None,
        }
    }
}

impl<T> From<std::sync::PoisonError<T>> for AppError {
    fn from(_: std::sync::PoisonError<T>) -> Self {
        Self::Text("poisoned".to_owned())
    }
}

/// An error that faults get into and not out of.
#[derive(Debug)]
enum Opaque {
    Probe(ProbeError),
    Vmi,
    Other,
}

impl From<ProbeError> for Opaque {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for Opaque {
    fn from(_: VmiError) -> Self {
        Self::Vmi
    }
}

#[test]
fn an_opaque_error_carries_our_own_batch() {
    fn found(result: Result<u64, Opaque>) -> Vec<u64> {
        match result {
            Err(Opaque::Probe(error)) => faults(Err::<(), _>(error)),
            other => panic!("{other:?}"),
        }
    }

    #[probed(options)]
    fn inner(vmi: &Vmi) -> Result<u64, Opaque> {
        Ok(vmi.read_u64(1)?? + vmi.read_u64(2)??)
    }

    #[probed(options)]
    fn outer(vmi: &Vmi, fail: bool) -> Result<u64, Opaque> {
        let a = vmi.read_u64(3)?;
        if fail {
            return Err(Opaque::Other);
        }
        let b = inner(vmi, suppressed)?;
        Ok(a? + b)
    }

    assert_eq!(inner(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(found(inner(&Vmi::with(&[1, 2]), &none())), [1]);
    assert_eq!(found(outer(&Vmi::with(&[3]), true, &none())), [3]);
    assert!(matches!(
        outer(&Vmi::default(), true, &none()),
        Err(Opaque::Other)
    ));
    // The callee's is not seen into: it goes out as it is.
    assert_eq!(found(outer(&Vmi::with(&[1]), false, &none())), [1]);
    assert_eq!(found(outer(&Vmi::with(&[1, 3]), false, &none())), [3]);
    // A raw `VmiError` that meets `?` is recorded before it is converted.
    #[probed(options)]
    fn raw(vmi: &Vmi, r: Result<u64, VmiError>) -> Result<u64, Opaque> {
        Ok(vmi.read_u64(1)?.unwrap_or(0) + r?)
    }
    let missing = || Err(VmiError::Translation(fault(7)));
    assert_eq!(found(raw(&Vmi::with(&[1]), missing(), &none())), [1, 7]);
    assert!(matches!(
        raw(&Vmi::default(), Err(VmiError::Timeout), &none()),
        Err(Opaque::Vmi)
    ));
}

#[test]
fn an_error_that_borrows() {
    #[derive(Debug)]
    struct Borrowed<'a>(&'a str);

    impl From<Borrowed<'_>> for AppError {
        fn from(error: Borrowed<'_>) -> Self {
            Self::Text(error.0.to_owned())
        }
    }

    fn check(text: &str) -> Result<u64, Borrowed<'_>> {
        if text.is_empty() {
            Ok(1)
        } else {
            Err(Borrowed(text))
        }
    }

    fn boxed<'a>(text: &'a str) -> Result<u64, Box<dyn Error + 'a>> {
        if text.is_empty() {
            Ok(1)
        } else {
            Err(text.to_owned().into())
        }
    }

    #[probed(options)]
    fn f(vmi: &Vmi, text: &str) -> Result<u64, AppError> {
        let a = vmi.read_u64(1)?;
        let n = check(text)?;
        let b = vmi.read_u64(check(text)? + n)?;
        let c = probe!({
            let n = check(text)?;
            vmi.read_u64(n + 2)
        })?;
        let d = boxed(text).map_err(|error| AppError::Text(error.to_string()))?;
        Ok(a? + n + b? + c? + d)
    }

    #[probed(options)]
    fn str_error(vmi: &Vmi, text: &str) -> Result<u64, AppError> {
        let _ = vmi.read_u64(1)?;
        Err(text)?;
        Ok(1)
    }

    let local = "text".to_owned();
    assert_eq!(f(&Vmi::default(), "", &none()).unwrap(), 8);
    assert_eq!(hard(f(&Vmi::default(), &local, &none())), "text");
    assert_eq!(faults(f(&Vmi::with(&[1]), &local, &none())), [1]);
    assert_eq!(hard(str_error(&Vmi::default(), &local, &none())), "text");
}

#[test]
fn an_error_that_borrows_a_lock() {
    #[probed(options)]
    fn f(vmi: &Vmi, lock: &Mutex<Vec<u64>>) -> Result<usize, AppError> {
        let mut guard = lock.lock()?;
        guard.extend(vmi.read_u64(1)?);
        let n = lock.try_lock().map(|_| 0).unwrap_or(7);
        Ok(guard.len() + n)
    }

    let lock = Mutex::default();
    assert_eq!(f(&Vmi::default(), &lock, &none()).unwrap(), 8);
    assert_eq!(faults(f(&Vmi::with(&[1]), &lock, &none())), [1]);
    assert_eq!(lock.into_inner().unwrap(), [1]);
}

#[test]
fn inference_as_with_plain_question_marks() {
    #[probed(options)]
    fn f(vmi: &Vmi, s: &str) -> Result<(u16, u8, Vec<u64>), Box<dyn Error>> {
        let n = s.parse()?;
        let list = s.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let small = u8::try_from(vmi.read_u64(1)?.unwrap_or(0))?;
        let m: u8 = s.parse::<u16>()?.try_into()?;
        let none = Default::default();
        let o: Option<u64> = none;
        let _ = o.or(vmi.read_u64(2)?);
        Ok((n, small + m, list))
    }

    #[probed(options)]
    fn in_a_probe(vmi: &Vmi, s: &str) -> Result<Option<u64>, Box<dyn Error>> {
        Ok(vmi.read_u64(s.parse::<u64>()? + u64::from("1".parse::<u8>()?))?)
    }

    #[probed(options)]
    fn argument(vmi: &Vmi, s: &str) -> Result<Option<u64>, Box<dyn Error>> {
        Ok(vmi.read_u64(s.parse()?)?)
    }

    assert_eq!(f(&Vmi::default(), "3", &none()).unwrap(), (3, 4, vec![3]));
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), "3", &none())), [1, 2]);
    assert!(f(&Vmi::default(), "x", &none()).is_err());
    assert_eq!(in_a_probe(&Vmi::default(), "3", &none()).unwrap(), Some(4));
    assert_eq!(
        hard(in_a_probe(&Vmi::default(), "x", &none())),
        "invalid digit found in string"
    );
    assert_eq!(faults(argument(&Vmi::with(&[3]), "3", &none())), [3]);
}

#[test]
fn every_error_that_plain_question_marks_convert() {
    #[derive(Debug)]
    struct NotSend(#[allow(dead_code)] Rc<u8>);
    impl fmt::Display for NotSend {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("not send")
        }
    }
    impl Error for NotSend {}

    #[probed(options)]
    fn boxed(vmi: &Vmi, k: u8) -> Result<u64, Box<dyn Error>> {
        let a = vmi.read_u64(1)?.unwrap_or(0);
        match k {
            0 => Err(io::Error::other("io"))?,
            1 => Err("text")?,
            2 => Err(format!("{a}"))?,
            3 => Err(NotSend(Rc::new(1)))?,
            4 => Err(fmt::Error)?,
            5 => {
                let cell = RefCell::new(1);
                let _held = cell.borrow_mut();
                cell.try_borrow()?;
            }
            6 => Err(Box::<dyn Error>::from("boxed"))?,
            7 => u8::try_from(a + 300).map(drop)?,
            8 => Err(ProbeError::Vmi(VmiError::Timeout))?,
            _ => {}
        }
        Ok(a)
    }

    for k in 0..=8 {
        assert!(!hard(boxed(&Vmi::default(), k, &none())).is_empty(), "{k}");
        assert_eq!(faults(boxed(&Vmi::with(&[1]), k, &none())), [1], "{k}");
    }
    assert_eq!(boxed(&Vmi::default(), 9, &none()).unwrap(), 1);
}

#[test]
fn faults_are_found_in_every_carrier_that_meets_a_question_mark() {
    #[probed(options)]
    fn f(vmi: &Vmi, k: u8) -> Result<u64, anyhow::Error> {
        use anyhow::Context as _;
        let a = vmi.read_u64(1)?;
        let missing = || VmiError::Translation(fault(7));
        match k {
            0 => Err(missing())?,
            1 => Err(ProbeError::from(batch(&[7])))?,
            2 => Err(anyhow::Error::from(missing()))?,
            3 => Err::<(), _>(missing()).context("context")?,
            4 => Err::<(), _>(missing()).with_context(|| "context")?,
            5 => Err(VmiError::os(batch(&[7])))?,
            6 => return Err(anyhow::Error::from(ProbeError::from(batch(&[7]))).context("more")),
            7 => anyhow::bail!(missing()),
            8 => return Err(anyhow::Error::from(batch(&[7]))),
            _ => anyhow::ensure!(a.is_none(), missing()),
        }
        Ok(0)
    }

    for k in 0..=9 {
        let expected: &[u64] = if k == 9 { &[1] } else { &[1, 7] };
        let got = faults(f(&Vmi::with(&[1]), k, &none()));
        assert_eq!(got, expected, "{k}");
        assert_eq!(faults(f(&Vmi::default(), k, &none())), [7], "{k}");
        // Suppressed, it is not asked for again.
        assert_eq!(
            unavailable(f(&Vmi::default(), k, &suppress(&[7]))),
            [7],
            "{k}"
        );
    }
}

#[test]
fn context_on_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> anyhow::Result<u64> {
        use anyhow::Context as _;
        let a = vmi.read_u64(1).context("a")?;
        let b = vmi.read_u64(2).with_context(|| format!("b at {a:?}"))?;
        let c = vmi.read_u64(3)?.context("no c")?;
        let d = probe!(Err::<u64, _>(VmiError::Other("d"))).context("the last")?;
        Ok(a? + b? + c + d?)
    }

    assert_eq!(hard(f(&Vmi::default(), &none())), "the last");
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3]), &none())), [1, 2, 3]);
    assert_eq!(hard(f(&Vmi::with(&[3]), &suppress(&[3]))), "no c");
}

#[test]
fn a_probe_of_every_carrier() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<[Option<u64>; 5], Box<dyn Error>> {
        let _ = vmi.read_u64(1)?;
        Ok([
            probe!(Err::<u64, _>(ProbeError::from(batch(&[2, 3]))))?,
            probe!(Err::<u64, _>(anyhow::Error::from(VmiError::Translation(
                fault(4)
            ))))?,
            probe!(Err::<u64, _>(AppError::Vmi(VmiError::Translation(fault(
                5
            )))))?,
            probe!(Err::<u64, Box<dyn Error>>(batch(&[6]).into()))?,
            probe!(Err::<u64, _>(VmiError::os(Unavailable::default())))?,
        ])
    }

    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1, 2, 3, 4, 5, 6]);
    let all = [1, 2, 3, 4, 5, 6];
    assert_eq!(f(&Vmi::with(&[1]), &suppress(&all)).unwrap(), [None; 5]);
    let got = f(&Vmi::default(), &suppress(&[2, 4, 5, 6]));
    assert_eq!(faults(got), [3]);
}

#[test]
fn an_empty_batch_is_no_error_of_ours() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let _ = vmi.read_u64(1)?;
        Err(ProbeError::from(PageFaults::new()))
    }

    assert!(f(&Vmi::default(), &none()).is_err());
    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
}

// `?` on both in one expression, in and outside of probes.
#[test]
fn option_and_result_mixed() {
    struct Node<'a>(&'a Vmi, u64);

    impl<'a> Node<'a> {
        fn next(&self) -> Result<Option<Node<'a>>, VmiError> {
            Ok((self.0.read_u64(self.1)? < 9).then_some(Node(self.0, self.1 + 1)))
        }
    }

    #[probed(options)]
    fn f(vmi: &Vmi, start: u64) -> prober::Result<(Option<u64>, u64)> {
        let node = Node(vmi, start);
        let far = probe!(node.next()?.and_then(|n| n.next().ok()?)?.next())?;
        let deep = probe!(Ok::<_, VmiError>(node.next()??.next()??.1))?;
        let near = node.next()??.1;
        Ok((deep, near + u64::from(far.flatten().is_some())))
    }

    assert_eq!(f(&Vmi::default(), 1, &none()).unwrap(), (Some(3), 3));
    assert_eq!(f(&Vmi::default(), 8, &none()).unwrap(), (None, 9));
    assert!(unavailable(f(&Vmi::default(), 9, &none())).is_empty());
    assert_eq!(faults(f(&Vmi::with(&[1]), 1, &none())), [1]);
    assert_eq!(faults(f(&Vmi::with(&[2]), 1, &none())), [2]);
}

// `??` meets the error of the read first, which a conversion could take apart.
#[test]
fn a_needed_value_is_unavailable_through_an_opaque_error_too() {
    #[derive(Debug)]
    enum Opaque {
        Probe(ProbeError),
        Vmi(VmiError),
    }

    impl From<ProbeError> for Opaque {
        fn from(error: ProbeError) -> Self {
            Self::Probe(error)
        }
    }

    impl From<VmiError> for Opaque {
        fn from(error: VmiError) -> Self {
            Self::Vmi(error)
        }
    }

    #[probed(options)]
    fn needs(vmi: &Vmi) -> Result<u64, Opaque> {
        Ok(vmi.read_u64(1)??)
    }

    let error = needs(&Vmi::with(&[1]), &suppress(&[1])).unwrap_err();
    let Opaque::Probe(ProbeError::Unavailable(unavailable)) = &error else {
        panic!("{error:?}");
    };
    assert!(unavailable.pages().contains(&fault(1)));

    #[probed(options)]
    fn hard(vmi: &Vmi) -> Result<u64, Opaque> {
        let a = probe!(Err::<u64, _>(VmiError::Timeout))??;
        Ok(a + vmi.read_u64(1)??)
    }
    let error = hard(&Vmi::default(), &none()).unwrap_err();
    assert!(matches!(error, Opaque::Vmi(VmiError::Timeout)), "{error:?}");
}
