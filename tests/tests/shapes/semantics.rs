//! What the contract says of values, faults and acts, rule by rule.
#![allow(
    clippy::explicit_auto_deref,
    clippy::needless_borrow,
    clippy::question_mark,
    clippy::unit_arg,
    clippy::unnecessary_wraps
)] // Shapes under test.

use prober::{ProbeLimit, SuppressedPages, Unavailable, probe, probed, settle, unprobed};
use prober_tests::{Vmi, fault, faults, hard, none, suppress, unavailable};
use vmi_core::VmiError;

#[test]
fn a_value_that_was_not_needed_fails_the_function_all_the_same() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
        Ok(vmi.read_u64(1)?.or(vmi.read_u64(2)?))
    }

    #[probed(options)]
    fn lazily(vmi: &Vmi) -> prober::Result<Option<u64>> {
        match vmi.read_u64(1)? {
            Some(v) => Ok(Some(v)),
            None => Ok(vmi.read_u64(2)?),
        }
    }

    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(f(&Vmi::with(&[1]), &suppress(&[1])).unwrap(), Some(2));
    assert_eq!(faults(lazily(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

#[test]
fn a_fault_that_is_looked_away_from_is_recorded() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<bool> {
        let _ = vmi.read_u64(1);
        let a = vmi.read_u64(2).ok().flatten();
        let b = vmi.read_u64(3).unwrap_or_default();
        let c = vmi.read_u64(4).is_ok_and(|c| c.is_some());
        if let Ok(Some(_)) = vmi.read_u64(5) {
            return Ok(false);
        }
        _ = vmi.read_u64(6)?;
        Ok(a.is_none() && b.is_none() && !c)
    }

    let all = [1, 2, 3, 4, 5, 6];
    assert_eq!(faults(f(&Vmi::with(&all), &none())), all);
    assert_eq!(
        faults(f(&Vmi::with(&all), &suppress(&[1, 5]))),
        [2, 3, 4, 6]
    );
    assert!(f(&Vmi::with(&all), &suppress(&all)).unwrap());
}

// A `None` that a function returns with `Ok` is final.
#[test]
fn ok_means_that_no_fault_is_pending() {
    #[probed(options)]
    fn f(vmi: &Vmi, pages: &[u64]) -> prober::Result<Vec<Option<u64>>> {
        let mut out = vec![];
        for page in pages {
            out.push(vmi.read_u64(*page)?);
        }
        Ok(out)
    }

    for absent in 0..8u64 {
        for suppressed in 0..8u64 {
            let set = |bits: u64| (0..3).filter(|i| bits >> i & 1 == 1).collect::<Vec<_>>();
            let got = f(
                &Vmi::with(&set(absent)),
                &[0, 1, 2],
                &suppress(&set(suppressed)),
            );
            let pending = set(absent & !suppressed);
            if pending.is_empty() {
                let expected = [0, 1, 2].map(|i| (absent >> i & 1 == 0).then_some(i));
                assert_eq!(got.unwrap(), expected);
            } else {
                assert_eq!(faults(got), pending);
            }
        }
    }
}

#[test]
fn missing_values_travel_along_a_chain() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<[Option<u64>; 4]> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(a? + 1)?;
        let c = vmi.read_u64(b? + 1)?;
        let other = vmi.read_u64(10)?;
        Ok([a, b, c, other])
    }

    let vmi = Vmi::with(&[2, 10]);
    assert_eq!(faults(f(&vmi, &none())), [2, 10]);
    // No address is made from data that was not there.
    assert_eq!(vmi.asked(), [1, 2, 10]);
    let got = f(&vmi, &suppress(&[2])).unwrap_err();
    assert_eq!(faults(Err::<(), _>(got)), [10]);
    assert_eq!(
        f(&vmi, &suppress(&[2, 10])).unwrap(),
        [Some(1), None, None, None]
    );
}

#[test]
fn needed_and_not_to_be_had() {
    #[probed(options)]
    fn f(vmi: &Vmi, own: Option<u64>) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2)??;
        Ok(a? + b + own?)
    }

    assert_eq!(
        unavailable(f(&Vmi::with(&[1]), Some(0), &suppress(&[1]))),
        [1]
    );
    assert_eq!(
        unavailable(f(&Vmi::with(&[1, 2]), Some(0), &suppress(&[1, 2]))),
        [1, 2]
    );
    assert_eq!(
        faults(f(&Vmi::with(&[1, 2]), Some(0), &suppress(&[1]))),
        [2]
    );
    assert!(unavailable(f(&Vmi::default(), None, &none())).is_empty());
    // Never a `Translation` behind a `VmiError`.
    let error = VmiError::from(f(&Vmi::with(&[1]), Some(0), &suppress(&[1])).unwrap_err());
    assert!(Unavailable::of(&error).is_some());
}

#[test]
fn a_resident_page_is_read_suppressed_or_not() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    assert_eq!(f(&Vmi::default(), &suppress(&[1])).unwrap(), Some(1));
}

#[test]
fn a_hard_error_is_deferred_behind_pending_faults() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<u64, VmiError> {
        let a = vmi.read_u64(1)?;
        probe!(Err::<(), _>(VmiError::Timeout))?.unwrap_or_default();
        Ok(a?)
    }

    assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
    assert_eq!(
        hard(f(&Vmi::default(), &none())),
        VmiError::Timeout.to_string()
    );
    assert_eq!(
        hard(f(&Vmi::with(&[1]), &suppress(&[1]))),
        VmiError::Timeout.to_string()
    );
}

#[test]
fn a_defaulted_pointer_is_the_bodys_own_doing() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let p = vmi.read_u64(8)?.unwrap_or(0);
        Ok(vmi.read_u64(p)?.unwrap_or(0))
    }

    assert_eq!(faults(f(&Vmi::with(&[0, 8]), &none())), [8, 0]);
    // The first 64 KiB are nobody's: of a real set they are a part.
    let pages = SuppressedPages::new();
    assert!(pages.contains(&fault(0)));
}

#[test]
fn writes_wait_for_the_data() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        vmi.write_u64(10, 1)?;
        let b = vmi.read_u64(2)?;
        // An argument that is missing is needed: it leaves first.
        vmi.write_u64(11, b?)?;
        vmi.set_nothing()?;
        vmi.write_u64(12, vmi.read_u64(3)?.unwrap_or(30))?;
        vmi.pause();
        Ok(a.unwrap_or(0))
    }

    let run = |absent: &[u64], suppressed: &[u64]| {
        let vmi = Vmi::with(absent);
        let result = f(&vmi, &suppress(suppressed));
        (result, vmi.written(), vmi.paused())
    };
    let (result, written, paused) = run(&[], &[]);
    assert_eq!((result.unwrap(), paused), (1, 1));
    assert_eq!(written, [(10, 1), (11, 2), (0, 0), (12, 3)]);
    let (result, written, paused) = run(&[1, 2, 3], &[]);
    assert_eq!((faults(result), written, paused), (vec![1], vec![], 0));
    let (result, written, _) = run(&[2, 3], &[]);
    assert_eq!((faults(result), written), (vec![2], vec![(10, 1)]));
    let (result, written, _) = run(&[3], &[]);
    assert_eq!(
        (faults(result), written),
        (vec![3], vec![(10, 1), (11, 2), (0, 0)])
    );
    let (result, written, _) = run(&[2], &[2]);
    assert_eq!((unavailable(result), written), (vec![2], vec![(10, 1)]));
    let (result, written, _) = run(&[1, 3], &[1, 3]);
    assert_eq!(result.unwrap(), 0);
    assert_eq!(written, [(10, 1), (11, 2), (0, 0), (12, 30)]);
}

#[test]
fn acts_in_every_position() {
    #[probed(options)]
    fn f(vmi: &Vmi, k: u64) -> Result<(), VmiError> {
        let a = vmi.read_u64(1)?;
        match k {
            0 => vmi.write_u64(k, 0),
            1 => {
                let written = vmi.write_u64(k, 0).is_ok();
                assert!(written);
                Ok(())
            }
            2 => Ok(vmi.write_u64(k, 0)?),
            3 => {
                for k in 3..5 {
                    if let Err(error) = vmi.write_u64(k, 0) {
                        return Err(error);
                    }
                }
                Ok(())
            }
            4 => {
                settle!();
                unprobed!(vmi.write_u64(k, 0))
            }
            5 => {
                let _ = vmi.read_u64(2)?;
                unprobed!(vmi.write_u64(k, 0))?;
                vmi.set_nothing()
            }
            6 => (&*vmi).write_u64(k, a?).map_err(|_| VmiError::Timeout),
            _ => vmi.set_nothing(),
        }
    }

    for k in 0..8 {
        let vmi = Vmi::default();
        f(&vmi, k, &none()).unwrap();
        assert!(!vmi.written().is_empty(), "{k}");
        let vmi = Vmi::with(&[1]);
        assert_eq!(faults(f(&vmi, k, &none())), [1], "{k}");
        // What is left as written does not wait.
        assert_eq!(vmi.written().is_empty(), k != 5, "{k}");
    }
}

#[test]
fn settle_leaves_with_what_is_pending() {
    #[probed(options)]
    fn f(vmi: &Vmi, log: &mut Vec<u64>) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b = vmi.read_u64(2)?;
        settle!();
        log.extend([a, b].into_iter().flatten());
        let c = vmi.read_u64(3)?;
        prober::settle!();
        log.push(c.unwrap_or(0));
        Ok(0)
    }

    let run = |absent: &[u64], suppressed: &[u64]| {
        let mut log = vec![];
        let result = f(&Vmi::with(absent), &mut log, &suppress(suppressed));
        (result.map_err(|error| faults(Err::<(), _>(error))), log)
    };
    assert_eq!(run(&[], &[]), (Ok(0), vec![1, 2, 3]));
    assert_eq!(run(&[1, 2, 3], &[]), (Err(vec![1, 2]), vec![]));
    assert_eq!(run(&[1, 3], &[1]), (Err(vec![3]), vec![2]));
    assert_eq!(run(&[1, 3], &[1, 3]), (Ok(0), vec![2, 0]));
}

#[test]
fn a_set_of_ones_own() {
    struct Monitor {
        vmi: Vmi,
        suppressed: SuppressedPages,
        seen: Vec<u64>,
    }

    impl Monitor {
        #[probed(options, suppressed = self.suppressed, vmi = self.vmi)]
        fn handle(&mut self, page: u64) -> prober::Result<u64> {
            // The set at entry counts.
            self.suppressed.insert(fault(page));
            let a = self.vmi.read_u64(page)?;
            self.seen.push(page);
            let b = self.vmi.read_u64(page + 1)?;
            Ok(a? + b?)
        }

        #[probed(options, suppressed = &self.suppressed, vmi = self.vmi)]
        async fn later(&mut self, page: u64) -> prober::Result<u64> {
            prober_tests::tick().await;
            self.seen.push(page);
            Ok(self.vmi.read_u64(page)??)
        }

        #[probed(options, suppressed = self.set(), vmi = self.vmi)]
        fn by_method(&self) -> prober::Result<Option<u64>> {
            Ok(self.vmi.read_u64(1)?)
        }

        fn set(&self) -> &SuppressedPages {
            &self.suppressed
        }
    }

    let mut monitor = Monitor {
        vmi: Vmi::with(&[1, 2]),
        suppressed: none(),
        seen: vec![],
    };
    assert_eq!(faults(monitor.handle(1)), [1, 2]);
    assert_eq!(faults(monitor.handle(1)), [2]);
    assert_eq!(unavailable(prober_tests::block_on(monitor.later(1))), [1]);
    assert_eq!(monitor.by_method().unwrap(), None);
    assert_eq!(monitor.seen, [1, 1, 1]);
}

#[test]
fn sets_of_every_kind_and_a_taken_name() {
    #[probed(options, suppressed = suppressed)]
    fn by_parameter(vmi: &Vmi, suppressed: &SuppressedPages) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options, suppressed = suppressed)]
    fn by_value(suppressed: SuppressedPages, vmi: &Vmi) -> prober::Result<Option<u64>> {
        drop(suppressed);
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options, suppressed = suppressed)]
    fn by_mut(vmi: &Vmi, suppressed: &mut SuppressedPages) -> prober::Result<Option<u64>> {
        suppressed.remove(&fault(1));
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options, suppressed = *sets.last().unwrap())]
    fn by_expression(vmi: &Vmi, sets: &[&SuppressedPages]) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options, suppressed = SuppressedPages::new())]
    fn made(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(20)?)
    }

    let (vmi, mut set) = (Vmi::with(&[1, 20]), suppress(&[1]));
    assert_eq!(by_parameter(&vmi, &set).unwrap(), None);
    assert_eq!(by_value(set.clone(), &vmi).unwrap(), None);
    assert_eq!(by_expression(&vmi, &[&none(), &set]).unwrap(), None);
    assert_eq!(by_mut(&vmi, &mut set).unwrap(), None);
    assert_eq!(faults(by_parameter(&vmi, &set)), [1]);
    assert_eq!(faults(made(&vmi)), [20]);
}

#[test]
fn nested_functions_share_the_batch() {
    #[probed(options)]
    fn inner(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        let x = vmi.read_u64(a)?;
        let y = vmi.read_u64(a + 1)?;
        Ok(x? + y?)
    }

    #[probed(options)]
    fn outer(vmi: &Vmi) -> prober::Result<[Option<u64>; 3]> {
        let start = vmi.read_u64(9)?;
        let a = probe!(inner(vmi, 1, suppressed))?;
        let b = probe!(inner(vmi, a?, suppressed))?;
        let c = probe!(inner(vmi, start? + 10, suppressed))?;
        Ok([a, b, c])
    }

    let vmi = Vmi::with(&[1, 2, 3, 19]);
    assert_eq!(faults(outer(&vmi, &none())), [1, 2, 19]);
    assert_eq!(vmi.asked(), [9, 1, 2, 19, 20]);
    assert_eq!(
        outer(&Vmi::default(), &none()).unwrap(),
        [Some(3), Some(7), Some(39)]
    );
    let got = outer(&Vmi::with(&[1, 20]), &suppress(&[1, 20])).unwrap();
    assert_eq!(got, [None, None, None]);
}

#[test]
fn each_call_has_its_own_faults() {
    #[probed(options)]
    fn inner(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
    fn outer(vmi: &Vmi) -> prober::Result<bool> {
        let _ = vmi.read_u64(2)?;
        // What is not let through `?` stays where it was.
        Ok(inner(vmi, suppressed).is_err() && inner(&Vmi::default(), suppressed).is_ok())
    }

    assert!(outer(&Vmi::with(&[1]), &none()).unwrap());
    assert_eq!(faults(outer(&Vmi::with(&[1, 2]), &none())), [2]);
}

#[test]
fn the_limit_counts_misses_in_a_row() {
    #[probed(options, limit = 3)]
    fn f(vmi: &Vmi, pages: &[u64]) -> prober::Result<usize> {
        let mut n = 0;
        for page in pages {
            n += usize::from(vmi.read_u64(*page)?.is_some());
        }
        Ok(n)
    }

    const LIMIT: u32 = 2;
    #[probed(options, limit = LIMIT)]
    fn by_constant(vmi: &Vmi, p: Option<u64>) -> prober::Result<usize> {
        for n in 0.. {
            // A probe that misses for lack of its argument counts too.
            if vmi.read_u64(p? + n)?.is_some() {
                return Ok(0);
            }
        }
        Ok(1)
    }

    let vmi = Vmi::with(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(
        faults(f(&vmi, &[1, 2, 3, 0, 4, 5, 6, 0], &none())),
        [1, 2, 3, 4, 5, 6]
    );
    assert_eq!(faults(f(&vmi, &[1, 2, 3, 4, 5], &none())), [1, 2, 3, 4]);
    let got = f(&vmi, &[1, 2, 3, 4, 5], &suppress(&[1, 2, 3, 4, 5]));
    assert!(
        got.unwrap_err()
            .to_string()
            .contains("more than 3 probes missed in a row")
    );
    let got = by_constant(&vmi, None, &none()).unwrap_err();
    assert!(got.to_string().contains("more than 2 probes"), "{got}");
    assert_eq!(faults(by_constant(&vmi, Some(1), &none())), [1, 2, 3]);
    assert_eq!(ProbeLimit::DEFAULT, 1024);
}

#[test]
fn recursion() {
    #[probed(options)]
    fn tree(vmi: &Vmi, node: u64, depth: u32) -> prober::Result<u64> {
        if depth == 0 {
            return Ok(vmi.read_u64(node)?.unwrap_or(0));
        }
        let left = probe!(tree(vmi, node * 2, depth - 1, suppressed))?;
        let right = probe!(tree(vmi, node * 2 + 1, depth - 1, suppressed))?;
        Ok(left.unwrap_or(0) + right.unwrap_or(0))
    }

    assert_eq!(tree(&Vmi::default(), 1, 2, &none()).unwrap(), 4 + 5 + 6 + 7);
    assert_eq!(
        faults(tree(&Vmi::with(&[4, 6, 7]), 1, 2, &none())),
        [4, 6, 7]
    );
    assert_eq!(
        tree(&Vmi::with(&[4]), 1, 2, &suppress(&[4])).unwrap(),
        5 + 6 + 7
    );
}

#[test]
fn a_read_behind_two_dots_is_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<String> {
        Ok(format!("{:?}", ..vmi.read_u64(1)?.unwrap_or(7)))
    }

    #[probed(options)]
    fn without_question(vmi: &Vmi) -> prober::Result<String> {
        Ok(format!(
            "{:?}",
            ..vmi.read_u64(1).unwrap_or(None).unwrap_or(7)
        ))
    }

    for f in [f, without_question] {
        assert_eq!(f(&Vmi::default(), &none()).unwrap(), "..1");
        assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
    }
}

#[test]
fn a_loop_is_left_from_within_a_macro_in_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[Option<u64>], offset: Option<u64>) -> prober::Result<u64> {
        let mut sum = 0;
        for number in list {
            let at = offset;
            sum += vmi
                .read_u64(
                    at? + vec![match number {
                        Some(number) => *number,
                        None => continue,
                    }][0],
                )?
                .unwrap_or(0);
        }
        Ok(sum)
    }

    let list = [Some(1), None, Some(2)];
    assert_eq!(f(&Vmi::default(), &list, Some(10), &none()).unwrap(), 23);
    assert_eq!(
        faults(f(&Vmi::with(&[11, 12]), &list, Some(10), &none())),
        [11, 12]
    );
}
