//! Elided lifetimes in results, which the added parameter must not make
//! ambiguous.
#![allow(
    clippy::extra_unused_lifetimes,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::unnecessary_box_returns,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    mismatched_lifetime_syntaxes
)] // Shapes under test.

use std::{borrow::Cow, fmt::Debug, marker::PhantomData, pin::Pin, rc::Rc, sync::Arc};

use prober::probed;
use prober_tests::{Vmi, faults, none};
use vmi_core::VmiError;

struct Names(Vec<String>);

struct View<'a>(&'a str);

fn names() -> Names {
    Names(vec!["a".into(), "b".into()])
}

#[test]
fn elided_result_of_the_only_reference() {
    #[probed(options)]
    fn name(names: &Names, i: usize) -> Result<&str, VmiError> {
        let vmi = Vmi::default();
        let _ = vmi.read_u8(0)?;
        Ok(&names.0[i])
    }

    #[probed(options)]
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
    #[probed(options)]
    fn path(vmi: Vmi, s: View<'_>) -> prober::Result<View<'_>> {
        let _ = vmi.read_u8(0)?;
        Ok(View(&s.0[1..]))
    }

    #[probed(options)]
    fn reference_to_path(vmi: Vmi, s: &str) -> prober::Result<View<'_>> {
        let _ = vmi.read_u8(0)?;
        Ok(View(s))
    }

    #[probed(options)]
    fn boxed(vmi: Vmi, s: &str) -> prober::Result<Box<dyn Iterator<Item = char> + '_>> {
        let _ = vmi.read_u8(0)?;
        Ok(Box::new(s.chars().rev()))
    }

    #[probed(options)]
    fn opaque(vmi: Vmi, s: &str) -> prober::Result<impl Iterator<Item = char> + '_> {
        let _ = vmi.read_u8(0)?;
        Ok(s.chars().rev())
    }

    #[probed(options)]
    fn nested(vmi: Vmi, s: &str) -> prober::Result<Vec<Option<(&str, Cow<'_, str>)>>> {
        let _ = vmi.read_u8(0)?;
        Ok(vec![Some((s, s.into()))])
    }

    #[probed(options)]
    fn in_generic(vmi: Vmi, s: Option<&str>) -> prober::Result<Option<&str>> {
        let _ = vmi.read_u8(0)?;
        Ok(s)
    }

    #[probed(options)]
    fn dynamic(vmi: Vmi, s: &dyn Debug) -> prober::Result<&dyn Debug> {
        let _ = vmi.read_u8(0)?;
        Ok(s)
    }

    #[probed(options)]
    fn mutable(vmi: Vmi, s: &mut Vec<u64>) -> prober::Result<&mut u64> {
        s.push(vmi.read_u64(3)??);
        Ok(s.last_mut()?)
    }

    #[probed(options)]
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
    #[probed(options)]
    fn f<'a>(vmi: Vmi, s: View<'a>) -> prober::Result<&'_ str> {
        let _ = vmi.read_u8(0)?;
        Ok(s.0)
    }

    // Declared, and not the lifetime of any parameter.
    #[probed(options)]
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

    #[probed(options)]
    fn f(vmi: Vmi, s: &str, g: fn(&str) -> &str) -> prober::Result<&str> {
        let _ = vmi.read_u8(0)?;
        Ok(g(s))
    }

    #[probed(options)]
    fn g(vmi: Vmi, s: &str, g: impl Fn(&str) -> usize) -> prober::Result<(&str, First)> {
        let _ = vmi.read_u8(0)?;
        Ok((&s[g(s)..], str::trim))
    }

    #[probed(options)]
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
        #[probed(options)]
        fn by_ref(&self, vmi: &Vmi, _other: &str) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.name)
        }

        #[probed(options)]
        fn by_mut(&mut self, vmi: &Vmi) -> prober::Result<&mut String> {
            self.name.push_str(&vmi.read_string(1)??);
            Ok(&mut self.name)
        }

        #[probed(options)]
        fn by_named<'a>(&'a self, vmi: &Vmi) -> prober::Result<View<'_>> {
            let _ = vmi.read_u8(1)?;
            Ok(View(&self.name))
        }

        #[probed(options)]
        fn by_typed(self: &Rc<Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.name)
        }

        #[probed(options)]
        fn by_pin(self: Pin<&mut Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.get_mut().name)
        }

        #[probed(options)]
        fn by_pin_ref(self: Pin<&Self>, vmi: &Vmi) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            Ok(&self.get_ref().name)
        }

        #[probed(options)]
        fn by_value(self, vmi: &Vmi) -> prober::Result<String> {
            let _ = vmi.read_u8(1)?;
            Ok(self.name)
        }

        #[probed(options)]
        fn by_mut_value(mut self, vmi: &Vmi) -> prober::Result<String> {
            self.name.push_str(&vmi.read_string(1)??);
            Ok(self.name)
        }

        #[probed(options)]
        fn by_box(self: Box<Self>, vmi: &Vmi) -> prober::Result<String> {
            let _ = vmi.read_u8(1)?;
            Ok(self.name)
        }

        #[probed(options)]
        fn by_rc(self: Rc<Self>, vmi: &Vmi) -> prober::Result<Rc<Self>> {
            let _ = vmi.read_u8(1)?;
            Ok(self)
        }

        #[probed(options)]
        fn by_arc(self: Arc<Self>, vmi: &Vmi) -> prober::Result<usize> {
            let _ = vmi.read_u8(1)?;
            Ok(Arc::strong_count(&self))
        }

        #[probed(options)]
        fn by_mut_box(mut self: Box<Self>, vmi: &Vmi) -> prober::Result<Box<Self>> {
            let _ = vmi.read_u8(1)?;
            self.name.clear();
            Ok(self)
        }

        // From a box nothing can be elided.
        #[probed(options)]
        fn with_other(self: Box<Self>, vmi: Vmi, other: &str) -> prober::Result<&str> {
            let _ = vmi.read_u8(1)?;
            let Self { name: _ } = *self;
            Ok(other)
        }

        #[probed(options)]
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

    #[probed(options)]
    fn dynamic(m: Rc<dyn for<'a> Measure<'a>>, text: &str) -> prober::Result<(&str, usize)> {
        let vmi = Vmi::default();
        vmi.read_u8(1)??;
        Ok((text, m.measure("abc")))
    }

    #[probed(options)]
    fn generic(m: impl for<'a> Measure<'a>, text: &str) -> prober::Result<(&str, usize)> {
        let vmi = Vmi::default();
        vmi.read_u8(1)??;
        Ok((text, m.measure("abcd")))
    }

    let found = dynamic(Rc::new(Length), "x", &none()).unwrap();
    assert_eq!(found, ("x", 3));
    assert_eq!(generic(Length, "y", &none()).unwrap(), ("y", 4));
}

/// Types of one's own that hide nothing, by the names of std's that do.
mod stream {
    #[derive(Debug, PartialEq)]
    pub(super) struct Iter<I>(pub(super) I);
}

#[derive(Debug, PartialEq)]
struct Values<T>(T);

#[derive(Debug, PartialEq)]
struct Windows<T>(T);

trait Kind {
    type Keys<T>;
}

impl Kind for () {
    type Keys<T> = Values<T>;
}

#[test]
fn types_that_share_a_name_with_others() {
    #[probed(options)]
    fn values(vmi: &Vmi) -> prober::Result<Values<Option<u64>>> {
        Ok(Values(vmi.read_u64(1)?))
    }
    #[probed]
    fn qualified(vmi: &Vmi) -> prober::Result<stream::Iter<u64>> {
        Ok(stream::Iter(vmi.read_u64(1)?))
    }
    #[probed]
    fn of_no_parameter() -> prober::Result<Values<u64>> {
        let vmi = Vmi::default();
        Ok(Values(vmi.read_u64(1)?))
    }
    #[probed]
    fn of_a_trait<K: Kind<Keys<u64> = Values<u64>>>(vmi: &Vmi) -> prober::Result<K::Keys<u64>> {
        Ok(Values(vmi.read_u64(1)?))
    }
    #[probed(options)]
    fn borrowed<'a>(vmi: &'a Vmi, other: Windows<u8>) -> prober::Result<(Values<u8>, &Vmi)> {
        let _ = vmi.read_u64(1)?;
        Ok((Values(other.0), vmi))
    }
    #[probed]
    fn elided(vmi: &Vmi, other: Windows<u8>) -> prober::Result<(Values<u8>, &Vmi)> {
        vmi.read_u64(1)?;
        Ok((Values(other.0), vmi))
    }

    let vmi = Vmi::default();
    assert_eq!(values(&vmi, &none()).unwrap(), Values(Some(1)));
    assert_eq!(qualified(&vmi, &none()).unwrap(), stream::Iter(1));
    assert_eq!(of_no_parameter(&none()).unwrap(), Values(1));
    assert_eq!(of_a_trait::<()>(&vmi, &none()).unwrap(), Values(1));
    for f in [borrowed, elided] {
        let (values, same) = f(&vmi, Windows(3), &none()).unwrap();
        assert_eq!(values, Values(3));
        assert!(std::ptr::eq(same, &raw const vmi));
    }
}

struct Reader<'a> {
    vmi: &'a Vmi,
}

type Alias<'a> = Reader<'a>;

impl<'a> Reader<'a> {
    // The only lifetime is that of the type.
    #[probed(options, vmi = self.vmi)]
    fn by_value(self: Reader<'a>, at: u64) -> prober::Result<&Vmi> {
        self.vmi.read_u64(at)??;
        Ok(self.vmi)
    }

    #[probed(vmi = self.vmi)]
    fn kept_by_value(self: Reader<'a>, at: u64) -> prober::Result<&Vmi> {
        self.vmi.read_u64(at)?;
        Ok(self.vmi)
    }

    #[probed(options, vmi = self.vmi)]
    fn by_reference(self: &Self, name: &str) -> prober::Result<&Vmi> {
        self.vmi.read_u64(name.len() as u64)??;
        Ok(self.vmi)
    }

    #[probed(options, vmi = self.vmi)]
    fn by_name(self: &Reader<'a>, name: &str) -> prober::Result<&Vmi> {
        self.vmi.read_u64(name.len() as u64)??;
        Ok(self.vmi)
    }

    #[probed(vmi = self.vmi)]
    fn by_alias(self: &'a Alias<'a>, at: u64) -> prober::Result<&Vmi> {
        self.vmi.read_u64(at)?;
        Ok(self.vmi)
    }
}

#[test]
fn receivers_with_a_type() {
    let vmi = Vmi::default();
    let is_vmi = |other: &Vmi| std::ptr::eq(other, &raw const vmi);
    let reader = || Reader { vmi: &vmi };
    // The result does not borrow from the set.
    assert!(is_vmi(reader().by_value(1, &none()).unwrap()));
    assert!(is_vmi(reader().kept_by_value(1, &none()).unwrap()));
    assert!(is_vmi(reader().by_reference("n", &none()).unwrap()));
    assert!(is_vmi(reader().by_name("n", &none()).unwrap()));
    assert!(is_vmi(reader().by_alias(1, &none()).unwrap()));
    assert_eq!(
        faults(
            Reader {
                vmi: &Vmi::with(&[1])
            }
            .by_value(1, &none())
        ),
        [1]
    );
}
