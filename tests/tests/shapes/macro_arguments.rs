//! Reads in the arguments of macros, which are tokens to the attribute.
#![allow(
    clippy::ignored_unit_patterns,
    clippy::many_single_char_names,
    clippy::needless_return,
    clippy::partialeq_to_none,
    clippy::print_with_newline,
    clippy::redundant_pattern_matching,
    clippy::similar_names,
    clippy::unnecessary_wraps,
    clippy::useless_format,
    clippy::useless_vec
)] // Shapes under test.

use std::{error::Error, fmt::Write as _};

use prober::{ProbeError, probe, probed, settle, unprobed};
use prober_tests::{Vmi, block_on, fault, faults, hard, none, suppress, unavailable};
use vmi_core::VmiError;

#[test]
fn macros_of_the_standard_library() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<String> {
        let v = vec![vmi.read_u64(1)?, vmi.read_u64(2)?, None];
        let mut s = format!(
            "{:?} {x:?} {}",
            vmi.read_u64(3)?,
            v.len(),
            x = vmi.read_u64(4)?
        );
        assert!(vmi.read_u64(5)? != Some(0), "addr {}", 5);
        assert_eq!(
            vmi.read_u64(6)?.is_some(),
            !matches!(vmi.read_u64(6), Ok(None))
        );
        debug_assert!(matches!(vmi.read_u64(7)?, Some(7) | None));
        write!(s, " {:?}", vmi.read_u64(8)?).unwrap();
        let _ = dbg!(vmi.read_u64(9)?);
        assert_ne!(vmi.read_u64(10)?, Some(0), "{:?}", vmi.read_u64(99)?);
        println!("{:>width$?}", vmi.read_u64(11)?, width = 3);
        eprint!("{0:?} {0:?}\n", vmi.read_u64(12)?);
        let t = format_args!("{:?}", vmi.read_u64(13)?).to_string();
        writeln!(s, " {t}").unwrap();
        Ok(s)
    }

    let got = f(&Vmi::default(), &none()).unwrap();
    assert_eq!(got, "Some(3) Some(4) 3 Some(8) Some(13)\n");
    let all = (1..14).collect::<Vec<_>>();
    assert_eq!(faults(f(&Vmi::with(&all), &none())), all);
}

#[test]
fn arguments_that_are_no_list() {
    #[probed(options)]
    fn repeat(vmi: &Vmi) -> Result<Vec<u64>, Box<dyn Error>> {
        let n = "2".parse::<usize>()?;
        Ok(vec![vmi.read_u64(1)?.unwrap_or(0); n])
    }

    #[probed(options)]
    fn repeat_needed(vmi: &Vmi, p: Option<u64>) -> prober::Result<Vec<u64>> {
        Ok(vec![
            vmi.read_u64(p? + 1)??;
            usize::try_from(vmi.read_u64(3)??).unwrap_or(0)
        ])
    }

    #[probed(options)]
    fn guarded(vmi: &Vmi, k: u64) -> prober::Result<bool> {
        Ok(matches!(
            vmi.read_u64(k)?,
            None | Some(1 | 2) if vmi.read_u64(9)? == Some(9),
        ))
    }

    assert_eq!(repeat(&Vmi::default(), &none()).unwrap(), [1, 1]);
    assert_eq!(faults(repeat(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(
        repeat_needed(&Vmi::default(), Some(1), &none()).unwrap(),
        [2, 2, 2]
    );
    assert_eq!(
        faults(repeat_needed(&Vmi::with(&[2]), Some(1), &none())),
        [2]
    );
    assert!(unavailable(repeat_needed(&Vmi::default(), None, &none())).is_empty());
    assert!(guarded(&Vmi::default(), 1, &none()).unwrap());
    assert!(!guarded(&Vmi::default(), 3, &none()).unwrap());
    assert_eq!(faults(guarded(&Vmi::with(&[1, 9]), 1, &none())), [1, 9]);
    assert!(guarded(&Vmi::with(&[1]), 1, &suppress(&[1])).unwrap());
}

#[test]
fn text_is_not_rewritten() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<&'static str> {
        let _ = vmi.read_u64(1)?;
        let text = stringify!(vmi.read_u64(1)?);
        let caught = std::panic::catch_unwind(|| {
            assert!(
                std::convert::identity(false),
                "{}",
                stringify!(vmi.read_u64(2))
            );
        });
        let text_in_assert = caught.unwrap_err();
        assert_eq!(
            text_in_assert.downcast_ref::<String>().unwrap(),
            "vmi.read_u64(2)"
        );
        assert_eq!(concat!("vmi.read_u64(", 3, ")"), "vmi.read_u64(3)");
        assert_eq!(
            concat!(stringify!(vmi.read_u64(4)?), "?"),
            "vmi.read_u64(4)??"
        );
        assert_eq!(
            std::stringify!(vmi.read_u64(5)?),
            format!(stringify!(vmi.read_u64({})?), 5)
        );
        Ok(text)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), "vmi.read_u64(1)?");
}

#[test]
fn the_message_of_assert_is_as_written() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<(), VmiError> {
        assert!(vmi.read_u64(1)?.is_none());
        Ok(())
    }

    #[probed(options)]
    fn braces(vmi: &Vmi) -> prober::Result<()> {
        debug_assert!(matches!({ vmi.read_u64(1)? }, None));
        Ok(())
    }

    fn plain(vmi: &Vmi) -> Result<(), VmiError> {
        assert!(vmi.read_u64(1)? == 0);
        Ok(())
    }

    #[probed(options)]
    fn likewise(vmi: &Vmi) -> Result<(), VmiError> {
        assert!(vmi.read_u64(1)? == None);
        Ok(())
    }

    fn message(f: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let message = std::panic::catch_unwind(f).unwrap_err();
        match message.downcast::<String>() {
            Ok(message) => *message,
            Err(message) => message.downcast_ref::<&str>().unwrap().to_string(),
        }
    }

    let got = message(|| f(&Vmi::default(), &none()).unwrap());
    assert_eq!(got, "assertion failed: vmi.read_u64(1)?.is_none()");
    let got = message(|| braces(&Vmi::default(), &none()).unwrap());
    assert_eq!(
        got,
        "assertion failed: matches!({ vmi.read_u64(1)? }, None)"
    );
    let expected = message(|| plain(&Vmi::default()).unwrap());
    let got = message(|| likewise(&Vmi::default(), &none()).unwrap());
    assert_eq!(got.replace("None", "0"), expected);
}

#[test]
fn vmi_probe_by_hand_is_left_alone() {
    use prober::{VmiProber, vmi_probe};

    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<(Option<u64>, usize), VmiError> {
        let prober = VmiProber::new(suppressed);
        let x: Option<u64> = vmi_probe!(prober, vmi.read_u64(1))?;
        let _ = vmi.read_u64(2)?;
        Ok((x, prober.page_faults().len()))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), (Some(1), 0));
    assert_eq!(f(&Vmi::with(&[1]), &none()).unwrap(), (None, 1));
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [2]);
}

#[test]
fn nested_macros_and_closures() {
    #[probed(options)]
    fn f(vmi: &Vmi, v: &[u64]) -> prober::Result<String> {
        Ok(format!(
            "{}",
            vec![{
                let a = vmi.read_u64(1)?;
                a.map_or(String::new(), |x| {
                    let read = v
                        .iter()
                        .map(|&i| vmi.read_u64(i))
                        .collect::<Result<Vec<_>, _>>();
                    format!("{x}-{read:?}")
                })
            }]
            .join(",")
        ))
    }

    #[probed(options)]
    fn deep(vmi: &Vmi) -> prober::Result<String> {
        Ok(format!(
            "{:?}",
            vec![vec![format!("{:?}", vmi.read_u64(vmi.read_u64(1)? + 1)?)]]
        ))
    }

    assert_eq!(
        f(&Vmi::default(), &[2], &none()).unwrap(),
        "1-Ok([Some(2)])"
    );
    assert_eq!(faults(f(&Vmi::with(&[2]), &[2], &none())), [2]);
    assert_eq!(deep(&Vmi::default(), &none()).unwrap(), r#"[["Some(2)"]]"#);
    assert_eq!(faults(deep(&Vmi::with(&[1, 2]), &none())), [1]);
}

#[test]
fn macros_in_every_position() {
    macro_rules! pat {
        () => {
            Some(_)
        };
    }
    macro_rules! ty {
        () => {
            Option<u64>
        };
    }
    macro_rules! bind {
        ($name:ident = $e:expr) => {
            let $name = $e;
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let x: ty!() = vmi.read_u64(1)?;
        bind!(y = vmi.read_u64(4)?);
        if let pat!() = vmi.read_u64(2)? {
            return Ok(x.map_or(0, |v| v + 10) + y.unwrap_or(0));
        }
        match x {
            None => unreachable!("{:?}", vmi.read_u64(3)?),
            Some(_) => todo!(),
        }
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 15);
    assert_eq!(faults(f(&Vmi::with(&[1, 4]), &none())), [1, 4]);
}

#[test]
fn question_marks_and_returns_in_arguments() {
    #[probed(options)]
    fn f(vmi: &Vmi, r: Result<u64, VmiError>, o: Option<u64>) -> prober::Result<String> {
        let s = format!("{:?} {} {}", vmi.read_u64(1)?, r?, o?);
        println!("{}", if s.is_empty() { return Ok(s) } else { s.len() });
        Ok(vec![s, vmi.read_string(o? + 1)??].concat())
    }

    #[probed(options)]
    fn g(vmi: &Vmi, list: &[Option<u64>]) -> prober::Result<Vec<String>> {
        let mut out = vec![];
        for item in list {
            out.push(format!(
                "{:?}",
                vmi.read_u64(match item {
                    Some(9) => break,
                    Some(a) => *a,
                    None => continue,
                })?
            ));
        }
        Ok(out)
    }

    assert_eq!(
        f(&Vmi::default(), Ok(5), Some(6), &none()).unwrap(),
        "Some(1) 5 67"
    );
    let missing = || Err(VmiError::Translation(fault(4)));
    assert_eq!(
        faults(f(&Vmi::with(&[1]), missing(), None, &none())),
        [1, 4]
    );
    assert_eq!(
        hard(f(&Vmi::default(), Err(VmiError::Other("r")), None, &none())),
        "r"
    );
    assert!(unavailable(f(&Vmi::default(), Ok(5), None, &none())).is_empty());
    assert_eq!(
        unavailable(f(&Vmi::with(&[1]), Ok(5), None, &suppress(&[1]))),
        [1]
    );
    let list = [Some(1), None, Some(2), Some(9), Some(3)];
    assert_eq!(
        g(&Vmi::default(), &list, &none()).unwrap(),
        ["Some(1)", "Some(2)"]
    );
    assert_eq!(faults(g(&Vmi::with(&[2, 3]), &list, &none())), [2]);
}

#[test]
fn users_macros_whose_arguments_are_expressions() {
    macro_rules! sum {
        ($($e:expr),* $(,)?) => { 0 $(+ $e)* };
    }
    macro_rules! first_some {
        ($e:expr; $($rest:expr);+) => { match $e { Some(v) => Some(v), None => first_some!($($rest);+) } };
        ($e:expr) => { $e };
    }
    macro_rules! block {
        ($($body:tt)*) => {{ $($body)* }};
    }
    macro_rules! named {
        (name = $e:expr, $f:expr) => {
            ($e, $f)
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = sum!(
            vmi.read_u64(1)?.unwrap_or(0),
            vmi.read_u64(2)?.unwrap_or(0),
            3,
        );
        let b = first_some!(vmi.read_u64(4)?; vmi.read_u64(5)?; None).unwrap_or(0);
        let c = block! {
            let x = vmi.read_u64(6)?;
            let y = vmi.read_u64(x? + 1)?;
            y.unwrap_or(0)
        };
        let (d, e) = named!(name = vmi.read_u64(8)?, vmi.read_u64(9)?);
        Ok(a + b + c + d? + e?)
    }

    assert_eq!(
        f(&Vmi::default(), &none()).unwrap(),
        1 + 2 + 3 + 4 + 7 + 8 + 9
    );
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 4, 7]), &none())), [1, 2, 4, 7]);
    let pages = [1, 4];
    assert_eq!(
        f(&Vmi::with(&pages), &suppress(&pages)).unwrap(),
        2 + 3 + 5 + 7 + 8 + 9
    );
}

#[test]
fn markers_in_arguments() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<String> {
        let s = format!(
            "{:?} {:?}",
            probe!(Vmi::read_u64(vmi, 1))?,
            unprobed!(vmi.read_u64(2)).is_ok(),
        );
        assert!({
            settle!();
            vmi.write_u64(1, 2).is_ok()
        });
        Ok(s)
    }

    let vmi = Vmi::with(&[2]);
    assert_eq!(f(&vmi, &none()).unwrap(), "Some(1) false");
    assert_eq!(vmi.written(), [(1, 2)]);
    let vmi = Vmi::with(&[1]);
    assert_eq!(faults(f(&vmi, &none())), [1]);
    assert!(vmi.written().is_empty());
}

// Macros in probes: what is read there is a part of the probe.
#[test]
fn macros_within_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi, p: Option<u64>) -> prober::Result<(Option<u64>, Option<String>)> {
        let a = vmi.read_u64(*vec![vmi.read_u64(1)?, p? + 1].last()?)?;
        let b = probe!(Ok::<_, VmiError>(format!("{} {}", vmi.read_u64(3)?, p?)))?;
        Ok((a, b))
    }

    let got = f(&Vmi::default(), Some(1), &none()).unwrap();
    assert_eq!(got, (Some(2), Some("3 1".to_owned())));
    assert_eq!(f(&Vmi::default(), None, &none()).unwrap(), (None, None));
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3]), Some(1), &none())), [1, 3]);
}

// What the arguments are evaluated for is the macro's affair.
#[test]
fn arguments_that_are_not_evaluated() {
    macro_rules! never {
        ($e:expr) => {
            if false {
                let _ = $e;
            }
        };
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        never!(vmi.read_u64(1)?);
        debug_assert_ne!(vmi.read_u64(2)?, Some(0), "{:?}", vmi.read_u64(3)?);
        Ok(vmi.read_u64(4)?)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &none()).unwrap(), Some(4));
    assert!(!vmi.asked().contains(&1) && !vmi.asked().contains(&3));
}

#[test]
fn anyhow_macros() {
    #[probed(options)]
    fn f(vmi: &Vmi, least: u64) -> anyhow::Result<u64> {
        let a = vmi.read_u64(1)?;
        anyhow::ensure!(
            vmi.read_u64(2)?.is_none_or(|b| b >= least),
            "b is {:?}",
            vmi.read_u64(2)?
        );
        if a.is_none() {
            anyhow::bail!("no a, but {:?}", vmi.read_u64(3)?);
        }
        let error = anyhow::anyhow!("c {:?}", vmi.read_u64(4)?);
        Ok(a.ok_or(error)?)
    }

    assert_eq!(f(&Vmi::default(), 0, &none()).unwrap(), 1);
    assert_eq!(hard(f(&Vmi::default(), 3, &none())), "b is Some(2)");
    assert_eq!(faults(f(&Vmi::with(&[1, 3]), 0, &none())), [1, 3]);
    assert_eq!(
        hard(f(&Vmi::with(&[1]), 0, &suppress(&[1]))),
        "no a, but Some(3)"
    );
    assert_eq!(faults(f(&Vmi::with(&[4]), 0, &none())), [4]);
}

#[test]
fn tracing_and_log_macros() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        tracing::error!(?a, b = ?vmi.read_u64(2)?, c = %vmi.read_u64(3)?.unwrap_or(0), "text {:?}", vmi.read_u64(4)?);
        tracing::error!(target: "prober", { x.y = vmi.read_u64(5)?.unwrap_or(0), z = 1 }, "text");
        tracing::event!(tracing::Level::ERROR, value = vmi.read_u64(6)?);
        let span = tracing::error_span!("span", value = vmi.read_u64(7)?);
        let _entered = span.enter();
        log::error!("{:?} {a:?}", vmi.read_u64(8)?);
        log::log!(log::Level::Error, "{x:?}", x = vmi.read_u64(9)?);
        Ok(vmi.read_u64(10)?.unwrap_or(0))
    }

    // What is not enabled is not read.
    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &none()).unwrap(), 10);
    assert_eq!(vmi.asked(), [1, 10]);

    let all = (1..11).collect::<Vec<_>>();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::with_default(Everything, || {
        assert_eq!(f(&Vmi::default(), &none()).unwrap(), 10);
        let mut found = faults(f(&Vmi::with(&all), &none()));
        // Fields are evaluated in the order that the macro likes.
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
}

/// Enables all spans and events.
struct Everything;

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => { vec![$(($key, $value)),*] };
}

macro_rules! json {
    ({ $($key:literal : $value:tt $($rest:tt)*)? }) => { json!(@ [] $($key: $value $($rest)*)?) };
    (@ [$($done:expr,)*] $key:literal : [$($value:expr),*] $(, $($rest:tt)*)?) => {
        json!(@ [$($done,)* ($key, [$($value),*].into_iter().sum::<u64>()),] $($($rest)*)?)
    };
    (@ [$($done:expr,)*] $key:literal : $value:expr $(, $($rest:tt)*)?) => {
        json!(@ [$($done,)* ($key, $value),] $($($rest)*)?)
    };
    (@ [$($done:expr,)*]) => { vec![$($done),*] };
}

macro_rules! cfg_if {
    (if #[cfg($cfg:meta)] { $($then:tt)* } else { $($or:tt)* }) => {
        #[cfg($cfg)] { $($then)* }
        #[cfg(not($cfg))] { $($or)* }
    };
}

macro_rules! select {
    ($($pattern:pat = $future:expr => $body:block)*) => { $(let $pattern = $future.await; $body)* };
}

/// Macros with a syntax of their own, and what they hold.
#[test]
fn macros_that_take_no_plain_expressions() {
    #[probed(options)]
    fn options(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2)?;
        let list = map! { "a" => a?, "b" => b?, "c" => vmi.read_u64(3)?? };
        let json = json!({ "a": a?, "b": [b?, vmi.read_u64(4)??] });
        let arm = cfg_select! { unix => { a? + 1 } _ => { a? + 2 } };
        let read = cfg_select! { all() => vmi.read_u64(5)?, _ => None };
        let last;
        cfg_if! {
            if #[cfg(all())] {
                last = vmi.read_u64(6)?;
            } else {
                last = None;
            }
        }
        let sum = |list: &[(&str, u64)]| list.iter().map(|(_, value)| value).sum::<u64>();
        Ok(sum(&list) + sum(&json) + arm + read? + last?)
    }

    #[probed]
    fn kept(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2)?;
        let list = map! { "a" => a, "b" => b, "c" => vmi.read_u64(3)? };
        let json = json!({ "a": a, "b": [b, vmi.read_u64(4)?] });
        let arm = cfg_select! { unix => { a + 1 } _ => { a + 2 } };
        let read = cfg_select! { all() => vmi.read_u64(5)?, _ => 0 };
        let mut last = 0;
        cfg_if! {
            if #[cfg(all())] {
                last += vmi.read_u64(6)?;
            } else {
                last += 1;
            }
        }
        let sum = |list: &[(&str, u64)]| list.iter().map(|(_, value)| value).sum::<u64>();
        Ok(sum(&list) + sum(&json) + arm + read + last)
    }

    let plain = options(&Vmi::default(), &none()).unwrap();
    assert_eq!(plain, 6 + 7 + 2 + 5 + 6);
    assert_eq!(kept(&Vmi::default(), &none()).unwrap(), plain);
    let all = Vmi::with(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(faults(options(&all, &none())), [1, 2]);
    assert_eq!(faults(kept(&all, &none())), [1, 2]);
    assert_eq!(unavailable(options(&all, &suppress(&[1, 2]))), [1, 2]);
    for page in 1..=6 {
        assert_eq!(faults(options(&Vmi::with(&[page]), &none())), [page]);
        assert_eq!(faults(kept(&Vmi::with(&[page]), &none())), [page]);
    }
    assert_eq!(faults(options(&Vmi::with(&[5, 6]), &none())), [5, 6]);
}

#[test]
fn a_block_of_a_select() {
    #[probed(options)]
    async fn options(vmi: &Vmi) -> prober::Result<u64> {
        let value;
        select! {
            _ = std::future::ready(()) => { value = vmi.read_u64(1)?; }
        }
        Ok(value? + vmi.read_u64(2)??)
    }
    #[probed]
    async fn kept(vmi: &Vmi) -> prober::Result<u64> {
        let value;
        select! {
            _ = std::future::ready(()) => { value = vmi.read_u64(1)?; }
        }
        Ok(value + vmi.read_u64(2)?)
    }
    let [lost, there] = [Vmi::with(&[1]), Vmi::default()];
    assert_eq!(block_on(options(&there, &none())).unwrap(), 3);
    assert_eq!(block_on(kept(&there, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(options(&lost, &none()))), [1]);
    assert_eq!(faults(block_on(kept(&lost, &none()))), [1]);
}

/// An error that nobody can look into.
#[derive(Debug)]
struct Opaque(ProbeError);

impl From<ProbeError> for Opaque {
    fn from(error: ProbeError) -> Self {
        Self(error)
    }
}

impl From<VmiError> for Opaque {
    fn from(error: VmiError) -> Self {
        Self(error.into())
    }
}

macro_rules! opaque_of_a_callee {
    ($($name:ident: |$vmi:ident, $suppressed:ident| $value:expr;)*) => {$(
        #[test]
        fn $name() {
            #[probed(options)]
            fn inner(vmi: &Vmi, at: u64) -> prober::Result<u64> {
                Ok(vmi.read_u64(at)??)
            }
            #[probed(options)]
            fn options($vmi: &Vmi) -> Result<u64, Opaque> {
                let a = $vmi.read_u64(1)?;
                let b = $value;
                Ok(a? + b)
            }
            #[probed]
            fn kept($vmi: &Vmi) -> Result<u64, Opaque> {
                let a = $vmi.read_u64(1)?;
                let b = $value;
                Ok(a + b)
            }
            for f in [options, kept] {
                assert_eq!(f(&Vmi::default(), &none()).unwrap(), 3);
                assert_eq!(faults(f(&Vmi::with(&[2]), &none()).map_err(|error| error.0)), [2]);
            }
            let both = options(&Vmi::with(&[1, 2]), &none()).map_err(|error| error.0);
            assert_eq!(faults(both), [1, 2]);
            let both = kept(&Vmi::with(&[1, 2]), &none()).map_err(|error| error.0);
            assert_eq!(faults(both)[0], 1);
        }
    )*};
}
opaque_of_a_callee! {
    a_callee_in_a_map: |vmi, suppressed| map!("x" => inner(vmi, 2, suppressed)?)[0].1;
    a_callee_in_an_arm: |vmi, suppressed| cfg_select! { unix => { inner(vmi, 2, suppressed)? } _ => { 0 } };
    a_callee_in_an_object: |vmi, suppressed| json!({ "a": inner(vmi, 2, suppressed)? })[0].1;
}

mod macros_of_ones_own {
    //! By the names of macros that take text.
    use super::*;

    macro_rules! env {
        ($value:expr) => {
            $value
        };
    }
    macro_rules! concat {
        ($($value:expr),*) => { [$($value),*] };
    }
    macro_rules! include {
        ($key:literal => $value:expr) => {
            $value
        };
    }

    #[probed(options)]
    fn options(vmi: &Vmi) -> prober::Result<u64> {
        let a = env!(vmi.read_u64(1)?);
        let [b, c] = concat!(vmi.read_u64(2)?, vmi.read_u64(3)?);
        Ok(a? + b? + c? + include!("a" => vmi.read_u64(4)?)?)
    }

    #[probed]
    fn kept(vmi: &Vmi) -> prober::Result<u64> {
        let a = env!(vmi.read_u64(1)?);
        let [b, c] = concat!(vmi.read_u64(2)?, vmi.read_u64(3)?);
        Ok(a + b + c + include!("a" => vmi.read_u64(4)?))
    }

    #[test]
    fn by_the_names_of_builtin_ones() {
        assert_eq!(options(&Vmi::default(), &none()).unwrap(), 10);
        assert_eq!(kept(&Vmi::default(), &none()).unwrap(), 10);
        assert_eq!(faults(options(&Vmi::with(&[1, 2, 3]), &none())), [1, 2, 3]);
        assert_eq!(faults(kept(&Vmi::with(&[2]), &none())), [2]);
    }
}
