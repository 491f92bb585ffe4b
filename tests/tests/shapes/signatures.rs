//! Signatures: `impl Trait`, coercions, patterns, generics, modifiers, and
//! aliases of `Result`.
#![allow(
    clippy::many_single_char_names,
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    clippy::toplevel_ref_arg,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_self
)] // Shapes under test.

use std::{error::Error, fmt::Debug, marker::PhantomData, ops::Deref, rc::Rc};

use prober::probed;
use prober_tests::{Vmi, VmiRead, block_on, faults, none};
use vmi_core::VmiError;

#[test]
fn impl_trait_in_the_result() {
    #[probed(options)]
    fn f(vmi: &Vmi, n: u64) -> prober::Result<impl Iterator<Item = u64> + Clone + use<>> {
        let x = vmi.read_u64(n)?.unwrap_or(0);
        if x == 0 {
            return Ok((0..0).step_by(1));
        }
        Ok((0..x).step_by(1))
    }

    #[probed(options)]
    fn lazy<'v>(vmi: &'v Vmi) -> prober::Result<impl Iterator<Item = u64> + use<'v>> {
        let n = vmi.read_u64(2)?;
        Ok(n.into_iter().chain(vmi.absent.iter().copied()))
    }

    #[probed(options)]
    fn nested(
        vmi: &Vmi,
    ) -> prober::Result<Option<(impl Fn(u64) -> u64 + use<>, impl Debug + use<>)>> {
        let n = vmi.read_u64(2)?;
        Ok(n.map(|n| (move |x| x + n, [n])))
    }

    #[probed(options)]
    fn of_generic<T: Clone>(
        vmi: &Vmi,
        value: T,
    ) -> prober::Result<impl Iterator<Item = T> + use<T>> {
        let n = vmi.read_u64(2)??;
        Ok(std::iter::repeat_n(value, usize::try_from(n).unwrap_or(0)))
    }

    // Without `use<..>`, in edition 2024, it captures the set as well.
    #[probed(options)]
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

    #[probed(options)]
    fn f(vmi: &Vmi, k: bool) -> Result<Callback, Box<dyn Error + Send + Sync>> {
        let a = vmi.read_u32(1)?.unwrap_or(0);
        if k {
            return Ok(Box::new(move |x| x + a));
        }
        Ok(Box::new(|x| x))
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> Result<&'static dyn Debug, VmiError> {
        let _ = vmi.read_u8(1)?;
        Ok(&1u8)
    }

    #[probed(options)]
    fn slice(vmi: &Vmi) -> prober::Result<&'static [u64]> {
        if vmi.read_u8(1)?.is_none() {
            return Ok(&[]);
        }
        Ok(&[1, 2])
    }

    #[probed(options)]
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

    #[probed(options)]
    fn f(vmi: &Vmi, mut a: u64, mut out: Vec<u64>) -> prober::Result<Vec<u64>> {
        while a < 4 {
            out.push(vmi.read_u64(a)?.unwrap_or(99));
            a += 1;
        }
        Ok(out)
    }

    #[probed(options)]
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

    #[probed(options)]
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
    #[probed(options)]
    fn f<V: VmiRead + ?Sized>(vmi: &V, w: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_word(1)?.map_or(0, u64::from);
        let vmi = w;
        let b = vmi.read_struct::<u16>(2)?.unwrap_or_default();
        let c: Option<u64> = vmi.read_struct::<_>(3)?;
        Ok(a + u64::from(b) + c.unwrap_or(0))
    }

    #[probed(options)]
    fn owned(vmi: impl VmiRead) -> prober::Result<Option<u32>> {
        Ok(vmi.read_word(1)?)
    }

    #[probed(options)]
    fn smart(vmi: Rc<Vmi>) -> prober::Result<u64> {
        Ok(vmi.read_u64(1)?? + vmi.read_struct::<u64>(2)??)
    }

    #[probed(options)]
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
    #[probed(options)]
    #[deny(unsafe_op_in_unsafe_fn, unused_unsafe)]
    unsafe fn f(vmi: &Vmi, p: *const u64) -> prober::Result<u64> {
        let a = unsafe { *p };
        Ok(unsafe { vmi.read_raw(a) }?.unwrap_or(0))
    }

    #[probed(options)]
    #[allow(improper_ctypes_definitions)] // Called from Rust.
    unsafe extern "C" fn c(vmi: &Vmi, p: *const u64) -> prober::Result<u64> {
        let a = unsafe { *p };
        Ok(unsafe { vmi.read_raw(a)? }.unwrap_or(0))
    }

    #[probed(options)]
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

    #[probed(options)]
    pub(crate) fn in_crate(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
    pub(super) fn in_super(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    #[probed(options)]
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

#[test]
fn result_aliases() {
    type Mine<T> = Result<T, VmiError>;
    type OfAlias<T = u64> = Mine<T>;
    type Fixed = OfAlias;
    type Swapped<E, T> = Result<T, E>;
    mod nested {
        pub(super) type Result<T> = std::result::Result<T, super::VmiError>;
    }

    #[probed(options)]
    fn a(vmi: &Vmi) -> Mine<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn b(vmi: &Vmi) -> OfAlias {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn c(vmi: &Vmi) -> Fixed {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn d(vmi: &Vmi) -> nested::Result<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn e(vmi: &Vmi) -> Swapped<VmiError, u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> anyhow::Result<u64> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> prober::Result<u64, VmiError> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
    fn h(vmi: &Vmi) -> ::core::result::Result<u64, VmiError> {
        Ok(vmi.read_u64(1)??)
    }

    #[probed(options)]
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
