//! What is dropped, and in which order: as without the attribute.
#![allow(
    clippy::boxed_local,
    clippy::let_underscore_untyped,
    clippy::many_single_char_names,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned,
    clippy::toplevel_ref_arg,
    clippy::unit_arg,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::unused_self,
    unused_assignments,
    unused_variables
)] // Shapes under test.

use std::{
    cell::{Ref, RefCell},
    rc::Rc,
};

use prober::probed;
use prober_tests::{Vmi, block_on, faults, none, tick};

type Log = RefCell<Vec<&'static str>>;

/// Notes its name when it is dropped.
struct D<'a>(&'static str, &'a Log);

impl Drop for D<'_> {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

impl D<'_> {
    fn address(&self) -> u64 {
        self.1.borrow_mut().push("used");
        1
    }
}

/// What a function noted.
fn log(f: impl FnOnce(&Log)) -> Vec<&'static str> {
    let log = Log::default();
    f(&log);
    log.into_inner()
}

/// Defines the same function plain and probed in both forms, each of them async
/// too, and asserts that they note the same.
macro_rules! same {
    (|$log:ident| ($($arg:expr),*), ($($param:tt)*) $body:block) => {{
        fn plain(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            let _ = vmi.read_u8(0)?;
            $body
        }
        async fn plain_async(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            tick().await;
            let _ = vmi.read_u8(0)?;
            $body
        }
        #[probed(options)]
        fn probed(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            let _ = vmi.read_u8(0)?;
            $body
        }
        #[probed(options)]
        async fn probed_async(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            tick().await;
            let _ = vmi.read_u8(0)?;
            $body
        }
        #[probed]
        fn kept(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            let _ = vmi.read_u8(0)?;
            $body
        }
        #[probed]
        async fn kept_async(vmi: &Vmi, $($param)*) -> prober::Result<()> {
            tick().await;
            let _ = vmi.read_u8(0)?;
            $body
        }

        let vmi = Vmi::default();
        let expected = log(|$log| {
            let _ = plain(&vmi, $($arg),*);
            $log.borrow_mut().push("after");
        });
        assert!(expected.len() > 2, "{expected:?}");
        let got = log(|$log| {
            let _ = probed(&vmi, $($arg,)* &none());
            $log.borrow_mut().push("after");
        });
        assert_eq!(got, expected, "sync");
        let got = log(|$log| {
            let _ = kept(&vmi, $($arg,)* &none());
            $log.borrow_mut().push("after");
        });
        assert_eq!(got, expected, "kept");
        let expected = log(|$log| {
            let _ = block_on(plain_async(&vmi, $($arg),*));
            $log.borrow_mut().push("after");
        });
        let got = log(|$log| {
            let _ = block_on(probed_async(&vmi, $($arg,)* &none()));
            $log.borrow_mut().push("after");
        });
        assert_eq!(got, expected, "async");
        let got = log(|$log| {
            let _ = block_on(kept_async(&vmi, $($arg,)* &none()));
            $log.borrow_mut().push("after");
        });
        assert_eq!(got, expected, "kept and async");
    }};
}

#[test]
fn parameters_used_unused_and_nameless() {
    same!(
        |log| (D("used", log), D("unused", log), D("wild", log), D("under", log)),
        (used: D<'_>, unused: D<'_>, _: D<'_>, _under: D<'_>) {
            let _local = D("local", used.1);
            let _borrowed = &used;
            Ok(())
        }
    );
}

/// Types of one's own, by the names of types in vmi-core that have nothing to
/// drop.
#[allow(dead_code)] // For its `Drop`.
struct View<'a>(D<'a>);
#[allow(dead_code)]
struct Va<'a>(D<'a>);
struct VmiState<'a>(D<'a>);

#[test]
fn parameters_of_types_that_share_a_name() {
    same!(
        |log| (D("a", log), View(D("view", log)), D("b", log), Va(D("va", log))),
        (a: D<'_>, view: View<'_>, b: D<'_>, va: Va<'_>) {
            let _local = D("local", a.1);
            let _ = (&a, &view);
            Ok(())
        }
    );
    same!(
        |log| (VmiState(D("state", log)), D("a", log)),
        (state: VmiState<'_>, a: D<'_>) {
            let _local = D("local", a.1);
            let _ = (&a, &state.0.0);
            Ok(())
        }
    );
}

#[test]
fn parts_of_a_parameter() {
    same!(
        |log| ((D("a", log), (D("b", log), D("c", log)), D("d", log)), D("e", log)),
        (p: (D<'_>, (D<'_>, D<'_>), D<'_>), mut e: D<'_>) {
            let local = D("local", e.1);
            let _ = (&p.2, &p.1.1);
            e.0 = p.0.0;
            Ok(())
        }
    );
}

#[test]
fn a_gap_before_and_after_others() {
    same!(
        |log| (D("a", log), (D("b", log), (D("c", log), D("d", log))), D("e", log)),
        (a: D<'_>, (b, (_, d)): (D<'_>, (D<'_>, D<'_>)), e: D<'_>) {
            let _local = D("local", a.1);
            let _ = (&d, &b);
            Ok(())
        }
    );
}

#[test]
fn mutable_parameters() {
    same!(
        |log| (D("a", log), D("b", log), D("c", log)),
        (mut a: D<'_>, b: D<'_>, mut c: D<'_>) {
            a = D("new a", a.1);
            let _ = &mut c;
            Ok(())
        }
    );
}

#[test]
fn moved_parameters() {
    same!(
        |log| (D("a", log), D("b", log), D("c", log)),
        (a: D<'_>, b: D<'_>, c: D<'_>) {
            drop(b);
            let moved = a;
            let _late = D("late", c.1);
            Ok(())
        }
    );
}

#[test]
fn conditionally_moved_parameters() {
    same!(
        |log| (D("a", log), D("b", log), D("c", log), true),
        (a: D<'_>, b: D<'_>, c: D<'_>, flag: bool) {
            if flag {
                drop(a);
            }
            let _late = D("late", c.1);
            if !flag {
                drop(b);
                return Ok(());
            }
            Ok(())
        }
    );
}

#[test]
fn pattern_parameters() {
    same!(
        |log| ((D("a", log), D("b", log)), [D("c", log), D("d", log)], D("e", log)),
        ((a, b): (D<'_>, D<'_>), [c, d]: [D<'_>; 2], e: D<'_>) {
            let _local = D("local", a.1);
            Ok(())
        }
    );
}

#[test]
fn pattern_parameters_with_gaps() {
    same!(
        |log| ((D("a", log), D("b", log)), D("c", log)),
        ((_, b): (D<'_>, D<'_>), c: D<'_>) {
            let _local = D("local", c.1);
            Ok(())
        }
    );
}

#[test]
fn by_reference_patterns() {
    same!(
        |log| (D("a", log), D("b", log)),
        (ref a: D<'_>, ref mut b: D<'_>) {
            let _local = D("local", a.1);
            b.0 = "b changed";
            Ok(())
        }
    );
}

#[test]
fn boxes_options_and_generics() {
    same!(
        |log| (Box::new(D("a", log)), Some(D("b", log)), vec![D("c", log), D("d", log)]),
        (a: Box<D<'_>>, b: Option<D<'_>>, c: Vec<D<'_>>) {
            let [first, ..] = &c[..] else { return Ok(()) };
            let _local = D("local", first.1);
            let b = b;
            Ok(())
        }
    );
}

#[test]
fn impl_trait_and_closures() {
    same!(
        |log| ({ let d = D("in f", log); move || d.address() }, D("b", log)),
        (f: impl FnOnce() -> u64, b: D<'_>) {
            let _local = D("local", b.1);
            let n = f();
            let _later = D("later", b.1);
            Ok(())
        }
    );
}

#[test]
fn parameters_captured_by_closures_in_the_body() {
    same!(
        |log| (D("a", log), D("b", log)),
        (a: D<'_>, b: D<'_>) {
            let log = a.1;
            let f = move || a.address();
            let _local = D("local", log);
            let _ = f();
            Ok(())
        }
    );
}

#[test]
fn locals_and_shadows() {
    same!(
        |log| (D("a", log)),
        (a: D<'_>) {
            let x = D("x", a.1);
            let x = D("x2", x.1);
            let _ = D("ignored", x.1);
            {
                let inner = D("inner", x.1);
            }
            let (y, _z) = (D("y", x.1), D("z", x.1));
            Ok(())
        }
    );
}

#[test]
fn an_early_exit() {
    same!(
        |log| (D("a", log), None),
        (a: D<'_>, stop: Option<u64>) {
            let first = D("first", a.1);
            let n = stop.ok_or(vmi_core::VmiError::Timeout)?;
            let second = D("second", a.1);
            Ok(())
        }
    );
}

#[test]
fn temporaries_of_the_tail() {
    same!(
        |log| (D("a", log)),
        (a: D<'_>) {
            let local = D("local", a.1);
            Ok(drop([D("temporary", a.1).address() + D("other", local.1).address()].to_vec()))
        }
    );
}

#[test]
fn temporaries_of_match_and_if() {
    same!(
        |log| (D("a", log)),
        (a: D<'_>) {
            match D("scrutinee", a.1).address() {
                0 => return Ok(()),
                n => a.1.borrow_mut().push("arm"),
            }
            if D("condition", a.1).address() == 1 {
                a.1.borrow_mut().push("then");
            }
            if let 1 = D("if let", a.1).address() {
                a.1.borrow_mut().push("then");
            } else {
                a.1.borrow_mut().push("else");
            }
            let Some(_) = Some(D("let else", a.1)) else { return Ok(()) };
            Ok(())
        }
    );
}

// The temporaries in the arguments of a read live to the end of its
// statement.
#[test]
fn temporaries_of_probes() {
    fn plain(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
        let a = vmi.read_u64(D("argument", log).address())?;
        log.borrow_mut().push("next");
        match vmi.read_u64(D("scrutinee", log).address())? {
            0 => Ok(0),
            v => {
                log.borrow_mut().push("arm");
                Ok(v + a + vmi.read_u64(D("tail", log).address())?)
            }
        }
    }

    #[probed(options)]
    fn probed(vmi: &Vmi, log: &Log) -> prober::Result<u64> {
        let a = vmi.read_u64(D("argument", log).address())?;
        log.borrow_mut().push("next");
        match vmi.read_u64(D("scrutinee", log).address())? {
            None => Ok(0),
            Some(v) => {
                log.borrow_mut().push("arm");
                Ok(v + a? + vmi.read_u64(D("tail", log).address())??)
            }
        }
    }

    let vmi = Vmi::default();
    let expected = log(|log| assert_eq!(plain(&vmi, log).unwrap(), 3));
    assert_eq!(
        log(|log| assert_eq!(probed(&vmi, log, &none()).unwrap(), 3)),
        expected
    );
    // The same with a fault.
    let expected = log(|log| assert_eq!(faults(plain(&Vmi::with(&[1]), log)), [1]));
    assert_eq!(expected, ["used", "argument"]);
}

impl<'a> D<'a> {
    fn plain(self, other: D<'a>) -> prober::Result<()> {
        let _local = D("local", other.1);
        Ok(())
    }

    #[probed(options)]
    fn unused(self, vmi: &Vmi, other: D<'a>) -> prober::Result<()> {
        let _local = D("local", other.1);
        let _ = vmi.read_u8(0)?;
        Ok(())
    }

    #[probed(options)]
    fn used(mut self, vmi: &Vmi, other: D<'a>) -> prober::Result<()> {
        let _local = D("local", self.1);
        let _ = vmi.read_u8(0)?;
        self.0 = "self";
        Ok(())
    }

    #[probed(options)]
    fn boxed(self: Box<Self>, vmi: &Vmi, other: D<'a>) -> prober::Result<()> {
        let _local = D("local", self.1);
        let _ = vmi.read_u8(0)?;
        Ok(())
    }

    #[probed(options)]
    async fn later(self: Rc<Self>, vmi: &Vmi, other: D<'a>) -> prober::Result<()> {
        let _local = D("local", self.1);
        let _ = vmi.read_u8(0)?;
        tick().await;
        Ok(())
    }
}

#[test]
fn receivers_by_value() {
    let vmi = Vmi::default();
    let expected = log(|log| D("self", log).plain(D("other", log)).unwrap());
    assert_eq!(expected, ["local", "other", "self"]);
    let got = log(|log| {
        D("self", log)
            .unused(&vmi, D("other", log), &none())
            .unwrap()
    });
    assert_eq!(got, expected);
    let got = log(|log| D("self", log).used(&vmi, D("other", log), &none()).unwrap());
    assert_eq!(got, expected);
    let got = log(|log| {
        Box::new(D("self", log))
            .boxed(&vmi, D("other", log), &none())
            .unwrap()
    });
    assert_eq!(got, expected);
    let got = log(|log| {
        block_on(Rc::new(D("self", log)).later(&vmi, D("other", log), &none())).unwrap();
    });
    assert_eq!(got, expected);
}

// The gate runs when the body has dropped its own.
#[test]
fn a_guard_in_the_tail() {
    #[probed(options)]
    fn len(vmi: &Vmi) -> prober::Result<usize> {
        let _ = vmi.read_u8(0)?;
        let cell = RefCell::new(vec![1]);
        let n = {
            let inner = RefCell::new(vec![1]);
            inner.borrow().len()
        };
        Ok(cell.borrow().len() + n)
    }

    #[probed(options)]
    fn of_parameter(vmi: &Vmi, cell: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let borrowed = &cell;
        let _ = vmi.read_u8(0)?;
        Ok(borrowed.borrow().len())
    }

    #[probed(options)]
    async fn of_parameter_later(vmi: &Vmi, cell: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let _ = vmi.read_u8(0)?;
        Ok(cell.borrow().len())
    }

    #[probed(options)]
    fn returned<'a>(vmi: &Vmi, cell: &'a RefCell<Vec<u64>>) -> prober::Result<Ref<'a, [u64]>> {
        let _ = vmi.read_u8(0)?;
        Ok(Ref::map(cell.borrow(), |list| &list[1..]))
    }

    let vmi = Vmi::default();
    let cell = || RefCell::new(vec![1, 2]);
    assert_eq!(len(&vmi, &none()).unwrap(), 2);
    assert_eq!(of_parameter(&vmi, cell(), &none()).unwrap(), 2);
    assert_eq!(
        block_on(of_parameter_later(&vmi, cell(), &none())).unwrap(),
        2
    );
    assert_eq!(*returned(&vmi, &cell(), &none()).unwrap(), [2]);
}
