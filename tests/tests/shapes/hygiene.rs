//! Names of the user's that equal those that an expansion needs.
#![allow(clippy::match_same_arms, clippy::unused_self)] // Shapes under test.
#![allow(dead_code, non_upper_case_globals)] // They are there to be in the way.

use prober::{probe, probed, settle};
use prober_tests::{Vmi, block_on, faults, none};
use vmi_core::VmiError;

#[test]
fn locals() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u32> {
        let (suppressed, prober, __probed, __probed_run, __probed_read) =
            (1u32, 2u32, 3u32, 4u32, 5u32);
        let (__probed_value, __probed_error, value, run) = (6u32, 7u32, 8u32, 9u32);
        let x = vmi.read_u32(Some(7)?)?.unwrap_or(0);
        settle!();
        Ok(x + suppressed
            + prober
            + __probed
            + __probed_run
            + __probed_read
            + __probed_value
            + __probed_error
            + value
            + run)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 52);
    assert_eq!(faults(f(&Vmi::with(&[7]), &none())), [7]);
}

// The body's own `suppressed` shadows the parameter, not the expansion's use.
#[test]
fn a_shadowed_set() {
    #[probed(options)]
    fn inner(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
    fn outer(vmi: &Vmi) -> prober::Result<Option<u64>> {
        let _ = vmi.read_u64(2)?;
        let suppressed = &{
            let mut suppressed = suppressed.clone();
            suppressed.insert(prober_tests::fault(1));
            suppressed
        };
        Ok(probe!(inner(vmi, suppressed))?.flatten())
    }

    assert_eq!(outer(&Vmi::with(&[1]), &none()).unwrap(), None);
    assert_eq!(faults(outer(&Vmi::with(&[1, 2]), &none())), [2]);
}

mod constants {
    use ::prober::probed;
    use ::prober_tests::{Vmi, faults, none};

    const __r: u8 = 1;
    const result: u8 = 1;
    const error: u8 = 1;
    static prober: u8 = 2;
    static value: u8 = 2;

    #[test]
    fn constants_statics_and_labels() {
        #[allow(unused_labels, clippy::never_loop)]
        #[probed(options)]
        fn f(vmi: &Vmi, base: Option<u64>) -> ::prober::Result<u64> {
            '__probed: for i in 0..3 {
                if i == 1 {
                    break '__probed;
                }
                if i == 2 {
                    return Ok(9);
                }
                let _ = vmi.read_u64(base? + i)?;
                '__probed_0: for j in 0..2 {
                    let _ = vmi.read_u64(
                        base?
                            + match j {
                                1 => break,
                                2 => break '__probed_0,
                                j => j,
                            },
                    )?;
                }
                let _ = vmi.read_u64(base? + if i == 1 { continue '__probed } else { i })?;
            }
            Ok(1)
        }

        assert_eq!(f(&Vmi::default(), Some(0), &none()).unwrap(), 1);
        assert_eq!(faults(f(&Vmi::with(&[0]), Some(0), &none())), [0]);
    }
}

mod shadowed_prelude {
    use ::prober::{probe, probed, settle};
    use ::prober_tests::{Vmi, faults, none};
    use ::vmi_core::VmiError;

    use self::outcome::Outcome::*;

    mod outcome {
        #[derive(Debug, PartialEq)]
        pub(super) enum Outcome {
            Ok,
            Err,
            Some,
            None,
        }
    }

    enum Result {}
    enum Option {}
    trait From {}
    trait Into {}
    trait Iterator {}
    trait FnOnce {}
    trait Drop {}
    struct Box;
    struct String;
    struct Vec;
    fn drop() {}
    mod core {}
    mod std {}
    mod prober {}
    mod vmi_core {}

    #[probed(options)]
    fn f(
        vmi: &Vmi,
        bad: bool,
        p: ::std::option::Option<u64>,
    ) -> ::std::result::Result<outcome::Outcome, VmiError> {
        let x = vmi.read_u64(p? + 1)?;
        let y = probe!(vmi.read_struct::<u64>(3))?;
        settle!();
        if bad {
            return ::std::result::Result::Err(VmiError::Other("b"));
        }
        let _ = (Err, Some, None, y);
        ::std::result::Result::Ok(if x.is_some() { Ok } else { None })
    }

    #[probed(options)]
    async fn g(vmi: &Vmi) -> ::prober::Result<outcome::Outcome> {
        let x = vmi.read_async(1).await?;
        let ::std::option::Option::Some(_) = x else {
            return ::std::result::Result::Ok(Some);
        };
        ::std::result::Result::Ok(Ok)
    }

    #[test]
    fn names_of_the_prelude() {
        use ::std::option::Option::{None as Nothing, Some as Just};
        assert_eq!(f(&Vmi::default(), false, Just(0), &none()).unwrap(), Ok);
        assert!(f(&Vmi::default(), true, Just(0), &none()).is_err());
        assert_eq!(faults(f(&Vmi::with(&[1]), true, Just(0), &none())), [1]);
        // The probe is missing with its argument.
        assert_eq!(f(&Vmi::default(), false, Nothing, &none()).unwrap(), None);
        assert_eq!(
            ::prober_tests::block_on(g(&Vmi::default(), &none())).unwrap(),
            Ok
        );
        assert_eq!(
            faults(::prober_tests::block_on(g(&Vmi::with(&[1]), &none()))),
            [1]
        );
    }
}

#[allow(clippy::module_inception)]
mod bare {
    #![no_implicit_prelude]

    use ::prober::probed;
    use ::prober_tests::Vmi;

    #[probed(options)]
    pub(super) fn f(vmi: &Vmi, list: &[u64]) -> ::prober::Result<u64> {
        let first = list.first();
        let x = vmi.read_u64(*first?)?;
        let ::std::option::Option::Some(x) = x else {
            return ::std::result::Result::Ok(0);
        };
        let y = ::prober::probe!(vmi.read_struct::<u64>(x + 1))?;
        vmi.write_u64(1, y? + x)?;
        ::prober::settle!();
        ::std::result::Result::Ok(x)
    }

    #[probed(options)]
    pub(super) async fn g(vmi: &Vmi) -> ::prober::Result<::std::option::Option<u64>> {
        ::std::result::Result::Ok(vmi.read_async(1).await?)
    }

    type Result<T> = ::std::result::Result<T, ::prober::ProbeError>;

    // All that an expansion of the default form has: slots, ties, a search, a result
    // that is taken apart, the error behind an alias.
    #[probed]
    pub(super) fn kept(vmi: &Vmi, out: &mut ::std::vec::Vec<u64>) -> Result<u64> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2).map_err(::prober::ProbeError::Vmi)?;
        out.push(a);
        for at in [3, 4] {
            let c = vmi.read_u64(at)?;
            if c == b {
                continue;
            }
            out.push(c);
        }
        let d = vmi.read_u64(5).unwrap_or(9);
        let ::std::result::Result::Ok(e) = vmi.read_u64(6) else {
            return ::std::result::Result::Ok(d);
        };
        ::std::result::Result::Ok(vmi.read_u64(7)? + e)
    }
}

#[test]
fn no_implicit_prelude() {
    assert_eq!(bare::f(&Vmi::default(), &[1], &none()).unwrap(), 1);
    assert_eq!(faults(bare::f(&Vmi::with(&[2]), &[1], &none())), [2]);
    assert_eq!(
        block_on(bare::g(&Vmi::default(), &none())).unwrap(),
        Some(1)
    );
    let mut out = vec![];
    assert_eq!(bare::kept(&Vmi::default(), &mut out, &none()).unwrap(), 13);
    assert_eq!(out, [1, 3, 4]);
    let missing = Vmi::with(&[2, 3, 5]);
    assert_eq!(faults(bare::kept(&missing, &mut out, &none())), [2, 3, 5]);
    assert_eq!(out, [1, 3, 4]);
}

mod helpers {
    use ::prober::probed;
    use ::prober_tests::{Vmi, faults, none};
    use ::vmi_core::VmiError;

    fn check() {}
    fn finish() {}
    fn start() {}
    fn run() {}
    fn read() {}

    trait Helpers {
        fn check(&self, _: u8) {}
        fn probe(&self) {}
        fn finish(self)
        where
            Self: Sized,
        {
        }
        fn into_result(self)
        where
            Self: Sized,
        {
        }
        fn value(&self) {}
        fn part(&self) {}
        fn core(&self) {}
        fn vmi(&self) {}
        fn prober(&self) {}
        fn as_suppressed(&self) {}
        fn carry(&self) {}
        fn leave(&self) {}
        fn missing(&self) {}
    }

    impl<T: ?Sized> Helpers for T {}

    #[test]
    fn traits_with_the_names_of_the_runtime() {
        #[probed(options)]
        fn f(vmi: &Vmi) -> ::prober::Result<u64> {
            vmi.check(1);
            vmi.probe();
            vmi.core();
            vmi.vmi();
            let a = vmi.read_u64(1)?.unwrap_or(0);
            Ok(a + vmi.read_struct::<u64>(2)??)
        }

        #[probed(options, suppressed = set)]
        fn g(vmi: &Vmi, set: &::prober::SuppressedPages) -> Result<u64, VmiError> {
            Ok(vmi.read_u64(1)?? + Some(2)?)
        }

        assert_eq!(f(&Vmi::default(), &none()).unwrap(), 3);
        assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [1, 2]);
        assert_eq!(g(&Vmi::default(), &none()).unwrap(), 3);
    }
}

// The other way round: what the runtime brings into scope is not seen.
#[test]
fn the_runtimes_traits_are_not_in_the_bodys_way() {
    struct Mine;

    impl Mine {
        fn read(self, n: u64) -> u64 {
            n
        }
    }

    trait Finish {
        fn finish(&self) -> &'static str {
            "mine"
        }
    }
    impl Finish for u64 {}

    #[probed(options)]
    fn f(vmi: &Vmi) -> ::prober::Result<(&'static str, u64)> {
        let a = vmi.read_struct::<u64>(1)?;
        Ok((a?.finish(), Mine.read(3)))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), ("mine", 3));
}

struct Foo;

enum Bar {
    Foo,
    VmiError,
    Result,
}

#[test]
fn a_glob_import_in_the_body() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<Foo, VmiError> {
        use Bar::*;
        let _ = (Foo, VmiError, Result);
        let _ = vmi.read_u64(1)?;
        Ok(self::Foo)
    }

    #[probed(options)]
    async fn g(vmi: &Vmi) -> Result<Foo, VmiError> {
        use Bar::*;
        let _ = (Foo, VmiError, Result);
        let _ = vmi.read_u64(1)?;
        Ok(self::Foo)
    }

    assert!(f(&Vmi::default(), &none()).is_ok());
    assert!(block_on(g(&Vmi::default(), &none())).is_ok());
    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
}

mod macros_of_the_same_name {
    use ::prober::probed;
    use ::prober_tests::{Vmi, none};

    macro_rules! assert {
        ($e:expr $(, $message:expr)?) => {
            match $e {
                value => value,
            }
        };
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> ::prober::Result<Option<u64>> {
        Ok(assert!(vmi.read_u64(2)?))
    }

    #[test]
    fn users_macros() {
        assert_eq!(g(&Vmi::default(), &none()).unwrap(), Some(2));
    }
}

// A type parameter, a lifetime and a const parameter by hidden names.
#[test]
fn generic_names() {
    #[probed(options)]
    fn f<'probed, R, const N: usize>(
        vmi: &Vmi,
        text: &'probed str,
        r: R,
    ) -> ::prober::Result<(&'probed str, R)> {
        let _ = vmi.read_u64(N as u64)?;
        Ok((text, r))
    }

    #[probed(options)]
    fn elided<Q, T: ?Sized>(q: Q, text: &T) -> ::prober::Result<(Q, &T)> {
        let vmi = Vmi::default();
        let _ = vmi.read_u64(1)?;
        Ok((q, text))
    }

    assert_eq!(
        f::<_, 3>(&Vmi::default(), "a", 1, &none()).unwrap(),
        ("a", 1)
    );
    assert_eq!(faults(f::<_, 3>(&Vmi::with(&[3]), "a", 1, &none())), [3]);
    assert_eq!(elided(1, "a", &none()).unwrap(), (1, "a"));
}
