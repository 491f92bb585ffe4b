//! Probed functions that a `macro_rules!` made.
#![allow(clippy::multiple_bound_locations, clippy::needless_question_mark)] // Shapes under test.

use prober::{probe, probed, settle, unprobed};
use prober_tests::{Vmi, block_on, faults, none, suppress};
use vmi_core::VmiError;

macro_rules! reader {
    ($name:ident, $vmi:ident, $ret:ty, $a:expr, $body:block) => {
        #[probed(options)]
        fn $name($vmi: &Vmi) -> $ret {
            let x = $vmi.read_u32($a + 1)?;
            let _ = x;
            $body
        }
    };
}

reader!(every_fragment, vmi, Result<Option<u32>, VmiError>, 1 + 1, {
    Ok(vmi.read_u32(9)?)
});
reader!(of_ours, vmi, prober::Result<Option<u32>>, 2, {
    let a = vmi.read_u32(8)?;
    Ok(vmi.read_u32(u64::from(a?) + 1)?)
});

#[test]
fn name_receiver_type_and_body() {
    assert_eq!(every_fragment(&Vmi::default(), &none()).unwrap(), Some(9));
    assert_eq!(faults(every_fragment(&Vmi::with(&[3, 9]), &none())), [3]);
    assert_eq!(faults(of_ours(&Vmi::with(&[3, 9]), &none())), [3, 9]);
    assert_eq!(of_ours(&Vmi::default(), &none()).unwrap(), Some(9));
}

macro_rules! by_expr {
    ($name:ident, $vmi:expr, $v:ident) => {
        #[probed(options)]
        fn $name($v: &Vmi) -> Result<Option<u32>, VmiError> {
            let _ = $vmi.read_struct::<u32>(2)?;
            $vmi.read_u32(3)
        }
    };
}

by_expr!(receiver_by_expr, vmi, vmi);

#[test]
fn the_receiver_is_an_expression() {
    assert_eq!(receiver_by_expr(&Vmi::default(), &none()).unwrap(), Some(3));
    assert_eq!(faults(receiver_by_expr(&Vmi::with(&[3]), &none())), [3]);
    assert_eq!(faults(receiver_by_expr(&Vmi::with(&[2]), &none())), [2]);
}

macro_rules! whole_body {
    ($name:ident, $body:block) => {
        #[probed(options)]
        fn $name(_: &Vmi) -> prober::Result<u64> $body
    };
    (statements $name:ident($($param:tt)*) { $($body:tt)* }) => {
        #[probed(options)]
        fn $name($($param)*) -> prober::Result<u64> { $($body)* }
    };
    // With types kept: what each statement binds may wait.
    (kept $name:ident($vmi:ident, $out:ident) { $($stmt:stmt),* } $tail:expr) => {
        #[probed(suppressed = suppressed)]
        fn $name(
            $vmi: &Vmi,
            $out: &mut Vec<u64>,
            suppressed: &prober::SuppressedPages,
        ) -> prober::Result<u64> {
            for at in 1..=2 {
                let found = $vmi.read_u64(at)?;
                $out.push(found);
            }
            $($stmt)*
            $tail
        }
    };
    (parts $name:ident { $($stmt:stmt;)* } $tail:expr) => {
        #[probed(options)]
        fn $name() -> prober::Result<u64> {
            let vmi = Vmi::with(&[1]);
            let _ = vmi.read_u64(1)?;
            $($stmt;)*
            $tail
        }
    };
}

whole_body!(constant, {
    unprobed!(Ok(1)).and(Ok(probe!(Ok::<_, VmiError>(2))??))
});
whole_body!(statements by_tokens(vmi: &Vmi, a: u64) {
    let x = vmi.read_u64(a)?;
    settle!();
    vmi.write_u64(a, x?)?;
    Ok(vmi.read_u64(a + 1)?.unwrap_or(0))
});
whole_body!(parts by_parts { let a = 1; let b = a + 1; } Ok(a + b));
whole_body!(kept by_statements(vmi, out) {
    let a: u64 = vmi.read_u64(3)?,
    let (b, c) = (vmi.read_u64(a)?, vmi.read_u64(4)?),
    let Some(d) = c.checked_sub(1) else { return Ok(vmi.read_u64(5)?) },
    if d > 9 { return Ok(d) },
    out.push(d)
} Ok(a + b + vmi.read_u64(6)?));

#[test]
fn the_body_is_given() {
    assert_eq!(constant(&Vmi::default(), &none()).unwrap(), 2);
    let vmi = Vmi::default();
    assert_eq!(by_tokens(&vmi, 1, &none()).unwrap(), 2);
    assert_eq!(vmi.written(), [(1, 1)]);
    let mut out = vec![];
    assert_eq!(by_statements(&vmi, &mut out, &none()).unwrap(), 12);
    assert_eq!(out, [1, 2, 3]);
    let missing = Vmi::with(&[2, 3, 4, 6]);
    let found = by_statements(&missing, &mut out, &none());
    assert_eq!(faults(found), [2, 3, 4]);
    assert_eq!(out, [1, 2, 3, 1]);
    let vmi = Vmi::with(&[1, 2]);
    assert_eq!(faults(by_tokens(&vmi, 1, &none())), [1]);
    assert!(vmi.written().is_empty());
    assert_eq!(faults(by_parts(&none())), [1]);
    assert_eq!(by_parts(&suppress(&[1])).unwrap(), 3);
}

#[probed(options)]
fn list(vmi: &Vmi, a: u64, depth: u32) -> prober::Result<Vec<u64>> {
    if depth == 0 {
        return Ok(vec![]);
    }
    let Some(n) = vmi.read_u64(a)? else {
        return Ok(vec![]);
    };
    let mut list = list(vmi, n + 1, depth - 1, suppressed)?;
    list.push(n);
    Ok(list)
}

macro_rules! names_suppressed {
    ($name:ident) => {
        #[probed(options)]
        fn $name(vmi: &Vmi) -> prober::Result<usize> {
            let _ = vmi.read_u8(0)?;
            Ok(list(vmi, 0, 2, suppressed)?.len())
        }
    };
    ($name:ident, $set:ident) => {
        #[probed(options)]
        fn $name(vmi: &Vmi) -> prober::Result<usize> {
            let _ = vmi.read_u8(0)?;
            Ok(list(vmi, 0, 2, $set)?.len())
        }
    };
    ($name:ident: $call:expr) => {
        #[probed(options)]
        fn $name(vmi: &Vmi) -> prober::Result<usize> {
            let _ = vmi.read_u8(0)?;
            Ok($call?.len())
        }
    };
}

names_suppressed!(inside);
names_suppressed!(from_outside, suppressed);

#[test]
fn the_body_names_the_set() {
    assert_eq!(list(&Vmi::default(), 0, 3, &none()).unwrap(), [2, 1, 0]);
    assert_eq!(
        list(&Vmi::with(&[2]), 0, 3, &suppress(&[2])).unwrap(),
        [1, 0]
    );
    for f in [inside, from_outside] {
        assert_eq!(f(&Vmi::default(), &none()).unwrap(), 2);
        assert_eq!(faults(f(&Vmi::with(&[0, 1]), &none())), [0]);
        assert_eq!(faults(f(&Vmi::with(&[1]), &none())), [1]);
    }
}

macro_rules! callback {
    ($vmi:ident => $read:ident($($arg:expr),*)) => { $vmi.$read($($arg),*) };
}

// The macro makes the read: what it does with the receiver is its own affair.
#[test]
fn a_read_in_the_output_of_a_macro_is_plain() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b: u64 = callback!(vmi => read_u64(2))?;
        Ok(a? + b)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

macro_rules! methods {
    ($ty:ident { $($(#[$attr:meta])* $vis:vis $name:ident: $read:ident -> $ret:ty;)* }) => {
        impl $ty {
            $(
                $(#[$attr])*
                #[probed(options, vmi = self.vmi)]
                $vis fn $name(&self) -> prober::Result<Option<$ret>> {
                    Ok(self.vmi.$read(self.at)?)
                }
            )*
        }
    };
}

struct Object {
    vmi: Vmi,
    at: u64,
}

methods!(Object {
    /// The identifier.
    pub(crate) id: read_u64 -> u64;
    #[must_use = "costs a read"]
    name: read_string -> String;
});

#[test]
fn accessors() {
    let object = |absent| Object {
        vmi: Vmi::with(absent),
        at: 3,
    };
    assert_eq!(object(&[]).id(&none()).unwrap(), Some(3));
    assert_eq!(object(&[]).name(&none()).unwrap().as_deref(), Some("3"));
    assert_eq!(faults(object(&[3]).id(&none())), [3]);
}

macro_rules! generic {
    ($name:ident<$($lt:lifetime),* ; $t:ident: $bound:path> ($($p:pat => $pty:ty),*) -> $ret:ty where ($($w:tt)*) $body:block) => {
        #[probed(options)]
        async fn $name<$($lt,)* $t: $bound>($($p: $pty),*) -> $ret where $($w)* $body
    };
}

generic!(with_generics<'a; T: Clone> (vmi => &'a Vmi, (x, y) => (T, u64)) -> prober::Result<(T, &'a Vmi)>
    where (T: 'a) { let _ = vmi.read_u64(y)?; Ok((x.clone(), vmi)) });

#[test]
fn generics_by_fragments() {
    assert_eq!(
        block_on(with_generics(&Vmi::default(), ('x', 1), &none()))
            .unwrap()
            .0,
        'x'
    );
    assert_eq!(
        faults(block_on(with_generics(&Vmi::with(&[1]), ('x', 1), &none()))),
        [1]
    );
}

// The attribute itself comes out of a macro, with its arguments.
macro_rules! attribute {
    ($($args:tt)*) => {
        #[probed(options, $($args)*)]
        fn with_arguments(ctx: &Vmi) -> prober::Result<u64> {
            let mut n = 0;
            loop {
                n += 1;
                let _ = ctx.read_u64(n)?;
            }
        }
    };
}

attribute!(vmi = ctx, limit = 2 + 1);

#[test]
fn arguments_of_the_attribute_by_a_macro() {
    let all = (0..100).collect::<Vec<_>>();
    assert_eq!(
        faults(with_arguments(&Vmi::with(&all), &none())),
        [1, 2, 3, 4]
    );
}

macro_rules! nested {
    ($($read:expr),*) => { inner_macro!($($read),*) };
}
macro_rules! inner_macro {
    ($($read:expr),*) => { vec![$($read),*] };
}

#[test]
fn reads_through_two_macros() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Vec<Option<u64>>> {
        Ok(nested!(vmi.read_u64(1)?, vmi.read_u64(2)?))
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), [Some(1), Some(2)]);
    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

// Loops, labels and `?` whose tokens come from two places.
macro_rules! scan {
    ($name:ident, $item:ident, $base:expr, $exit:expr) => {
        #[probed(options)]
        fn $name(vmi: &Vmi, list: &[u64], base: Option<u64>) -> prober::Result<u64> {
            let mut sum = 0;
            for $item in list {
                sum += vmi.read_u64($base + $exit)?.unwrap_or(50);
            }
            Ok(sum + base?)
        }
    };
}

scan!(stops, item, 1, if *item == 9 { break } else { *item });

macro_rules! skip_or {
    ($condition:expr, $value:expr) => {
        if $condition { continue } else { $value }
    };
}

#[test]
fn exits_whose_tokens_come_from_a_macro() {
    #[probed(options)]
    fn f(vmi: &Vmi, list: &[u64], base: Option<u64>) -> prober::Result<u64> {
        let mut sum = 0;
        for item in list {
            let value = vmi.read_u64(base? + if *item == 9 { continue } else { *item })?;
            sum += value.unwrap_or(50);
            let value = vmi.read_u64(skip_or!(*item == 2, *item))?;
            sum += value.unwrap_or(50);
        }
        Ok(sum)
    }

    assert_eq!(
        stops(&Vmi::default(), &[1, 9, 2], Some(10), &none()).unwrap(),
        12
    );
    assert_eq!(
        faults(stops(&Vmi::with(&[2]), &[1, 9, 2], Some(10), &none())),
        [2]
    );
    assert_eq!(
        f(&Vmi::default(), &[1, 9, 2], Some(10), &none()).unwrap(),
        11 + 1 + 12
    );
}

macro_rules! operands {
    ($name:ident, $vmi:ident, $e:expr, $not:expr, $f:expr, $range:expr, $ty:ty) => {
        #[probed(options)]
        fn $name($vmi: &Vmi, base: Option<u64>, any: &$ty) -> prober::Result<Vec<u64>> {
            const NESTED: u64 = $e * 2;
            fn nested() -> u64 {
                $e * 2
            }
            let _: &$ty = any;
            let array = [0; $e * 2];
            let turbofish = sized::<{ $e * 2 }>();
            let mut all = vec![
                base? + $e * 8,
                $e as u8 as u64,
                u64::from(!$not),
                u64::try_from(array.len() + turbofish).unwrap(),
                NESTED,
                nested(),
                const { $e * 2 },
                $f(2),
                $range.sum(),
                format!("{}", $e * 2).parse().unwrap(),
                kept!($e * 2),
                unprobed!($e * 2),
            ];
            all.extend($vmi.read_u64(base? + $e * 8)?);
            all.extend($vmi.read_u64($e * 2)?);
            Ok(all)
        }
    };
}

/// A macro whose arguments are no plain expressions.
macro_rules! kept {
    ($e:expr) => {
        kept!(@ $e => twice) / 2
    };
    (@ $e:expr => twice) => {
        $e * 2
    };
}

const YES: bool = true;
const NO: bool = false;

fn sized<const N: usize>() -> usize {
    N
}

operands!(
    sums,
    vmi,
    1 + 2,
    YES && NO,
    |x: u64| x + 1,
    0..4,
    dyn std::fmt::Debug + Send
);

// rustc keeps `$e` together where the function has no attribute; so must we.
#[test]
fn an_expression_stays_together() {
    let expected = [124, 3, 1, 12, 6, 6, 6, 3, 6, 6, 6, 6, 124, 6];
    assert_eq!(
        sums(&Vmi::default(), Some(100), &1, &none()).unwrap(),
        expected
    );
    assert_eq!(
        faults(sums(&Vmi::with(&[124, 6]), Some(100), &1, &none())),
        [124, 6]
    );
}

macro_rules! blocks {
    ($name:ident, $vmi:ident, $first:block, $choice:expr, $last:expr) => {
        #[probed(options)]
        fn $name($vmi: &Vmi) -> prober::Result<u64> {
            $first
            let _ = $choice + 1;
            $last
        }
    };
}

blocks!(
    block_likes,
    vmi,
    {
        let _ = vmi.read_u64(1)?;
    },
    if true { 1 } else { 2 },
    match vmi.read_u64(2)? {
        Some(value) => Ok(value),
        None => Ok(0),
    }
);

#[test]
fn blocks_need_no_semicolon() {
    assert_eq!(block_likes(&Vmi::default(), &none()).unwrap(), 2);
    assert_eq!(faults(block_likes(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

struct Config {
    suppressed: u64,
}

macro_rules! with_a_field {
    ($name:ident, $e:expr) => {
        #[probed(options)]
        fn $name(vmi: &Vmi, config: &Config) -> prober::Result<Option<u64>> {
            let address = $e(config);
            let first = vmi.read_u64(address)?;
            Ok(probe!(one(vmi, first?, suppressed))?.flatten())
        }
    };
}

#[probed(options)]
fn one(vmi: &Vmi, address: u64) -> prober::Result<Option<u64>> {
    Ok(vmi.read_u64(address)?)
}

with_a_field!(a_field, |config: &Config| config.suppressed);

// The name of the added parameter is the macro's, whatever else is called so.
#[test]
fn a_field_of_the_same_name() {
    let config = Config { suppressed: 4 };
    assert_eq!(a_field(&Vmi::default(), &config, &none()).unwrap(), Some(4));
    assert_eq!(faults(a_field(&Vmi::with(&[4]), &config, &none())), [4]);
}

macro_rules! with_another_name {
    ($name:ident($vmi:ident) $e:expr) => {
        #[probed(options)]
        fn $name($vmi: &Vmi) -> prober::Result<u64> {
            let config = Config { suppressed: 4 };
            let Config { suppressed: number } = config;
            Ok($e + number)
        }
    };
}

with_another_name!(the_caller_hands_it_on(vmi) one(vmi, 2, suppressed)?.unwrap_or(0));

/// The macro and its caller both mean the added parameter.
macro_rules! by_both {
    ($(#[$form:meta])* $name:ident($vmi:ident) $e:expr) => {
        $(#[$form])*
        fn $name($vmi: &Vmi) -> prober::Result<u64> {
            let first = one($vmi, 1, suppressed)?;
            let second = $e;
            Ok(first.unwrap_or(0) + second)
        }
    };
}

by_both!(#[probed(options)] both(vmi) probe!(one(vmi, 2, suppressed))?.flatten().unwrap_or(0));
by_both!(#[probed] kept_both(vmi) one(vmi, 2, suppressed)?.unwrap_or(0));

#[test]
fn the_added_parameter_has_the_name_of_all_macros() {
    let lost = Vmi::with(&[1, 2]);
    assert_eq!(the_caller_hands_it_on(&Vmi::default(), &none()).unwrap(), 6);
    assert_eq!(the_caller_hands_it_on(&lost, &suppress(&[2])).unwrap(), 4);
    assert_eq!(both(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(both(&lost, &suppress(&[1, 2])).unwrap(), 0);
    assert_eq!(faults(both(&lost, &suppress(&[1]))), [2]);
    assert_eq!(kept_both(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(kept_both(&lost, &suppress(&[1, 2])).unwrap(), 0);
    assert_eq!(faults(kept_both(&lost, &none())), [1, 2]);
}

macro_rules! braces {
    ($name:ident, $form:meta, $value:expr) => {
        #[$form]
        #[allow(unused_must_use)]
        fn $name(vmi: &Vmi) -> prober::Result<u64> {
            probe! { vmi.read_u64(1) }
            settle! {}
            unprobed! { vmi.read_u64(3) }
            let _ = vec![{
                probe! { vmi.read_u64(2) }
                1
            }];
            Ok($value)
        }
    };
}

braces!(in_braces, probed(options), 1);
braces!(kept_in_braces, probed, 1);

#[test]
fn markers_in_braces_are_statements() {
    for f in [in_braces, kept_in_braces] {
        assert_eq!(f(&Vmi::default(), &none()).unwrap(), 1);
        assert_eq!(f(&Vmi::with(&[3]), &none()).unwrap(), 1);
        assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [1]);
        assert_eq!(faults(f(&Vmi::with(&[2]), &none())), [2]);
    }
}
