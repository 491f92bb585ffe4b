//! `#[probed]` in edition 2021: temporaries, captures and keywords are those
//! of the user's edition.
#![allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)] // Shapes under test.
#![allow(clippy::unused_async, clippy::match_same_arms, clippy::never_loop)]

use std::cell::RefCell;

use prober::{probe, probed, settle};
use prober_tests::{block_on, faults, none, suppress, tick, Vmi};

type Log = RefCell<Vec<&'static str>>;

/// Notes its name when it is dropped.
struct D<'a>(&'static str, &'a Log);

impl Drop for D<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

impl D<'_> {
    fn some(&self) -> Option<u64> {
        self.1.borrow_mut().push("used");
        Some(1)
    }
}

fn log(f: impl FnOnce(&Log)) -> Vec<&'static str> {
    let log = Log::default();
    f(&log);
    log.into_inner()
}

/// Defines a function plain and probed, sync and async, and asserts that they
/// note the same, and that this is what the edition says.
macro_rules! same {
    ($expected:expr, |$log:ident| $body:block) => {{
        fn plain(vmi: &Vmi, $log: &Log) -> prober::Result<u64> {
            let _ = vmi.read_u64(1)?;
            $body
        }
        async fn plain_async(vmi: &Vmi, $log: &Log) -> prober::Result<u64> {
            tick().await;
            let _ = vmi.read_u64(1)?;
            $body
        }
        #[probed(options)]
        fn probed(vmi: &Vmi, $log: &Log) -> prober::Result<u64> {
            let _ = vmi.read_u64(1)?;
            $body
        }
        #[probed(options)]
        async fn probed_async(vmi: &Vmi, $log: &Log) -> prober::Result<u64> {
            tick().await;
            let _ = vmi.read_u64(1)?;
            $body
        }

        let vmi = Vmi::default();
        assert_eq!(log(|log| _ = plain(&vmi, log)), $expected, "plain");
        assert_eq!(
            log(|log| _ = block_on(plain_async(&vmi, log))),
            $expected,
            "plain, async"
        );
        assert_eq!(
            log(|log| _ = probed(&vmi, log, &none())),
            $expected,
            "probed"
        );
        let got = log(|log| _ = block_on(probed_async(&vmi, log, &none())));
        assert_eq!(got, $expected, "probed, async");
    }};
}

// In this edition they outlive the locals.
#[test]
fn temporaries_of_the_tail() {
    same!(["used", "local", "temporary"], |log| {
        let _local = D("local", log);
        Ok(D("temporary", log).some().unwrap_or(0))
    });
}

#[test]
fn temporaries_of_if_let() {
    same!(
        ["used", "then", "if let", "used", "else", "if let 2"],
        |log| {
            if let Some(1) = D("if let", log).some() {
                log.borrow_mut().push("then");
            } else {
                log.borrow_mut().push("not reached");
            }
            if let Some(2) = D("if let 2", log).some() {
                log.borrow_mut().push("not reached");
            } else {
                log.borrow_mut().push("else");
            }
            Ok(1)
        }
    );
}

#[test]
fn a_borrow_in_the_tail() {
    #[probed(options)]
    fn of_parameter(vmi: &Vmi, cell: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let borrowed = &cell;
        let _ = vmi.read_u64(1)?;
        Ok(borrowed.borrow().len())
    }

    #[probed(options)]
    fn directly(vmi: &Vmi, cell: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let _ = vmi.read_u64(1)?;
        Ok(cell.borrow().len())
    }

    #[probed(options)]
    async fn later(vmi: &Vmi, cell: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(cell.borrow().len())
    }

    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1]));
    let cell = || RefCell::new(vec![1]);
    assert_eq!(of_parameter(&vmi, cell(), &none()).unwrap(), 1);
    assert_eq!(directly(&vmi, cell(), &none()).unwrap(), 1);
    assert_eq!(block_on(later(&vmi, cell(), &none())).unwrap(), 1);
    assert_eq!(faults(directly(&lost, cell(), &none())), [1]);
    assert_eq!(faults(block_on(later(&lost, cell(), &none()))), [1]);
}

// In this edition nothing is captured that is not named.
#[test]
fn impl_trait_captures_nothing() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<impl Iterator<Item = u64>> {
        Ok(vmi.read_u64(2)?.into_iter())
    }

    #[probed(options)]
    fn elided(vmi: Vmi, text: &str) -> prober::Result<impl Iterator<Item = char> + '_> {
        let _ = vmi.read_u64(2)?;
        Ok(text.chars())
    }

    let (suppressed, vmi) = (none(), Vmi::default());
    let iterator = f(&vmi, &suppressed).unwrap();
    drop((suppressed, vmi));
    assert_eq!(iterator.count(), 1);
    let suppressed = none();
    let chars = elided(Vmi::default(), "ab", &suppressed).unwrap();
    drop(suppressed);
    assert_eq!(chars.collect::<String>(), "ab");
}

// A keyword of the next edition.
#[test]
fn a_variable_called_gen() {
    #[probed(options, vmi = gen)]
    fn f(gen: &Vmi, base: Option<u64>) -> prober::Result<u64> {
        let mut sum = 0;
        for i in 0..3 {
            let value = gen.read_u64(base? + if i == 1 { continue } else { i })?;
            sum += value.unwrap_or(10);
        }
        let other = probe!(gen.read_u64(base? + 5))?;
        settle!();
        gen.write_u64(1, 2)?;
        println!("{other:?} {:?}", gen.read_u64(7)?);
        assert!(gen.read_u64(8)?.is_some());
        Ok(sum)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, Some(1), &none()).unwrap(), 4);
    assert_eq!(vmi.written(), [(1, 2)]);
    assert_eq!(faults(f(&Vmi::with(&[1, 6]), Some(1), &none())), [1, 6]);
    assert_eq!(f(&Vmi::with(&[1]), Some(1), &suppress(&[1])).unwrap(), 13);
}

#[test]
fn control_flow() {
    #[probed(options)]
    fn f(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        let Some(x) = vmi.read_u64(a)? else {
            return Ok(0);
        };
        while let Some(y) = vmi.read_u64(x + 1)? {
            match vmi.read_u64(y + 1)? {
                Some(z) if vmi.read_u64(z + 1)?.is_some() => return Ok(z),
                Some(_) => break,
                None => break,
            }
        }
        Ok(x)
    }

    assert_eq!(f(&Vmi::default(), 1, &none()).unwrap(), 3);
    assert_eq!(faults(f(&Vmi::with(&[4]), 1, &none())), [4]);
    assert_eq!(f(&Vmi::with(&[3]), 1, &suppress(&[3])).unwrap(), 1);
}
