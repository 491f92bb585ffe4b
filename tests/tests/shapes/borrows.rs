//! Borrows, moves and initialisation in a body that runs in a closure.
#![allow(
    clippy::needless_late_init,
    clippy::needless_pass_by_value,
    clippy::never_loop,
    clippy::redundant_closure_call,
    clippy::unnecessary_wraps
)] // Shapes under test.

use std::collections::{BTreeMap, BTreeSet};

use prober::probed;
use prober_tests::{Vmi, faults, none, suppress};
use vmi_core::VmiError;

struct Cache {
    values: Vec<u64>,
    hits: u64,
}

impl Cache {
    #[probed(options)]
    fn slot(&mut self, vmi: &Vmi, i: u64) -> prober::Result<&mut u64> {
        if let Some(x) = vmi.read_u64(i)? {
            self.values.push(x);
        }
        self.values
            .last_mut()
            .ok_or(VmiError::Other("empty").into())
    }

    #[probed(options)]
    fn two(&mut self, vmi: &Vmi) -> prober::Result<(&mut [u64], &mut u64)> {
        let Self { values, hits } = self;
        *hits += vmi.read_u64(1)??;
        Ok((&mut values[..], hits))
    }
}

#[test]
fn a_method_returns_a_mutable_borrow_of_self() {
    let mut cache = Cache {
        values: vec![],
        hits: 0,
    };
    *cache.slot(&Vmi::default(), 4, &none()).unwrap() += 1;
    assert_eq!(cache.values, [5]);
    assert_eq!(faults(cache.slot(&Vmi::with(&[4]), 4, &none())), [4]);
    *cache.slot(&Vmi::with(&[4]), 4, &suppress(&[4])).unwrap() += 1;
    let (values, hits) = cache.two(&Vmi::default(), &none()).unwrap();
    values[0] += *hits;
    *hits = 9;
    assert_eq!((cache.values, cache.hits), (vec![7], 9));
}

#[test]
fn an_out_parameter_is_reborrowed_assigned_and_returned() {
    #[probed(options)]
    fn fill<'o>(vmi: &Vmi, out: &'o mut Vec<u64>) -> prober::Result<&'o mut [u64]> {
        out.clear();
        for i in 0..3 {
            out.push(vmi.read_u64(i)?.unwrap_or(9));
        }
        let tail = &mut out[1..];
        Ok(tail)
    }

    #[probed(options)]
    fn last<'o>(vmi: &Vmi, mut cur: &'o mut [u64]) -> prober::Result<&'o mut u64> {
        while cur.len() > 1 {
            let _ = vmi.read_u64(0)?;
            cur = &mut cur[1..];
        }
        Ok(&mut cur[0])
    }

    #[probed(options)]
    fn advance(vmi: &Vmi, cursor: &mut &[u64]) -> prober::Result<Option<u64>> {
        let [first, rest @ ..] = *cursor else {
            return Ok(None);
        };
        *cursor = rest;
        Ok(vmi.read_u64(*first)?)
    }

    let mut v = vec![];
    fill(&Vmi::default(), &mut v, &none()).unwrap()[0] = 7;
    *last(&Vmi::default(), &mut v, &none()).unwrap() = 8;
    assert_eq!(v, [0, 7, 8]);
    let mut cursor = &v[..];
    assert_eq!(
        advance(&Vmi::default(), &mut cursor, &none()).unwrap(),
        Some(0)
    );
    assert_eq!(
        advance(&Vmi::default(), &mut cursor, &none()).unwrap(),
        Some(7)
    );
    assert_eq!(cursor, [8]);
}

#[test]
fn a_borrow_of_the_receiver_is_returned() {
    #[probed(options)]
    fn f<'v>(vmi: &'v Vmi, _other: &str) -> prober::Result<&'v BTreeSet<u64>> {
        let set = vmi.read_set()?.ok_or(VmiError::Other("x"))?;
        if set.len() > 4 {
            return Ok(set);
        }
        Ok(&vmi.absent)
    }

    let vmi = Vmi::with(&[1]);
    let suppressed = none();
    let set = f(&vmi, "", &suppressed).unwrap();
    drop(suppressed);
    assert_eq!(set.len(), 1);
}

#[test]
fn callbacks_by_every_trait() {
    fn with<R>(f: impl FnOnce(u64) -> R) -> R {
        f(3)
    }

    #[probed(options)]
    fn f<'a>(
        vmi: &'a Vmi,
        callback: &mut dyn FnMut(Option<u64>) -> bool,
        own: Box<dyn FnOnce() -> u64 + 'a>,
        by_ref: &impl Fn(u64) -> u64,
        mut by_mut: impl FnMut(u64),
    ) -> prober::Result<bool> {
        let r = with(|a| vmi.read_u64(a))?;
        let base = own();
        by_mut(base);
        by_mut(by_ref(base));
        Ok(callback(r) && callback(vmi.read_u64(base)?))
    }

    let mut got = vec![];
    let mut seen = vec![];
    let mut callback = |x: Option<u64>| {
        seen.push(x);
        x.is_some()
    };
    let ok = f(
        &Vmi::default(),
        &mut callback,
        Box::new(|| 4),
        &|x| x + 1,
        |x| got.push(x),
        &none(),
    );
    assert!(ok.unwrap());
    let lost = Vmi::with(&[3, 4]);
    let batch = f(
        &lost,
        &mut callback,
        Box::new(|| 4),
        &|x| x,
        |_| (),
        &none(),
    );
    assert_eq!(faults(batch), [3]);
    assert_eq!(got, [4, 5]);
    assert_eq!(seen, [Some(3), Some(4), None]);
}

#[test]
fn deferred_initialisation_and_partial_moves() {
    struct P {
        name: String,
        list: Vec<u64>,
    }

    #[probed(options)]
    fn f(vmi: &Vmi, p: P, flag: bool) -> prober::Result<(String, u64)> {
        let v: Option<u64>;
        let P { name, .. } = p;
        if flag {
            v = vmi.read_u64(1)?;
        } else {
            v = vmi.read_u64(2)?;
            drop(name);
            return Ok((v.map_or_else(String::new, |v| v.to_string()), p.list[0]));
        }
        Ok((name, v.unwrap_or(0)))
    }

    let p = || P {
        name: "n".into(),
        list: vec![4],
    };
    assert_eq!(
        f(&Vmi::default(), p(), true, &none()).unwrap(),
        ("n".into(), 1)
    );
    assert_eq!(
        f(&Vmi::default(), p(), false, &none()).unwrap(),
        ("2".into(), 4)
    );
    assert_eq!(faults(f(&Vmi::with(&[2]), p(), false, &none())), [2]);
}

#[test]
fn moves_out_of_parameters() {
    #[probed(options)]
    fn f(
        vmi: &Vmi,
        text: String,
        list: Vec<String>,
        boxed: Box<[u64; 2]>,
    ) -> prober::Result<Vec<String>> {
        let mut out = vec![text];
        for item in list {
            if vmi.read_u64(1)?.is_some() {
                out.push(item);
            }
        }
        let [a, b] = *boxed;
        out.push((a + b).to_string());
        Ok(out)
    }

    #[probed(options)]
    fn consumed_in_a_loop(vmi: &Vmi, value: String) -> prober::Result<String> {
        let mut value = Some(value);
        loop {
            if vmi.read_u64(1)?.is_some() {
                break Ok(value.take()?);
            }
            return Ok(String::new());
        }
    }

    let got = f(
        &Vmi::default(),
        "a".into(),
        vec!["b".into()],
        Box::new([1, 2]),
        &none(),
    );
    assert_eq!(got.unwrap(), ["a", "b", "3"]);
    assert_eq!(
        consumed_in_a_loop(&Vmi::default(), "x".into(), &none()).unwrap(),
        "x"
    );
    assert_eq!(
        faults(consumed_in_a_loop(&Vmi::with(&[1]), "x".into(), &none())),
        [1]
    );
}

#[test]
fn buffers_and_disjoint_fields_in_one_call() {
    struct State {
        address: u64,
        buffer: [u8; 4],
        vmi: Vmi,
    }

    impl State {
        #[probed(options, vmi = self.vmi)]
        fn fill(&mut self) -> prober::Result<[u8; 4]> {
            self.vmi.read(self.address, &mut self.buffer[1..])??;
            let first = &mut self.buffer[0];
            *first = self.vmi.read_u8(self.address + 1)??;
            Ok(self.buffer)
        }
    }

    let mut state = State {
        address: 2,
        buffer: [0; 4],
        vmi: Vmi::default(),
    };
    assert_eq!(state.fill(&none()).unwrap(), [3, 2, 2, 2]);
    state.vmi = Vmi::with(&[2, 3]);
    assert_eq!(faults(state.fill(&none())), [2]);
}

#[test]
fn entries_and_guards_held_across_reads() {
    #[probed(options)]
    fn f(
        vmi: &Vmi,
        map: &mut BTreeMap<u64, u64>,
        cell: &std::cell::RefCell<Vec<u64>>,
    ) -> prober::Result<u64> {
        let mut guard = cell.borrow_mut();
        let entry = map.entry(1).or_default();
        *entry += vmi.read_u64(5)?.unwrap_or(0);
        guard.push(*entry);
        *entry += vmi.read_u64(6)?.unwrap_or(0);
        guard.push(*entry);
        Ok(*entry)
    }

    let (mut map, cell) = (BTreeMap::new(), std::cell::RefCell::default());
    assert_eq!(f(&Vmi::default(), &mut map, &cell, &none()).unwrap(), 11);
    assert_eq!(faults(f(&Vmi::with(&[6]), &mut map, &cell, &none())), [6]);
    assert_eq!(cell.into_inner(), [5, 11, 16, 16]);
}

#[test]
fn closures_of_every_kind_hold_probes() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64]) -> prober::Result<Vec<u64>> {
        let mut seen = Vec::new();
        let mut each = |a: u64| -> Result<bool, VmiError> {
            let value = vmi.read_u64(a)?;
            seen.push(value.unwrap_or(99));
            Ok(value.is_some())
        };
        for a in list {
            each(*a)?;
        }
        let once = move || vmi.read_u64(list[0]);
        let both = |a, b| Ok::<_, VmiError>(vmi.read_u64(a)?.zip(vmi.read_u64(b)?));
        seen.extend(once()?);
        seen.extend(both(7, 8)?.map(|(a, b)| a + b));
        let nested = |a| (|| vmi.read_u64(a).map(|v| (|| v.map(|v| v + 1))()))();
        seen.extend(nested(9)?);
        Ok(seen)
    }

    let got = f(&Vmi::default(), &[1, 2], &none()).unwrap();
    assert_eq!(got, [1, 2, 1, 15, 10]);
    let lost = Vmi::with(&[2, 8, 9]);
    assert_eq!(faults(f(&lost, &[1, 2], &none())), [2, 8, 9]);
    assert_eq!(
        f(&lost, &[1, 2], &suppress(&[2, 8, 9])).unwrap(),
        [1, 99, 1]
    );
}

#[test]
fn closures_that_return_other_types() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64]) -> prober::Result<(u64, Option<u64>, usize, Vec<u64>)> {
        let sum = list
            .iter()
            .try_fold(0u64, |sum, &a| -> Result<u64, &'static str> {
                let value = vmi.read_u64(a).map_err(|_| "io")?;
                sum.checked_add(value.unwrap_or(1)).ok_or("overflow")
            });
        let option = list
            .iter()
            .find_map(|&a| vmi.read_u64(a).ok()?.filter(|v| *v > 1));
        let count = list
            .iter()
            .filter(|a| matches!(vmi.read_u64(**a), Ok(Some(_))))
            .count();
        let flat = list
            .iter()
            .flat_map(|&a| vmi.read_u64(a))
            .flatten()
            .collect();
        Ok((sum.unwrap_or(7), option, count, flat))
    }

    let got = f(&Vmi::default(), &[1, 2], &none()).unwrap();
    assert_eq!(got, (3, Some(2), 2, vec![1, 2]));
    assert_eq!(faults(f(&Vmi::with(&[2]), &[1, 2], &none())), [2]);
    let got = f(&Vmi::with(&[2]), &[1, 2], &suppress(&[2])).unwrap();
    assert_eq!(got, (2, None, 1, vec![1]));
    let got = f(&Vmi::with(&[2]), &[u64::MAX, 2], &suppress(&[2])).unwrap();
    assert_eq!(got, (7, Some(u64::MAX), 1, vec![u64::MAX]));
}

/// Reads in mapped memory: under names that the runtime serves for vmi-core's
/// types, and borrowed.
struct Mapped(Vec<u8>);

impl Mapped {
    fn read(&self, address: usize) -> Result<&[u8], VmiError> {
        Ok(&self.0[address..])
    }

    fn read_string(&self, address: usize) -> Result<&str, VmiError> {
        Ok(str::from_utf8(&self.0[address..]).unwrap_or_default())
    }
}

#[test]
fn a_read_borrows_from_its_receiver() {
    struct Holder {
        memory: Mapped,
    }

    impl Holder {
        #[probed(options, vmi = self.memory)]
        fn bytes(&self, at: usize) -> prober::Result<&[u8]> {
            let bytes = self.memory.read(at)?;
            Ok(bytes?)
        }
    }

    #[probed(options)]
    fn owned(vmi: Mapped) -> prober::Result<usize> {
        let bytes = vmi.read(1)?;
        let text = vmi.read_string(2)?;
        Ok(bytes?.len() * 10 + text?.len())
    }

    let holder = Holder {
        memory: Mapped(b"abc".to_vec()),
    };
    assert_eq!(holder.bytes(1, &none()).unwrap(), b"bc");
    assert_eq!(owned(holder.memory, &none()).unwrap(), 21);
}
