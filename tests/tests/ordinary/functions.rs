//! Functions of all shapes: what compiles without the attribute compiles with
//! it, without a warning, and does the same.

#![deny(warnings)]
#![allow(
    clippy::missing_errors_doc,
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::mixed_attributes_style,
    clippy::non_minimal_cfg,
    clippy::unused_self,
    clippy::manual_unwrap_or,
    clippy::manual_unwrap_or_default,
    clippy::items_after_statements,
    clippy::needless_continue,
    clippy::string_add_assign,
    reason = "the shapes under test"
)]

use std::{cell::Cell, collections::BTreeMap, error::Error, fmt::Debug};

use prober::{ProbeError, SuppressedPages, probe, probed};
use prober_tests::{Vmi, block_on, faults, none, suppress};
use vmi_core::VmiError;

/// The error of a function that says more than a page fault.
#[derive(Debug)]
#[allow(dead_code, reason = "shown by `Debug`")]
enum AppError {
    Probe(ProbeError),
    Parse(std::num::ParseIntError),
    Bad(&'static str),
}

impl From<ProbeError> for AppError {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for AppError {
    fn from(error: VmiError) -> Self {
        Self::Probe(error.into())
    }
}

impl From<std::num::ParseIntError> for AppError {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Parse(error)
    }
}

impl prober::FaultError for AppError {
    fn missing(&self) -> Option<prober::Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Parse(_) | Self::Bad(_) => None,
        }
    }
}

#[probed]
fn returns_in_loops(vmi: &Vmi, lists: &[Vec<u64>]) -> prober::Result<Option<u64>> {
    for list in lists {
        for &address in list {
            match vmi.read_u64(address)? {
                value if value > 10 => return Ok(Some(value)),
                _ => continue,
            }
        }
    }
    Ok(None)
}

#[test]
fn exits() {
    let lists = [vec![1, 2], vec![11]];
    assert_eq!(
        faults(returns_in_loops(&Vmi::with(&[2]), &lists, &none())),
        [2, 11][..1]
    );
    assert_eq!(
        returns_in_loops(&Vmi::default(), &lists, &none()).ok(),
        Some(Some(11))
    );
}

macro_rules! ensure {
    ($condition:expr, $error:expr) => {
        if !$condition {
            return Err($error);
        }
    };
}

macro_rules! get {
    ($e:expr) => {
        $e?
    };
}

#[probed]
fn exits_of_macros(vmi: &Vmi, text: &str) -> Result<u64, AppError> {
    let a = get!(vmi.read_u64(7));
    ensure!(a > 3, AppError::Bad("short"));
    let b = vmi.read_u64(8)?;
    Ok(a + b + text.parse::<u64>()?)
}

#[test]
fn macros_that_leave() {
    assert_eq!(
        exits_of_macros(&Vmi::default(), "1", &none()).ok(),
        Some(16)
    );
    assert_eq!(faults(exits_of_macros(&Vmi::with(&[7]), "x", &none())), [7]);
    assert_eq!(faults(exits_of_macros(&Vmi::with(&[8]), "x", &none())), [8]);
    let bad = exits_of_macros(&Vmi::default(), "x", &none());
    assert!(matches!(bad, Err(AppError::Parse(_))), "{bad:?}");
}

#[probed]
fn closures(vmi: &Vmi, list: &[u64]) -> prober::Result<Vec<u64>> {
    let first = vmi.read_u64(0)?;
    let double = |x: u64| -> Result<u64, VmiError> {
        if x == 5 {
            return Ok(0);
        }
        Ok(vmi.read_u64(x)? * 2)
    };
    let add = |x: Option<u64>, y: Option<u64>| -> Option<u64> { x?.checked_add(y?) };
    let mut values = list
        .iter()
        .map(|&x| double(x))
        .collect::<Result<Vec<_>, _>>()?;
    values.push(add(Some(first), Some(1)).unwrap_or(0));
    Ok(values)
}

#[test]
fn closures_keep_their_exits() {
    assert_eq!(
        closures(&Vmi::default(), &[1, 5], &none()).ok(),
        Some(vec![2, 0, 1])
    );
    assert_eq!(
        faults(closures(&Vmi::with(&[0, 1]), &[1, 5], &none())),
        [0, 1]
    );
}

#[probed]
fn nested_items(vmi: &Vmi) -> prober::Result<u64> {
    const LIMIT: u64 = 9;
    fn inner(vmi: &Vmi) -> Result<u64, VmiError> {
        vmi.read_u64(LIMIT)
    }
    type Function = fn(&Vmi) -> Result<u64, VmiError>;
    let function: Function = inner;
    let a = vmi.read_u64(1)?;
    let b = function(vmi)?;
    Ok(a + b)
}

#[probed]
fn exits_in_arguments(vmi: &Vmi, list: &[Option<u64>]) -> prober::Result<u64> {
    let mut sum = 0;
    let mut list = list.iter();
    loop {
        sum += vmi.read_u64(match list.next() {
            Some(Some(address)) => *address,
            Some(None) => continue,
            None => break,
        })?;
    }
    Ok(sum)
}

#[probed]
fn labels(vmi: &Vmi, rows: &[&[u64]]) -> prober::Result<u64> {
    let mut sum = 0;
    'row: for row in rows {
        for &address in *row {
            sum += vmi.read_u64(if address == 0 { continue 'row } else { address })?;
        }
    }
    let last = 'done: {
        if sum > 3 {
            break 'done vmi.read_u64(sum)?;
        }
        vmi.read_u64(1)?
    };
    let found = loop {
        let value = vmi.read_u64(last)?;
        if value == last {
            break value;
        }
    };
    Ok(found)
}

#[test]
fn control_flow() {
    assert_eq!(nested_items(&Vmi::default(), &none()).ok(), Some(10));
    assert_eq!(faults(nested_items(&Vmi::with(&[1, 9]), &none())), [1, 9]);
    let list = [Some(1), None, Some(4)];
    assert_eq!(
        exits_in_arguments(&Vmi::default(), &list, &none()).ok(),
        Some(5)
    );
    assert_eq!(
        faults(exits_in_arguments(&Vmi::with(&[1, 4]), &list, &none())),
        [1]
    );
    assert_eq!(
        labels(&Vmi::default(), &[&[1, 0, 9], &[2]], &none()).ok(),
        Some(1)
    );
}

#[probed]
fn tries(vmi: &Vmi, nested: Result<Result<u64, VmiError>, VmiError>) -> prober::Result<u64> {
    let x: u64 = nested??;
    let g = { vmi.read_u64(x)? & 1 };
    let h = { vmi.read_u64(x + 1)? - 1 };
    vmi.read_u64(3)?;
    Ok(g + h)
}

#[probed]
fn conditions(vmi: &Vmi, a: u64) -> prober::Result<u64> {
    let Some(x) = vmi.read_u64(a)?.checked_sub(1) else {
        return Ok(0);
    };
    if let Some(y) = vmi.read_u64(a + 1)?.checked_add(1)
        && let Some(z) = vmi.read_u64(a + 2)?.checked_add(1)
        && y < z
    {
        return Ok(x + y + z);
    }
    while let Some(w) = vmi.read_u64(a + 3)?.checked_sub(100)
        && w > 0
    {
        return Ok(w);
    }
    Ok(x)
}

#[test]
fn operators_and_conditions() {
    assert_eq!(tries(&Vmi::default(), Ok(Ok(3)), &none()).ok(), Some(4));
    assert_eq!(
        faults(tries(&Vmi::with(&[3, 4]), Ok(Ok(3)), &none())),
        [3, 4]
    );
    assert_eq!(conditions(&Vmi::default(), 1, &none()).ok(), Some(7));
    assert_eq!(faults(conditions(&Vmi::with(&[2, 3]), 1, &none())), [2]);
}

struct Names(Vec<String>);

#[probed]
fn elided<'v>(names: &'v Names, vmi: &Vmi) -> prober::Result<&'v str> {
    let index = vmi.read_u64(0)?;
    let name = usize::try_from(index)
        .ok()
        .and_then(|index| names.0.get(index));
    Ok(name.map_or("", String::as_str))
}

#[probed]
fn one_reference(names: &Names) -> prober::Result<&str> {
    let vmi = Vmi::default();
    let index = vmi.read_u64(0)?;
    Ok(&names.0[usize::try_from(index).unwrap_or(0)])
}

#[probed]
fn returns_impl(vmi: &Vmi, n: u64) -> prober::Result<impl Iterator<Item = u64> + Clone + use<>> {
    let x = vmi.read_u64(n)?;
    if x == 0 {
        return Ok((0..0).step_by(1));
    }
    Ok((0..x).step_by(1))
}

type Callback = Box<dyn Fn(u64) -> u64 + Send + Sync>;

#[probed]
fn coerces(vmi: &Vmi, k: bool) -> Result<Callback, Box<dyn Error + Send + Sync>> {
    let a = vmi.read_u64(1)?;
    if k {
        return Ok(Box::new(move |x| x + a));
    }
    Ok(Box::new(|x| x))
}

#[probed]
async fn coerces_async(vmi: &Vmi, k: bool) -> Result<Callback, Box<dyn Error + Send + Sync>> {
    let a = vmi.read_async(1).await?;
    let b = vmi.read_u64(2)?;
    if k {
        return Ok(Box::new(move |x| x + a + b));
    }
    Ok(Box::new(|x| x))
}

#[probed]
fn returns_dyn(vmi: &Vmi) -> Result<&'static dyn Debug, VmiError> {
    vmi.read_u8(1)?;
    Ok(&1u8)
}

#[test]
fn results() {
    let names = Names(vec!["a".to_owned()]);
    assert_eq!(elided(&names, &Vmi::default(), &none()).ok(), Some("a"));
    assert_eq!(one_reference(&names, &none()).ok(), Some("a"));
    assert_eq!(
        returns_impl(&Vmi::default(), 3, &none())
            .ok()
            .map(Iterator::count),
        Some(3)
    );
    assert_eq!(
        coerces(&Vmi::default(), true, &none()).ok().map(|f| f(1)),
        Some(2)
    );
    let resident = block_on(coerces_async(&Vmi::default(), true, &none()));
    assert_eq!(resident.ok().map(|f| f(1)), Some(4));
    assert_eq!(
        faults(block_on(coerces_async(&Vmi::with(&[1, 2]), true, &none()))),
        [1, 2]
    );
    assert!(returns_dyn(&Vmi::default(), &none()).is_ok());
}

struct Cache {
    values: Vec<u64>,
    set: SuppressedPages,
}

impl Cache {
    #[probed]
    fn slot(&mut self, vmi: &Vmi, address: u64) -> prober::Result<&mut u64> {
        let value = vmi.read_u64(address)?;
        self.values.push(value);
        self.values
            .last_mut()
            .ok_or_else(|| VmiError::Timeout.into())
    }

    #[probed(suppressed = self.set)]
    async fn slot_async(&mut self, vmi: &Vmi, address: u64) -> prober::Result<&mut u64> {
        let value = vmi.read_async(address).await?;
        self.values.push(value);
        let last = self.values.last_mut();
        last.ok_or_else(|| VmiError::Timeout.into())
    }
}

#[probed]
fn fill<'o>(vmi: &Vmi, out: &'o mut Vec<u64>) -> prober::Result<&'o mut [u64]> {
    out.clear();
    for address in 0..3 {
        out.push(vmi.read_u64(address)?);
    }
    let tail = &mut out[1..];
    Ok(tail)
}

#[probed]
fn last<'o>(vmi: &Vmi, mut current: &'o mut [u64]) -> prober::Result<&'o mut u64> {
    while current.len() > 1 {
        vmi.read_u64(0)?;
        current = &mut current[1..];
    }
    Ok(&mut current[0])
}

#[probed]
fn mutable(vmi: &Vmi, mut a: u64, mut out: Vec<u64>) -> prober::Result<Vec<u64>> {
    while a < 4 {
        out.push(vmi.read_u64(a)?);
        a += 1;
    }
    Ok(out)
}

#[test]
fn borrows() {
    let mut cache = Cache {
        values: Vec::new(),
        set: none(),
    };
    *cache.slot(&Vmi::default(), 4, &none()).expect("resident") += 1;
    *block_on(cache.slot_async(&Vmi::default(), 4)).expect("resident") += 1;
    assert_eq!(cache.values, [5, 5]);
    assert_eq!(faults(cache.slot(&Vmi::with(&[4]), 4, &none())), [4]);
    assert_eq!(cache.values, [5, 5]);

    let mut out = Vec::new();
    fill(&Vmi::default(), &mut out, &none()).expect("resident")[0] = 7;
    *last(&Vmi::default(), &mut out, &none()).expect("resident") = 8;
    assert_eq!(out, [0, 7, 8]);
    assert_eq!(faults(fill(&Vmi::with(&[0, 1]), &mut out, &none())), [0, 1]);
    assert_eq!(
        mutable(&Vmi::default(), 2, vec![], &none()).ok(),
        Some(vec![2, 3])
    );
}

trait Os {
    const OFFSET: u64;
    type Id: From<u64>;
}

struct Linux;

impl Os for Linux {
    const OFFSET: u64 = 2;
    type Id = u64;
}

struct Walker<O: Os>(std::marker::PhantomData<O>);

impl<O: Os> Walker<O> {
    const START: u64 = O::OFFSET;

    #[probed]
    fn walk<const N: usize, F>(
        &self,
        vmi: &Vmi,
        step: F,
        start: impl Into<u64>,
    ) -> prober::Result<[Option<O::Id>; N]>
    where
        F: for<'a> Fn(&'a u64) -> u64,
    {
        let mut address = start.into();
        let mut out = [const { None }; N];
        for slot in &mut out {
            *slot = Some(O::Id::from(vmi.read_u64(address + Self::START)?));
            address = step(&address);
        }
        Ok(out)
    }
}

trait Reader {
    fn value(&self, vmi: &Vmi, suppressed: &SuppressedPages) -> prober::Result<u64>;

    #[probed]
    fn twice(&self, vmi: &Vmi) -> prober::Result<u64> {
        let a = self.value(vmi, suppressed)?;
        let b = self.value(vmi, suppressed)?;
        Ok(a + b + vmi.read_u64(6)?)
    }
}

impl Reader for u64 {
    #[probed]
    fn value(&self, vmi: &Vmi) -> prober::Result<u64> {
        Ok(vmi.read_u64(*self)?)
    }
}

#[test]
fn generics_and_traits() {
    let walker = Walker::<Linux>(std::marker::PhantomData);
    let found = walker.walk::<2, _>(&Vmi::default(), |x| x + 1, 1u32, &none());
    assert_eq!(found.ok(), Some([Some(3), Some(4)]));
    assert_eq!(5u64.twice(&Vmi::default(), &none()).ok(), Some(16));
    assert_eq!(faults(5u64.twice(&Vmi::with(&[5, 6]), &none())), [5, 6]);
}

/// Documentation stays.
#[must_use = "check it"]
#[inline]
#[probed]
fn attributes(
    vmi: &Vmi,
    #[cfg(any())] gone: u8,
    #[cfg(all())]
    #[allow(unused_variables)]
    kept: u8,
) -> prober::Result<u64> {
    #![deny(unused_variables)]
    //! Inner documentation.
    #[cfg(any())]
    let a = vmi.read_nothing(1)?;
    #[cfg(all())]
    let a = vmi.read_u64(1)?;
    #[cfg(any())]
    return Ok(0);
    let m = match a {
        #[cfg(any())]
        0 => vmi.read_nothing(1)?,
        _ => vmi.read_u64(4)?,
    };
    #[cfg(any())]
    {
        Err(VmiError::Timeout.into())
    }
    #[cfg(all())]
    {
        Ok(a + 1 + m)
    }
}

#[probed]
#[allow(unused_labels)]
fn names(vmi: &Vmi) -> prober::Result<u64> {
    let (prober, __prober, __r, __probed_value) = (2, 3, 4, 5);
    '__probed: for address in 0..3 {
        if address == 1 {
            break '__probed;
        }
        vmi.read_u64(address)?;
    }
    let x = vmi.read_u64(7)?;
    Ok(x + prober + __prober + __r + __probed_value)
}

macro_rules! reader {
    ($name:ident, $vmi:ident, $ret:ty, $address:expr, $body:block) => {
        #[probed]
        fn $name($vmi: &Vmi) -> $ret {
            let x = $vmi.read_u64($address * 2)?;
            let _ = x;
            $body
        }
    };
}
reader!(made, vmi, prober::Result<u64>, 1 + 1, {
    Ok(vmi.read_u64(9)?)
});

#[probed]
fn list(vmi: &Vmi, address: u64, depth: u32) -> prober::Result<Vec<u64>> {
    if depth == 0 {
        return Ok(vec![]);
    }
    let value = vmi.read_u64(address)?;
    let mut list = list(vmi, value + 1, depth - 1, suppressed)?;
    list.push(value);
    Ok(list)
}

#[test]
fn names_and_macros() {
    assert_eq!(attributes(&Vmi::default(), 0, &none()).ok(), Some(6));
    assert_eq!(faults(attributes(&Vmi::with(&[1, 4]), 0, &none())), [1]);
    assert_eq!(names(&Vmi::default(), &none()).ok(), Some(21));
    assert_eq!(made(&Vmi::default(), &none()).ok(), Some(9));
    assert_eq!(faults(made(&Vmi::with(&[4, 9]), &none())), [4, 9]);
    assert_eq!(
        list(&Vmi::default(), 0, 3, &none()).ok(),
        Some(vec![2, 1, 0])
    );
}

/// Types that only what acts tells.
#[probed]
fn inferred(vmi: &Vmi, texts: &[&str], out: &mut Vec<u16>) -> Result<BTreeMap<u64, u8>, AppError> {
    let first = vmi.read_u64(0)?;
    let mut map = BTreeMap::new();
    let mut best = None;
    let parsed = texts[0].parse()?;
    let all = texts
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<_>, _>>()?;
    let second = vmi.read_u64(1)?;
    map.insert(first, 3);
    out.push(parsed);
    out.extend::<Vec<u16>>(all);
    for address in [second, 5] {
        let value = vmi.read_u64(address)?;
        if best.is_none_or(|best| best < value) {
            best = Some(value);
        }
        map.insert(value, 4);
    }
    Ok(map)
}

#[probed]
fn values_that_are_moved(vmi: &Vmi, names: Vec<String>) -> prober::Result<(Vec<String>, u64)> {
    let mut rest = names.into_iter();
    let mut out = Vec::new();
    while let Some(name) = rest.next() {
        let length = name.len() as u64;
        let value = vmi.read_u64(length)?;
        out.push(name);
        vmi.read_u64(value + 1)?;
    }
    let boxed = Box::new(vmi.read_u64(20)?);
    let other = boxed;
    let value = vmi.read_u64(*other)?;
    Ok((out, value))
}

#[probed]
fn temporaries(vmi: &Vmi) -> prober::Result<usize> {
    let name = &vmi.read_string(3)?;
    let trimmed = vmi.read_string(4)?.trim().len();
    match vmi.read_string(5)?.as_str() {
        "" => return Ok(0),
        text if text.len() > vmi.read_string(6)?.len() => return Ok(1),
        _ => {}
    }
    Ok(name.len() + trimmed + vmi.read_string(7)?.trim().len())
}

#[test]
fn inference_moves_and_temporaries() {
    let mut out = Vec::new();
    let map = inferred(&Vmi::default(), &["7", "8"], &mut out, &none());
    assert_eq!(map.ok(), Some(BTreeMap::from([(0, 3), (1, 4), (5, 4)])));
    assert_eq!(out, [7, 7, 8]);
    let missing = Vmi::with(&[0, 1, 5]);
    assert_eq!(
        faults(inferred(&missing, &["7", "8"], &mut out, &none())),
        [0, 1]
    );
    assert_eq!(out, [7, 7, 8], "nothing is pushed");

    let moved = values_that_are_moved(&Vmi::default(), vec!["ab".to_owned()], &none());
    assert_eq!(moved.ok(), Some((vec!["ab".to_owned()], 20)));
    let missing = Vmi::with(&[2, 20]);
    let moved = values_that_are_moved(&missing, vec!["ab".to_owned()], &none());
    assert_eq!(faults(moved), [2, 20]);
    assert!(temporaries(&Vmi::default(), &none()).is_ok());
    // The skipped `match` may return.
    assert_eq!(
        faults(temporaries(&Vmi::with(&[3, 4, 5, 7]), &none())),
        [3, 4, 5]
    );
    assert_eq!(
        faults(temporaries(&Vmi::with(&[3, 4, 7]), &none())),
        [3, 4, 7]
    );
}

struct Row {
    a: u64,
    b: u64,
    c: Option<u64>,
}

#[probed]
fn rows(vmi: &Vmi, count: &Cell<u64>) -> prober::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for address in [10, 20, 30] {
        let a = vmi.read_u64(address)?;
        let c = probe!(vmi.read_u64(address + 2))?;
        rows.push(Row {
            a,
            b: vmi.read_u64(address + 1)?,
            c,
        });
        count.set(count.get() + 1);
    }
    Ok(rows)
}

#[test]
fn rows_of_a_list() {
    let count = Cell::new(0);
    let missing = Vmi::with(&[10, 21, 32]);
    assert_eq!(faults(rows(&missing, &count, &none())), [10, 21, 32]);
    assert_eq!(count.get(), 0);
    let rows = rows(&missing, &count, &suppress(&[32])).map(|rows| rows.len());
    assert_eq!(faults(rows), [10, 21]);
    let found = self::rows(&Vmi::with(&[32]), &count, &suppress(&[32])).expect("resident");
    let sums = found.iter().map(|row| row.a + row.b + row.c.unwrap_or(0));
    assert_eq!(sums.collect::<Vec<_>>(), [33, 63, 61]);
}

/// Blocks that give values, as operands and in heads.
#[probed]
fn blocks_in_operands(vmi: &Vmi, out: &mut Vec<u64>) -> prober::Result<u64> {
    out.push('b: {
        if vmi.read_u64(1)? > 3 {
            break 'b 1_u64;
        }
        let names = 5;
        vmi.read_u64(2)? + names
    });
    out.push({
        let mut t = 0;
        loop {
            t += 1;
            if t > 2 {
                break vmi.read_u64(1)?;
            }
        }
    });
    if ({
        let t = vmi.read_u64(1)?;
        t ^ 3
    }) > 3
    {
        vmi.read_u64(4)?;
    }
    let first = vmi.read_u64(1)?;
    let mut count = 0;
    while count < 3
        && (if vmi.read_u64(26)? < 20 {
            return Ok(first);
        } else {
            first
        }) > 0
    {
        count += 1;
    }
    let n;
    if vmi.read_u64(1)? > 20 {
        n = vmi.read_u64(4)?;
    } else {
        n = 4;
    }
    let k = vmi.read_u64(n)?;
    out.push(k);
    Ok(vmi.read_u64(n + 1)? + count)
}

#[test]
fn operands_with_blocks() {
    let mut out = Vec::new();
    assert_eq!(
        blocks_in_operands(&Vmi::default(), &mut out, &none()).ok(),
        Some(8)
    );
    assert_eq!(out, [7, 1, 4]);
    let missing = Vmi::with(&[1, 2, 26]);
    assert_eq!(
        faults(blocks_in_operands(&missing, &mut out, &none()))[0],
        1
    );
}

#[probed]
async fn labelled_in_a_tail(vmi: &Vmi, log: &Cell<u64>) -> prober::Result<u64> {
    let first = vmi.read_u64(4)?;
    log.set(vmi.read_u64(first)?);
    Ok(Row {
        a: ('b8: {
            if first % 2 == 0 {
                break 'b8 vmi.read_u64(0)?;
            }
            let n9 = first;
            n9 + u64::from(vmi.read_u8(1)?)
        }),
        b: match vmi.read_u64(first).ok() {
            Some(next) => next,
            None => 1,
        },
        c: None,
    }
    .b)
}

#[test]
fn labelled_blocks() {
    let log = Cell::new(0);
    assert_eq!(
        block_on(labelled_in_a_tail(&Vmi::default(), &log, &none())).ok(),
        Some(4)
    );
}

/// A variable that only a run gives a value which leaves the loops at once, and
/// one that is moved and renewed.
#[probed]
fn renewed(vmi: &Vmi, base: u64) -> prober::Result<String> {
    let (mut hit, mut text) = (None, String::new());
    'outer: for page in 1..vmi.read_u64(3)? {
        let inner = vmi.read_u64(page + base)?;
        for at in inner..base + 4 {
            let value = vmi.read_u64(at + 20)?;
            if value == 24 {
                hit = Some((page, text));
                text = String::from("hit ");
                break 'outer;
            }
            if vmi.read_u64(at + 30)? == 7 {
                continue 'outer;
            }
        }
        text = text + &vmi.read_string(page + 40)?;
    }
    let (page, before) = hit.unwrap_or_default();
    Ok(format!("{text}{page} {before}{}", vmi.read_u64(page)?))
}

#[test]
fn moved_and_renewed() {
    let vmi = Vmi::default();
    assert_eq!(renewed(&vmi, 1, &none()).unwrap(), "hit 1 1");
    assert_eq!(renewed(&vmi, 4, &none()).unwrap(), "41420 0");
    let missing = Vmi::with(&[5, 6, 41]);
    assert_eq!(faults(renewed(&missing, 4, &none())), [5]);
}
