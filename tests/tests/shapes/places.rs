//! Probes in every place where an expression can stand.
#![allow(
    clippy::cast_lossless,
    clippy::cast_sign_loss,
    clippy::let_and_return,
    clippy::many_single_char_names,
    clippy::needless_question_mark,
    clippy::never_loop,
    clippy::no_effect_underscore_binding,
    clippy::partialeq_to_none,
    clippy::redundant_closure_call,
    clippy::too_many_lines,
    clippy::unnecessary_wraps
)] // Shapes under test.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use prober::{probe, probed};
use prober_tests::{Vmi, batch, faults, none, suppress, unavailable};
use vmi_core::VmiError;

#[derive(Debug, Clone, Default, PartialEq)]
struct Record {
    a: u64,
    b: Option<u64>,
    c: Vec<Option<u64>>,
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[test]
fn operands_fields_indices_and_assignments() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Record> {
        let mut array = [vmi.read_u64(1)?; 3];
        array[index(vmi.read_u64(2)??)] = vmi.read_u64(3)?;
        let mut record = Record {
            a: vmi.read_u64(4)?? + 1,
            b: vmi.read_u64(5)?,
            ..Record {
                c: vec![vmi.read_u64(6)?],
                ..Record::default()
            }
        };
        record.a += vmi.read_u64(7)??;
        record.a -= -(-i64::try_from(vmi.read_u64(8)??).unwrap_or(0)) as u64;
        *record.b.get_or_insert(0) *= vmi.read_u64(9)?.unwrap_or(1);
        let (x, mut y);
        (x, y) = (vmi.read_u64(10)?, vmi.read_u64(11)?);
        [y, _] = [vmi.read_u64(12)?.or(y), None];
        let range: Range<u64> = vmi.read_u64(13)??..vmi.read_u64(14)?? + 1;
        let reference = &vmi.read_u64(15)?;
        let casts = vmi.read_u32(16)?? as u64 + u64::from(!vmi.read_u32(17)?? == 0);
        let compared = vmi.read_u64(18)? < vmi.read_u64(19)? && vmi.read_u64(20)? != None;
        record.c.extend(array);
        record
            .c
            .extend([x, y, *reference, Some(casts), Some(u64::from(compared))]);
        record.c.extend(range.map(Some));
        record.c.push((vmi.read_u64(21)?, 0).0);
        record.c.push(vmi.read_string(22)?.map(|s| s.len() as u64));
        record
            .c
            .push(Some(vmi.read_string(23)??.as_bytes()[0].into()));
        Ok(record)
    }

    let got = f(&Vmi::default(), &none()).unwrap();
    assert_eq!((got.a, got.b), (4 + 1 + 7 - 8, Some(45)));
    let list = [6, 1, 1, 3, 10, 12, 15, 16, 1, 13, 14, 21, 2, 50];
    assert_eq!(got.c, list.map(Some));
    let all = [1, 3, 5, 6, 9, 10, 11, 12, 15, 18, 19, 21, 22];
    assert_eq!(faults(f(&Vmi::with(&all), &none())), all);
    // What is needed leaves at once; what is assigned is evaluated first.
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3, 4]), &none())), [1, 3, 2]);
    let pages = [1, 2];
    assert_eq!(unavailable(f(&Vmi::with(&pages), &suppress(&pages))), pages);
}

#[test]
fn blocks_branches_and_labels() {
    #[probed(options)]
    fn f(vmi: &Vmi, k: u64) -> prober::Result<u64> {
        let a = if vmi.read_u64(1)?.is_some() {
            vmi.read_u64(2)?
        } else if let Some(x) = vmi.read_u64(3)? {
            vmi.read_u64(x + 1)?
        } else {
            None
        };
        let b = 'out: {
            for i in 0..k {
                if vmi.read_u64(5 + i)? == Some(6) {
                    break 'out vmi.read_u64(10)?;
                }
            }
            vmi.read_u64(11)?
        };
        let c = loop {
            break vmi.read_u64(12)?;
        };
        let d = {
            let d = vmi.read_u64(13)?;
            d
        };
        let e = match (vmi.read_u64(14)?, k) {
            (Some(e), 0..=1) => e,
            (Some(_), _) => vmi.read_u64(15)??,
            (None, _) => return Ok(99),
        };
        let f = unsafe { vmi.read_raw(16)? };
        let g = (|| vmi.read_u64(17))()?;
        let h = const { Some(18) }.map_or(Ok(None), |h| vmi.read_u64(h))?;
        Ok([a, b, c, d, Some(e), f, g, h].into_iter().flatten().sum())
    }

    assert_eq!(
        f(&Vmi::default(), 0, &none()).unwrap(),
        2 + 11 + 12 + 13 + 14 + 16 + 17 + 18
    );
    assert_eq!(
        f(&Vmi::default(), 3, &none()).unwrap(),
        2 + 10 + 12 + 13 + 15 + 16 + 17 + 18
    );
    let all = [1, 3, 5, 10, 12, 13, 14];
    assert_eq!(faults(f(&Vmi::with(&all), 3, &none())), all);
    assert_eq!(f(&Vmi::with(&all), 3, &suppress(&all)).unwrap(), 99);
}

// What a closure or a loop in a probe does is its own.
#[test]
fn closures_and_loops_in_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64], p: Option<u64>) -> prober::Result<Vec<Option<u64>>> {
        let sum = probe!(
            list.iter()
                .map(|a| vmi.read_u64(*a))
                .sum::<Result<u64, _>>()
        )?;
        let listed = probe!(
            list.iter()
                .map(|a| {
                    if *a == 0 {
                        return Ok(0);
                    }
                    let x = vmi.read_u64(*a + 10)?;
                    Ok(x)
                })
                .collect::<Result<Vec<u64>, VmiError>>()
        )?;
        let first = probe!(loop {
            let mut it = list.iter();
            match it.next() {
                Some(a) if *a > 100 => return Ok(vec![]),
                Some(a) => break vmi.read_u64(*a + p? + 20),
                None => break Ok(0),
            }
        })?;
        let closure = probe!({
            let next = |a: u64| -> Option<u64> { Some(p? + a) };
            vmi.read_u64(next(30).unwrap_or(31))
        })?;
        let block = probe!({
            let mut n = 0;
            for a in list {
                n += vmi.read_u64(a + 40)?;
            }
            while n > 100 {
                n -= 1;
                if n == 150 {
                    break;
                }
            }
            Ok::<_, VmiError>(n)
        })?;
        Ok(vec![
            sum,
            listed.map(|l| l.iter().sum()),
            first,
            closure,
            block,
        ])
    }

    let got = f(&Vmi::default(), &[1, 2], Some(1), &none()).unwrap();
    assert_eq!(got, [3, 23, 22, 31, 83].map(Some));
    let got = f(&Vmi::default(), &[1, 2], None, &none()).unwrap();
    assert_eq!(got, [Some(3), Some(23), None, Some(31), Some(83)]);
    let lost = Vmi::with(&[1, 2, 11, 12, 22, 31, 41]);
    assert_eq!(
        faults(f(&lost, &[1, 2], Some(1), &none())),
        [1, 11, 22, 31, 41]
    );
    assert!(
        f(&Vmi::default(), &[101], None, &none())
            .unwrap()
            .is_empty()
    );
    assert_eq!(faults(f(&Vmi::with(&[101]), &[101], None, &none())), [101]);
}

#[test]
fn markers_in_statement_and_tail_position() {
    #[probed(options)]
    fn tail(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        let _ = probe! { vmi.read_u64(1) };
        _ = probe!(vmi.read_u64(2))?;
        probe!(vmi.read_u64(3))
    }

    #[probed(options)]
    fn braces(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        prober::settle! {}
        prober::settle!();
        probe! { vmi.read_u64(3) }
    }

    #[probed(options)]
    fn of_a_batch(_vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(probe!(Err::<u64, prober::ProbeError>(
            batch(&[1, 2]).into()
        ))?)
    }

    assert_eq!(tail(&Vmi::default(), &none()).unwrap(), Some(3));
    assert_eq!(faults(tail(&Vmi::with(&[3]), &none())), [3]);
    assert_eq!(braces(&Vmi::default(), &none()).unwrap(), Some(3));
    assert_eq!(faults(braces(&Vmi::with(&[3]), &none())), [3]);
    assert_eq!(faults(of_a_batch(&Vmi::default(), &none())), [1, 2]);
}

// A read in its text would be refused: what its calls give is not known here.
#[test]
fn a_macro_defined_in_the_body() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        macro_rules! twice {
            ($e:expr) => {
                ($e, $e)
            };
        }
        let a = vmi.read_u64(1)?;
        let (b, c) = twice!(vmi.read_u64(3)?);
        Ok(a? + b? + c?)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &none()).unwrap(), 7);
    assert_eq!(vmi.asked(), [1, 3, 3]);
    assert_eq!(faults(f(&Vmi::with(&[1, 3]), &none())), [1, 3]);
}

#[test]
fn values_that_borrow() {
    struct Table(BTreeMap<u64, String>);

    impl Table {
        fn get(&self, key: u64) -> Result<&String, VmiError> {
            self.0.get(&key).ok_or(VmiError::OutOfBounds)
        }
    }

    #[probed(options)]
    fn f<'t>(
        vmi: &Vmi,
        table: &'t Table,
        cell: &RefCell<Table>,
    ) -> prober::Result<(&'t str, usize)> {
        let key = vmi.read_u64(1)?;
        let name = probe!(table.get(vmi.read_u64(1)?))?;
        let length = probe!(cell.borrow().get(1))?.map(String::len);
        let other = probe!(table.get(key?))?.map_or("", String::as_str);
        let text = name.map_or(other, |name| name);
        Ok((text, length?))
    }

    let table = || Table(BTreeMap::from([(1, "one".to_owned())]));
    let (shared, cell) = (table(), RefCell::new(table()));
    assert_eq!(
        f(&Vmi::default(), &shared, &cell, &none()).unwrap(),
        ("one", 3)
    );
    assert_eq!(faults(f(&Vmi::with(&[1]), &shared, &cell, &none())), [1]);
    assert_eq!(
        f(&Vmi::with(&[1]), &shared, &cell, &suppress(&[1])).unwrap(),
        ("", 3)
    );
}

#[test]
fn elision_in_every_form() {
    use std::{borrow::Cow, fmt::Debug};

    struct Owner<'o>(&'o str);

    impl<'o> Owner<'o> {
        #[probed(options)]
        fn with_other(self, other: &str) -> prober::Result<&str> {
            let vmi = Vmi::default();
            let _ = vmi.read_u64(1)?;
            Ok(&other[self.0.len()..])
        }

        #[probed(options)]
        fn own(&self, vmi: &Vmi, _other: &str) -> prober::Result<&'o str> {
            let _ = vmi.read_u64(1)?;
            Ok(self.0)
        }
    }

    #[probed(options)]
    fn into(
        vmi: Vmi,
        text: impl Into<Cow<'static, str>>,
        by: &(impl Debug + ?Sized),
    ) -> prober::Result<String> {
        let _ = vmi.read_u64(1)?;
        Ok(format!("{}{by:?}", text.into()))
    }

    #[probed(options)]
    fn in_bound(vmi: Vmi, text: impl Into<Cow<'_, str>>) -> prober::Result<Cow<'_, str>> {
        let _ = vmi.read_u64(1)?;
        Ok(text.into())
    }

    #[probed(options)]
    fn unsized_by(vmi: Vmi, by: &(impl Debug + ?Sized)) -> prober::Result<impl Debug + '_> {
        let _ = vmi.read_u64(1)?;
        Ok([by])
    }

    #[probed(options)]
    fn is_static(vmi: Vmi, text: &'static str) -> prober::Result<&str> {
        let _ = vmi.read_u64(1)?;
        Ok(text)
    }

    #[probed(options)]
    fn same<'a>(vmi: Vmi, a: &'a str, b: &'a str) -> prober::Result<&str> {
        Ok(if vmi.read_u64(1)?.is_some() { a } else { b })
    }

    #[probed(options)]
    fn slices<const N: usize, T>(
        vmi: Vmi,
        list: &mut [[T; N]],
    ) -> prober::Result<(&mut T, &mut [[T; N]])> {
        let _ = vmi.read_u64(1)?;
        let (first, rest) = list.split_first_mut()?;
        Ok((first.first_mut()?, rest))
    }

    #[probed(options)]
    fn callback(
        vmi: Vmi,
        text: &str,
        f: &'static dyn for<'x> Fn(&'x str) -> &'x str,
    ) -> prober::Result<usize> {
        let _ = vmi.read_u64(1)?;
        Ok(f(text).len())
    }

    #[probed(options)]
    fn result_in_result(vmi: Vmi, text: &str) -> prober::Result<Result<&str, Option<&str>>> {
        let _ = vmi.read_u64(1)?;
        Ok(if text.is_empty() {
            Err(Some(text))
        } else {
            Ok(text)
        })
    }

    #[probed(options)]
    async fn later(
        vmi: Vmi,
        list: &mut Vec<u64>,
    ) -> prober::Result<impl Iterator<Item = &mut u64>> {
        list.extend(vmi.read_async(1).await?);
        Ok(list.iter_mut())
    }

    let vmi = Vmi::default;
    assert_eq!(Owner("a").with_other("bc", &none()).unwrap(), "c");
    assert_eq!(Owner("a").own(&vmi(), "", &none()).unwrap(), "a");
    assert_eq!(into(vmi(), "a", "b", &none()).unwrap(), "a\"b\"");
    assert_eq!(in_bound(vmi(), "a", &none()).unwrap(), "a");
    let suppressed = none();
    assert_eq!(
        format!("{:?}", unsized_by(vmi(), "a", &suppressed).unwrap()),
        "[\"a\"]"
    );
    assert_eq!(is_static(vmi(), "a", &none()).unwrap(), "a");
    assert_eq!(same(vmi(), "a", "b", &none()).unwrap(), "a");
    let mut lists = [[1, 2], [3, 4]];
    let (first, rest) = slices::<2, u8>(vmi(), &mut lists, &none()).unwrap();
    (*first, rest[0][0]) = (5, 6);
    assert_eq!(lists, [[5, 2], [6, 4]]);
    assert_eq!(callback(vmi(), " a", &str::trim, &none()).unwrap(), 1);
    assert_eq!(result_in_result(vmi(), "a", &none()).unwrap(), Ok("a"));
    let mut list = vec![];
    let suppressed = none();
    for x in prober_tests::block_on(later(vmi(), &mut list, &suppressed)).unwrap() {
        *x += 1;
    }
    assert_eq!(list, [2]);
}

#[test]
fn modifiers_in_every_order() {
    #[probed(options)]
    pub(crate) unsafe fn a(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
    pub(crate) async unsafe fn b(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
    extern "Rust" fn c<T>(vmi: &Vmi, _: T) -> prober::Result<Option<u64>>
    where
        T: Copy,
    {
        Ok(vmi.read_u64(1)?)
    }

    let (vmi, none) = (Vmi::default(), none());
    // SAFETY: Nothing is asked for.
    let (a, b) = unsafe { (a(&vmi, &none), b(&vmi, &none)) };
    assert_eq!(a.unwrap(), Some(1));
    assert_eq!(prober_tests::block_on(b).unwrap(), Some(1));
    assert_eq!(c(&vmi, 1, &none).unwrap(), Some(1));
}
