//! Functions that broke other macros which rewrite a body.

#![allow(
    dead_code,
    non_upper_case_globals,
    unused_labels,
    clippy::items_after_statements,
    clippy::missing_errors_doc,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::many_single_char_names,
    clippy::trivially_copy_pass_by_ref,
    clippy::upper_case_acronyms,
    clippy::mixed_attributes_style,
    clippy::wildcard_imports,
    clippy::enum_glob_use,
    clippy::needless_late_init,
    clippy::manual_unwrap_or,
    clippy::redundant_closure_call,
    clippy::redundant_pattern_matching,
    clippy::useless_format,
    clippy::useless_vec,
    clippy::uninlined_format_args,
    clippy::unused_self,
    clippy::never_loop,
    reason = "the shapes under test"
)]

use std::{cell::RefCell, collections::BTreeSet, fmt::Write as _};

use prober::{probed, unprobed};
use prober_tests::{Vmi, block_on, faults, hard, none, tick};
use vmi_core::VmiError;

mod macros_with_the_question {
    use super::*;

    macro_rules! get {
        ($e:expr) => {
            $e?
        };
    }

    macro_rules! later {
        ($e:expr) => {
            (|| $e)()
        };
    }

    macro_rules! future {
        ($e:expr) => {
            async { $e }
        };
    }

    #[probed]
    fn supplied(vmi: &Vmi, text: &str) -> Result<u64, Box<dyn std::error::Error>> {
        let other = text.parse::<u64>();
        Ok(get!(vmi.read_u64(7)) + other?)
    }

    #[probed]
    fn foreign(vmi: &Vmi, other: Result<u64, VmiError>) -> prober::Result<Vec<u64>> {
        let a = vmi.read_u64(1)?;
        let list = vec![other?; 2];
        if matches!(list[0], 1 | 2 if a == 1) {
            return Ok(vec![vmi.read_u64(2)?; list.len()]);
        }
        Ok(list)
    }

    #[probed]
    fn moved(vmi: &Vmi) -> prober::Result<u64> {
        let x: Result<u64, VmiError> =
            later!(Ok(vmi.read_u64(1)? + Err::<u64, _>(VmiError::Other("in"))?));
        Ok(x.unwrap_or(7))
    }

    #[probed]
    async fn moved_async(vmi: &Vmi) -> prober::Result<u64> {
        let x: Result<u64, VmiError> =
            future!(Ok(vmi.read_u64(1)? + Err::<u64, _>(VmiError::Other("in"))?)).await;
        Ok(x.unwrap_or(7))
    }

    #[test]
    fn an_exit_is_where_rustc_has_it() {
        let vmi = Vmi::default();
        assert_eq!(supplied(&vmi, "1", &none()).unwrap(), 8);
        assert_eq!(faults(supplied(&Vmi::with(&[7]), "1", &none())), [7]);
        assert_eq!(foreign(&vmi, Ok(2), &none()).unwrap(), [2, 2]);
        assert_eq!(foreign(&vmi, Ok(5), &none()).unwrap(), [5, 5]);
        let other = || Err(VmiError::Other("other"));
        assert!(hard(foreign(&vmi, other(), &none())).contains("other"));
        assert_eq!(faults(foreign(&Vmi::with(&[1]), other(), &none())), [1]);
        assert_eq!(moved(&vmi, &none()).unwrap(), 7);
        assert_eq!(block_on(moved_async(&vmi, &none())).unwrap(), 7);
    }
}

mod items_and_attributes {
    use super::*;

    #[probed]
    fn pointers(vmi: &Vmi) -> prober::Result<u64> {
        fn helper(x: Option<u64>) -> Option<u64> {
            Some(x? + 1)
        }
        type F = fn(Option<u64>) -> Option<u64>;
        const H: F = helper;
        let _unused: fn() = || ();
        let read: fn(&Vmi, u64) -> Result<u64, VmiError> = |vmi, at| Ok(vmi.read_u64(at)? + 1);
        let cast = (|vmi: &Vmi| vmi.read_u64(3)) as fn(&Vmi) -> _;
        Ok(H(Some(vmi.read_u64(1)?)).unwrap_or(0) + read(vmi, 2)? + cast(vmi)?)
    }

    #[probed]
    fn inner(vmi: &Vmi) -> prober::Result<u32> {
        #![deny(unused_variables)]
        //! What stands within.
        Ok(vmi.read_u32(1)?)
    }

    #[probed]
    #[allow(improper_ctypes_definitions, reason = "as without the attribute")]
    unsafe extern "C" fn raw(vmi: &Vmi, at: *const u64) -> prober::Result<u64> {
        // SAFETY: The caller says that it points to a number.
        let at = unsafe { *at };
        // SAFETY: As any read.
        Ok(unsafe { vmi.read_raw(at) }? + unsafe { vmi.read_raw(2)? })
    }

    const __r: u8 = 1;
    static prober: u8 = 2;

    #[probed]
    fn labels(vmi: &Vmi) -> prober::Result<u64> {
        '__probed: for i in 0..3 {
            if i == 1 {
                break '__probed;
            }
            let _ = vmi.read_u64(i)?;
        }
        Ok(vmi.read_u64(4)?)
    }

    #[test]
    fn they_stay() {
        let vmi = Vmi::default();
        assert_eq!(pointers(&vmi, &none()).unwrap(), 8);
        assert_eq!(faults(pointers(&Vmi::with(&[1, 2, 3]), &none())), [1, 2, 3]);
        assert_eq!(inner(&vmi, &none()).unwrap(), 1);
        // SAFETY: It points to a number.
        let raw = |vmi: &Vmi| unsafe { raw(vmi, &5, &none()) };
        assert_eq!(raw(&vmi).unwrap(), 7);
        assert_eq!(faults(raw(&Vmi::with(&[5]))), [5]);
        assert_eq!(labels(&vmi, &none()).unwrap(), 4);
        assert_eq!(faults(labels(&Vmi::with(&[0, 4]), &none())), [0, 4]);
    }
}

mod borrows {
    use super::*;

    #[probed]
    fn returned<'v>(vmi: &'v Vmi, _: &str) -> prober::Result<&'v BTreeSet<u64>> {
        let set = vmi.read_set()?;
        if set.len() > 4 {
            return Ok(set);
        }
        vmi.read_u64(1)?;
        Ok(&vmi.absent)
    }

    fn with<R>(f: impl FnOnce(u64) -> R) -> R {
        f(3)
    }

    #[probed]
    fn called<'a>(
        vmi: &'a Vmi,
        each: &mut dyn FnMut(u64) -> bool,
        own: Box<dyn FnOnce() -> u64 + 'a>,
    ) -> prober::Result<bool> {
        let a = with(|at| vmi.read_u64(at))?;
        let base = own();
        Ok(each(a) && each(vmi.read_u64(base)?))
    }

    struct Named {
        name: String,
        list: Vec<u64>,
    }

    #[probed]
    fn in_parts(vmi: &Vmi, named: Named, flag: bool) -> prober::Result<(String, u64)> {
        let value: u64;
        let Named { name, .. } = named;
        if flag {
            value = vmi.read_u64(1)?;
        } else {
            value = vmi.read_u64(2)?;
            drop(name);
            return Ok((String::new(), named.list[0] + value));
        }
        Ok((name, value))
    }

    #[probed]
    fn exclusive(vmi: &mut Vmi, buffer: &mut [u8]) -> prober::Result<u64> {
        let a = vmi.read_mut(1)?;
        vmi.absent.insert(a + 6);
        vmi.read(2, buffer)?;
        buffer[0] += 1;
        Ok(vmi.read_mut(a + 6)? + u64::from(buffer[0]))
    }

    #[probed]
    fn in_the_tail(vmi: &Vmi, given: RefCell<Vec<u64>>) -> prober::Result<usize> {
        let given = &given;
        let _ = vmi.read_u8(0)?;
        let own = RefCell::new(vec![1]);
        let n = {
            let inner = RefCell::new(vec![1]);
            inner.borrow().len()
        };
        Ok(own.borrow().len() + given.borrow().len() + n)
    }

    #[test]
    fn they_compile_and_do_the_same() {
        let vmi = Vmi::default();
        assert!(returned(&vmi, "", &none()).unwrap().is_empty());
        assert_eq!(faults(returned(&Vmi::with(&[1]), "", &none())), [1]);
        let mut seen = Vec::new();
        let mut each = |x| {
            seen.push(x);
            true
        };
        assert!(called(&vmi, &mut each, Box::new(|| 4), &none()).unwrap());
        let missing = Vmi::with(&[3]);
        assert_eq!(
            faults(called(&missing, &mut each, Box::new(|| 4), &none())),
            [3]
        );
        assert_eq!(seen, [3, 4], "nothing is called in a doomed run");
        let named = || Named {
            name: "n".to_owned(),
            list: vec![4],
        };
        assert_eq!(
            in_parts(&vmi, named(), true, &none()).unwrap(),
            ("n".to_owned(), 1)
        );
        assert_eq!(
            in_parts(&vmi, named(), false, &none()).unwrap(),
            (String::new(), 6)
        );
        assert_eq!(
            faults(in_parts(&Vmi::with(&[2]), named(), false, &none())),
            [2]
        );
        let mut buffer = [0];
        assert_eq!(
            faults(exclusive(&mut Vmi::default(), &mut buffer, &none())),
            [7]
        );
        assert_eq!(buffer, [3]);
        assert_eq!(in_the_tail(&vmi, RefCell::default(), &none()).unwrap(), 2);
    }
}

mod async_reads {
    use super::*;

    async fn address() -> u64 {
        tick().await;
        4
    }

    #[probed]
    async fn awaited(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(address().await)?;
        let b = vmi.read_async(5).await?;
        Ok(a + b + vmi.read_async(6).await?)
    }

    #[test]
    fn all_are_asked() {
        assert_eq!(block_on(awaited(&Vmi::default(), &none())).unwrap(), 15);
        let missing = Vmi::with(&[4, 5, 6]);
        assert_eq!(faults(block_on(awaited(&missing, &none()))), [4, 5, 6]);
    }
}

mod receivers {
    use super::*;

    #[probed]
    fn shadowed(_: &Vmi, others: &[Vmi]) -> prober::Result<u64> {
        let mut sum = 0;
        for vmi in others {
            sum += vmi.read_u64(1)?;
        }
        let read = |vmi: &Vmi| vmi.read_u64(2);
        if let Some(vmi) = others.first() {
            sum += vmi.read_u64(3)?;
        }
        let vmi = &others[0];
        Ok(sum + read(vmi)? + vmi.read_u64(4)?)
    }

    #[probed]
    fn spelled(vmi: &Vmi) -> prober::Result<u64> {
        let a = (vmi).read_u64(1)?;
        let b = (*vmi).read_u64(2)?;
        #[rustfmt::skip]
        let c = r#vmi
            . read_struct::<u64>(3)?;
        Ok(a + b + c + vmi.read_u64(4)?.checked_add(8).unwrap_or(0))
    }

    #[test]
    fn by_any_spelling() {
        let others = |absent| [Vmi::with(absent)];
        assert_eq!(
            shadowed(&Vmi::default(), &others(&[]), &none()).unwrap(),
            10
        );
        // `sum` is needed by nothing that asks.
        let missing = others(&[1, 2, 3, 4]);
        assert_eq!(
            faults(shadowed(&Vmi::default(), &missing, &none())),
            [1, 3, 2, 4]
        );
        assert_eq!(spelled(&Vmi::default(), &none()).unwrap(), 18);
        assert_eq!(
            faults(spelled(&Vmi::with(&[1, 2, 3, 4]), &none())),
            [1, 2, 3, 4]
        );
    }
}

mod arguments_of_macros {
    use super::*;

    #[probed]
    fn all(vmi: &Vmi) -> prober::Result<String> {
        let list = vec![vmi.read_u64(1)?, vmi.read_u64(2)?];
        let mut text = format!(
            "{} {x} {}",
            vmi.read_u64(3)?,
            list.len(),
            x = vmi.read_u64(4)?
        );
        assert!(vmi.read_u64(5).is_ok(), "address {}", 5);
        assert_eq!(vmi.read_u64(6)?, 6);
        debug_assert!(matches!(vmi.read_u64(7)?, 7 | 9 if list.len() == 2));
        write!(text, " {}", vmi.read_u64(8)?).unwrap();
        Ok(text)
    }

    #[probed]
    fn text(vmi: &Vmi) -> prober::Result<&'static str> {
        let _ = vmi.read_u64(1)?;
        let text = concat!(stringify!(vmi.read_u64(1)?));
        Ok(text)
    }

    #[probed]
    fn fails(vmi: &Vmi) -> prober::Result<()> {
        assert!(vmi.read_u64(1)? == 2);
        Ok(())
    }

    #[probed]
    fn nested(vmi: &Vmi, list: &[u64]) -> prober::Result<String> {
        Ok(format!(
            "{}",
            vec![{
                let a = vmi.read_u64(1)?;
                format!(
                    "{a}-{:?}",
                    list.iter()
                        .map(|at| vmi.read_u64(*at))
                        .collect::<Result<Vec<_>, _>>()?
                )
            }]
            .join(",")
        ))
    }

    macro_rules! pat {
        () => {
            Some(_)
        };
    }

    macro_rules! ty {
        () => { Option<u64> };
    }

    #[probed]
    fn elsewhere(vmi: &Vmi) -> prober::Result<u64> {
        let x: ty!() = Some(vmi.read_u64(1)?);
        if let pat!() = Some(vmi.read_u64(2)?) {
            return Ok(x.unwrap_or(0));
        }
        match x {
            None => unreachable!("{:?}", vmi.read_u64(3)?),
            Some(_) => todo!(),
        }
    }

    #[test]
    fn are_expressions_and_text() {
        let vmi = Vmi::default();
        assert_eq!(all(&vmi, &none()).unwrap(), "3 4 2 8");
        let missing = Vmi::with(&[1, 2, 3, 4, 5]);
        assert_eq!(faults(all(&missing, &none())), [1, 2, 3, 4, 5]);
        assert_eq!(text(&vmi, &none()).unwrap(), "vmi.read_u64(1)?");
        let panic = std::panic::catch_unwind(|| fails(&Vmi::default(), &none())).unwrap_err();
        let words = panic.downcast_ref::<&str>().copied().unwrap_or("?");
        assert_eq!(words, "assertion failed: vmi.read_u64(1)? == 2");
        assert_eq!(nested(&vmi, &[2], &none()).unwrap(), "1-[2]");
        assert_eq!(faults(nested(&Vmi::with(&[2]), &[2], &none())), [2]);
        assert_eq!(elsewhere(&vmi, &none()).unwrap(), 1);
        assert_eq!(faults(elsewhere(&Vmi::with(&[1, 2]), &none())), [1, 2]);
    }
}

mod other_names {
    mod outcome {
        #[derive(Debug, PartialEq)]
        pub(super) enum Outcome {
            Ok,
            Err,
            Some,
            None,
        }
    }
    use self::outcome::Outcome::*;
    use prober::probed;
    use prober_tests::{Vmi, faults, none};
    use vmi_core::VmiError;

    enum Result {}
    enum Option {}
    trait From {}

    #[probed]
    fn shadows(vmi: &Vmi, bad: bool) -> prober::Result<outcome::Outcome> {
        let x = vmi.read_u64(1)?;
        if bad {
            return std::result::Result::Err(VmiError::Other("bad").into());
        }
        let y = vmi.read_u64(x + 1)?;
        let _ = (Err, Some, None);
        std::result::Result::Ok(if y == 2 { Ok } else { None })
    }

    trait Check {
        fn ask(&self, _: u8) {}
        fn note(&self) {}
        fn finish(self)
        where
            Self: Sized,
        {
        }
    }
    impl<T: ?Sized> Check for T {}

    #[probed]
    fn helpers(vmi: &Vmi) -> prober::Result<u64> {
        vmi.ask(1);
        vmi.note();
        let a = vmi.read_u64(1)?;
        std::result::Result::Ok(a + vmi.read_u64(2)?)
    }

    struct Foo;
    mod bar {
        pub(super) enum Bar {
            Foo,
            VmiError,
            Asked,
        }
    }

    #[probed]
    fn globs(vmi: &Vmi) -> std::result::Result<Foo, VmiError> {
        use self::bar::Bar::*;
        let _ = (Foo, VmiError, Asked);
        let _ = vmi.read_u64(1)?;
        std::result::Result::Ok(self::Foo)
    }

    #[test]
    fn mean_the_users_own() {
        let vmi = Vmi::default();
        assert_eq!(shadows(&vmi, false, &none()).unwrap(), Ok);
        assert!(shadows(&vmi, true, &none()).is_err());
        assert_eq!(faults(shadows(&Vmi::with(&[1]), false, &none())), [1]);
        assert_eq!(helpers(&vmi, &none()).unwrap(), 3);
        assert_eq!(faults(helpers(&Vmi::with(&[1, 2]), &none())), [1, 2]);
        assert!(globs(&vmi, &none()).is_ok());
        assert_eq!(faults(globs(&Vmi::with(&[1]), &none())), [1]);
    }
}

mod other_attributes {
    use super::*;

    // With `err` it would put the body into a closure, whose `?` are its own.
    #[tracing::instrument(skip_all)]
    #[probed]
    fn below(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        let a = vmi.read_u64(at)?;
        Ok(a + vmi.read_u64(2)?)
    }

    #[probed]
    #[tracing::instrument(skip(vmi), err)]
    async fn above(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        if at == 9 {
            return Err(VmiError::Other("nine").into());
        }
        let a = vmi.read_u64(at)?;
        tick().await;
        Ok(a + vmi.read_u64(2)?)
    }

    /// What a tracing attribute makes of an async function.
    async fn traced<T>(name: &str, future: impl Future<Output = T>) -> T {
        assert!(!name.is_empty());
        future.await
    }

    #[probed]
    async fn in_a_block(vmi: &Vmi, at: u64) -> prober::Result<u64> {
        {
            let name = "name";
            traced(name, async move {
                let result: prober::Result<u64> = {
                    let a = vmi.read_u64(at)?;
                    Ok(a + vmi.read_async(2).await?)
                };
                result
            })
        }
        .await
    }

    #[rstest::rstest]
    #[case(1)]
    #[case(2)]
    #[probed(suppressed = none())]
    fn cases(#[case] at: u64) -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(at)?;
        assert_eq!(a, at);
        Ok(())
    }

    #[probed(suppressed = none())]
    #[test_case::test_case(1; "first")]
    #[test_case::test_case(2; "second")]
    fn more_cases(at: u64) -> prober::Result<()> {
        let vmi = Vmi::default();
        let a = vmi.read_u64(at)?;
        assert_eq!(a, at);
        Ok(())
    }

    #[test]
    fn stand_above_and_below() {
        let missing = Vmi::with(&[1, 2]);
        let vmi = Vmi::default();
        assert_eq!(faults(block_on(in_a_block(&missing, 1, &none()))), [1, 2]);
        assert_eq!(block_on(in_a_block(&vmi, 1, &none())).unwrap(), 3);
        assert_eq!(faults(below(&missing, 1, &none())), [1, 2]);
        assert_eq!(faults(block_on(above(&missing, 1, &none()))), [1, 2]);
        assert!(hard(block_on(above(&vmi, 9, &none()))).contains("nine"));
    }
}

/// What a block within a macro's arguments takes apart.
#[test]
fn a_block_in_the_arguments_of_a_macro_takes_a_result_apart() {
    #[probed]
    fn in_vec(vmi: &Vmi) -> prober::Result<Vec<u64>> {
        let v = vec![{
            let a = vmi.read_u64(1).unwrap_or(7);
            a + 1
        }];
        Ok(v)
    }
    #[probed]
    fn in_tail(vmi: &Vmi) -> prober::Result<Vec<u64>> {
        Ok(vec![{
            match vmi.read_u64(1) {
                Ok(a) => a,
                Err(_) => 7,
            }
        }])
    }
    #[probed]
    fn in_format(vmi: &Vmi) -> prober::Result<String> {
        Ok(format!("{}", {
            let Ok(a) = vmi.read_u64(1) else {
                return Ok("none".to_owned());
            };
            a
        }))
    }
    let set = none();
    assert_eq!(faults(in_vec(&Vmi::with(&[1]), &set)), [1]);
    assert_eq!(faults(in_tail(&Vmi::with(&[1]), &set)), [1]);
    assert_eq!(faults(in_format(&Vmi::with(&[1]), &set)), [1]);
}

/// A closure that is called when the function has ended, or on another thread, is as it was.
#[test]
fn closures_that_outlive_the_function() {
    type Reads<'v> = Box<dyn Iterator<Item = Result<u64, VmiError>> + 'v>;
    type Read<'v> = Box<dyn Fn(u64) -> Result<u64, VmiError> + 'v>;
    struct Reader<'v> {
        read: Read<'v>,
    }

    #[probed]
    fn lazy<'v>(vmi: &'v Vmi, first: u64) -> prober::Result<Reads<'v>> {
        let a = vmi.read_u64(first)?;
        let b = vmi.read_u64(2)?;
        if a > b {
            return Ok(Box::new([b, a].into_iter().map(move |at| {
                let value = vmi.read_u64(at)?;
                Ok(value)
            })));
        }
        let list = vec![a, b];
        let reads = list.into_iter().map(move |at| {
            let value = vmi.read_u64(at)?;
            Ok::<_, VmiError>(value + 10)
        });
        Ok(Box::new(reads.take(2)))
    }

    #[probed]
    fn reader<'v>(vmi: &'v Vmi) -> prober::Result<Reader<'v>> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2)?;
        let read: Read<'v> = Box::new(move |at| Ok(vmi.read_u64(at + a)? + b));
        Ok(Reader { read })
    }

    #[probed]
    fn elsewhere(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let thread = std::thread::spawn(move || -> Result<u64, VmiError> {
            let vmi = Vmi::with(&[9]);
            let b = vmi.read_u64(9).unwrap_or(7);
            let c = vmi.read_u64(3)?;
            Ok(a + b + c)
        });
        let sum = thread.join().expect("it does not panic")?;
        Ok(sum)
    }

    #[probed]
    fn kept_elsewhere<'v>(vmi: &'v Vmi, jobs: &mut Vec<Read<'v>>) -> prober::Result<()> {
        let a = vmi.read_u64(1)?;
        jobs.push(unprobed!(Box::new(move |at| Ok(vmi.read_u64(at)? + a))));
        Ok(())
    }

    let (vmi, lost, set) = (Vmi::default(), Vmi::with(&[1, 2]), none());
    let values = |reads: Reads<'_>| reads.map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(values(lazy(&vmi, 1, &set).unwrap()), [11, 12]);
    assert_eq!(values(lazy(&vmi, 5, &set).unwrap()), [2, 5]);
    assert_eq!(faults(lazy(&lost, 1, &set).map(drop)), [1, 2]);
    let later = reader(&vmi, &set).unwrap();
    assert_eq!((later.read)(6).unwrap(), 9);
    assert_eq!(faults(reader(&lost, &set).map(drop)), [1, 2]);
    assert_eq!(elsewhere(&vmi, &set).unwrap(), 11);
    assert_eq!(faults(elsewhere(&lost, &set)), [1]);
    let mut jobs = Vec::new();
    kept_elsewhere(&vmi, &mut jobs, &set).unwrap();
    assert_eq!(jobs[0](4).unwrap(), 5);
}
