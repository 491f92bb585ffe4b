//! Functions under the strictest lints: the expansion adds none. A binary of
//! its own, as some lint levels only count for a whole crate.
#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::cargo)]
#![deny(
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    unused
)]
#![deny(
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    missing_debug_implementations,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_results,
    variant_size_differences
)]
// Not to be lowered: what the expansion writes does not try.
#![forbid(missing_docs, unsafe_code, unused_qualifications)]
// The test stand-in is no crate to publish, and neither `Send` nor `Sync`.
#![allow(clippy::cargo, clippy::future_not_send)]

use prober::{probe, probed, settle, unprobed};
use prober_tests::{Vmi, block_on, faults, none, suppress, tick};
use vmi_core::VmiError;

/// A single expression.
#[probed(options)]
fn one(vmi: &Vmi) -> Result<Option<u64>, VmiError> {
    vmi.read_u64(1)
}

/// A statement that is an `if`.
#[probed(options)]
fn two(vmi: &Vmi, v: &mut Vec<u64>) -> Result<(), VmiError> {
    if let Some(x) = vmi.read_u64(1)? {
        v.push(x);
    }
    Ok(())
}

/// Arms of both kinds.
#[probed(options)]
fn three(vmi: &Vmi) -> Result<u64, VmiError> {
    match vmi.read_u64(1)? {
        Some(x) if x > 0 => Ok(x),
        Some(_) => Err(VmiError::Other("null")),
        None => Err(VmiError::Other("none")),
    }
}

/// An early return.
#[probed(options)]
fn four(vmi: &Vmi) -> prober::Result<u64> {
    if vmi.read_u64(1)?.is_some() {
        return Ok(1);
    }
    let n = vmi.read_u64(vmi.read_u64(2)? + 1)?;
    Ok(n? + 2)
}

/// Async.
#[probed(options)]
async fn five(vmi: &Vmi, x: u64) -> Result<u64, VmiError> {
    tick().await;
    let y = vmi.read_async(x).await?;
    Ok(vmi.read_u64(y? + 1)?.unwrap_or(x))
}

/// Deferred initialisation.
#[probed(options)]
fn six(vmi: &Vmi) -> prober::Result<u64> {
    let (mut a, b);
    a = 1;
    b = vmi.read_u64(a)?;
    a += 1;
    Ok(a + b.unwrap_or(0))
}

/// As many parameters as clippy allows, and one more by the attribute.
#[probed(options)]
fn seven(
    vmi: &Vmi,
    one: u64,
    two: u64,
    three: u64,
    four: u64,
    five: u64,
    six: u64,
) -> prober::Result<u64> {
    Ok(vmi
        .read_u64(one + two + three + four + five + six)?
        .unwrap_or(0))
}

/// Owned, mutable and patterned parameters.
#[probed(options)]
fn eight(
    vmi: &Vmi,
    mut a: u64,
    mut list: Vec<u64>,
    (x, y): (u64, String),
    _ignored: String,
) -> prober::Result<(Vec<u64>, String)> {
    while a < x {
        list.push(vmi.read_u64(a)?.unwrap_or(99));
        a += 1;
    }
    Ok((list, y))
}

/// Chains, labels and everything in a loop.
#[probed(options)]
fn nine(vmi: &Vmi, list: &[Option<u64>], base: Option<u64>) -> prober::Result<Vec<u64>> {
    let mut out = Vec::new();
    'outer: for item in list {
        let Some(item) = item else { continue };
        let value = vmi.read_u64(base? + if *item == 9 { break } else { *item })?;
        if let Some(value) = value
            && value > 3
        {
            continue 'outer;
        }
        out.extend(value);
        while let Some(next) = vmi.read_u64(*item)? {
            if next > 1 {
                break;
            }
            out.push(next);
            if out.len() > 3 {
                return Ok(out);
            }
        }
    }
    Ok(out)
}

/// The markers, writes and errors of all kinds.
#[probed(options)]
fn ten(vmi: &Vmi, text: &str) -> anyhow::Result<u64> {
    let number = text.parse::<u64>()?;
    let name = probe!(vmi.read_string(number))?;
    anyhow::ensure!(name.is_some(), "no name, but {:?}", vmi.read_u64(2)?);
    if unprobed!(vmi.read_u64(3)).is_err() {
        anyhow::bail!("three is missing");
    }
    let mut buffer = [0; 4];
    vmi.read(number, &mut buffer)??;
    settle!();
    vmi.write_u64(1, 2)?;
    vmi.set_nothing()?;
    let sum = buffer.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let format = format!("{:?} {name:?}", vmi.read_u64(4)?);
    assert!(!format.is_empty());
    assert!(vmi.read_u64(5)?.is_some());
    Ok(sum)
}

/// A type with accessors.
#[derive(Debug)]
struct Object {
    /// Where it is.
    at: u64,
    /// A name.
    name: String,
}

impl Object {
    /// By reference.
    #[probed(options)]
    fn name(&self, vmi: &Vmi) -> prober::Result<&str> {
        let _: Option<u64> = vmi.read_u64(self.at)?;
        Ok(&self.name)
    }

    /// By value.
    #[probed(options)]
    fn into_name(self, vmi: &Vmi) -> prober::Result<String> {
        let number = vmi.read_u64(self.at)?;
        Ok(format!("{}{number:?}", self.name))
    }

    /// By value, and changed.
    #[probed(options)]
    fn renamed(mut self, vmi: &Vmi, suffix: &str) -> prober::Result<Self> {
        let number = vmi.read_u64(self.at)?;
        self.name = format!("{}{suffix}{number:?}", self.name);
        self.at += 1;
        Ok(self)
    }

    /// By value, and changed for what its drop would see.
    #[probed(options)]
    fn forgotten(mut self, vmi: &Vmi) -> prober::Result<u64> {
        let number = vmi.read_u64(self.at)?;
        self.name.clear();
        self.at = 0;
        Ok(number?)
    }

    /// Async, by mutable reference.
    #[probed(options)]
    async fn advance(&mut self, vmi: &Vmi) -> prober::Result<u64> {
        self.at = vmi.read_async(self.at).await?? + 1;
        Ok(self.at)
    }
}

/// Elided in a free function, and generic.
#[probed(options)]
fn eleven<T: AsRef<str> + ?Sized>(vmi: Vmi, text: &T) -> prober::Result<&str> {
    let length = vmi.read_u64(3)??;
    drop(vmi);
    let length = usize::try_from(length).map_err(|_| VmiError::OutOfBounds)?;
    Ok(text.as_ref().get(..length)?)
}

/// Closures.
#[probed(options)]
fn twelve(vmi: &Vmi, list: &[u64]) -> prober::Result<u64> {
    let read = |address: u64| vmi.read_u64(address);
    let sum = list
        .iter()
        .map(|address| Ok(read(*address)?.unwrap_or(0)))
        .sum::<Result<u64, VmiError>>()?;
    Ok(sum)
}

/// What is kept for its drop, in the form that keeps types: a doomed run makes it,
/// too.
#[probed]
fn kept_for_its_drop(vmi: &Vmi, _level: u64, out: &mut Vec<u64>) -> prober::Result<u64> {
    let first = vmi.read_u64(1)?;
    let _lock = std::sync::Mutex::new(first);
    let mut ids = [4, 5, 6].into_iter();
    let _skipped = ids.next();
    let _string = vmi.read_string(2)?;
    let (_low, mut high) = (vmi.read_u8(3)?, vmi.read_u64(ids.next().unwrap_or(4))?);
    out.push(first);
    for _id in ids {
        high += vmi.read_u64(6)?;
        let _word: u32 = vmi.read_struct(7)?;
    }
    if let Some(_last) = out.last() {
        out.push(vmi.read_u64(8)?);
    }
    Ok(high)
}

/// A loop with exits, and types that later code tells.
#[probed]
fn listed(vmi: &Vmi, addresses: &[u64]) -> prober::Result<Vec<u64>> {
    let mut found = Vec::new();
    let mut last = None;
    for address in addresses {
        let value = vmi.read_u64(*address)?;
        let Some(next) = value.checked_add(1) else {
            continue;
        };
        let known = last.unwrap_or_default();
        if vmi.read_u64(next)? == known {
            break;
        }
        let small = u16::try_from(next).map_err(|_| VmiError::OutOfBounds)?;
        last = Some(value);
        found.push(u64::from(small));
    }
    Ok(found)
}

/// Async, and it hands on the set.
#[probed]
async fn summed(vmi: &Vmi, addresses: &[u64]) -> prober::Result<u64> {
    let first = vmi.read_async(9).await?;
    tick().await;
    let found = listed(vmi, addresses, suppressed)?;
    let sum = found.iter().sum::<u64>();
    Ok(first + sum)
}

#[test]
fn they_run_with_types_kept() {
    let vmi = Vmi::default();
    let mut out = vec![];
    assert_eq!(kept_for_its_drop(&vmi, 1, &mut out, &none()).unwrap(), 11);
    assert_eq!(out, [1, 8]);
    let missing = Vmi::with(&[1, 2, 6]);
    let found = kept_for_its_drop(&missing, 1, &mut out, &none());
    assert_eq!(faults(found), [1, 6, 2]);
    assert_eq!(listed(&vmi, &[3, 5], &none()).unwrap(), [4, 6]);
    assert_eq!(faults(listed(&Vmi::with(&[3, 6]), &[3, 5], &none())), [3]);
    assert_eq!(block_on(summed(&vmi, &[3, 5], &none())).unwrap(), 19);
    let found = block_on(summed(&Vmi::with(&[9, 3]), &[3, 5], &none()));
    assert_eq!(faults(found), [9, 3]);
}

#[test]
fn they_run() {
    let vmi = Vmi::default();
    let mut list = vec![];
    assert_eq!(one(&vmi, &none()).unwrap(), Some(1));
    two(&vmi, &mut list, &none()).unwrap();
    assert_eq!(list, [1]);
    assert_eq!(three(&vmi, &none()).unwrap(), 1);
    assert_eq!(four(&vmi, &none()).unwrap(), 1);
    assert_eq!(four(&Vmi::with(&[1]), &suppress(&[1])).unwrap(), 5);
    assert_eq!(block_on(five(&vmi, 3, &none())).unwrap(), 4);
    assert_eq!(six(&vmi, &none()).unwrap(), 3);
    assert_eq!(seven(&vmi, 1, 1, 1, 1, 1, 1, &none()).unwrap(), 6);
    let (list, _) = eight(&vmi, 1, list, (3, String::new()), String::new(), &none()).unwrap();
    assert_eq!(list, [1, 1, 2]);
    assert_eq!(
        nine(&vmi, &[Some(2), None, Some(9)], Some(1), &none()).unwrap(),
        [3]
    );
    assert_eq!(ten(&vmi, "2", &none()).unwrap(), 8);
    assert_eq!(faults(ten(&Vmi::with(&[2, 5]), "2", &none())), [2]);
    let mut object = Object {
        at: 1,
        name: "n".to_owned(),
    };
    assert_eq!(object.name(&vmi, &none()).unwrap(), "n");
    assert_eq!(block_on(object.advance(&vmi, &none())).unwrap(), 2);
    let other = Object {
        at: 4,
        name: String::new(),
    };
    assert_eq!(other.forgotten(&vmi, &none()).unwrap(), 4);
    let object = object.renamed(&vmi, "!", &none()).unwrap();
    assert_eq!(object.into_name(&vmi, &none()).unwrap(), "n!Some(2)Some(3)");
    assert_eq!(eleven(Vmi::default(), "abcd", &none()).unwrap(), "abc");
    assert_eq!(twelve(&vmi, &[1, 2], &none()).unwrap(), 3);
}
