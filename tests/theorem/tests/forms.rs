//! What holds of a function and of the same with `#[probed]`, for functions of
//! other forms: methods, callbacks, generics, `impl Trait`, async.

#![allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    reason = "the shapes are the test"
)]

use std::{
    cell::{Cell, RefCell},
    error::Error,
    fmt::{self, Write},
    rc::Rc,
};

use prober::{ProbeError, SuppressedPages, probed};
use prober_theorem::*;
use vmi_core::VmiError;

/// Items in both forms: what stands before them in brackets is left out of
/// the plain one.
macro_rules! twice {
    ($([$($attribute:tt)*] $item:item)*) => {
        mod plain {
            use super::{plain_nested::*, *};
            $($item)*
        }
        mod probed_ {
            use super::{probed_nested::*, *};
            $($($attribute)* $item)*
        }
    };
}

/// Functions that hand on the suppressed set.
macro_rules! nested {
    ($set:ident: $(fn $name:ident[$($generics:tt)*]($($parameters:tt)*) -> $ret:ty $body:block)*) => {
        mod plain_nested {
            use super::{plain::*, *};
            $(pub fn $name<$($generics)*>($($parameters)*, $set: &SuppressedPages) -> $ret $body)*
        }
        mod probed_nested {
            use super::{probed_::*, *};
            $(#[probed] pub fn $name<$($generics)*>($($parameters)*) -> $ret $body)*
        }
    };
}

/// Looks at a value when all is done with it.
struct Kept<'t, T, F: Fn(&T)>(&'t mut T, F);

impl<T, F: Fn(&T)> Drop for Kept<'_, T, F> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

/// Methods in both forms.
macro_rules! methods {
    ($set:ident: $($name:ident($($parameter:tt)*) -> $ret:ty $body:block)*) => {
        mod plain_methods {
            use super::*;
            pub struct Tool(pub Me, pub Option<u64>);
            impl Tool {
                $(pub fn $name($($parameter)*) -> $ret $body)*
            }
        }
        mod probed_methods {
            use super::*;
            pub struct Tool(pub Me, pub Option<u64>);
            impl Tool {
                $(#[probed(suppressed = $set)] pub fn $name($($parameter)*) -> $ret $body)*
            }
        }
        const METHODS: &[Program] = &[$({
            fn plain<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
                let mut tool = plain_methods::Tool(outs.me.clone(), Some(101));
                // Also where the run is torn down.
                let outs = RefCell::new(outs);
                let mut kept = Kept(&mut tool, |tool| {
                    outs.borrow_mut().total = tool.1.unwrap_or(7);
                    outs.borrow_mut().me = tool.0.clone();
                });
                outcome(kept.0.$name(w, Object::root(w), set))
            }
            fn probed<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
                let mut tool = probed_methods::Tool(outs.me.clone(), Some(101));
                // Also where the run is torn down.
                let outs = RefCell::new(outs);
                let mut kept = Kept(&mut tool, |tool| {
                    outs.borrow_mut().total = tool.1.unwrap_or(7);
                    outs.borrow_mut().me = tool.0.clone();
                });
                outcome(kept.0.$name(w, Object::root(w), set))
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

macro_rules! programs {
    ($($name:ident)*) => {
        const FORMS: &[Program] = &[$(Program {
            name: stringify!($name),
            // Some call others.
            source: concat!(stringify!($name), "(.., suppressed)"),
            plain: plain::$name,
            probed: probed_::$name,
        }),*];
    };
}

#[test]
fn unchanged_in_every_state() {
    let mut tally = Tally::default();
    for program in FORMS.iter().chain(METHODS) {
        tally.explore(program, 128);
    }
    tally.finish();
}

/// How many runs it takes with all pages out, where whole batches come in.
#[test]
fn runs_with_all_pages_out() {
    for (name, runs) in [
        ("recursive", 4),
        ("printed", 3),
        ("collected", 6),
        ("nested", 4),
        ("parsed", 2),
    ] {
        let program = FORMS
            .iter()
            .chain(METHODS)
            .find(|program| program.name == name);
        assert_eq!(cold_runs(program.expect("it is there")), runs, "{name}");
    }
}

type Result<T, E = ProbeError> = std::result::Result<T, E>;

fn act(w: &World<'_>, value: u64) {
    w.act("act", value);
}

fn odd(value: u64) -> bool {
    value % 2 == 1
}

twice! {
    [#[probed(suppressed = set)]]
    pub fn calls_a_closure<F: Fn(u64) -> Result<u64, VmiError>>(
        w: &World<'_>, o: Object<'_>, f: F, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = f(0)?;
        let b = f(1)?;
        w.act("a", a);
        let c = o.num(2)?;
        Ok(f(b % 8)? ^ c)
    }
    [] pub fn closure<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let o = Object::root(w);
        outcome(calls_a_closure(w, o, |i| o.num(i), set))
    }

    [#[probed(suppressed = set)]]
    pub fn calls_back(
        o: Object<'_>, each: &mut dyn FnMut(u64) -> Result<u64, VmiError>, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = o.num(0)?;
        let b = each(a)?;
        each(o.num(1)?)?;
        let c = o.num(2)?;
        let d = (0..2).map(|i| each(i)).collect::<Result<Vec<_>, _>>()?;
        Ok(a ^ b ^ c ^ d[0])
    }
    [#[probed(suppressed = set)]]
    pub fn calls_back_by_value(
        o: Object<'_>, mut each: impl FnMut(u64) -> u64, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = o.num(0)?;
        let b = each(a);
        let c = o.num(b % 8)?;
        Ok(each(c))
    }
    [#[probed(suppressed = set)]]
    pub fn calls_back_generically<F>(o: Object<'_>, mut each: F, set: &SuppressedPages) -> Result<u64>
    where
        F: FnMut(Object<'_>) -> Result<u64, VmiError>,
    {
        let first = o.num(7)?;
        for item in o.items(0)? {
            let x = each(item)?;
            let y = item.num(x % 8)?;
            each(item.obj(y % 8)?)?;
        }
        Ok(first)
    }
    [] pub fn callback<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let o = Object::root(w);
        let out = &mut outs.out;
        let mut each = |x: u64| { out.push(x); w.check(x)?; Ok(x ^ 1) };
        outcome(calls_back(o, &mut each, set))
    }
    [] pub fn callback_by_value<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let out = &mut outs.out;
        outcome(calls_back_by_value(Object::root(w), |x| { out.push(x); x ^ 1 }, set))
    }
    [] pub fn callback_generic<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let out = &mut outs.out;
        let each = |o: Object<'_>| { let x = o.num(3)?; out.push(x); Ok(x) };
        outcome(calls_back_generically(Object::root(w), each, set))
    }

    [#[probed(suppressed = set)]]
    pub fn numbers<'w>(o: Object<'w>, set: &SuppressedPages) -> Result<impl Iterator<Item = u64> + use<'w>> {
        let a = o.num(0)?;
        let b = o.num(1)?;
        let items = o.items(a % 8)?;
        Ok(items.into_iter().map(move |o| o.id() ^ b))
    }
    [#[probed(suppressed = set)]]
    pub fn adder(w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<impl Fn(u64) -> u64 + use<>> {
        let a = o.num(2)?;
        w.act("adder", a);
        let b = o.num(a % 8)?;
        Ok(move |x| x ^ a ^ b)
    }
    [#[probed(suppressed = set)]]
    pub fn boxed(o: Object<'_>, set: &SuppressedPages) -> Result<Box<dyn Fn(u64) -> u64>> {
        let a = o.num(3)?;
        if odd(a) { let b = o.num(4)?; return Ok(Box::new(move |x| x ^ b)); }
        Ok(Box::new(move |x| x ^ a))
    }

    [#[probed(suppressed = set)]]
    pub fn slot<'o>(o: Object<'_>, out: &'o mut Vec<u64>, set: &SuppressedPages) -> Result<&'o mut u64> {
        let a = o.num(0)?;
        out.push(a);
        let b = o.num(1)?;
        let last = out.last_mut().expect("it was pushed");
        *last ^= o.num(b % 8)?;
        Ok(last)
    }
    [] pub fn borrowed<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(slot(Object::root(w), &mut outs.out, set).map(|x| { *x += 1; *x }))
    }

    [#[probed(suppressed = set)]]
    pub fn takes_from_an_iterator(
        o: Object<'_>, list: &mut dyn Iterator<Item = u64>, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = o.num(0)?;
        let mut sum = a;
        for x in list { sum ^= o.num(x % 8)?; }
        let b = o.num(1)?;
        Ok(sum ^ b)
    }
    [#[probed(suppressed = set)]]
    pub fn takes_one(
        o: Object<'_>, list: &mut impl Iterator<Item = u64>, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = o.num(0)?;
        let Some(x) = list.next() else { return Ok(a) };
        let b = o.num(x % 8)?;
        let rest = list.map(|x| o.num(x % 8)).collect::<Result<Vec<_>, _>>()?;
        let c = list.by_ref().count();
        Ok(a ^ b ^ rest.len() as u64 ^ o.num(c as u64)?)
    }
    [#[probed(suppressed = set)]]
    pub fn takes_results(
        o: Object<'_>, list: &mut dyn Iterator<Item = Result<u64, VmiError>>, set: &SuppressedPages,
    ) -> Result<u64> {
        let a = o.num(0)?;
        let mut sum = a;
        for x in list { match x { Ok(x) => sum ^= o.num(x % 8)?, Err(_) => continue } }
        Ok(sum ^ o.num(1)?)
    }
    [] pub fn iterator_of_results<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let queue = &mut outs.queue;
        let mut list = std::iter::from_fn(|| queue.pop().map(Ok));
        outcome(takes_results(Object::root(w), &mut list, set))
    }
    [] pub fn iterator<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let queue = &mut outs.queue;
        outcome(takes_from_an_iterator(Object::root(w), &mut std::iter::from_fn(|| queue.pop()), set))
    }
    [] pub fn iterator_by_hand<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let queue = &mut outs.queue;
        outcome(takes_one(Object::root(w), &mut std::iter::from_fn(|| queue.pop()), set))
    }


    [#[probed(suppressed = set)]]
    pub async fn in_the_future(w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let a = o.num(0)?;
        let b = ready(o.num(1)?).await;
        w.act("b", b);
        let part = async { let x = o.num(2)?; Ok::<_, VmiError>(ready(x).await) };
        let c = part.await?;
        let d = ready(a).await ^ o.num(3)?;
        Ok(b ^ c ^ d)
    }
    [#[probed(suppressed = set)]]
    pub async fn futures_of_futures(w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let a = number_in_the_future(o, 0).await?;
        let b = number_in_the_future(o.obj(0)?, a % 8).await?;
        for item in o.items(1)? { w.act("item", number_in_the_future(item, b % 8).await?); }
        let both = async { Ok::<_, VmiError>(number_in_the_future(o, 2).await? ^ number_in_the_future(o, 3).await?) };
        Ok(a ^ both.await? ^ number_in_the_future(o, b % 8).await?)
    }
    [] pub async fn number_in_the_future(o: Object<'_>, i: u64) -> Result<u64, VmiError> { o.num(i) }
    [] pub fn future<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(block_on(in_the_future(w, Object::root(w), set)))
    }

    [#[probed(suppressed = set)]]
    pub fn of_an_array<const N: usize>(o: Object<'_>, at: [u64; N], set: &SuppressedPages) -> Result<[u64; N]> {
        let mut all = [0; N];
        for (slot, i) in all.iter_mut().zip(at) { *slot = o.num(i)?; }
        let sum = all.iter().sum::<u64>();
        all[0] ^= o.num(sum % 8)?;
        Ok(all)
    }
    [] pub fn array<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(of_an_array(Object::root(w), [1, 2, 3], set).map(|[a, b, c]| a ^ b ^ c))
    }

    [#[probed(suppressed = set)]]
    pub fn of_a_slice(mut list: &[Object<'_>], set: &SuppressedPages) -> Result<u64> {
        let mut sum = 0;
        while let [first, rest @ ..] = list {
            let a = first.num(sum % 8)?;
            sum ^= a;
            list = rest;
        }
        Ok(sum)
    }
    [] pub fn slice<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        let o = Object::root(w);
        outcome(of_a_slice(&[o, o], set))
    }

    [#[probed(suppressed = set)]]
    pub fn parses(o: Object<'_>, out: &mut String, set: &SuppressedPages) -> Result<u64, Box<dyn Error>> {
        let a = u64::from_str_radix(&o.name(0)?, 16)?;
        write!(out, "{a} {}", o.num(1)?)?;
        let b = o.num(2)?.to_string().parse::<u64>().map_err(|error| Box::new(error))?;
        out.write_str(&o.name(b % 8)?)?;
        Ok(a ^ u64::try_from(o.num(3)?)?)
    }
    [] pub fn parsed<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(parses(Object::root(w), &mut outs.text, set))
    }

    [] pub fn printed<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(prints(Object::root(w), &mut outs.text, set).map(|()| 1))
    }

    [#[probed(suppressed = set)]]
    pub fn shares(o: Object<'_>, w: &World<'_>, set: &SuppressedPages) -> Result<u64> {
        let shared = Rc::new(RefCell::new(vec![101_u64]));
        let other = Rc::clone(&shared);
        other.borrow_mut()[0] = o.num(0)?;
        let a = o.num(shared.borrow()[0])?;
        let third = shared.clone();
        third.borrow_mut()[0] = 102;
        third.borrow_mut()[0] = o.num(1)?;
        let b = o.num(shared.borrow()[0])?;
        let holder = Holder::new();
        let cell = &holder.cell;
        cell.set(103);
        cell.set(o.num(2)?);
        let c = o.num(holder.cell.get())?;
        Ok(a ^ b ^ c)
    }
    [] pub fn shared<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(shares(Object::root(w), w, set))
    }

    [#[probed(suppressed = set)]]
    pub fn other_binding_names(r#type: Object<'_>, r#match: &mut Vec<u64>, set: &SuppressedPages) -> Result<u64> {
        let r#loop = r#type.num(0)?;
        r#match.push(r#loop);
        let r#in = r#match.len() as u64;
        let a = r#type.num(r#in)?;
        let mut r#for = 101;
        r#for = r#type.num(1)?;
        Ok(a ^ r#type.num(r#for)?)
    }
    [] pub fn raw_names<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(other_binding_names(Object::root(w), &mut outs.out, set))
    }

    [#[probed(suppressed = set)]]
    pub fn of_a_struct(o: Object<'_>, Outs { out, total, queue, .. }: &mut Outs, set: &SuppressedPages) -> Result<u64> {
        let a = o.num(0)?;
        *total += a;
        let b = o.num(*total)?;
        let c = queue.pop().unwrap_or(1);
        out.push(o.num(c)?);
        Ok(a ^ b)
    }
    [] pub fn struct_parameter<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(of_a_struct(Object::root(w), outs, set))
    }
    [#[probed(suppressed = set)]]
    pub fn of_a_state(o: Object<'_>, outs: &mut Outs, set: &SuppressedPages) -> Result<u64> {
        let a = o.num(0)?;
        let Outs { out, total, .. } = outs;
        *total = 101;
        *total = o.num(1)?;
        let b = o.num(outs.total)?;
        let list = &mut outs.queue;
        let c = list.pop().unwrap_or(1);
        let me = &mut outs.me;
        me.bump(o.num(c)?);
        let d = o.num(outs.me.count)?;
        Ok(a ^ b ^ d)
    }
    [] pub fn state<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(of_a_state(Object::root(w), outs, set))
    }
    [] pub fn nested<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(uses_them(w, Object::root(w), set))
    }
    [] pub fn collected<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(collects(w, Object::root(w), set))
    }
    [] pub fn recursive<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(walk(w, Object::root(w), 2, &mut outs.out, set))
    }
    [] pub fn futures<'w>(w: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {
        outcome(block_on(futures_of_futures(w, Object::root(w), set)))
    }
}

nested! { suppressed:
    fn uses_them[](w: &World<'_>, o: Object<'_>) -> Result<u64> {
        let mut all = numbers(o, suppressed)?;
        let add = adder(w, o, suppressed)?;
        let other = boxed(o, suppressed)?;
        let first = all.next().unwrap_or(3);
        w.act("first", first);
        let x = o.num(first % 8)?;
        Ok(all.map(&add).fold(other(x), |a, b| a ^ b))
    }
    fn walk[](w: &World<'_>, o: Object<'_>, depth: u64, out: &mut Vec<u64>) -> Result<u64> {
        let a = o.num(depth)?;
        out.push(a);
        if depth == 0 { return Ok(a); }
        let mut sum = a;
        for child in o.items(0)? {
            sum ^= walk(w, child, depth - 1, out, suppressed)?;
            act(w, sum);
        }
        let next = walk(w, o.obj(1)?, depth - 1, out, suppressed)?;
        Ok(sum ^ next)
    }
    fn collects[](w: &World<'_>, o: Object<'_>) -> Result<u64> {
        let mut all = Vec::new();
        collects_one(o, &mut all, suppressed)?;
        collects_one(o.obj(0)?, &mut all, suppressed)?;
        let first = o.num(7)?;
        let mut more = vec![first];
        collects_one(o.obj(0)?, &mut more, suppressed)?;
        collects_one(o.obj(2)?, &mut all, suppressed)?;
        for item in o.items(0)? { collects_one(item, &mut all, suppressed)?; act(w, 1); }
        collects_by_place(o, &mut all, suppressed)?;
        collects_of_a_slice(o, &mut all, suppressed)?;
        let last = o.num(all.len() as u64)?;
        Ok(last ^ more[0])
    }
    fn collects_one[](o: Object<'_>, all: &mut Vec<u64>) -> Result<()> {
        let a = o.num(1)?;
        all.push(a);
        all.push(o.num(2)?);
        Ok(())
    }
    fn collects_by_place[](o: Object<'_>, all: &mut Vec<u64>) -> Result<()> {
        let n = all.len() as u64;
        let a = o.num(all[0])?;
        let b = o.num(n + 100)?;
        let c = o.num(3)?;
        all.push(a ^ b ^ c);
        Ok(())
    }
    fn collects_of_a_slice[](o: Object<'_>, all: &mut [u64]) -> Result<()> {
        let a = o.num(all[1])?;
        all[0] ^= a;
        Ok(())
    }
    fn prints[](o: Object<'_>, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        writeln!(out, "{}", o.num(0)?)?;
        for item in o.items(0)? { prints_one(item, out, suppressed)?; }
        prints_one(o.obj(1)?, out, suppressed)?;
        Ok(())
    }
    fn prints_one[W: Write + ?Sized](o: Object<'_>, out: &mut W) -> Result<(), Box<dyn Error>> {
        out.write_str(&o.name(0)?)?;
        write!(out, "{}", o.num(1)?)?;
        Ok(())
    }
}

programs! {
    closure callback callback_by_value callback_generic borrowed iterator iterator_by_hand iterator_of_results future
    array slice parsed printed shared raw_names struct_parameter state nested recursive collected futures
}

methods! { set:
    fields(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        self.0.count = 101;
        self.0.count = o.num(0)?;
        let a = o.num(self.0.count)?;
        self.0.list.push(o.num(1)?);
        let b = o.num(self.0.list.len() as u64)?;
        self.0.bump(b);
        Ok(a ^ o.num(self.0.count % 8)?)
    }
    taken_apart(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let Self(me, slot) = self;
        me.count = o.num(0)?;
        let a = o.num(me.count)?;
        *slot = Some(102);
        *slot = Some(o.num(1)?);
        let b = o.num(self.1.unwrap_or(103))?;
        match self { Self(me, Some(x)) if odd(*x) => { me.bump(o.num(2)?); *x = 104; *x = o.num(3)?; } Self(me, _) => me.bump(1) }
        Ok(a ^ b ^ o.num(self.1.unwrap_or(105))? ^ o.num(self.0.count % 8)?)
    }
    slots(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let first = o.num(5)?;
        if let Some(x) = self.1.as_mut() { *x = o.num(0)?; let a = o.num(self.1.unwrap_or(102))?; w.act("a", a); }
        match &mut self.1 { Some(x) => *x = o.num(1)?, None => self.1 = Some(o.num(2)?) }
        let b = o.num(self.1.unwrap_or(103))?;
        if let Some(x) = self.1.take() { w.act("x", o.num(x % 8)?); }
        let c = o.num(self.1.map_or(6, |x| x + 200))?;
        let x = self.1.get_or_insert(4);
        *x ^= o.num(3)?;
        Ok(first ^ b ^ c)
    }
    lists(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let first = o.num(5)?;
        let taken = std::mem::take(&mut self.0.list);
        for x in &taken { let y = o.num(*x)?; self.0.list.push(y); }
        for x in &mut self.0.list { *x = o.num(*x % 8)?; }
        for x in self.0.list.iter_mut() { let y = o.num(*x % 8)?; *x ^= y; }
        self.0.list.retain(|x| odd(*x));
        let n = self.0.list.drain(..).count();
        while let Some(x) = self.0.list.pop() { w.act("x", o.num(x)?); }
        let rest = self.0.list.iter().map(|x| o.num(*x)).collect::<Result<Vec<_>, _>>()?;
        Ok(o.num(n as u64)? ^ first)
    }
    this(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let this = &mut *self;
        this.0.count = 101;
        this.0.count = o.num(0)?;
        let a = o.num(this.0.count)?;
        let me = &mut self.0;
        me.bump(o.num(1)?);
        let b = o.num(self.0.count % 8)?;
        let again = self;
        again.0.seen.set(o.num(2)?);
        let c = again.0.list.pop().unwrap_or(1);
        Ok(a ^ b ^ o.num(c)?)
    }
    by_shared_reference(&self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        self.0.seen.set(101);
        let a = o.num(0)?;
        self.0.seen.set(a);
        let b = o.num(self.0.seen.get())?;
        let seen = &self.0.seen;
        seen.set(102);
        seen.set(o.num(1)?);
        let c = o.num(self.0.seen.get())?;
        Ok(b ^ c)
    }
    closures_over_self(&mut self, w: &World<'_>, o: Object<'_>, set: &SuppressedPages) -> Result<u64> {
        let a = o.num(0)?;
        let mut bump = |x| { self.0.count = x; o.num(x % 8) };
        let b = bump(a)?;
        let c = bump(b)?;
        let d = o.items(0)?.into_iter().map(|o| { self.0.list.push(1); o.num(1) }).sum::<Result<u64, _>>()?;
        Ok(c ^ d ^ o.num(self.0.count % 8)?)
    }
}

struct Holder {
    cell: Cell<u64>,
}
impl Holder {
    fn new() -> Self {
        Self {
            cell: Cell::new(100),
        }
    }
}
