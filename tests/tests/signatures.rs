//! Signatures: the added parameter, elided lifetimes, `impl Trait`, generics,
//! receivers and modifiers.
#![allow(
    mismatched_lifetime_syntaxes,
    clippy::needless_lifetimes,
    clippy::extra_unused_lifetimes,
    clippy::many_single_char_names,
    clippy::too_many_arguments,
    clippy::too_many_lines,
    clippy::toplevel_ref_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::type_complexity,
    clippy::unused_self
)] // The shapes under test.
#![allow(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    clippy::unnecessary_box_returns
)]

use std::{
    borrow::Cow, collections::BTreeMap, error::Error, fmt::Debug, marker::PhantomData, ops::Deref,
    pin::Pin, rc::Rc, sync::Arc,
};

use prober::probed;
use prober_tests::{Vmi, VmiRead, block_on, faults, none};
use vmi_core::VmiError;

struct Names(Vec<String>);

struct View<'a>(&'a str);

fn names() -> Names {
    Names(vec!["a".into(), "b".into()])
}

#[test]
fn elided_result_of_the_only_reference() {
    #[probed]
    fn name(names: &Names, i: usize) -> Result<&str, VmiError> {
        let vmi = Vmi::default();
        let _ = vmi.read_u8(0)?;
        Ok(&names.0[i])
    }

    #[probed]
    fn two(names: &Names) -> Result<(&str, &[String]), VmiError> {
        let vmi = Vmi::default();
        let _ = vmi.read_u8(0)?;
        Ok((&names.0[0], &names.0[1..]))
    }

    let names = names();
    assert_eq!(name(&names, 0, &none()).unwrap(), "a");
    assert_eq!(two(&names, &none()).unwrap(), ("a", &["b".to_owned()][..]));
    // The result does not borrow from the set.
    let kept = {
        let suppressed = none();
        name(&names, 1, &suppressed).unwrap()
    };
    assert_eq!(kept, "b");
}

#[test]
fn elided_result_in_paths_boxes_and_impl_trait() {
    #[probed]
    fn path(vmi: Vmi, s: View<'_>) -> prober::Result<View<'_>> {
        let _ = vmi.read_u8(0)?;
        Ok(View(&s.0[1..]))
    }

    #[probed]
    fn reference_to_path(vmi: Vmi, s: &str) -> prober::Result<View<'_>> {
        let _ = vmi.read_u8(0)?;
        Ok(View(s))
    }

    #[probed]
    fn boxed(vmi: Vmi, s: &str) -> prober::Result<Box<dyn Iterator<Item = char> + '_>> {
        let _ = vmi.read_u8(0)?;
        Ok(Box::new(s.chars().rev()))
    }

    #[probed]
    fn opaque(vmi: Vmi, s: &str) -> prober::Result<impl Iterator<Item = char> + '_> {
        let _ = vmi.read_u8(0)?;
        Ok(s.chars().rev())
    }

    #[probed]
    fn nested(vmi: Vmi, s: &str) -> prober::Result<Vec<Option<(&str, Cow<'_, str>)>>> {
        let _ = vmi.read_u8(0)?;
        Ok(vec![Some((s, s.into()))])
    }

    #[probed]
    fn in_generic(vmi: Vmi, s: Option<&str>) -> prober::Result<Option<&str>> {
        let _ = vmi.read_u8(0)?;
        Ok(s)
    }

    #[probed]
    fn dynamic(vmi: Vmi, s: &dyn Debug) -> prober::Result<&dyn Debug> {
        let _ = vmi.read_u8(0)?;
        Ok(s)
    }

    #[probed]
    fn mutable(vmi: Vmi, s: &mut Vec<u64>) -> prober::Result<&mut u64> {
        s.push(vmi.read_u64(3)??);
        Ok(s.last_mut()?)
    }

    #[probed]
    fn tuple_and_array(vmi: Vmi, [a, b]: [&str; 2]) -> prober::Result<(&str, [&str; 1])> {
        let _ = vmi.read_u8(0)?;
        Ok((b, [a]))
    }

    let text = "xyz".to_owned();
    let vmi = Vmi::default;
    assert_eq!(path(vmi(), View(&text), &none()).unwrap().0, "yz");
    assert_eq!(reference_to_path(vmi(), &text, &none()).unwrap().0, "xyz");
    assert_eq!(
        boxed(vmi(), &text, &none()).unwrap().collect::<String>(),
        "zyx"
    );
    assert_eq!(
        opaque(vmi(), &text, &none()).unwrap().collect::<String>(),
        "zyx"
    );
    assert_eq!(
        nested(vmi(), &text, &none()).unwrap(),
        [Some(("xyz", "xyz".into()))]
    );
    assert_eq!(
        in_generic(vmi(), Some(&text), &none()).unwrap(),
        Some("xyz")
    );
    assert_eq!(
        format!("{:?}", dynamic(vmi(), &text, &none()).unwrap()),
        "\"xyz\""
    );
    let mut list = vec![];
    *mutable(vmi(), &mut list, &none()).unwrap() += 1;
    assert_eq!(list, [4]);
    assert_eq!(
        tuple_and_array(vmi(), ["a", "b"], &none()).unwrap(),
        ("b", ["a"])
    );
    assert_eq!(faults(mutable(Vmi::with(&[3]), &mut list, &none())), [3]);
}

#[test]
fn elided_result_of_one_named_lifetime() {
    #[probed]
    fn f<'a>(vmi: Vmi, s: View<'a>) -> prober::Result<&'_ str> {
        let _ = vmi.read_u8(0)?;
        Ok(s.0)
    }

    // Declared, and not the lifetime of any parameter.
    #[probed]
    fn g<'x>(vmi: Vmi, s: &str) -> prober::Result<(&str, PhantomData<&'x ()>)> {
        let _ = vmi.read_u8(0)?;
        Ok((s, PhantomData))
    }

    assert_eq!(f(Vmi::default(), View("s"), &none()).unwrap(), "s");
    assert_eq!(g(Vmi::default(), "s", &none()).unwrap().0, "s");
}

#[test]
fn function_types_have_their_own_elision() {
    type First = fn(&str) -> &str;

    #[probed]
    fn f(vmi: Vmi, s: &str, g: fn(&str) -> &str) -> prober::Result<&str> {
        let _ = vmi.read_u8(0)?;
        Ok(g(s))
    }

    #[probed]
    fn g(vmi: Vmi, s: &str, g: impl Fn(&str) -> usize) -> prober::Result<(&str, First)> {
        let _ = vmi.read_u8(0)?;
        Ok((&s[g(s)..], str::trim))
    }

    #[probed]
    fn h(vmi: Vmi, s: &str) -> prober::Result<Box<dyn Fn(&str) -> String + '_>> {
        let _ = vmi.read_u8(0)?;
        Ok(Box::new(move |t| format!("{s}{t}")))
    }

    assert_eq!(f(Vmi::default(), " s", str::trim, &none()).unwrap(), "s");
    let (rest, trim) = g(Vmi::default(), "ab", |_| 1, &none()).unwrap();
    assert_eq!((rest, trim(" t ")), ("b", "t"));
    assert_eq!(h(Vmi::default(), "a", &none()).unwrap()("b"), "ab");
}

#[test]
fn elided_result_of_self() {
    #[derive(Clone)]
    struct S {
        name: String,
    }

    impl S {
        #[probed]
        fn by_ref(&self, vmi: &Vmi, _other: &str) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.name)
        }

        #[probed]
        fn by_mut(&mut self, vmi: &Vmi) -> prober::Result<&mut String> {
            self.name.push_str(&vmi.read_string(1)??);
            Ok(&mut self.name)
        }

        #[probed]
        fn by_named<'a>(&'a self, vmi: &Vmi) -> prober::Result<View<'_>> {
            let _ = vmi.read_u8(1)?;
            Ok(View(&self.name))
        }

        #[probed]
        fn by_typed(self: &Rc<Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.name)
        }

        #[probed]
        fn by_pin(self: Pin<&mut Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.get_mut().name)
        }

        #[probed]
        fn by_pin_ref(self: Pin<&Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.get_ref().name)
        }

        #[probed]
        fn by_value(self, vmi: &Vmi) -> prober::Result<String> {
            let _ = vmi.read_u8(1)?;
            Ok(self.name)
        }

        #[probed]
        fn by_mut_value(mut self, vmi: &Vmi) -> prober::Result<String> {
            self.name.push_str(&vmi.read_string(1)??);
            Ok(self.name)
        }

        #[probed]
        fn by_box(self: Box<Self>, vmi: &Vmi) -> prober::Result<String> {
            let _ = vmi.read_u8(1)?;
            Ok(self.name)
        }

        #[probed]
        fn by_rc(self: Rc<Self>, vmi: &Vmi) -> prober::Result<Rc<Self>> {
            let _ = vmi.read_u8(1)?;
            Ok(self)
        }

        #[probed]
        fn by_arc(self: Arc<Self>, vmi: &Vmi) -> prober::Result<usize> {
            let _ = vmi.read_u8(1)?;
            Ok(Arc::strong_count(&self))
        }

        #[probed]
        fn by_mut_box(mut self: Box<Self>, vmi: &Vmi) -> prober::Result<Box<Self>> {
            let _ = vmi.read_u8(1)?;
            self.name.clear();
            Ok(self)
        }

        // From a box nothing can be elided.
        #[probed]
        fn with_other(self: Box<Self>, vmi: Vmi, other: &str) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            let Self { name: _ } = *self;
            Ok(other)
        }

        #[probed]
        fn no_self(vmi: &Vmi) -> prober::Result<Self> {
            let name = vmi.read_string(1)??;
            Ok(Self { name })
        }
    }

    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1]));
    let mut s = S { name: "n".into() };
    assert_eq!(s.by_ref(&vmi, "", &none()).unwrap(), "n");
    assert_eq!(faults(s.by_ref(&lost, "", &none())), [1]);
    s.by_mut(&vmi, &none()).unwrap().push('!');
    assert_eq!(s.name, "n1!");
    assert_eq!(faults(s.by_mut(&lost, &none())), [1]);
    assert_eq!(s.by_named(&vmi, &none()).unwrap().0, "n1!");
    assert_eq!(Rc::new(s.clone()).by_typed(&vmi, &none()).unwrap(), "n1!");
    assert_eq!(Pin::new(&mut s).by_pin(&vmi, &none()).unwrap(), "n1!");
    assert_eq!(Pin::new(&s).by_pin_ref(&vmi, &none()).unwrap(), "n1!");
    assert_eq!(s.clone().by_value(&vmi, &none()).unwrap(), "n1!");
    assert_eq!(s.clone().by_mut_value(&vmi, &none()).unwrap(), "n1!1");
    assert_eq!(Box::new(s.clone()).by_box(&vmi, &none()).unwrap(), "n1!");
    assert_eq!(faults(Box::new(s.clone()).by_box(&lost, &none())), [1]);
    assert_eq!(Rc::new(s.clone()).by_rc(&vmi, &none()).unwrap().name, "n1!");
    assert_eq!(Arc::new(s.clone()).by_arc(&vmi, &none()).unwrap(), 1);
    assert_eq!(
        Box::new(s.clone()).by_mut_box(&vmi, &none()).unwrap().name,
        ""
    );
    assert_eq!(Box::new(s).with_other(vmi, "o", &none()).unwrap(), "o");
    assert_eq!(S::no_self(&Vmi::default(), &none()).unwrap().name, "1");
}

#[test]
fn impl_trait_in_the_result() {
    #[probed]
    fn f(vmi: &Vmi, n: u64) -> prober::Result<impl Iterator<Item = u64> + Clone + use<>> {
        let x = vmi.read_u64(n)?.unwrap_or(0);
        if x == 0 {
            return Ok((0..0).step_by(1));
        }
        Ok((0..x).step_by(1))
    }

    #[probed]
    fn lazy<'v>(vmi: &'v Vmi) -> prober::Result<impl Iterator<Item = u64> + use<'v>> {
        let n = vmi.read_u64(2)?;
        Ok(n.into_iter().chain(vmi.absent.iter().copied()))
    }

    #[probed]
    fn nested(
        vmi: &Vmi,
    ) -> prober::Result<Option<(impl Fn(u64) -> u64 + use<>, impl Debug + use<>)>> {
        let n = vmi.read_u64(2)?;
        Ok(n.map(|n| (move |x| x + n, [n])))
    }

    #[probed]
    fn of_generic<T: Clone>(
        vmi: &Vmi,
        value: T,
    ) -> prober::Result<impl Iterator<Item = T> + use<T>> {
        let n = vmi.read_u64(2)??;
        Ok(std::iter::repeat_n(value, usize::try_from(n).unwrap_or(0)))
    }

    // Without `use<..>`, in edition 2024, it captures the set as well.
    #[probed]
    fn captures(vmi: &Vmi) -> prober::Result<impl Iterator<Item = u64>> {
        Ok(vmi.read_u64(2)?.into_iter())
    }

    assert_eq!(f(&Vmi::default(), 3, &none()).unwrap().count(), 3);
    assert!(f(&Vmi::with(&[3]), 3, &none()).is_err());
    let vmi = Vmi::with(&[7]);
    assert_eq!(lazy(&vmi, &none()).unwrap().collect::<Vec<_>>(), [2, 7]);
    let (add, text) = nested(&vmi, &none()).unwrap().unwrap();
    assert_eq!((add(1), format!("{text:?}")), (3, "[2]".to_owned()));
    assert_eq!(
        of_generic(&vmi, 'x', &none()).unwrap().collect::<String>(),
        "xx"
    );
    let suppressed = none();
    assert_eq!(captures(&vmi, &suppressed).unwrap().count(), 1);
}

#[test]
fn coercions_at_the_exits() {
    type Callback = Box<dyn Fn(u32) -> u32 + Send + Sync>;

    #[probed]
    fn f(vmi: &Vmi, k: bool) -> Result<Callback, Box<dyn Error + Send + Sync>> {
        let a = vmi.read_u32(1)?.unwrap_or(0);
        if k {
            return Ok(Box::new(move |x| x + a));
        }
        Ok(Box::new(|x| x))
    }

    #[probed]
    fn g(vmi: &Vmi) -> Result<&'static dyn Debug, VmiError> {
        let _ = vmi.read_u8(1)?;
        Ok(&1u8)
    }

    #[probed]
    fn slice(vmi: &Vmi) -> prober::Result<&'static [u64]> {
        if vmi.read_u8(1)?.is_none() {
            return Ok(&[]);
        }
        Ok(&[1, 2])
    }

    #[probed]
    fn function(vmi: &Vmi) -> prober::Result<fn(u64) -> u64> {
        match vmi.read_u8(1)? {
            Some(1) => Ok(|x| x + 1),
            _ => Ok(|x| x),
        }
    }

    assert_eq!(f(&Vmi::default(), true, &none()).unwrap()(1), 2);
    assert_eq!(f(&Vmi::default(), false, &none()).unwrap()(1), 1);
    assert_eq!(format!("{:?}", g(&Vmi::default(), &none()).unwrap()), "1");
    assert_eq!(slice(&Vmi::default(), &none()).unwrap(), [1, 2]);
    assert_eq!(function(&Vmi::default(), &none()).unwrap()(1), 2);
}

#[test]
fn mutable_and_pattern_parameters() {
    struct Range {
        start: u64,
        end: u64,
    }

    #[probed]
    fn f(vmi: &Vmi, mut a: u64, mut out: Vec<u64>) -> prober::Result<Vec<u64>> {
        while a < 4 {
            out.push(vmi.read_u64(a)?.unwrap_or(99));
            a += 1;
        }
        Ok(out)
    }

    #[probed]
    fn g(
        vmi: &Vmi,
        (a, mut b): (u64, Vec<u64>),
        Range { start, end: last }: Range,
        [x, .., y]: [u64; 3],
        &z: &u64,
        _: String,
        _unused: String,
        ref by_ref: String,
    ) -> prober::Result<Vec<u64>> {
        for i in start..last {
            b.push(vmi.read_u64(i)?.unwrap_or(a));
        }
        b.extend([x, y, z, by_ref.len() as u64]);
        Ok(b)
    }

    assert_eq!(f(&Vmi::default(), 2, vec![], &none()).unwrap(), [2, 3]);
    assert_eq!(faults(f(&Vmi::with(&[3]), 2, vec![], &none())), [3]);
    let range = Range { start: 1, end: 3 };
    let text = String::new;
    let got = g(
        &Vmi::default(),
        (0, vec![9]),
        range,
        [4, 5, 6],
        &7,
        text(),
        text(),
        "ab".into(),
        &none(),
    );
    assert_eq!(got.unwrap(), [9, 1, 2, 4, 6, 7, 2]);
}

trait Os {
    const OFFSET: u64;
    type Id: From<u64> + Debug + PartialEq;
}

struct Linux;

impl Os for Linux {
    const OFFSET: u64 = 2;
    type Id = u64;
}

struct Walker<O: Os>(PhantomData<O>);

impl<O: Os> Walker<O>
where
    O::Id: PartialEq,
{
    const TWICE: u64 = O::OFFSET * 2;

    #[probed]
    fn walk<const N: usize, F>(
        &self,
        vmi: &Vmi,
        step: F,
        start: impl Into<u64>,
    ) -> prober::Result<[Option<O::Id>; N]>
    where
        F: for<'a> Fn(&'a u64) -> u64,
        Self: Sized,
    {
        let mut a = start.into();
        let mut out = [const { None }; N];
        for o in &mut out {
            *o = vmi.read_u64(a + Self::TWICE)?.map(O::Id::from);
            a = step(&a);
        }
        Ok(out)
    }
}

#[test]
fn generics_constants_and_higher_ranked_bounds() {
    let walker = Walker::<Linux>(PhantomData);
    let got = walker.walk::<2, _>(&Vmi::default(), |x| x + 1, 1u32, &none());
    assert_eq!(got.unwrap(), [Some(5), Some(6)]);
    let got = walker.walk::<2, _>(&Vmi::with(&[5, 6]), |x| x + 1, 1u32, &none());
    assert_eq!(faults(got), [5, 6]);
}

#[test]
fn generic_and_dyn_receivers() {
    #[probed]
    fn f<V: VmiRead + ?Sized>(vmi: &V, w: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_word(1)?.map_or(0, u64::from);
        let vmi = w;
        let b = vmi.read_struct::<u16>(2)?.unwrap_or_default();
        let c: Option<u64> = vmi.read_struct::<_>(3)?;
        Ok(a + u64::from(b) + c.unwrap_or(0))
    }

    #[probed]
    fn owned(vmi: impl VmiRead) -> prober::Result<Option<u32>> {
        Ok(vmi.read_word(1)?)
    }

    #[probed]
    fn smart(vmi: Rc<Vmi>) -> prober::Result<u64> {
        Ok(vmi.read_u64(1)?? + vmi.read_struct::<u64>(2)??)
    }

    #[probed]
    fn through_deref<V: Deref<Target = Vmi>>(vmi: V) -> prober::Result<u64> {
        Ok(vmi.read_u64(1)?? + vmi.read_struct::<u64>(2)??)
    }

    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1, 2, 3]));
    let (d, l): (&dyn VmiRead, &dyn VmiRead) = (&vmi, &lost);
    assert_eq!(f(d, &vmi, &none()).unwrap(), 6);
    assert_eq!(faults(f(l, &lost, &none())), [1, 2, 3]);
    assert_eq!(owned(Vmi::default(), &none()).unwrap(), Some(1));
    assert_eq!(smart(Rc::new(Vmi::default()), &none()).unwrap(), 3);
    assert_eq!(faults(smart(Rc::new(Vmi::with(&[2])), &none())), [2]);
    assert_eq!(through_deref(&vmi, &none()).unwrap(), 3);
    assert_eq!(
        faults(through_deref(Box::new(Vmi::with(&[2])), &none())),
        [2]
    );
}

#[test]
fn unsafe_and_extern_functions() {
    #[probed]
    #[deny(unsafe_op_in_unsafe_fn, unused_unsafe)]
    unsafe fn f(vmi: &Vmi, p: *const u64) -> prober::Result<u64> {
        let a = unsafe { *p };
        Ok(unsafe { vmi.read_raw(a) }?.unwrap_or(0))
    }

    #[probed]
    #[allow(improper_ctypes_definitions)] // Called from Rust.
    unsafe extern "C" fn c(vmi: &Vmi, p: *const u64) -> prober::Result<u64> {
        let a = unsafe { *p };
        Ok(unsafe { vmi.read_raw(a)? }.unwrap_or(0))
    }

    #[probed]
    fn g(vmi: &Vmi) -> prober::Result<u64> {
        let x = unsafe { vmi.read_raw(3)? };
        let y = unsafe { vmi.read_raw(vmi.read_raw(4)? + 1) }?;
        Ok(x.unwrap_or(0) + y.unwrap_or(0))
    }

    let a = 5;
    assert_eq!(
        unsafe { f(&Vmi::default(), &raw const a, &none()) }.unwrap(),
        5
    );
    assert_eq!(
        faults(unsafe { f(&Vmi::with(&[5]), &raw const a, &none()) }),
        [5]
    );
    assert_eq!(
        unsafe { c(&Vmi::default(), &raw const a, &none()) }.unwrap(),
        5
    );
    assert_eq!(g(&Vmi::default(), &none()).unwrap(), 8);
    assert_eq!(faults(g(&Vmi::with(&[3, 4, 5]), &none())), [3, 4]);
}

mod visible {
    use prober::probed;
    use prober_tests::Vmi;

    #[probed]
    pub(crate) fn in_crate(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed]
    pub(super) fn in_super(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed]
    pub(in super::visible) fn in_path(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?.or(in_super(vmi, suppressed)?))
    }

    pub(crate) fn through(vmi: &Vmi) -> Option<u64> {
        in_path(vmi, &prober_tests::none()).unwrap_or_default()
    }
}

#[test]
fn visibilities() {
    assert_eq!(
        visible::in_crate(&Vmi::default(), &none()).unwrap(),
        Some(1)
    );
    assert_eq!(
        visible::in_super(&Vmi::default(), &none()).unwrap(),
        Some(1)
    );
    assert_eq!(visible::through(&Vmi::default()), Some(1));
}

trait Scan {
    #[probed]
    fn head(&self, vmi: &Vmi) -> prober::Result<u64>;

    #[probed]
    fn two(&self, vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?.unwrap_or(0);
        Ok(a + self.head(vmi, suppressed)?)
    }

    #[probed]
    fn borrowed(&self, vmi: &Vmi) -> prober::Result<&str> {
        let _ = vmi.read_u64(1)?;
        Ok("none")
    }

    #[probed]
    fn from_arg(vmi: Vmi, s: &str) -> prober::Result<&str>
    where
        Self: Sized;
}

struct Five;

impl Scan for Five {
    #[probed]
    fn head(&self, vmi: &Vmi) -> prober::Result<u64> {
        Ok(vmi.read_u64(5)?.unwrap_or(0))
    }

    #[probed]
    fn from_arg(vmi: Vmi, s: &str) -> prober::Result<&str> {
        let _ = vmi.read_u64(1)?;
        Ok(&s[1..])
    }
}

#[test]
fn trait_methods() {
    let d: &dyn Scan = &Five;
    assert_eq!(d.two(&Vmi::default(), &none()).unwrap(), 6);
    assert_eq!(faults(d.two(&Vmi::with(&[1, 5]), &none())), [1, 5]);
    assert_eq!(d.borrowed(&Vmi::default(), &none()).unwrap(), "none");
    assert_eq!(Five::from_arg(Vmi::default(), "ab", &none()).unwrap(), "b");
}

trait Table<K, V: ?Sized + 'static>
where
    K: Ord,
{
    #[probed]
    fn look_up(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&V>>;

    #[probed]
    async fn look_up_later(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&V>>;
}

impl<K: Ord> Table<K, str> for BTreeMap<K, String> {
    #[probed]
    fn look_up(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&str>> {
        let _ = vmi.read_u64(1)?;
        Ok(self.get(key).map(|value| &**value))
    }

    #[probed]
    async fn look_up_later(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&str>> {
        prober_tests::tick().await;
        let _ = vmi.read_u64(1)?;
        self.look_up(vmi, key, suppressed)
    }
}

#[test]
fn generic_traits() {
    let table = BTreeMap::from([(1, "one".to_owned())]);
    let table: &BTreeMap<_, _> = &table;
    assert_eq!(
        table.look_up(&Vmi::default(), &1, &none()).unwrap(),
        Some("one")
    );
    let (vmi, none_yet) = (Vmi::default(), none());
    let later = table.look_up_later(&vmi, &2, &none_yet);
    assert_eq!(block_on(later).unwrap(), None);
    assert_eq!(
        faults(block_on(table.look_up_later(&Vmi::with(&[1]), &2, &none()))),
        [1]
    );
}

// A foreign trait's method keeps its signature.
#[test]
fn a_method_of_a_foreign_trait() {
    struct Pages {
        vmi: Vmi,
        suppressed: prober::SuppressedPages,
        at: u64,
    }

    impl Iterator for Pages {
        type Item = prober::Result<u64>;

        fn next(&mut self) -> Option<Self::Item> {
            self.at += 1;
            (self.at < 4).then(|| self.try_into())
        }
    }

    impl TryFrom<&mut Pages> for u64 {
        type Error = prober::ProbeError;

        #[probed(suppressed = pages.suppressed, vmi = pages.vmi)]
        fn try_from(pages: &mut Pages) -> Result<u64, prober::ProbeError> {
            pages.suppressed.insert(prober_tests::fault(99));
            Ok(pages.vmi.read_u64(pages.at)?? + pages.vmi.read_u64(pages.at)??)
        }
    }

    let pages = |absent| Pages {
        vmi: Vmi::with(absent),
        suppressed: none(),
        at: 0,
    };
    assert_eq!(
        pages(&[]).collect::<Result<Vec<_>, _>>().unwrap(),
        [2, 4, 6]
    );
    assert_eq!(faults(pages(&[2]).collect::<Result<Vec<_>, _>>()), [2]);
}

#[test]
fn result_aliases() {
    type Mine<T> = Result<T, VmiError>;
    type OfAlias<T = u64> = Mine<T>;
    type Fixed = OfAlias;
    type Swapped<E, T> = Result<T, E>;
    mod nested {
        pub(super) type Result<T> = std::result::Result<T, super::VmiError>;
    }

    #[probed]
    fn a(vmi: &Vmi) -> Mine<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn b(vmi: &Vmi) -> OfAlias {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn c(vmi: &Vmi) -> Fixed {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn d(vmi: &Vmi) -> nested::Result<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn e(vmi: &Vmi) -> Swapped<VmiError, u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn f(vmi: &Vmi) -> anyhow::Result<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn g(vmi: &Vmi) -> prober::Result<u64, VmiError> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    fn h(vmi: &Vmi) -> ::core::result::Result<u64, VmiError> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed]
    async fn i(vmi: &Vmi) -> Fixed {
        Ok(vmi.read_u64(1)??)
    }

    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1]));
    for f in [a, b, c, d, e, g, h] {
        assert_eq!(f(&vmi, &none()).unwrap(), 1);
        assert_eq!(faults(f(&lost, &none())), [1]);
    }
    assert_eq!(faults(f(&lost, &none())), [1]);
    assert_eq!(faults(block_on(i(&lost, &none()))), [1]);
}

#[test]
fn lifetimes_that_a_bound_declares_are_no_parameters() {
    trait Measure<'a> {
        fn measure(&self, text: &'a str) -> usize;
    }

    struct Length;

    impl<'a> Measure<'a> for Length {
        fn measure(&self, text: &'a str) -> usize {
            text.len()
        }
    }

    #[probed]
    fn dynamic(m: Rc<dyn for<'a> Measure<'a>>, text: &str) -> prober::Result<(&str, usize)> {
        let vmi = Vmi::default();
        vmi.read_u8(1)??;
        Ok((text, m.measure("abc")))
    }

    #[probed]
    fn generic(m: impl for<'a> Measure<'a>, text: &str) -> prober::Result<(&str, usize)> {
        let vmi = Vmi::default();
        vmi.read_u8(1)??;
        Ok((text, m.measure("abcd")))
    }

    let found = dynamic(Rc::new(Length), "x", &none()).unwrap();
    assert_eq!(found, ("x", 3));
    assert_eq!(generic(Length, "y", &none()).unwrap(), ("y", 4));
}
