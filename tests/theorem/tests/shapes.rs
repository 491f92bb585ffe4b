//! What holds of a function and of the same with `#[probed]`, for shapes that
//! the build script does not write.

#![allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    reason = "the shapes are the test"
)]

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{
        Mutex, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use prober::{ProbeError, SuppressedPages, probed};
use prober_theorem::*;
use vmi_core::VmiError;

/// Functions of one signature, each in both forms.
macro_rules! shapes {
    (
        [$vmi:ident $w:ident $root:ident $out:ident $text:ident $total:ident $queue:ident $log:ident $set:ident]
        $($name:ident $body:block)*
    ) => {
        mod plain {
            use super::*;
            $(pub fn $name(
                $vmi: &World<'_>, $w: &World<'_>, $root: Object<'_>, $out: &mut Vec<u64>,
                $text: &mut String, $total: &mut u64, $queue: &mut Vec<u64>,
                $log: &RefCell<Vec<u64>>, $set: &SuppressedPages,
            ) -> Result<u64, ProbeError> $body)*
        }
        mod probed_ {
            use super::*;
            $(#[probed(suppressed = $set)]
            pub fn $name(
                $vmi: &World<'_>, $w: &World<'_>, $root: Object<'_>, $out: &mut Vec<u64>,
                $text: &mut String, $total: &mut u64, $queue: &mut Vec<u64>,
                $log: &RefCell<Vec<u64>>, $set: &SuppressedPages,
            ) -> Result<u64, ProbeError> $body)*
        }
        const SHAPES: &[Program] = &[$({
            fn plain<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
                outcome(plain::$name(
                    w, w, Object::root(w), &mut outs.out, &mut outs.text, &mut outs.total,
                    &mut outs.queue, &outs.log, set,
                ))
            }
            fn probed<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
                outcome(probed_::$name(
                    w, w, Object::root(w), &mut outs.out, &mut outs.text, &mut outs.total,
                    &mut outs.queue, &outs.log, set,
                ))
            }
            Program {
                name: stringify!($name),
                source: stringify!($name $body),
                plain,
                probed,
            }
        }),*];
    };
}

#[test]
fn unchanged_in_every_state() {
    let mut tally = Tally::default();
    for program in SHAPES {
        tally.explore(program, 64);
    }
    tally.finish();
}

/// How many runs it takes with all pages out, where whole batches come in.
#[test]
fn runs_with_all_pages_out() {
    for (name, runs) in [
        ("printing", 4),
        ("guards_and_drops", 2),
        ("buffers", 6),
        ("scratch_buffer", 2),
        ("chains", 5),
        ("zipped", 3),
        ("operators", 3),
        ("list_walk", 6),
    ] {
        let program = SHAPES.iter().find(|program| program.name == name);
        assert_eq!(cold_runs(program.expect("it is there")), runs, "{name}");
    }
}

static LAST: AtomicU64 = AtomicU64::new(0);

fn odd(value: u64) -> bool {
    value % 2 == 1
}

/// In the place of those of std: they print nothing.
macro_rules! println {
    ($($argument:tt)*) => {
        drop(format!($($argument)*))
    };
}
macro_rules! eprint { ($($argument:tt)*) => { println!($($argument)*) }; }
macro_rules! print { ($($argument:tt)*) => { println!($($argument)*) }; }

fn cursor_over(list: &mut Vec<u64>) -> impl Iterator<Item = u64> {
    std::iter::from_fn(|| list.pop())
}

struct Filler;

impl Filler {
    fn fill(&self, o: Object<'_>, out: &mut Vec<u64>) -> Result<u64, VmiError> {
        out.push(1);
        let a = o.num(1)?;
        out.push(a);
        Ok(a)
    }
}

struct Sink<'a> {
    list: &'a mut Vec<u64>,
    count: u64,
}

impl Sink<'_> {
    fn take(&mut self) -> u64 {
        self.list.pop().unwrap_or(3)
    }
}

fn remember(cell: &Cell<u64>, value: u64) {
    cell.set(value);
}

static TABLE: [u64; 4] = [1, 2, 3, 4];

/// A check: what follows relies on it.
fn small(w: &World<'_>, n: u64) -> Result<(), VmiError> {
    small2(w, n, n)
}

fn small2(w: &World<'_>, noted: u64, n: u64) -> Result<(), VmiError> {
    w.act("small", noted);
    if n < 4 {
        Ok(())
    } else {
        Err(VmiError::OutOfBounds)
    }
}

fn same<'a>(r: &'a mut u64) -> &'a mut u64 {
    r
}

/// May refuse a number, and asks nothing.
fn bounded(noted: u64, n: u64) -> Result<u64, VmiError> {
    if n < 4 {
        Ok(noted ^ n)
    } else {
        Err(VmiError::OutOfBounds)
    }
}

/// A lock that panics where others wait for ever.
struct Lock(RefCell<u64>);

impl Lock {
    fn lock(&self) -> impl std::ops::Deref<Target = u64> + use<'_> {
        self.0.borrow_mut()
    }

    /// The same by a name that does not say so.
    fn hold(&self) -> impl std::ops::Deref<Target = u64> + use<'_> {
        self.lock()
    }
}

/// A read that gives what is needed.
trait ReadAs {
    fn read_as<T: From<u32>>(&self, at: u64) -> Result<T, VmiError>;
}

impl ReadAs for World<'_> {
    fn read_as<T: From<u32>>(&self, at: u64) -> Result<T, VmiError> {
        self.read_u64(at).map(|value| T::from(value as u32))
    }
}

/// Lends what can change by names that do not say so.
#[derive(Default)]
struct Table {
    slots: Vec<u64>,
}

impl Table {
    fn slot(&mut self, i: usize) -> &mut u64 {
        if self.slots.len() <= i {
            self.slots.resize(i + 1, 101);
        }
        &mut self.slots[i]
    }

    fn get(&self, i: usize) -> u64 {
        self.slots.get(i).copied().unwrap_or(101)
    }

    fn ensure_small(&self, n: u64) -> Result<(), VmiError> {
        if n < 4 {
            Ok(())
        } else {
            Err(VmiError::OutOfBounds)
        }
    }
}

/// Items that borrow from their iterator.
struct Lender {
    at: u64,
    buf: Vec<u64>,
}

impl Lender {
    fn lend(&mut self) -> Option<&mut [u64]> {
        self.at += 1;
        self.buf[0] = self.at;
        (self.at <= 3).then_some(&mut self.buf)
    }

    fn lend_of<'a>(&'a mut self, o: Object<'_>) -> Result<&'a mut u64, VmiError> {
        let x = o.num(self.at)?;
        self.at += 1;
        self.buf[0] ^= x;
        Ok(&mut self.buf[0])
    }
}

fn next_of(queue: &mut Vec<u64>) -> u64 {
    queue.pop().unwrap_or(4)
}

shapes! {
    [vmi w root out text total queue log suppressed]

    list_walk {
        let mut at = root.num(0)? + 1000;
        let mut n = 0;
        while n < 4 {
            let pid = vmi.read_u64(at + 8)?;
            let cr3 = vmi.read_u64(at + 24)?;
            out.push(pid ^ cr3);
            at = vmi.read_u64(at)?;
            n += 1;
        }
        Ok(n)
    }
    let_else_chain {
        let Some(a) = root.opt(0)? else { w.act("none", 1); return Ok(1) };
        let (Some(b), c) = (root.opt(1)?, root.num(2)?) else { return Ok(root.num(3)?) };
        let Some(d) = (if a > b { root.opt(4)? } else { root.opt(5)? }) else {
            w.check(a)?;
            return Ok(c);
        };
        out.push(d);
        Ok(a ^ b ^ root.num(d % 8)?)
    }
    nested_closures {
        let read = |i: u64| -> Result<u64, VmiError> {
            let inner = |j| root.num(j);
            Ok(inner(i)? ^ inner(i + 1)?)
        };
        let a = read(0)?;
        let b = read(a % 8)?;
        w.act("x", a);
        let c = read(b % 8)?;
        Ok(c ^ root.num(7)?)
    }
    collects_results {
        let all = (0..4).map(|i| root.num(i)).collect::<Result<Vec<_>, _>>()?;
        let more = root.items(0)?.into_iter().map(|o| Ok::<_, VmiError>(o.num(0)? ^ o.num(1)?))
            .collect::<Result<Vec<u64>, VmiError>>()?;
        out.extend(all.iter().copied());
        let sum = more.iter().try_fold(0, |sum, x| Ok::<_, VmiError>(sum ^ root.num(x % 8)?))?;
        let total: u64 = (0..3).map(|i| root.num(i + 4)).sum::<Result<u64, VmiError>>()?;
        Ok(sum ^ total ^ vmi.read_u64(1)?)
    }
    async_block {
        let a = block_on(async {
            let x = root.num(0)?;
            let y = ready(x).await;
            Ok::<u64, VmiError>(y ^ root.num(1)?)
        })?;
        let b = root.num(2)?;
        out.push(a);
        Ok(a ^ b)
    }
    guards_with_questions {
        let a = match root.num(0)? {
            x if x == root.num(1)? => 1,
            x if odd(x) && root.num(2)? > 20 => { w.act("odd", x); root.num(3)? }
            x @ 0..20 if root.opt(4)?.is_some() => x,
            _ => root.num(5)?,
        };
        match root.opt(6)? {
            Some(x) if root.num(x % 8)? > 3 => out.push(x),
            None if root.num(7)? > 30 => return Ok(a),
            _ => out.push(a),
        }
        Ok(a ^ root.num(1)?)
    }
    while_let_of_a_question {
        let mut at = root;
        let mut n = 0;
        while let Some(next) = at.next()? {
            n += 1;
            out.push(next.num(n % 8)?);
            at = next;
        }
        let b = vmi.read_u64(1)?;
        Ok(b ^ root.num(n % 8)?)
    }
    while_with_chain {
        let mut at = root;
        while let Some(next) = at.next()? && let Some(x) = next.opt(0)? && next.num(1)? > 5 {
            w.act("next", x);
            at = next;
        }
        Ok(at.num(2)? ^ vmi.read_u64(3)?)
    }
    labelled_values {
        let a = 'a: {
            if root.num(0)? > 30 { break 'a root.num(1)?; }
            let b = root.num(2)?;
            if odd(b) { w.act("odd", b); break 'a b; }
            root.num(3)?
        };
        let mut n = 0;
        let b = loop {
            n += 1;
            if root.num(n % 8)? > 40 { break root.num(5)?; }
            if n > 5 { break n; }
        };
        let c = 'o: loop { for o in root.items(1)? { if o.num(0)? > 10 { break 'o o.num(1)?; } } break 9; };
        out.push(a ^ b);
        Ok(c ^ root.num(7)?)
    }
    shadowing {
        let x = root.num(0)?;
        let x = x ^ root.num(x % 8)?;
        { let x = root.num(1)?; out.push(x); let x = root.num(x % 8)?; out.push(x); }
        let y = root.num(2)?;
        let root = root.obj(x % 8)?;
        let x = root.num(y % 8)?;
        for x in root.items(x % 8)? { let root = x; let y = root.num(0)?; out.push(y); }
        let f = |x: u64| root.num(x % 8);
        let x = f(x)?;
        Ok(x ^ y)
    }
    shadowing_of_a_parameter {
        let a = root.num(0)?;
        let total = root.num(a % 8)?;
        let out = vec![total];
        let b = root.num(out[0] % 8)?;
        let queue = out.iter().map(|x| root.num(x % 8)).collect::<Result<Vec<_>, _>>()?;
        w.act("b", b);
        Ok(queue[0] ^ total)
    }
    ref_mut_patterns {
        let (ref mut a, b) = (root.num(0)?, root.num(1)?);
        *a ^= b;
        let c = root.num(*a % 8)?;
        let mut pair = (root.num(2)?, 3_u64);
        match pair { (ref mut x, _) => *x ^= root.num(3)? }
        let d = root.num(pair.0 % 8)?;
        let mut slot = Some(4_u64);
        if let Some(ref mut x) = slot { *x = root.num(4)?; }
        Ok(c ^ d ^ root.num(slot.unwrap_or(1) % 8)?)
    }
    alias_in_if_let {
        let mut slot = Some(101_u64);
        if let Some(x) = slot.as_mut() {
            *x = root.num(0)?;
            let y = root.num(slot.unwrap_or(1))?;
            out.push(y);
        }
        slot = Some(102);
        if let Some(x) = &mut slot {
            let z = root.num(5)?;
            *x = z;
            let y = root.num(slot.unwrap_or(1))?;
            out.push(y);
        }
        let (mut list, copy) = (vec![103_u64], 1);
        if let [x, ..] = &mut list[..] && copy == 1 {
            *x = root.num(6)?;
            out.push(root.num(list[0])?);
        }
        Ok(1)
    }
    alias_in_match {
        let mut pair = (101_u64, 2_u64);
        match &mut pair {
            (a, b) => {
                *a = root.num(0)?;
                let c = root.num(pair.0)?;
                out.push(c);
            }
        }
        let mut other = [102_u64, 2];
        match other {
            [ref mut a, _] => {
                *a = root.num(1)?;
                let c = root.num(other[0])?;
                out.push(c);
            }
        }
        Ok(pair.0)
    }
    alias_in_for {
        let mut list = vec![1_u64, 2];
        for x in &mut list { *x ^= root.num(*x)?; }
        let a = root.num(list[0] % 8)?;
        for x in list.iter_mut() { let y = root.num(*x % 8)?; *x = y; }
        Ok(a ^ root.num(list[1] % 8)?)
    }
    alias_of_a_mutable_reference {
        let mut n = 101_u64;
        let mut other = 102_u64;
        let r = &mut n;
        let s = r;
        *s = root.num(0)?;
        let a = root.num(n)?;
        let (t, u) = (&mut n, &mut other);
        *u = root.num(1)?;
        *t = 3;
        let b = root.num(other)?;
        Ok(a ^ b ^ n)
    }
    guards_and_drops {
        let _g = w.guard(root.num(0)?);
        let _ = w.guard(root.num(1)?);
        let x = w.guard(3).pass(root.num(2)?);
        let h;
        { let _i = w.guard(4); h = w.guard(root.num(3)?); out.push(root.num(4)?); }
        match w.guard(5).pass(root.num(5)?) { x if odd(x) => w.act("odd", root.num(6)?), _ => {} }
        if w.guard(6).pass(root.num(7)?) > 3 { w.act("if", x); }
        let y = w.guard(7).pass(4) ^ root.num(1)?;
        let z = &w.guard(8);
        Ok(z.pass(y) ^ h.pass(w.guard(9).pass(root.num(2)?)))
    }
    guards_in_loops {
        for o in root.items(0)? {
            let g = w.guard(o.num(0)?);
            if g.pass(1) % 3 == 0 { continue; }
            let h = w.guard(o.num(1)?);
            if h.pass(1) % 5 == 0 { break; }
            w.act("both", o.num(2)?);
        }
        let tail = { let g = w.guard(1); g.pass(root.num(1)?) };
        Ok(tail)
    }
    guards_of_a_let_else {
        let (Some(a), g) = (root.opt(0)?, w.guard(root.num(1)?)) else {
            w.act("else", root.num(2)?);
            return Ok(2);
        };
        let (x, h) = (root.num(3)?, w.guard(4));
        drop(g);
        out.push(x ^ a);
        Ok(h.pass(root.num(5)?))
    }
    guard_in_scrutinee_of_while {
        let mut n = 0;
        while w.guard(n).pass(root.num(n % 8)?) % 4 != 0 && n < 5 { n += 1; w.act("n", n); }
        Ok(root.num(n % 8)?)
    }
    cells {
        let c = Cell::new(root.num(0)?);
        c.set(c.get() ^ root.num(1)?);
        let a = root.num(c.get() % 8)?;
        log.borrow_mut().push(a);
        let b = root.num(log.borrow().len() as u64)?;
        log.borrow_mut().push(root.num(2)?);
        let n = log.borrow().iter().sum::<u64>();
        Ok(root.num(n % 8)? ^ b)
    }
    cells_and_closures {
        let cell = Cell::new(0_u64);
        let bump = || cell.set(cell.get() + 1);
        bump();
        let x = root.num(cell.get())?;
        bump();
        let y = root.num(cell.get())?;
        if odd(x) { bump(); }
        Ok(root.num(cell.get())? ^ y)
    }
    cell_through_a_function {
        let cell = Cell::new(101_u64);
        let x = root.num(0)?;
        remember(&cell, x);
        let y = root.num(cell.get())?;
        cell.set(102);
        let shared = &cell;
        remember(shared, root.num(1)?);
        let z = root.num(cell.get())?;
        Ok(y ^ z)
    }
    log_through_a_function {
        fn add(log: &RefCell<Vec<u64>>, x: u64) { log.borrow_mut().push(x) }
        let x = root.num(0)?;
        add(log, x);
        let y = root.num(log.borrow().len() as u64)?;
        Ok(y ^ root.num(log.borrow()[0] % 8)?)
    }
    split_at_mut {
        let mut a = [101_u64, 102, 103, 104];
        let (l, r) = a.split_at_mut(2);
        l[0] = root.num(0)?;
        r[1] = root.num(1)?;
        let x = root.num(a[3])?;
        let y = root.num(a[0])?;
        Ok(x ^ y)
    }
    destructuring_assignment {
        let (mut a, mut b) = (0, 0);
        (a, b) = (root.num(0)?, root.num(1)?);
        [a, _] = [a ^ 1, root.num(2)?];
        let c = root.num(a % 8)?;
        Row { a, b, .. } = Row { a: root.num(3)?, b: root.num(4)?, c };
        _ = root.num(5)?;
        (*total, _) = (root.num(a % 8)?, 3);
        Ok(root.num(*total % 8)? ^ b)
    }
    assignments_and_their_order {
        let mut list = [1_u64, 2, 3];
        list[root.num(0)? as usize % 3] = root.num(1)?;
        out[root.num(2)? as usize % 1] ^= root.num(3)?;
        list[{ w.act("index", 1); 0 }] = { let x = root.num(4)?; x ^ 1 };
        *total += if root.num(5)? > 20 { root.num(6)? } else { 1 };
        Ok(root.num(list[0] % 8)?)
    }
    constants_and_statics {
        const FIRST: u64 = 1;
        let a = root.num(const { 1 + 1 })?;
        let b = root.num(FIRST)?;
        static TABLE: [u64; 2] = [3, 4];
        w.act("a", a);
        Ok(root.num(TABLE[(b % 2) as usize])?)
    }
    static_that_is_set {
                LAST.store(101, Ordering::Relaxed);
        let a = root.num(0)?;
        self::LAST.store(a, Ordering::Relaxed);
        let b = root.num(LAST.load(Ordering::Relaxed))?;
        Ok(a ^ b)
    }
    thread_local_that_is_set {
        thread_local! { static LAST: Cell<u64> = const { Cell::new(0) }; }
        LAST.set(101);
        let a = root.num(0)?;
        LAST.set(a);
        let b = root.num(LAST.get())?;
        LAST.set(102);
        LAST.with(|last| last.set(b));
        let c = root.num(LAST.with(|last| last.get()))?;
        Ok(a ^ c)
    }
    nested_items {
        fn twice(o: Object<'_>, i: u64) -> Result<u64, VmiError> { Ok(o.num(i)? ^ o.num(i + 1)?) }
        struct Pair(u64, u64);
        impl Pair { fn of(o: Object<'_>) -> Result<Self, VmiError> { Ok(Self(o.num(0)?, o.num(1)?)) } }
        let a = twice(root, 2)?;
        let Pair(b, c) = Pair::of(root)?;
        w.act("a", a);
        let d = Pair::of(root.obj(0)?)?.1;
        Ok(b ^ c ^ d)
    }
    expression_macros {
        let a = vec![root.num(0)?; 2];
        let b = vec![root.num(1)?, root.num(2)?];
        let c = format!("{} {:?} {b:?}", root.num(3)?, a);
        text.push_str(&c);
        write!(text, "{}", root.num(4)?).unwrap();
        let _ = write!(text, "{} {}", root.num(5)?, b[0]);
        assert!(root.num(6)? < 100, "{}", root.num(7)?);
        assert_eq!(root.num(0)? / 100, 0);
        debug_assert!(root.num(1)? < 100);
        if matches!(root.opt(0)?, Some(3..)) { return Ok(root.num(1)?); }
        Ok(c.len() as u64)
    }
    exits_among_arguments {
        let a = mixed(root.num(0)?, if root.num(1)? > 40 { return Ok(1) } else { 2 });
        w.act("a", match root.opt(0)? { Some(x) => x, None => return Ok(root.num(2)?) });
        for o in root.items(0)? {
            w.act2(o.num(0)?, match o.opt(1)? { Some(x) => x, None => continue });
            let x = mixed(o.num(2)?, if o.num(3)? > 50 { break } else { o.num(4)? });
            out.push(x);
        }
        Ok(a ^ root.num(5)?)
    }
    function_by_closure {
        let r = (|| -> Result<u64, VmiError> { Ok(root.num(0)? ^ root.num(1)?) })();
        let a = r?;
        let b = (|| { let x = root.num(2)?; Ok::<_, VmiError>(x ^ root.num(x % 8)?) })()?;
        w.act("b", b);
        let c = root.num(3)?;
        Ok(a ^ c)
    }
    closure_taken_apart {
        let r = (|| -> Result<u64, VmiError> { Ok(root.try_num(0)? ^ root.try_num(1)?) })();
        let a = match r { Ok(x) => x, Err(_) => 3 };
        let b = (0..3).map(|i| root.try_num(i)).find_map(Result::ok).unwrap_or(1);
        out.push(a);
        Ok(b ^ root.try_num(4)?)
    }
    if_let_chain {
        if let Some(a) = root.opt(0)? && let Some(b) = root.opt(a % 8)? && root.num(b % 8)? > 3 {
            out.push(a ^ b);
        } else if let Some(c) = root.opt(1)? && c > 4 {
            w.act("c", root.num(c % 8)?);
        } else {
            *total = root.num(2)?;
        }
        Ok(root.num(3)?)
    }
    structs_and_ranges {
        let row = Row { a: root.num(0)?, ..Row { a: 1, b: root.num(1)?, c: 2 } };
        for i in root.num(2)? % 3..root.num(3)? % 6 { out.push(root.num(i)?); }
        let list = [1_u64, 2, 3, 4];
        let part = &list[..root.num(4)? as usize % 4];
        let sum = part.iter().sum::<u64>();
        let b = !root.num(5)?;
        let c = -(root.num(6)? as i64);
        Ok(row.sum() ^ sum ^ b ^ c as u64)
    }
    chains {
        let a = root.obj(0)?.obj(root.num(1)?)?.num(root.num(2)?)?;
        let s: &str = &root.name(0)?;
        let t = root.name(1)?.len() as u64;
        w.act("s", s.len() as u64);
        let u = &root.obj(1)?;
        let v = u.num(root.obj(2)?.num(t % 8)?)?;
        Ok(a ^ v)
    }
    initialized_later {
        let x;
        if root.num(0)? > 30 { x = root.num(1)?; } else { x = 2; }
        let y: u64;
        match root.opt(1)? { Some(v) => y = v, None => { w.act("none", x); y = root.num(2)? } }
        let z;
        loop { if root.num(y % 8)? > 5 { z = root.num(3)?; break; } z = 1; break; }
        Ok(x ^ y ^ root.num(z % 8)?)
    }
    counters_and_continue {
        let mut n = 0;
        let mut seen = 0;
        loop {
            n += 1;
            if n > 5 { break; }
            if root.num(n)? % 2 == 0 { continue; }
            seen += 1;
            out.push(n);
        }
        let a = root.num(seen)?;
        'outer: for o in root.items(0)? {
            for p in o.items(1)? {
                if p.num(0)? % 3 == 0 { continue 'outer; }
                if p.num(1)? % 5 == 0 { break 'outer; }
                seen += 1;
            }
            w.act("all", o.num(0)?);
        }
        Ok(a ^ root.num(seen % 8)?)
    }
    errors_of_ones_own {
        if root.num(0)? > 50 { Err(VmiError::Timeout)? }
        let a = root.num(1).map_err(|_| VmiError::Timeout)?;
        let b = u64::try_from(root.num(2)? as i64 - 20).map_err(|_| VmiError::OutOfBounds)?;
        let c = root.opt(3)?.ok_or(VmiError::NotSupported)?;
        if c > 50 { return Err(VmiError::Timeout.into()); }
        Ok(a ^ b ^ root.num(c % 8)?)
    }
    closures_that_change {
        let mut list = vec![];
        let mut add = |x: u64| list.push(x);
        add(root.num(0)?);
        add(root.num(1)?);
        let a = root.num(2)?;
        let b = root.num(list.len() as u64)?;
        let mut count = 0;
        let mut next = || { count += 1; root.num(count) };
        let c = next()?;
        let d = next()?;
        Ok(a ^ b ^ c ^ d ^ root.num(count)?)
    }
    closure_that_changes_a_parameter {
        let a = root.num(0)?;
        let v = root.items(0)?.into_iter().map(|o| { out.push(1); o.num(0) })
            .collect::<Result<Vec<_>, _>>()?;
        let x = std::iter::from_fn(|| queue.pop()).map(|x| root.num(x % 8))
            .collect::<Result<Vec<_>, _>>()?;
        let y = (0..3).try_fold(0, |sum, i| { *total += 1; Ok::<_, VmiError>(sum ^ root.num(i)?) })?;
        Ok(a ^ v.len() as u64 ^ x.len() as u64 ^ y)
    }
    async_block_that_changes_a_parameter {
        let a = root.num(0)?;
        let v = block_on(async { out.push(2); let x = root.num(1)?; out.push(x); Ok::<_, VmiError>(x) })?;
        let b = root.num(2)?;
        Ok(a ^ v ^ b)
    }
    method_that_is_handed_a_parameter {
        let a = root.num(0)?;
        let b = Filler.fill(root, out)?;
        let c = root.num(out.len() as u64 % 8)?;
        let d = next_of(queue);
        let e = root.num(d % 8)?;
        Ok(a ^ b ^ c ^ e)
    }
    wrapped_parameter {
        let a = root.num(0)?;
        let mut sink = Sink { list: queue, count: root.num(1)? };
        let b = sink.take();
        let c = root.num(b % 8)?;
        let pair = (out, a);
        let d = pair.0.pop().map_or(1, |x| x);
        let e = root.num(d % 8)?;
        let some = Some(total);
        if let Some(x) = some { *x = root.num(2)?; }
        Ok(a ^ c ^ e)
    }
    cursor_over_a_parameter {
        let mut cursor = cursor_over(queue);
        let a = root.num(0)?;
        let b = cursor.next().unwrap_or(1);
        let c = root.num(b % 8)?;
        let either = if odd(a) { &mut *out } else { &mut *out };
        let d = either.pop();
        Ok(c ^ root.num(d.unwrap_or(2))?)
    }
    another_name_of_a_parameter {
        let a = root.num(0)?;
        let list = queue;
        let again = &mut *list;
        let b = again.pop().unwrap_or(1);
        let c = root.num(b % 8)?;
        let d = next_of(list);
        let e = root.num(d % 8)?;
        let sum = &mut *total;
        let f = { *sum ^= 1; root.num(*sum % 8)? };
        Ok(a ^ c ^ e ^ f)
    }
    swaps {
        let (mut a, mut b) = (root.num(0)?, 3);
        std::mem::swap(&mut a, &mut b);
        let c = root.num(a % 8)?;
        let old = std::mem::replace(&mut b, root.num(1)?);
        let d = root.num(b % 8)?;
        let list = std::mem::take(out);
        let e = root.num(list.len() as u64)?;
        let f = std::mem::replace(total, 9);
        Ok(root.num(f)? ^ old ^ c ^ d ^ e)
    }
    two_phase_borrows {
        let mut list = vec![1_u64, 2];
        list.push(list.len() as u64 + root.num(0)?);
        let a = root.num(list[2] % 8)?;
        out.push(out.len() as u64 ^ root.num(1)?);
        let n = list.len();
        list[n - 1] += root.num(2)?;
        *list.last_mut().unwrap() += root.num(3)?;
        Ok(a ^ root.num(list[2] % 8)?)
    }
    iterators_by_hand {
        let mut it = root.items(0)?.into_iter();
        let first = it.next().map(|o| o.num(0)).transpose()?;
        let second = it.next().map(|o| o.num(1)).transpose()?;
        while let Some(o) = it.next() { out.push(o.num(2)?); }
        let mut list = root.list(1)?;
        while let Some(item) = list.next() { let item = item?; out.push(item.num(0)?); }
        let mut chain = root.chain().peekable();
        while chain.peek().is_some() { let o = chain.next().unwrap()?; w.act("o", o.num(0)?); }
        Ok(first.unwrap_or(1) ^ second.unwrap_or(2))
    }
    takes_from_queues {
        let a = root.num(0)?;
        while let Some(x) = queue.pop() { let y = root.num(x % 8)?; out.push(y); }
        let Some(z) = out.pop() else { return Ok(root.num(1)?) };
        if let Some(x) = out.pop() && root.num(x % 8)? > 3 { w.act("x", x); }
        let last = out.pop().map(|x| root.num(x % 8)).transpose()?;
        Ok(a ^ z ^ last.unwrap_or(0))
    }
    slices_and_or_patterns {
        let list = root.items(0)?;
        let [a, .., b] = &list[..] else { return Ok(root.num(1)?) };
        let x = match (root.opt(0)?, a.opt(0)?) {
            (Some(x), None) | (None, Some(x)) => b.num(x % 8)?,
            (Some(x @ 0..30), Some(y)) => x ^ y,
            pair @ (Some(_), _) => { w.act("pair", pair.0.unwrap_or(1)); 2 }
            (None, None) => return Ok(b.num(2)?),
        };
        let y @ (c, d) = (root.num(2)?, root.num(3)?);
        Ok(x ^ y.0 ^ c ^ d)
    }
    maps {
        let mut seen = BTreeMap::new();
        for o in root.items(0)? {
            *seen.entry(o.num(0)? % 3).or_insert(0) += o.num(1)?;
        }
        let a = root.num(seen.len() as u64)?;
        let entry = seen.entry(1).or_insert(2);
        *entry ^= root.num(1)?;
        let b = root.num(seen[&1] % 8)?;
        if let Some(x) = seen.get_mut(&1) { *x = root.num(2)?; }
        Ok(a ^ b ^ root.num(seen[&1] % 8)?)
    }
    once_cells {
        let once = OnceCell::new();
        let a = once.get_or_init(|| 3_u64);
        let b = root.num(*a)?;
        let other = OnceCell::new();
        if other.set(b).is_err() { return Ok(1); }
        let c = root.num(other.get().copied().unwrap_or(1) % 8)?;
        Ok(b ^ c)
    }
    mutexes {
        let shared = Mutex::new(1_u64);
        *shared.lock().unwrap() = root.num(0)?;
        let a = root.num(*shared.lock().unwrap() % 8)?;
        let atomic = AtomicU64::new(2);
        atomic.fetch_add(root.num(1)?, Ordering::Relaxed);
        Ok(a ^ root.num(atomic.load(Ordering::Relaxed) % 8)?)
    }
    blocks_as_values {
        let a = { let x = root.num(0)?; out.push(x); x ^ root.num(1)? };
        let b = { *total += 1; root.num(*total % 8)? };
        let c = if root.num(2)? > 20 { w.act("big", a); root.num(3)? } else { queue.pop().unwrap_or(2) };
        let d = match root.opt(0)? { Some(x) => x, None => { w.act("none", 0); return Ok(c) } };
        let e = unsafe { *out.as_ptr() } ^ root.num(d % 8)?;
        Ok(a ^ b ^ e)
    }
    buffers {
        let mut buffer = [0_u8; 4];
        vmi.read(0, &mut buffer)?;
        let a = root.num(u64::from(buffer[0]) % 8)?;
        vmi.read(1, &mut buffer[..2])?;
        let b = vmi.read_u64(u64::from(buffer[1]) % 8)?;
        let (left, right) = buffer.split_at_mut(2);
        vmi.read(2, left)?;
        vmi.read(3, right)?;
        let sum = buffer.iter().map(|x| u64::from(*x)).sum::<u64>();
        Ok(a ^ b ^ vmi.read_u64(sum % 8)?)
    }
    scratch_buffer {
        let mut buffer = [0_u8; 2];
        let mut sum = 0;
        for at in 0..4 {
            vmi.read(at, &mut buffer)?;
            out.push(u64::from(buffer[0]));
            sum ^= u64::from(buffer[1]);
        }
        vmi.read(sum % 8, &mut buffer[..1])?;
        Ok(u64::from(buffer[0]))
    }
    collections_of_missing_data {
        let a = root.num(0)?;
        let mut buffer = vec![0_u8; 1 + (a % 4) as usize];
        vmi.read(1, &mut buffer)?;
        let mut all = vec![a];
        all.push(u64::from(buffer[0]));
        vmi.read(2, &mut buffer[..(all[0] % 2) as usize])?;
        let mut other = { w.act("other", a); vec![0_u8; 2] };
        vmi.read(3, &mut other)?;
        Ok(vmi.read_u64(u64::from(other[0]) % 8)?)
    }
    operators {
        let a = root.num(0)? > 3 && root.num(1)? > 4 || root.num(2)? > 5;
        let b = (root.num(3)?, root.num(4)?) < (3, 4);
        let c = [root.num(5)?, root.num(6)?][usize::from(a)];
        let d = root.num(7)?.pow(2) % 7;
        if !(root.num(c % 8)? == d) || b { w.act("c", c); }
        let e = u64::from(a) + if b { root.num(0)? } else { root.num(1)? };
        Ok(e << (root.num(2)? % 4))
    }
    returns {
        if root.num(0)? > 40 { return w.finish(root.num(1)?).map_err(Into::into); }
        let a = root.num(2)?;
        if odd(a) { return Ok({ let b = root.num(3)?; w.act("b", b); b }); }
        match root.num(4)? { 0..20 => return Ok(root.num(5)?), 20..30 => {} x => return Ok(x ^ root.num(6)?) }
        return Ok(w.finish(root.num(7)?)?);
    }
    function_pointers {
        let f: fn(Object<'_>, u64) -> Result<u64, VmiError> = |o, i| o.num(i);
        let g = Object::num;
        let a = f(root, 0)?;
        let b = g(root, 1)?;
        let both: [fn(Object<'_>, u64) -> Result<u64, VmiError>; 2] = [f, |o, i| Ok(o.num(i)? ^ 1)];
        let c = both.iter().map(|f| f(root, 2)).collect::<Result<Vec<_>, _>>()?;
        w.act("a", a);
        Ok(b ^ c[0] ^ Object::num(root, 3)?)
    }
    strings {
        let name = root.name(0)?;
        let upper = name.to_uppercase();
        text.push_str(&upper);
        *text += &root.name(1)?;
        let all = [root.name(2)?, root.name(3)?].join("/");
        let n = text.len() as u64;
        Ok(root.num(n % 8)? ^ all.len() as u64)
    }
    boxes_and_indices {
        let boxed = Box::new((root.num(0)?, root.obj(1)?));
        let (x, o) = *boxed;
        let mut grid = [[0_u64; 2]; 2];
        grid[1][(x % 2) as usize] = o.num(2)?;
        let a = root.num(grid[1][0] % 8)?;
        let cells: Vec<Cell<u64>> = vec![Cell::new(1), Cell::new(2)];
        cells[0].set(root.num(3)?);
        Ok(a ^ root.num(cells[0].get() % 8)?)
    }
    loops_over_indices {
        let mut i = 0;
        let mut sum = 0;
        while i < 4 {
            let x = root.num(i)?;
            i += 1 + x % 2;
            sum ^= x;
        }
        for (i, o) in root.items(0)?.iter().enumerate() {
            if i == 0 { continue; }
            sum ^= o.num(i as u64)?;
            let y = o.num(sum % 8)?;
            out.push(y);
        }
        Ok(root.num(sum % 8)?)
    }
    zipped {
        for (a, b) in root.items(0)?.into_iter().zip(root.items(1)?) {
            let (x, y) = (a.num(0)?, b.num(1)?);
            if x > y { std::mem::swap(total, &mut { x }); }
            out.push(mixed(x, y));
        }
        let any = root.items(2)?.into_iter().any(|o| o.id() > 20);
        Ok(u64::from(any) ^ root.num(3)?)
    }
    operators_that_stand_as_statements {
        let a = root.num(0)?;
        let ready = odd(vmi.read_u64(1)?);
        ready && { w.act("ready", root.num(1)?); true };
        odd(root.num(2)?) || odd(root.num(3)?);
        (root.num(4)?, root.num(5)?);
        !odd(root.num(6)?);
        Ok(a)
    }
    printing {
        println!("{} {}", root.num(0)?, root.num(1)?);
        let a = root.num(2)?;
        for o in root.items(0)? {
            println!("{a} {}", o.num(0)?);
            eprint!("{}", o.obj(0)?.num(1)?);
        }
        print!("{}", if odd(root.num(3)?) { root.num(4)? } else { 5 });
        Ok(root.num(5)?)
    }
    get_or_insert {
        let mut slot = None;
        let s = slot.get_or_insert(101_u64);
        *s = root.num(0)?;
        let y = root.num(slot.unwrap())?;
        Ok(y)
    }
    user_slot {
        let mut table = Table::default();
        let s = table.slot(3);
        *s = root.num(0)?;
        let y = root.num(table.get(3))?;
        Ok(y)
    }
    alias_by_function {
        let mut n = 101;
        let r = &mut n;
        let s = same(r);
        *s = root.num(0)?;
        Ok(root.num(n)?)
    }
    first_entry {
        let mut map = BTreeMap::from([(1_u64, 101_u64), (2, 102)]);
        let mut e = map.first_entry().unwrap();
        *e.get_mut() = root.num(0)?;
        let y = root.num(map[&1])?;
        let r = map.values_mut().next().unwrap();
        *r = root.num(1)?;
        Ok(y ^ root.num(map[&1])?)
    }
    peek_mut {
        let mut heap = std::collections::BinaryHeap::from(vec![101_u64]);
        { let mut p = heap.peek_mut().unwrap(); *p = root.num(0)?; }
        let a = root.num(*heap.peek().unwrap())?;
        let mut dq = std::collections::VecDeque::from([101_u64, 102]);
        let s = dq.make_contiguous();
        s[0] = root.num(1)?;
        Ok(a ^ root.num(dq[0])?)
    }
    mutable_from_pop {
        let mut list = [101_u64, 102];
        let mut refs = list.iter_mut().collect::<Vec<_>>();
        let x = refs.pop().unwrap();
        *x = root.num(0)?;
        Ok(root.num(list[1])?)
    }
    if_let_slot {
        let mut table = Table::default();
        if let Some(s) = Some(table.slot(2)) { *s = root.num(0)?; }
        let y = root.num(table.get(2))?;
        let f = |t: &mut Table| *t.slot(1) ^= 1;
        f(&mut table);
        match table.slot(0) { s if *s > 3 => *s ^= root.num(1)?, _ => {} }
        Ok(y ^ root.num(table.get(0))?)
    }
    validated_index {
        let a = root.num(0)?;
        let m = root.num(1)?;
        small(w, m)?;
        let x = TABLE[m as usize];
        Ok(a ^ root.num(x)?)
    }
    validated_with_missing {
        let a = root.num(0)?;
        let m = root.num(1)?;
        small2(w, a, m)?;
        let x = TABLE[m as usize];
        let y = root.num(x)?;
        Ok(a ^ y)
    }
    validated_size {
        let a = root.num(0)?;
        let m = root.num(1)?;
        small(w, m)?;
        let mut b = vec![0_u8; 8 >> m.saturating_sub(1)];
        b[0] = 1;
        vmi.read(1, &mut b[..1])?;
        Ok(a ^ u64::from(b[0]))
    }
    validated_in_method {
        let t = Table::default();
        let a = root.num(0)?;
        let m = root.num(1)?;
        t.ensure_small(m)?;
        let x = root.num(TABLE[m as usize])?;
        Ok(a ^ x)
    }
    checked_items {
        for i in 0..5 {
            let n = root.num(i)?;
            small(w, n)?;
            let x = TABLE[n as usize];
            let y = root.num(x + 100)?;
            out.push(y);
        }
        Ok(root.num(9)?)
    }
    checked_count {
        let a = root.num(0)?;
        let n = root.num(1)?;
        small(w, n)?;
        let mut sum = 0;
        for i in 0..n { sum ^= root.num(i)?; out.push(TABLE[i as usize]); }
        Ok(a ^ sum)
    }
    checked_in_a_branch {
        let a = root.num(0)?;
        let n = root.num(1)?;
        if n > 2 { small(w, n)?; }
        let x = root.num(TABLE[n as usize])?;
        let y = 10 / (n + 1 - 0);
        Ok(a ^ x ^ y)
    }
    checked_by_self_like {
        let a = root.num(0)?;
        let n = root.num(1)?;
        match n { 0..=2 => {} n => small(w, n)? }
        let part = &TABLE[..n as usize];
        let mut sum = 0;
        for i in part { sum ^= root.num(*i)?; }
        Ok(a ^ sum)
    }
    fails_in_a_branch {
        let a = root.num(0)?;
        let n = root.num(1)?;
        if n >= 4 { Err(VmiError::OutOfBounds)? }
        let x = root.num(TABLE[n as usize])?;
        Ok(a ^ x)
    }
    fails_in_a_function {
        fn fail(w: &World<'_>) -> Result<(), VmiError> { w.act("fail", 1); Err(VmiError::Timeout) }
        let a = root.num(0)?;
        let n = root.num(1)?;
        if n >= 4 { fail(w)?; }
        let x = root.num(TABLE[n as usize])?;
        match n { 3.. => fail(w)?, _ => {} }
        let m = 3 - n;
        let y = root.num(m)?;
        Ok(a ^ x ^ y)
    }
    expect_of_an_option {
        let a = root.num(0)?;
        let m = root.opt(1)?;
        w.check(m.unwrap_or(3))?;
        if m.is_none() { Err(VmiError::Timeout)?; }
        let x = m.filter(|x| *x < 30).or(Some(4)).expect("small");
        Ok(a ^ root.num(x)?)
    }
    takes_in_macros_of_closures {
        let all = (0..3).map(|i| format!("{}", root.try_num(i).unwrap_or_default())).collect::<Vec<_>>();
        text.push_str(&all.join(","));
        let b = (0..2).filter(|i| matches!(root.try_num(*i + 3), Ok(n) if n > 20)).count();
        let c = vec![(|| root.try_num(6).map_or(3, |x| x))(), root.num(7)?];
        Ok(b as u64 ^ c[0])
    }
    mapped_in_closures {
        let r = (|| -> Result<u64, u64> { Ok(root.try_num(0).map_err(|_| 3_u64)?) })();
        let a = r.unwrap_or(9);
        let v = (1..3).map(|i| root.try_num(i).map_err(|_| "x")).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        let o = (|| -> Option<u64> { Some(root.try_num(4).ok()? ^ 1) })();
        out.push(a);
        Ok(v.len() as u64 ^ o.unwrap_or(2))
    }
    takes_behind_adapters {
        let a = root.try_num(0).map_err(|_| "x").unwrap_or(3);
        let b = match root.try_num(1).map_err(|_| 3) { Ok(b) | Err(b) => b };
        let c = if let Ok(c) = root.try_num(2).map_err(|error| error.to_string()) { c } else { 4 };
        let d = root.try_num(3).as_ref().map_or(3, |x| *x);
        out.push(a);
        let Ok(e) = root.try_num(4).map(|x| x + 1).map_err(|_| ()) else { return Ok(b ^ root.num(5)?) };
        Ok(a ^ b ^ c ^ d ^ e)
    }
    let_patterns_of_results {
        let (Ok(a) | Err(a)) = root.try_num(0).map_err(|_| 7);
        let (Ok(b) | Err(b) )= root.try_num(1).map_err(|_| 8);
        let Ok(c) = root.try_num(2) else { return Ok(root.num(3)?) };
        out.push(a);
        Ok(a ^ b ^ c)
    }
    acts_in_macro_blocks {
        let a = vec![{ w.act("act", u64::from(root.try_num(0).is_ok())); root.try_num(1).unwrap_or(3) }];
        let b = format!("{}", { let x = root.try_num(2).ok(); w.act("x", x.unwrap_or(1)); 3 });
        let c = root.num(3)?;
        Ok(a[0] ^ b.len() as u64 ^ c)
    }
    items_that_may_not_be {
        for o in root.chain() {
            let o = o?;
            let x = root.num(5)?;
            out.push(o.num(0)? ^ x);
        }
        let mut all = root.chain();
        while let Some(o) = all.next() { let o = o?; out.push(root.num(6)? ^ o.num(1)?); }
        for (i, o) in root.chain().enumerate() { w.act2(o?.num(0)?, i as u64); }
        for o in root.chain() { match o?.opt(0)? { Some(x) => out.push(x), None => {} } let y = root.num(7)?; w.act("y", y); }
        Ok(root.num(1)?)
    }
    worklist {
        let mut stack = vec![root];
        let mut n = 0;
        while let Some(o) = stack.pop() {
            n += 1; if n > 9 { break; }
            let x = o.num(0)?;
            out.push(x);
            for c in o.items(0)? { stack.push(c) }
        }
        Ok(root.num(n % 8)?)
    }
    lending {
        let mut l = Lender { at: 0, buf: vec![0, 7] };
        while let Some(b) = l.lend() { let x = root.num(b[0])?; b[1] ^= x; let y = root.num(b[1] % 8)?; out.push(y); }
        Ok(root.num(l.buf[1] % 8)?)
    }
    lending_twice {
        let mut l = Lender { at: 0, buf: vec![0, 7] };
        let a = l.lend_of(root)?;
        *a ^= 1;
        let b = l.lend_of(root)?;
        let c = *b;
        let d = *l.lend_of(root)?;
        Ok(root.num(c % 8)? ^ d)
    }
    extended_temporaries {
        let s: &[u64] = &[root.num(0)?, 2];
        let d: &dyn std::fmt::Debug = &root.num(1)?;
        let it: Box<dyn Iterator<Item = u64>> = Box::new(root.items(0)?.into_iter().map(|o| o.id()));
        let t: &str = &root.name(0)?;
        let y = root.num(2)?;
        text.push_str(t);
        let mut n = 0;
        for i in it { n ^= root.num(i % 8)?; }
        write!(text, "{d:?}").unwrap();
        Ok(s[0] ^ y ^ n)
    }
    a_return_behind_a_skipped_continue {
        for o in root.list(0)? {
            let o = o?;
            if root.num(7)? % 2 == 0 {
                return Ok(1);
            }
            out.push(o.num(1)?);
        }
        let a = root.num(1)?;
        for o in root.items(1)? {
            if o.num(0)? > 40 {
                continue;
            }
            if o.num(1)? > 50 {
                break;
            }
            w.act("o", o.num(2)?);
        }
        for i in 0..4 {
            if root.num(i)? > 30 {
                continue;
            }
            if root.opt(i)?.is_none() {
                return Ok(root.num(i + 1)?);
            }
        }
        Ok(a ^ root.num(2)?)
    }
    exits_in_macro_arguments {
        let first = root.num(0)?;
        for o in root.items(0)? {
            let list = vec![(if first > 50 { continue } else { first })];
            let text = format!("{}", {
                if list[0] > 45 {
                    break;
                }
                o.num(0)?
            });
            let a = root.num(text.len() as u64)?;
            out.push(a);
        }
        Ok(root.num(1)?)
    }
    writes_what_a_block_takes {
        let a = root.num(0)?;
        writeln!(text, "{}", {
            let t = root.try_num(1).ok().map_or(5, |x| x + 1);
            t ^ root.num(t % 8)?
        })
        .ok();
        let list = vec![{
            let n;
            if a > 20 {
                n = root.try_num(2).unwrap_or(3);
            } else {
                w.act("small", root.try_num(3).unwrap_or(4));
                n = 4;
            }
            n
        }];
        Ok(a ^ list[0] ^ root.num(4)?)
    }
    acts_on_the_way_out_of_a_macro {
        let first = root.num(0)?;
        let list = vec![match first % 5 {
            1 | 2 => return w.finish(first).map_err(Into::into),
            other => other,
        }];
        let mut at = Some(root);
        while let Some(o) = at {
            at = o.next()?;
            let again = vec![(if o.num(1)? > 20 { continue } else { 3 })];
            out.push(again[0] ^ o.num(2)?);
        }
        Ok(list[0] ^ root.num(1)?)
    }
    refused_by_questions {
        let a = root.num(0)?;
        let m = root.num(1)?;
        let n = bounded(a, m)?;
        let x = TABLE[m as usize];
        let y = root.num(x)?;
        out.push(bounded(y, m)?);
        let part = vec![n; m as usize];
        let z = root.num(part.len() as u64 + 10)?;
        let (b, c) = (bounded(root.num(20)?, m)?, root.num(TABLE[m as usize] + 20)?);
        Ok(a ^ z ^ b ^ c)
    }
    refused_among_operands {
        let a = root.num(0)?;
        let m = root.num(1)?;
        _ = bounded(a, m)?;
        let row = Row { a: bounded(root.num(2)?, m)?, b: root.num(TABLE[m as usize] + 10)?, c: m };
        let n = (m < 4 && a < 70).then_some(m).ok_or(VmiError::OutOfBounds)?;
        for i in 0..m { out.push(root.num(i + 20)?); }
        Ok(row.sum() ^ root.num(100 / (4 - n))?)
    }
    ends_of_guards {
        let (lock, other) = (Mutex::new(3_u64), RwLock::new(4_u64));
        let a = root.num(0)?;
        let Ok(guard) = lock.try_lock() else { panic!("locked") };
        let b = root.num(*guard)?;
        drop(guard);
        let Ok(guard) = lock.try_lock() else { panic!("locked") };
        let c = root.num(*guard + 1)?;
        let Ok(reader) = other.try_read() else { panic!("locked") };
        let d = root.num(*reader + 1)?;
        std::mem::drop(reader);
        let Ok(mut writer) = other.try_write() else { panic!("locked") };
        let e = root.num(*writer + 2)?;
        *writer += a;
        Ok(b ^ c ^ d ^ e ^ *writer)
    }
    guards_among_operands {
        let lock = Lock(RefCell::new(5));
        let a = root.num(*lock.lock())?;
        let b = root.num(a % 8 + *lock.lock())?;
        let Some(c) = root.opt(*lock.lock() + 20)? else { return Ok(root.num(*lock.lock() + 40)?) };
        let d = root.num(*lock.lock() + 10)?;
        w.act("c", c);
        if root.num(*lock.lock() + 12)? > 3 { let e = root.num(*lock.lock() + 13)?; out.push(e); }
        for i in 0..2 { let x = root.num(*lock.lock() + 50 + i)?; let y = root.num(*lock.lock() + x)?; out.push(y); }
        Ok(b ^ d)
    }
    macros_of_the_function {
        let base = root.num(0)?;
        macro_rules! field { ($at:expr) => { root.num(base % 8 + $at) } }
        let b = field!(100)?;
        let c = field!(200)?;
        let mut count = 1;
        macro_rules! next { () => { { count += 1; count } } }
        let d = root.num(1)?;
        if d > 3 { count += d; }
        let e = root.num(next!() + 300)?;
        macro_rules! note { ($value:expr) => { { out.push($value); 2 } } }
        let n = note!(e);
        Ok(b ^ c ^ root.num(n + 400)? ^ root.num(next!() + 500)?)
    }
    macros_of_cells {
        let seen = Cell::new(1_u64);
        macro_rules! see { ($by:expr) => { seen.set(seen.get() + $by) } }
        macro_rules! seen { () => { seen.get() + 100 } }
        let a = root.num(0)?;
        see!(a + 1);
        let b = root.num(seen!())?;
        let c = { macro_rules! twice { () => { seen!() * 2 } } root.num(twice!())? };
        let mut list = vec![1_u64];
        macro_rules! add { ($value:expr) => { list.push($value) } }
        add!(c);
        add!(root.num(7)?);
        Ok(b ^ root.num(list.len() as u64 + 200)?)
    }
    places_of_entries {
        let mut counts = BTreeMap::new();
        let a = root.num(0)?;
        w.act("a", a);
        *counts.entry(a % 8).or_insert_with(|| root.try_num(1).unwrap_or(3)) += root.num(2)?;
        Ok(counts.values().sum::<u64>() + root.num(3)?)
    }
    first_values_in_loops {
        let (n, m);
        loop { let d = root.num(1)?; if d > 1 { n = d; break; } out.push(d); n = 2; break; }
        'found: { let d = root.num(n + 100)?; if d > 30 { m = 1; break 'found; } w.act("d", d); m = root.num(2)?; }
        Ok(root.num(n + m + 200)?)
    }
    ends_of_what_locks {
        let lock = Lock(RefCell::new(5));
        let a = root.num(0)?;
        let held = lock.hold();
        let b = root.num(*held)?;
        drop(held);
        let again = lock.hold();
        let c = root.num(*again + 1)?;
        drop(again);
        Ok(a ^ b ^ c ^ root.num(*lock.hold() + b % 8)?)
    }
    reads_of_any_type {
        let row = Row { a: root.num(0)?, b: vmi.read_as(1)?, c: vmi.read_as(2)? };
        let (n, m): (u64, f64) = (vmi.read_as(3)?, vmi.read_as(4)?);
        Ok(row.sum() ^ n ^ m as u64)
    }
    items_of_the_caller {
        for q in cursor_over(queue) { let b = root.num(q)?; w.act("b", b); if b > 40 { break; } }
        let mut cursor = cursor_over(queue);
        for q in cursor.by_ref().take(1) { let b = root.num(q + 100)?; w.act("b", b); }
        for q in cursor { let b = root.num(q + 200)?; w.act("b", b); }
        let seen = out.iter().map(|n| { w.act("n", *n); *n });
        for n in seen { let b = root.num(n + 300)?; w.act("b", b); }
        for n in out.iter_mut() { let b = root.num(4)?; *n += b; }
        Ok(root.num(3)?)
    }
    ends_of_a_channel {
        let (sender, receiver) = std::sync::mpsc::channel();
        let a = root.num(0)?;
        for o in root.items(0)? { sender.send(o.num(0)?).unwrap(); }
        drop(sender);
        let mut sum = a;
        for x in receiver { sum ^= root.num(x % 8)?; }
        Ok(sum)
    }
    types_that_are_told_later {
        let (mut now, mut later) = (vec![root], Vec::new());
        let [mut least, mut most] = [None, None];
        let mut level = 0;
        while !now.is_empty() && level < 3 {
            for o in now.drain(..) {
                let x = o.num(level)?;
                least = Some(x);
                most = least.max(most);
                later.extend(o.items(level)?.into_iter().take(2));
            }
            std::mem::swap(&mut now, &mut later);
            level += 1;
        }
        Ok(root.num(least.or(most).unwrap_or(3) % 8)?)
    }
    adapters_that_look_for_faults {
        let a = root.num(0)?;
        let b = root.hard(1).map_err(|e| match e { VmiError::Translation(_) => e, _ => VmiError::Timeout })?;
        let c = root.num(2)?;
        let d = root.num(3).map_err(|e| if let VmiError::Translation(_) = e { VmiError::ViewNotFound } else { e })?;
        w.act("d", d);
        Ok(a ^ b ^ c ^ root.num(d % 8 + 10)?)
    }
    chains_that_lend_what_they_bound {
        let mut tree = Some(Box::new((1_u64, Some(Box::new((2_u64, ()))))));
        let a = root.num(0)?;
        if let Some(top) = tree.as_mut() && let Some(under) = top.1.as_mut() && a > 3 {
            under.0 = root.num(1)?;
            top.0 += under.0;
        }
        let b = root.num(tree.as_ref().map_or(0, |top| top.0) % 8 + 10)?;
        while let Some(top) = tree.as_mut() && let Some(under) = top.1.take() { out.push(root.num(under.0 % 8 + 20)?); top.0 = 4; }
        Ok(a ^ b)
    }
    moves_in_branches_that_leave {
        fn take(name: String, o: Object<'_>) -> Result<u64, VmiError> { Ok(o.num(9)? ^ name.len() as u64) }
        let (name, other) = (root.name(0)?, root.name(1)?);
        let a = root.num(0)?;
        for o in root.items(0)? {
            let x = o.num(0)?;
            if x > 40 { let t = take(name, o)?; out.push(t); break; }
            if x > 20 { return Ok(take(name, o)?); }
            out.push(x);
        }
        let b = match root.opt(1)? { Some(x) if x > 30 => { let y = take(other, root)?; w.act("y", y); return Ok(y) } Some(x) => x, None => return Ok(take(other, root)?) };
        if a > 50 { let y = take(other, root)?; return Ok(y); }
        if a > 48 { let y = take(other, root)?; { out.push(y); return Ok(y); } }
        if a > 46 { let y = take(other, root)?; if y > 3 { return Ok(y); } else { return Ok(1); } }
        if a > 44 { let y = take(other, root)?; match y { 1 => return Ok(2), _ => return Ok(3) } }
        if a > 42 { let y = take(other, root)?; loop { if y > 3 { return Ok(y); } out.push(1); if out.len() > 8 { return Ok(4); } } }
        if a > 200 { let y = take(other, root)?; panic!("{y}"); }
        Ok(b ^ take(other, root.obj(1)?)?)
    }
    types_that_patterns_do_not_tell {
        let a = root.num(0)?;
        w.act("a", a);
        let (list, _) = (Vec::new(), root.num(1)?);
        let ((rest), b) = (Vec::new(), root.num(list.len() as u64 + 10)?);
        let (more, None) = (Vec::new(), root.opt(2)?) else { return Ok(b) };
        let (Ok(name) | Err(name)) = root.name(3)?.parse::<u64>().map(|n| n.to_string()).map_err(|e| e.to_string());
        let c = root.num((rest.len() + more.len() + name.len()) as u64 + 20)?;
        w.act("c", c);
        let all = [list, rest, more, vec![a]].concat();
        Ok(root.num(all[0] % 8 + 30)?)
    }
    names_that_macros_bind {
        macro_rules! pair { ($a:ident, $b:pat) => { ($a, $b) }; }
        let a = root.num(0)?;
        w.act("a", a);
        let pair!(b, mut c) = (root.num(1)?, root.num(2)?);
        let d = root.num(b % 8)?;
        let pair!(e, _) = (root.num(3)?, c);
        c ^= root.num(4)?;
        let pair!(f, g) = (root.opt(5)?, root.num(6)?);
        if let Some(pair!(x, y)) = f.map(|f| (f, g)) { out.push(x ^ root.num(y % 8)?); }
        Ok(root.num(c % 8 + 10)? ^ d ^ e)
    }
    types_that_siblings_do_not_tell {
        fn get<T: From<u8>>(o: Object<'_>, i: u64) -> Result<T, VmiError> { o.num(i).map(|x| T::from(x as u8)) }
        let row = Row { a: get(root, 0)?, b: get(root, 1)?, c: root.num(2)?.into() };
        w.act2(get(root, 3)?, u64::from(get::<u8>(root, 4)?));
        let list = [get(root, 5)?, get(root, 6)?, 3_u64];
        let (a, b) = (root.num(7)?.try_into().unwrap_or(3), root.name(8)?.parse().unwrap_or(4));
        out.extend::<Vec<u64>>((0..2).map(|i| root.num(i + 10)).collect::<Result<_, _>>()?);
        let mut seen: HashMap<_, _> = HashMap::new();
        for o in root.items(0)? { seen.insert(o.num(0)?, o.id()); }
        let rest = root.num(seen.len() as u64 + 20)?;
        Ok(row.sum() ^ list[0] ^ a ^ b ^ rest)
    }
    exits_in_blocks_of_macros {
        let first = root.num(7)?;
        let _ = writeln!(text, "{} {}", root.num(1)?, mixed((if first % 2 == 0 { return Ok(9) } else { first }), root.num(5)?));
        let row = format!("{} {}", root.num(3)?, Row { a: mixed(if first % 3 == 0 { return Ok(4) } else { 1 }, root.num(4)?), b: root.num(2)?, c: 1 }.sum());
        Ok(row.len() as u64)
    }
    lets_that_change_something {
        fn fill(list: &mut Vec<u64>, x: u64) -> usize { list.push(x); list.len() }
        let mut list = vec![1_u64, 2, 3];
        let a = root.num(0)?;
        let _ = list.pop();
        let b = root.num(list.len() as u64 + 10)?;
        let _filled = fill(&mut list, a);
        let c = root.num(list.len() as u64 + list.last().copied().unwrap_or(0) % 8 + 20)?;
        let mut ids = 0_u64..9;
        let _skipped = ids.next();
        let Some(second) = ids.next() else { return Ok(0) };
        let d = root.num(second + 30)?;
        for o in root.items(0)? {
            let x = o.num(0)?;
            let _n = { list.push(x); 1 };
            let y = root.num(list.len() as u64 % 8 + 40)?;
            out.push(x ^ y);
        }
        let (first, rest) = (list.remove(0), list.len() as u64);
        let e = root.num(rest % 8 + 50)?;
        Ok(a ^ b ^ c ^ d ^ e ^ first)
    }
    operands_that_change_something {
        let (mut list, cell) = (vec![1_u64, 2, 3, 4, 5, 6], Cell::new(0_u64));
        let size = |list: &Vec<u64>| list.len() as u64;
        let a = root.num(0)?;
        w.act("a", a);
        w.act2(list.pop().unwrap_or(0), root.num(size(&list) + 10)?);
        let b = root.num(1)?;
        w.act2(mixed(b, list.pop().unwrap_or(0)), root.num(size(&list) + 20)?);
        let both = (b, list.pop(), root.num(size(&list) + 30)?);
        let row = Row { a: both.2, b: { list.push(both.0 % 4); 1 }, c: root.num(list.last().copied().unwrap_or(0) + 40)? };
        let _ = writeln!(text, "{} {:?} {}", row.sum(), list.pop(), root.num(size(&list) + 50)?);
        let set = mixed(mixed(root.num(2)?, cell.replace(3)), root.num(cell.get() + 60)?);
        list.push(mixed(set, root.num(mixed(list.iter().sum::<u64>(), root.num(3)?) % 8 + 70)?));
        out.extend([list.pop().unwrap_or(0), root.num(size(&list) + 80)?]);
        Ok(root.num(4)? ^ list.pop().unwrap_or(0) ^ root.num(size(&list) + 90)?)
    }
    arguments_of_macros {
        let (mut at, cell) = (1_u64, RefCell::new(String::new()));
        let a = root.num(0)?;
        let both = vec![queue.pop().unwrap_or(1), root.num(1)?];
        if matches!((queue.pop(), root.num(2)?), (Some(_), x) if x > 20) { out.push(a); }
        let views = vec![&mut at];
        for view in views { *view = root.num(3)? % 8; }
        let b = root.num(at + 10)?;
        let steps = vec![|x: u64| x + 1];
        let c = root.num(steps[0](20))?;
        let _ = write!(cell.borrow_mut(), "{b}");
        let d = root.num(cell.borrow().len() as u64 + 30)?;
        let old = format!("{} {}", cell.replace(String::new()), root.num(4)?);
        let e = root.num(cell.borrow().len() as u64 + 40)?;
        Ok(both[0] ^ both[1] ^ c ^ d ^ e ^ old.len() as u64)
    }
    branches_in_operands {
        let flag = total.is_multiple_of(2);
        let row = Row {
            a: if flag { root.num(0)? } else { root.num(1)? + root.num(2)? },
            b: match root.opt(3)? { Some(n) if root.num(n % 8)? > 20 => root.num(4)?, Some(_) => 1, None => 2 },
            c: { let n = root.num(5)?; w.act("n", n); n ^ root.num(6)? },
        };
        w.act2(if row.a > 30 { root.num(10)? } else { 7 }, root.num(11)?);
        let mut sum = 0;
        let parts = [{ for o in root.items(0)? { sum += o.num(0)?; } sum }, root.num(12)?, root.num(sum % 8 + 20)?];
        let o = root.next()?;
        let both = (if let Some(o) = o { o.num(2)? } else { 3 }, o.map_or(Ok(4), |o| o.num(3))?);
        let name = format!("{} {}", if flag { root.num(13)? } else { 5 }, root.num(14)?);
        Ok(row.sum() ^ parts[0] ^ parts[2] ^ both.0 ^ both.1 ^ name.len() as u64)
    }
    sums_in_blocks {
        let sum = { let mut n = 0; for o in root.items(0)? { n += o.num(0)?; } n };
        w.act("sum", sum);
        let a = root.num(sum % 8)?;
        let names = { let mut names = vec![]; for o in root.items(1)? { names.push(o.name(0)?); } names };
        let b = root.num(names.iter().map(String::len).sum::<usize>() as u64 + 10)?;
        let mut seen = 0;
        let last = if a > 20 { for o in root.items(2)? { seen = o.num(1)?; } 1 } else { 2 };
        let c = root.num(seen % 8 + 20)?;
        let known = { for o in root.items(3)? { w.act("o", o.num(2)?); } 7 };
        w.act("known", known);
        let d = [{ let mut n = 0; while n < 3 { n += root.num(n + 30)? % 4 + 1; } n }, root.num(40)?];
        Ok(a ^ b ^ c ^ last ^ d[0] ^ d[1])
    }
    moved_and_renewed_for_each_item {
        fn add(mut list: Vec<u64>, o: Object<'_>) -> Result<Vec<u64>, VmiError> { list.push(o.num(0)?); Ok(list) }
        struct Node(Option<Box<Node>>, u64);
        enum State { Start, Named(String), Counted(u64, String) }
        let (mut list, mut all, mut joined, mut other) = (vec![], vec![0], String::new(), String::new());
        let (mut head, mut state, mut row) = (None, State::Start, Outs::default());
        for o in root.items(0)? { list = add(list, o)?; }
        for o in root.items(0)? { joined = joined + &o.name(1)?; other = format!("{joined}{}", o.num(2)?); }
        for o in root.items(0)? { head = Some(Box::new(Node(head, o.num(3)?))); }
        for o in root.items(0)? {
            state = match state {
                State::Start => State::Named(o.name(4)?),
                State::Named(name) => State::Counted(o.num(5)?, name),
                State::Counted(x, name) if x > 20 => State::Named(name),
                other => other,
            };
            row.text = row.text + &o.name(6)?;
            row = Outs { total: o.num(7)?, ..row };
        }
        for o in root.items(0)? { let old = all; let x = o.num(8)?; all = old.into_iter().chain([x]).collect(); }
        for o in root.items(0)? { (joined, other) = (other + &o.name(9)?, joined); }
        let at = match state { State::Start => 0, State::Named(name) => name.len() as u64, State::Counted(x, _) => x };
        Ok(root.num(at + 100)? ^ list.len() as u64 ^ all.len() as u64 ^ head.map_or(0, |node| node.1) ^ row.total)
    }
    moved_and_renewed_elsewhere {
        let (mut text_, mut at, mut batch) = (String::new(), Some(Box::new(root)), vec![]);
        if root.num(0)? > 20 { text_ = text_ + &root.name(1)?; }
        match root.opt(2)? { Some(x) => text_ = text_ + &root.name(x)?, None => text_.push('x') }
        text_ = text_ + &root.name(3)?;
        let a = root.num(4)?;
        let mut n = text_.len() as u64;
        while n < 20 { text_ = text_ + &root.name(n)?; n = text_.len() as u64; }
        while let Some(o) = at { n += o.num(5)?; at = o.next()?.map(Box::new); if n > 90 { break; } }
        let mut whole = vec![];
        for o in root.items(0)? {
            batch.push(o.num(6)?);
            if batch.len() > 1 { whole.push((batch, o.num(7)?)); batch = Vec::new(); }
        }
        out.extend(batch);
        Ok(root.num(n + 100)? ^ a ^ whole.len() as u64)
    }
    moved_by_methods_and_closures {
        let (mut it, mut name, mut text_) = (vec![1_u64, 2].into_iter(), Some(root.name(0)?), String::new());
        let a = root.num(0)?;
        w.act("a", a);
        for o in root.items(0)? { let n = it.count() as u64; let x = o.num(0)?; out.push(x); it = vec![n, x].into_iter(); }
        for o in root.items(1)? { let long = name.is_some_and(|name| name.len() > 3); let x = o.num(1)?; out.push(x); name = long.then(|| x.to_string()); }
        for o in root.items(2)? { let len = move || text_.len(); let x = o.num(2)?; out.push(x ^ len() as u64); text_ = x.to_string(); }
        for o in root.items(3)? { let later = async move { text_.len() as u64 }; let x = o.num(3)?; out.push(x ^ block_on(later)); text_ = x.to_string(); }
        for o in root.items(4)? { text_ = text_ + &o.name(4)?; let text_ = text_.len() as u64; w.act("len", text_); }
        Ok(root.num(100)? ^ it.sum::<u64>() ^ text_.len() as u64)
    }
    moved_and_renewed_in_values {
        let (mut list, mut part) = (vec![1_u64], vec![0_u8; 2]);
        let a = root.num(0)?;
        w.act("a", a);
        let b = { let old = list; let x = root.num(1)?; list = vec![x % 8, old[0]]; x };
        let c = root.num(list[0] + 10)?;
        let d = { let old = list; let x = root.num(2)?; w.act("x", x); list = vec![x % 8, old[0]]; x };
        let e = &{ let old = list; let x = root.num(3)?; list = vec![x % 8, old[0]]; x };
        let f = root.num(*e % 8 + 20)?;
        for o in root.items(0)? {
            let mut buffer = part;
            vmi.read(o.id() % 8, &mut buffer)?;
            out.push(u64::from(buffer[0]));
            part = buffer;
        }
        for o in root.items(1)? {
            let old = list;
            let x = match o.opt(1)? { Some(x) => { list = vec![x % 8]; x } None => { list = old; 4 } };
            out.push(x ^ o.num(2)?);
        }
        for o in root.items(2)? {
            let last = loop { let mut old = list; if o.num(old.len() as u64 % 8)? > 20 { list = old; break 3; } old.push(1); list = old; if list.len() > 4 { break 4; } };
            out.push(last);
        }
        Ok(root.num(list[0] + 100)? ^ b ^ c ^ d ^ f)
    }
    cells_in_lets {
        let cell = Cell::new(101_u64);
        let list = RefCell::new(vec![1_u64]);
        let shared = &list;
        let a = root.num(0)?;
        let old = cell.replace(a);
        let b = root.num(cell.get() + 100)?;
        let n = { let mut l = shared.borrow_mut(); l.push(b); l.len() as u64 };
        let c = root.num(list.borrow().len() as u64 + 200)?;
        let first = list.borrow_mut().pop().unwrap_or(0) + cell.take() + a;
        let d = root.num(list.borrow().len() as u64 + first + 300)?;
        if cell.replace(root.num(1)?) > 3 { out.push(1); }
        let e = root.num(cell.get() + 400)?;
        let f = (a, list.replace(vec![a]).len(), root.num(list.borrow().len() as u64 + 500)?);
        let h = root.num(list.borrow().len() as u64 + 600)?;
        Ok(c ^ d ^ e ^ h ^ old ^ n)
    }
    cells_of_the_caller_in_lets {
        let a = root.num(0)?;
        let n = log.borrow_mut().pop().unwrap_or(4);
        let b = root.num(n + 100)?;
        let m = { log.borrow_mut().push(a); 3 };
        let c = root.num(m + 200)?;
        let l = log.try_borrow_mut().map(|mut l| { l.push(b); l.len() }).unwrap_or(0);
        let d = root.num(c + 300)?;
        let q = log;
        let t = q.borrow_mut().drain(..).sum::<u64>();
        Ok(root.num(t + 400)? ^ d)
    }
    other_names_of_cells {
        let q = log;
        let local = std::rc::Rc::new(RefCell::new(vec![1_u64, 2]));
        let held = (local.clone(), 3);
        let moved = local;
        let a = root.num(0)?;
        q.borrow_mut().push(a);
        moved.borrow_mut().push(a);
        let b = root.num(log.borrow().len() as u64 + 100)?;
        let c = root.num(held.0.borrow().len() as u64 + 200)?;
        Ok(b ^ c)
    }
    first_values_taken_apart {
        let (a, b);
        (a, b) = (root.num(0)?, root.num(1)?);
        let [c, d];
        if a > 20 { [c, d] = [root.num(2)?, root.num(b + 100)?]; } else { (c, d) = (1, root.num(3)?); }
        let mut last = 0;
        let mut note = |x| (*total, last) = (x, x);
        note(root.num(4)?);
        let e = (0..2).map(|i| { (*total, _) = (i, 1); i }).sum::<u64>();
        Ok(root.num(c + e + 200)? ^ d ^ last)
    }
    closures_that_help {
        let base = root.num(0)?;
        let field = |i: u64| root.num(base % 4 + i);
        let a = field(10)?;
        let b = field(20)?;
        w.act2(a, field(30)?);
        let row = Row { a: field(40)?, b: field(50)?, c: 1 };
        let logged = |i: u64| { w.act("logged", i); root.num(i) };
        let c = root.num(1)?;
        let d = logged(60)?;
        let all = (0..2).map(|i| { w.act("i", i); root.num(i + 70) }).collect::<Result<Vec<_>, _>>()?;
        let seen = Cell::new(0_u64);
        let count = |n: u64| { seen.set(seen.get() + n % 3); n };
        let e = count(root.num(2)?);
        let f = root.num(seen.get() + 80)?;
        Ok(a ^ b ^ c ^ d ^ e ^ f ^ row.sum() ^ all[1])
    }
    closures_by_name_that_take_apart {
        let value = |i: u64| root.try_num(i).unwrap_or(3);
        let a = value(0);
        w.act("a", a);
        let b = root.num(a % 8 + 10)?;
        if value(1) > 20 { w.act("b", b); }
        out.push(value(2));
        let known = (3..6).map(value).filter(|n| *n > 20).count();
        w.act("known", known as u64);
        let get = |i: u64| -> Result<u64, VmiError> { Ok(root.try_num(i)? ^ 1) };
        let c = get(20).unwrap_or(9);
        w.act("c", c);
        let d = get(21)?;
        *total = value(22);
        let _ = write!(text, "{}", value(23));
        let e = root.num(24)?;
        w.act2(e, value(25));
        let mut pair = ((|i: u64| root.try_num(i).unwrap_or(5))(26), vec![1_u64]);
        pair.1.push(2);
        pair.0 ^= 1;
        (pair.0, pair.1[0]) = (pair.1[1], 7);
        w.act("pair", pair.1[0] ^ pair.0);
        let at = root.num(27)?;
        Ok(a ^ b ^ c ^ d ^ e ^ at)
    }
    moved_behind_a_use {
        fn look(list: &[u64]) -> u64 { list.iter().sum() }
        fn eat(list: Vec<u64>) -> u64 { list.into_iter().sum() }
        let [one, two, three, four] = [1_u64, 2, 3, 4].map(|n| vec![n]);
        let p = root.num(0)?;
        w.act("p", p);
        let view = &two;
        let a = root.num(10)?;
        let b = root.num(look(&one) + 20)?;
        let c = root.num(look(view) + 30)?;
        let d = root.num(a % 4 + eat(one) + 40)?;
        let e = root.num(c % 4 + two.into_iter().sum::<u64>() + 50)?;
        w.act2(b, e);
        let f = root.num(11)?;
        let g = root.num(three.first().copied().unwrap_or(1) + 60)?;
        let get = move |i: u64| root.num(i % 4 + three.len() as u64 + 70);
        let h = get(f)?;
        w.act2(g, h);
        let i = root.num(12)?;
        let j = root.num(look(&four) + 80)?;
        let k = root.num(13 + eat(four))?;
        if i > 20 { return Ok(j); }
        Ok(d ^ k)
    }
    moved_where_it_leaves {
        fn all(o: Object<'_>, list: Vec<u64>) -> Result<u64, VmiError> { o.num(list.iter().sum::<u64>() % 4 + 10) }
        let list = vec![1_u64];
        let p = root.num(0)?;
        w.act("p", p);
        if root.num(1)? > 20 { let a = all(root, list)?; return Ok(a); }
        let b = all(root, list)?;
        let value;
        if root.num(2)? > 20 { value = root.num(3)?; } else { value = 3; }
        w.act("value", value);
        let c = root.num(4)?;
        w.act("c", c);
        Ok(b ^ c ^ value)
    }
    moved_before_the_next_item {
        fn eat(list: Vec<u64>) -> u64 { list.into_iter().sum() }
        let (mut one, mut two, mut three) = (vec![1_u64], vec![2_u64], vec![3_u64]);
        for i in 0..2 { w.act("one", eat(one)); one = vec![root.num(i)?]; }
        for i in 0..2 {
            let sum = move || two.iter().sum::<u64>();
            w.act("two", sum());
            two = vec![root.num(i + 10)?];
        }
        for i in 0..2 {
            let sum = async move { three.iter().sum::<u64>() };
            w.act("three", block_on(sum));
            three = vec![root.num(i + 20)?];
        }
        let a = root.num(30)?;
        w.act("a", a);
        Ok(a)
    }
}
