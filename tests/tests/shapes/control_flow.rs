//! Loops, labels, let-else and chains round and inside probes.
#![allow(
    clippy::needless_range_loop,
    clippy::never_loop,
    clippy::unnecessary_wraps
)] // Shapes under test.

use prober::{probe, probed};
use prober_tests::{Vmi, fault, faults, none, suppress, unavailable};
use vmi_core::VmiError;

#[test]
fn unlabelled_exits_in_the_arguments() {
    #[probed(options)]
    fn f(vmi: &Vmi, it: &[Option<u64>]) -> prober::Result<u64> {
        let mut sum = 0;
        let mut it = it.iter();
        loop {
            sum += vmi
                .read_u64(match it.next() {
                    Some(Some(a)) => *a,
                    Some(None) => continue,
                    None => break,
                })?
                .unwrap_or(0);
        }
        Ok(sum)
    }

    let list = [Some(1), None, Some(4)];
    assert_eq!(f(&Vmi::default(), &list, &none()).unwrap(), 5);
    assert_eq!(faults(f(&Vmi::with(&[1, 4]), &list, &none())), [1, 4]);
}

#[test]
fn labelled_exits_in_the_arguments() {
    #[probed(options)]
    fn f(vmi: &Vmi, rows: &[&[u64]]) -> prober::Result<u64> {
        let mut sum = 0;
        'row: for row in rows {
            for &a in *row {
                sum += vmi
                    .read_u64(if a == 0 { continue 'row } else { a })?
                    .unwrap_or(0);
            }
        }
        let last = 'done: {
            if sum > 3 {
                break 'done vmi.read_u64(sum)?;
            }
            vmi.read_u64(1)?
        };
        Ok(last.unwrap_or(0))
    }

    let rows: [&[u64]; 2] = [&[1, 0, 9], &[2]];
    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &rows, &none()).unwrap(), 1);
    assert_eq!(vmi.asked(), [1, 2, 1]);
    assert_eq!(f(&vmi, &[&[5]], &none()).unwrap(), 5);
    assert_eq!(faults(f(&Vmi::with(&[1]), &rows, &none())), [1]);
}

// A `?` in the arguments puts a block round the probe: an unlabelled exit must
// mean the loop all the same.
#[test]
fn unlabelled_exits_beside_a_question_mark() {
    #[probed(options)]
    fn in_for(vmi: &Vmi, list: &[Option<u64>], bases: &[Option<u64>]) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for (i, item) in list.iter().enumerate() {
            let value = vmi.read_u64(
                bases[i]?
                    + match item {
                        Some(100) => break,
                        Some(a) => *a,
                        None => continue,
                    },
            )?;
            out.push(value.unwrap_or(77));
        }
        Ok(out)
    }

    #[probed(options)]
    fn in_while(vmi: &Vmi, base: Option<u64>) -> prober::Result<(u64, u64)> {
        let (mut n, mut sum) = (0, 0);
        while n < 10 {
            n += 1;
            sum += vmi
                .read_u64(if n == 2 {
                    continue;
                } else if n == 4 {
                    break;
                } else {
                    base? + n
                })?
                .unwrap_or(50);
        }
        Ok((n, sum))
    }

    #[probed(options)]
    fn in_loop(vmi: &Vmi, base: Option<u64>) -> prober::Result<u64> {
        let mut n = 0;
        let last = loop {
            n += 1;
            let _ = vmi.read_u64(base? + if n == 3 { break n } else { n })?;
        };
        Ok(last)
    }

    let list = [Some(1), None, Some(3), Some(100), Some(5)];
    let bases = [Some(0), Some(0), None, Some(0), Some(0)];
    let vmi = Vmi::default();
    // The third is missing before its argument is there.
    assert_eq!(in_for(&vmi, &list, &bases, &none()).unwrap(), [1, 77]);
    assert_eq!(vmi.asked(), [1]);
    assert_eq!(in_while(&vmi, Some(10), &none()).unwrap(), (4, 24));
    assert_eq!(in_while(&vmi, None, &none()).unwrap(), (4, 100));
    assert_eq!(
        faults(in_while(&Vmi::with(&[11, 13]), Some(10), &none())),
        [11, 13]
    );
    assert_eq!(in_loop(&vmi, Some(10), &none()).unwrap(), 3);
}

#[test]
fn exits_of_a_loop_inside_a_probe_are_its_own() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>) -> prober::Result<u64> {
        let mut sum = 0;
        for i in 0..3 {
            let value = vmi.read_u64(
                base? + {
                    let mut n = 0;
                    loop {
                        n += 1;
                        if n % 2 == 0 {
                            continue;
                        }
                        if n > i {
                            break n;
                        }
                    }
                },
            )?;
            sum += value.unwrap_or(0);
        }
        Ok(sum)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, Some(10), &none()).unwrap(), 37);
    assert_eq!(vmi.asked(), [11, 13, 13]);
    assert_eq!(f(&vmi, None, &none()).unwrap(), 0);
}

#[test]
fn labels_of_nested_loops_stay_apart() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>) -> prober::Result<Vec<(u64, u64)>> {
        let mut seen = Vec::new();
        for i in 0..4 {
            let a = vmi.read_u64(base? + if i == 1 { continue } else { i })?;
            for j in 0..4 {
                let b = vmi.read_u64(base? + if j == 2 { break } else { j })?;
                seen.push((a?, b?));
            }
            let _ = vmi.read_u64(base? + if i == 2 { break } else { i })?;
        }
        Ok(seen)
    }

    let seen = f(&Vmi::default(), Some(0), &none()).unwrap();
    assert_eq!(seen, [(0, 0), (0, 1), (2, 0), (2, 1)]);
}

#[test]
fn a_labelled_loop_left_from_within_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>) -> prober::Result<u64> {
        let mut count = 0;
        'outer: for i in 0..3 {
            'inner: for j in 0..3 {
                count += 1;
                let _ = vmi.read_u64(
                    base?
                        + match (i, j) {
                            (0, 1) => continue 'outer,
                            (1, 1) => break 'inner,
                            (2, 1) => break 'outer,
                            _ => 0,
                        },
                )?;
                let _ = probe!(Ok::<_, VmiError>(if j == 2 { break } else { base? }))?;
            }
        }
        Ok(count)
    }

    assert_eq!(f(&Vmi::default(), Some(0), &none()).unwrap(), 6);
}

#[test]
fn a_labelled_block_in_a_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64('a: {
            if base? == 3 {
                break 'a 5;
            }
            base? + 1
        })?)
    }

    assert_eq!(f(&Vmi::default(), Some(3), &none()).unwrap(), Some(5));
    assert_eq!(f(&Vmi::default(), Some(1), &none()).unwrap(), Some(2));
    assert_eq!(f(&Vmi::default(), None, &none()).unwrap(), None);
}

#[test]
fn return_from_within_a_probe_that_may_end_early() {
    #[probed(options)]
    fn f(vmi: &Vmi, base: Option<u64>, stop: bool) -> prober::Result<u64> {
        let _ = vmi.read_u64(9)?;
        let value = probe!({
            let base = base?;
            if stop {
                return Ok(base);
            }
            vmi.read_u64(base)
        })?;
        Ok(value.map_or(33, |value| value + 1))
    }

    assert_eq!(f(&Vmi::default(), Some(4), true, &none()).unwrap(), 4);
    assert_eq!(f(&Vmi::default(), Some(4), false, &none()).unwrap(), 5);
    assert_eq!(f(&Vmi::default(), None, true, &none()).unwrap(), 33);
    assert_eq!(faults(f(&Vmi::with(&[9]), Some(4), true, &none())), [9]);
    assert_eq!(
        faults(f(&Vmi::with(&[9, 4]), Some(4), false, &none())),
        [9, 4]
    );
}

#[test]
fn let_else_chains_and_if_let() {
    #[probed(options)]
    fn f(vmi: &Vmi, a: u64) -> prober::Result<u32> {
        let Some(x) = vmi.read_u32(a)? else {
            return Ok(0);
        };
        if let Some(y) = vmi.read_u32(a + 1)?
            && let Some(z) = vmi.read_u32(a + 2)?
            && y < z
        {
            return Ok(x + y + z);
        }
        while let Some(w) = vmi.read_u32(a + 3)?
            && w > 100
        {
            return Ok(w);
        }
        Ok(x)
    }

    assert_eq!(f(&Vmi::default(), 1, &none()).unwrap(), 6);
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), 1, &none())), [1]);
    assert_eq!(faults(f(&Vmi::with(&[2, 3]), 1, &none())), [2]);
    assert_eq!(f(&Vmi::with(&[2]), 1, &suppress(&[2])).unwrap(), 1);
    assert_eq!(f(&Vmi::with(&[102]), 100, &suppress(&[102])).unwrap(), 103);
}

#[test]
fn let_else_in_loops() {
    #[probed(options)]
    fn f(vmi: &Vmi, starts: &[u64], base: Option<u64>) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for &start in starts {
            let Some(a) = vmi.read_u64(start)? else {
                continue;
            };
            let Some(b) = vmi.read_u64(base? + a)? else {
                break;
            };
            let (Some(c), d) = (vmi.read_u64(a + 1)?, vmi.read_u64(b + 2)?) else {
                return Ok(out);
            };
            out.push(c + d?);
        }
        Ok(out)
    }

    assert_eq!(
        f(&Vmi::default(), &[1, 5], Some(0), &none()).unwrap(),
        [5, 13]
    );
    assert!(
        f(&Vmi::default(), &[1, 5], None, &none())
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        faults(f(&Vmi::with(&[1, 6]), &[1, 5], Some(0), &none())),
        [1, 6]
    );
    assert_eq!(
        f(&Vmi::with(&[5]), &[1, 5], Some(0), &suppress(&[5])).unwrap(),
        [5]
    );
}

#[test]
fn reads_in_guards_and_scrutinees() {
    #[probed(options)]
    fn f(vmi: &Vmi, a: u64, p: Option<u64>) -> prober::Result<&'static str> {
        Ok(match a {
            1 if vmi.read_u64(1)? == Some(1) => "one",
            2 if matches!(vmi.read_u64(p? + 2)?, Some(v) if v > 2) => "two",
            3 if let Some(3) = vmi.read_u64(3)? => "three",
            _ => match vmi.read_u64(a)? {
                Some(v @ (4 | 5)) if vmi.read_u64(v + 1)?.is_some() => "more",
                Some(_) => "other",
                None => "missing",
            },
        })
    }

    let vmi = Vmi::default();
    let all = |p| [1, 2, 3, 4, 8].map(|a| f(&vmi, a, p, &none()).unwrap());
    assert_eq!(all(Some(1)), ["one", "two", "three", "more", "other"]);
    assert_eq!(all(Some(0)), ["one", "other", "three", "more", "other"]);
    assert_eq!(all(None), ["one", "other", "three", "more", "other"]);
    assert_eq!(faults(f(&Vmi::with(&[1]), 1, None, &none())), [1]);
    assert_eq!(faults(f(&Vmi::with(&[4]), 2, Some(2), &none())), [4]);
    assert_eq!(faults(f(&Vmi::with(&[5]), 4, None, &none())), [5]);
    assert_eq!(
        f(&Vmi::with(&[4]), 4, None, &suppress(&[4])).unwrap(),
        "missing"
    );
}

#[test]
fn a_guard_that_leaves_the_loop() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64], p: Option<u64>) -> prober::Result<u64> {
        let mut n = 0;
        for &a in list {
            match a {
                0 if vmi.read_u64(p? + if n > 1 { break } else { 0 })?.is_some() => n += 10,
                _ if vmi.read_u64(if a == 7 { continue } else { a })? == Some(3) => n += 100,
                _ => n += 1,
            }
        }
        Ok(n)
    }

    assert_eq!(
        f(&Vmi::default(), &[0, 3, 7, 1], Some(1), &none()).unwrap(),
        111
    );
    assert_eq!(
        f(&Vmi::default(), &[0, 0, 3], Some(1), &none()).unwrap(),
        10
    );
}

#[test]
fn while_let_walks_a_list() {
    #[probed(options)]
    fn walk(vmi: &Vmi, head: u64) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        let mut at = head;
        while let Some(v) = vmi.read_u64(at)? {
            out.push(v);
            if v == 5 {
                break;
            }
            at = v + 1;
        }
        Ok(out)
    }

    assert_eq!(walk(&Vmi::default(), 3, &none()).unwrap(), [3, 4, 5]);
    assert_eq!(faults(walk(&Vmi::with(&[4]), 3, &none())), [4]);
    assert_eq!(walk(&Vmi::with(&[4]), 3, &suppress(&[4])).unwrap(), [3]);
}

#[test]
fn a_needed_value_in_a_condition() {
    #[probed(options)]
    fn scan(vmi: &Vmi, mut page: u64) -> prober::Result<u64> {
        while vmi.read_u64(page)?? != 5 {
            page -= 1;
        }
        Ok(page)
    }

    assert_eq!(scan(&Vmi::default(), 8, &none()).unwrap(), 5);
    assert_eq!(faults(scan(&Vmi::with(&[6]), 8, &none())), [6]);
    assert_eq!(unavailable(scan(&Vmi::with(&[6]), 8, &suppress(&[6]))), [6]);
}

#[test]
fn a_read_in_the_head_of_a_loop() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for a in vmi.read_u64(2)??..vmi.read_u64(4)?.unwrap_or(3) {
            out.push(a);
        }
        for a in vmi.read_u64(3)?.into_iter().chain(vmi.read_u64(5)?) {
            out.push(a + 100);
        }
        Ok(out)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), [2, 3, 103, 105]);
    assert_eq!(
        f(&Vmi::with(&[4, 5]), &suppress(&[4, 5])).unwrap(),
        [2, 103]
    );
    assert_eq!(faults(f(&Vmi::with(&[3, 4, 5]), &none())), [4, 3, 5]);
}

#[test]
fn runaway_loops_end() {
    #[probed(options, limit = 5)]
    fn f(vmi: &Vmi, seen: &mut Vec<u64>) -> prober::Result<u64> {
        let mut n = 0;
        loop {
            let value = vmi.read_u64(n)?;
            seen.push(n);
            if value == Some(100) {
                return Ok(n);
            }
            n += 1;
        }
    }

    let all = (0..1000).filter(|a| *a != 3).collect::<Vec<_>>();
    let mut seen = Vec::new();
    assert_eq!(
        faults(f(&Vmi::with(&all), &mut seen, &none())),
        [0, 1, 2, 4, 5, 6, 7, 8, 9]
    );
    assert_eq!(seen, (0..9).collect::<Vec<_>>());
    let pages = unavailable(f(&Vmi::with(&all), &mut Vec::new(), &suppress(&all)));
    assert_eq!(pages, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn an_error_of_a_probe_in_a_loop_leaves_it() {
    #[probed(options)]
    fn f(vmi: &Vmi, results: Vec<Result<u64, VmiError>>) -> prober::Result<u64> {
        let mut sum = 0;
        for result in results {
            sum += probe!(result)?.unwrap_or(0);
            sum += vmi.read_u64(1)?.unwrap_or(0);
        }
        Ok(sum)
    }

    let missing = || Err(VmiError::Translation(fault(8)));
    assert_eq!(f(&Vmi::default(), vec![Ok(1), Ok(2)], &none()).unwrap(), 5);
    assert_eq!(
        faults(f(&Vmi::with(&[1]), vec![missing(), Ok(2)], &none())),
        [8, 1]
    );
    let vmi = Vmi::default();
    assert!(f(&vmi, vec![Ok(1), Err(VmiError::Timeout), Ok(1)], &none()).is_err());
    assert_eq!(vmi.asked(), [1]);
}

// Only the macro knows that there is a loop: a label would leave the wrong one.
#[test]
fn an_exit_in_the_arguments_of_a_macro_that_loops() {
    macro_rules! forever {
        ($body:expr) => {
            loop {
                $body
            }
        };
    }

    #[probed(options)]
    fn in_a_probe(vmi: &Vmi, list: &[u64], base: Option<u64>) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for a in list {
            let mut n = 0;
            let value = probe!({
                forever!({
                    n += base?;
                    if n > 2 {
                        break;
                    }
                });
                unprobed_read(vmi, n + a)
            })?;
            out.push(value.unwrap_or(0));
        }
        Ok(out)
    }

    #[probed(options)]
    fn around_a_probe(vmi: &Vmi, list: &[u64]) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for a in list {
            let mut n = 0;
            forever!({
                let value = vmi.read_u64(if n > 1 { break } else { n })?;
                n += 1;
                out.push(value.unwrap_or(99) + a);
            });
        }
        Ok(out)
    }

    fn unprobed_read(vmi: &Vmi, address: u64) -> Result<u64, VmiError> {
        vmi.read_u64(address)
    }

    let vmi = Vmi::default();
    assert_eq!(in_a_probe(&vmi, &[1, 2], Some(1), &none()).unwrap(), [4, 5]);
    assert_eq!(
        faults(in_a_probe(&Vmi::with(&[4, 5]), &[1, 2], Some(1), &none())),
        [4, 5]
    );
    assert_eq!(
        around_a_probe(&vmi, &[10, 20], &none()).unwrap(),
        [10, 11, 20, 21]
    );
}
