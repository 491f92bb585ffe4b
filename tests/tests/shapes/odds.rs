//! Shapes that fit nowhere else.
#![allow(
    clippy::never_loop,
    clippy::many_single_char_names,
    clippy::unnested_or_patterns
)] // Shapes under test.

use prober::{probe, probed, unprobed};
use prober_tests::{Vmi, block_on, faults, none, suppress, tick};
use vmi_core::VmiError;

#[test]
fn a_captured_lifetime_that_is_elided() {
    #[probed(options)]
    fn f(vmi: Vmi, text: &str) -> prober::Result<impl Iterator<Item = char> + use<'_>> {
        let _ = vmi.read_u64(1)?;
        Ok(text.chars())
    }

    let text = "ab".to_owned();
    let chars = {
        let suppressed = none();
        f(Vmi::default(), &text, &suppressed).unwrap()
    };
    assert_eq!(chars.count(), 2);
    assert!(f(Vmi::with(&[1]), &text, &none()).is_err());
}

trait Answer {
    type Output;
}

struct S;

impl Answer for S {
    type Output = Result<u64, VmiError>;
}

impl S {
    #[probed(options)]
    fn associated(&self, vmi: &Vmi) -> <Self as Answer>::Output {
        let Self = self;
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    async fn associated_later(&self, vmi: &Vmi) -> <Self as Answer>::Output {
        let Self = self;
        tick().await;
        Ok(vmi.read_u64(1)??)
    }
}

macro_rules! result {
    ($t:ty) => {
        Result<$t, VmiError>
    };
}

#[probed(options)]
fn by_macro(vmi: &Vmi) -> result!(u64) {
    Ok(vmi.read_u64(1)??)
}

#[test]
fn a_result_behind_an_associated_type_or_a_macro() {
    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1]));
    assert_eq!(S.associated(&vmi, &none()).unwrap(), 1);
    assert_eq!(faults(S.associated(&lost, &none())), [1]);
    assert_eq!(faults(block_on(S.associated_later(&lost, &none()))), [1]);
    assert_eq!(by_macro(&vmi, &none()).unwrap(), 1);
    assert_eq!(faults(by_macro(&lost, &none())), [1]);
}

#[probed(options)]
fn labels_in_a_probe(vmi: &Vmi, p: Option<u64>) -> prober::Result<Option<u64>> {
    let x = probe!('x: loop {
        loop {
            break 'x vmi.read_u64(p?);
        }
    })?;
    let y = probe!({
        let Some(z) = p else {
            return Ok(Some(7));
        };
        let Some(w) = Some(z) else { return Ok(None) };
        vmi.read_u64(w + 1)
    })?;
    Ok(x.or(y))
}

#[test]
fn labels_and_let_else_in_a_probe() {
    assert_eq!(
        labels_in_a_probe(&Vmi::default(), Some(3), &none()).unwrap(),
        Some(3)
    );
    assert_eq!(
        labels_in_a_probe(&Vmi::default(), None, &none()).unwrap(),
        Some(7)
    );
    let lost = Vmi::with(&[3, 4]);
    assert_eq!(faults(labels_in_a_probe(&lost, Some(3), &none())), [3, 4]);
    assert_eq!(
        labels_in_a_probe(&lost, Some(3), &suppress(&[3, 4])).unwrap(),
        None
    );
}

#[test]
fn async_blocks_in_a_probe() {
    #[probed(options)]
    async fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        let waits = async {
            tick().await;
            vmi.read_u64(1)
        };
        let a = probe!(waits.await.and_then(|a| a.ok_or(VmiError::Timeout)))?;
        let b = probe!(
            async {
                let value = vmi.read_u64(2)?;
                Ok::<_, VmiError>(value + 1)
            }
            .await
        )?;
        Ok(a.zip(b).map(|(a, b)| a + b))
    }

    assert_eq!(block_on(f(&Vmi::default(), &none())).unwrap(), Some(4));
    assert_eq!(faults(block_on(f(&Vmi::with(&[2]), &none()))), [2]);
}

#[test]
fn move_closures_have_the_prober_and_the_set() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let callee = move || labels_in_a_probe(vmi, Some(1), suppressed);
        let read = move |a| vmi.read_u64(a);
        let both = move |a| -> Result<Option<u64>, VmiError> {
            let x = read(a)?;
            Ok(x.and(vmi.read_u64(a + 1)?))
        };
        Ok(callee()?? + read(3)?? + both(4)??)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1 + 3 + 5);
    assert_eq!(faults(f(&Vmi::with(&[3]), &none())), [3]);
    assert_eq!(faults(f(&Vmi::with(&[4, 5]), &none())), [4, 5]);
}

struct Own<'a, V> {
    vmi: &'a V,
}

impl Own<'_, Vmi> {
    #[probed(options, vmi = self.vmi)]
    fn all(&self, list: &[u64]) -> prober::Result<Vec<Option<u64>>> {
        list.iter().map(|a| Ok(self.vmi.read_u64(*a)?)).collect()
    }

    #[probed(options, vmi = self.vmi)]
    fn boxed<'s>(&'s self) -> prober::Result<Box<dyn Iterator<Item = u64> + 's>> {
        let a = self.vmi.read_u64(1)?;
        Ok(Box::new(
            a.into_iter().chain(self.vmi.absent.iter().copied()),
        ))
    }
}

#[test]
fn collected_in_the_tail() {
    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1, 2]));
    assert_eq!(Own { vmi: &vmi }.all(&[1], &none()).unwrap(), [Some(1)]);
    assert_eq!(faults(Own { vmi: &lost }.all(&[1, 2], &none())), [1, 2]);
    assert_eq!(Own { vmi: &vmi }.boxed(&none()).unwrap().count(), 1);
}

#[test]
fn the_set_and_parameters_in_format_strings() {
    #[probed(options)]
    fn f(vmi: &Vmi, label: String) -> prober::Result<String> {
        let a = vmi.read_u64(1)?;
        Ok(format!("{label}{a:?}{}", suppressed.iter().len()))
    }

    let pages = suppress(&[7, 8]);
    assert_eq!(f(&Vmi::default(), "x".into(), &pages).unwrap(), "xSome(1)2");
}

#[test]
fn patterns_of_every_kind() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a: Option<u64> = vmi.read_u64(1)?;
        let Some(ref b @ 1..=9) = vmi.read_u64(2)? else {
            return Ok(0);
        };
        let (Some(c @ 3) | Some(c)) = vmi.read_u64(3)? else {
            return Ok(100);
        };
        let (Ok(d) | Err(d)) = vmi.read_u64(4).map_err(|_| None);
        let [e, ..] = [vmi.read_u64(5)?, vmi.read_u64(6)?];
        Ok(a? + b + c + d? + e?)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 15);
    assert_eq!(faults(f(&Vmi::with(&[2, 3]), &none())), [2]);
    assert_eq!(f(&Vmi::with(&[2]), &suppress(&[2])).unwrap(), 0);
    assert_eq!(faults(f(&Vmi::with(&[4, 6]), &none())), [4, 6]);
}

/// What looks like them, and is evaluated at once.
#[test]
fn closures_that_do_not_leave_the_function() {
    #[probed(options)]
    fn array(vmi: &Vmi) -> prober::Result<impl Iterator<Item = Result<Option<u64>, VmiError>>> {
        Ok([1, 2].map(|at| vmi.read_u64(at)).into_iter())
    }
    #[probed(options)]
    fn zipped(
        vmi: &Vmi,
    ) -> prober::Result<impl Iterator<Item = (u64, Result<Option<u64>, VmiError>)>> {
        Ok([1, 2].into_iter().zip([1, 2].map(|at| vmi.read_u64(at))))
    }
    #[probed(options)]
    fn option(vmi: &Vmi, at: Option<u64>) -> prober::Result<Option<Result<Option<u64>, VmiError>>> {
        Ok(at.map(|at| vmi.read_u64(at)))
    }
    #[probed(options)]
    fn plain<'v>(
        vmi: &'v Vmi,
    ) -> prober::Result<impl Iterator<Item = Result<u64, VmiError>> + use<'v>> {
        let first = vmi.read_u64(1)?;
        Ok((first?..3).map(|at| unprobed!(vmi.read_u64(at))))
    }

    let values = |results: Vec<Result<Option<u64>, VmiError>>| {
        results.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let vmi = Vmi::default();
    assert_eq!(faults(array(&Vmi::with(&[1, 2]), &none())), [1, 2]);
    assert_eq!(
        values(array(&vmi, &none()).unwrap().collect()),
        [Some(1), Some(2)]
    );
    let second = |(_, read)| read;
    let read = zipped(&vmi, &none()).unwrap().map(second).collect();
    assert_eq!(values(read), [Some(1), Some(2)]);
    assert_eq!(faults(option(&Vmi::with(&[2]), Some(2), &none())), [2]);
    let read: Result<Vec<_>, _> = plain(&vmi, &none()).unwrap().collect();
    assert_eq!(read.unwrap(), [1, 2]);
}
