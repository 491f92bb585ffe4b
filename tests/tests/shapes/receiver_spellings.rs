//! What counts as a receiver: by name, however it is spelt.
#![allow(
    clippy::many_single_char_names,
    clippy::non_minimal_cfg,
    clippy::redundant_closure_call,
    clippy::unnecessary_wraps
)] // Shapes under test.

use prober::{probe, probed, unprobed};
use prober_tests::{Vmi, fault, faults, hard, none, suppress};
use vmi_core::VmiError;

#[test]
fn spellings() {
    #[allow(unused_parens, clippy::needless_borrow, clippy::borrow_deref_ref)]
    #[allow(clippy::explicit_auto_deref)]
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<[Option<u64>; 6]> {
        Ok([
            (vmi).read_u64(1)?,
            (&vmi).read_u64(2)?,
            (&*vmi).read_u64(3)?,
            vmi
                // A comment between.
                .read_u64(4)?,
            (*vmi).read_u64(5)?,
            (&&vmi).read_struct::<u64>(6)?,
        ])
    }

    let vmi = Vmi::with(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(faults(f(&vmi, &none())), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        f(&Vmi::default(), &none()).unwrap(),
        [1, 2, 3, 4, 5, 6].map(Some)
    );
}

#[test]
fn raw_identifiers() {
    #[probed(options)]
    fn f(r#vmi: &Vmi) -> prober::Result<Option<u64>> {
        let x = r#vmi.read_u64(1)?;
        let _ = vmi.read_u64(2)?;
        Ok(x)
    }

    #[probed(options, vmi = r#type)]
    fn g(r#type: &Vmi) -> prober::Result<Option<u64>> {
        let r#match = r#type.r#read_u64(1)?;
        let r#loop = r#type.read_u64(2)?;
        Ok(r#match.or(r#loop))
    }

    assert_eq!(faults(f(&Vmi::with(&[1, 2]), &none())), [1, 2]);
    assert_eq!(faults(g(&Vmi::with(&[1, 2]), &none())), [1, 2]);
    assert_eq!(g(&Vmi::default(), &none()).unwrap(), Some(1));
}

#[test]
fn what_is_called_vmi_counts() {
    #[probed(options)]
    fn f(vmi: &Vmi, others: &[Vmi]) -> prober::Result<u64> {
        let mut sum = vmi.read_u64(0)?.unwrap_or(0);
        for vmi in others {
            sum += vmi.read_u64(1)?.unwrap_or(100);
        }
        let g = |vmi: &Vmi| vmi.read_u64(2);
        if let Some(vmi) = others.first() {
            sum += vmi.read_u64(3)?.unwrap_or(0);
        }
        let vmi = &others[0];
        Ok(sum + g(vmi)?.unwrap_or(0) + vmi.read_u64(4)?.unwrap_or(0))
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &[Vmi::default()], &none()).unwrap(), 10);
    assert_eq!(
        faults(f(&vmi, &[Vmi::with(&[1, 2, 4])], &none())),
        [1, 2, 4]
    );
}

#[test]
fn named_receivers() {
    struct Walker {
        vmi: Vmi,
        inner: (Vmi, u64),
    }

    impl Walker {
        fn state(&self) -> &Vmi {
            &self.vmi
        }

        #[probed(options, vmi = (self.vmi, self.inner.0, self.state(), other))]
        fn walk(&self, other: &Vmi) -> prober::Result<[Option<u64>; 5]> {
            let vmi = other;
            Ok([
                self.vmi.read_u64(1)?,
                self.inner.0.read_u64(2)?,
                self.state().read_u64(3)?,
                other.read_u64(4)?,
                // Always known.
                vmi.read_u64(5)?,
            ])
        }
    }

    let walker = |absent: &[u64]| Walker {
        vmi: Vmi::with(absent),
        inner: (Vmi::with(absent), 0),
    };
    let all = [1, 2, 3, 4, 5];
    assert_eq!(faults(walker(&all).walk(&Vmi::with(&all), &none())), all);
    let _ = walker(&[]).inner.1;
    assert_eq!(
        walker(&[]).walk(&Vmi::default(), &none()).unwrap(),
        all.map(Some)
    );
}

// What is not called so is left alone; its fault joins when it leaves.
#[test]
fn unknown_receivers_and_method_paths_are_plain() {
    #[probed(options)]
    fn f(vmi: &Vmi, other: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?;
        let b: u64 = Vmi::read_u64(vmi, 2)?;
        let c: u64 = other.read_u64(3)?;
        let read = Vmi::read_u64;
        let d: u64 = read(vmi, 4)?;
        let e = (4..6).map(|a| other.read_u64(a)).sum::<Result<u64, _>>()?;
        Ok(a.unwrap_or(0) + b + c + d + e)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &vmi, &none()).unwrap(), 19);
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3]), &vmi, &none())), [1, 2]);
    assert_eq!(
        faults(f(&Vmi::with(&[1]), &Vmi::with(&[3, 4]), &none())),
        [1, 3]
    );
    assert_eq!(faults(f(&vmi, &Vmi::with(&[5]), &none())), [5]);
}

// `read_page` and the getter are no probes, and have types of their own.
#[test]
fn names_that_are_no_reads() {
    struct Odd;

    impl Odd {
        fn read_page(&self, n: u64) -> Result<u64, VmiError> {
            let Self = self;
            if n == 0 {
                Err(VmiError::Translation(fault(n)))
            } else {
                Ok(n)
            }
        }
        fn read_string_length_limit(&self) -> Option<usize> {
            let Self = self;
            Some(8)
        }
        fn reader(&self) -> u64 {
            let Self = self;
            1
        }
        fn read(&self) -> Result<u64, VmiError> {
            let Self = self;
            Err(VmiError::Translation(fault(5)))
        }
    }

    #[probed(options)]
    fn f(vmi: &Odd, n: u64) -> prober::Result<(u64, Option<usize>, u64)> {
        let _ = vmi.read()?;
        let page: u64 = vmi.read_page(n)?;
        Ok((page, vmi.read_string_length_limit(), vmi.reader()))
    }

    assert_eq!(f(&Odd, 3, &suppress(&[5])).unwrap(), (3, Some(8), 1));
    assert_eq!(faults(f(&Odd, 3, &none())), [5]);
    assert_eq!(faults(f(&Odd, 0, &none())), [5, 0]);
}

#[test]
fn chains_after_a_read() {
    #[derive(Debug)]
    struct Context(String);

    impl From<Context> for VmiError {
        fn from(context: Context) -> Self {
            Self::os(std::io::Error::other(context.0))
        }
    }

    #[probed(options)]
    fn f(vmi: &Vmi) -> Result<u64, VmiError> {
        let a = match vmi.read_u64(1) {
            Ok(Some(x)) => x,
            Ok(None) => 0,
            Err(e) => return Err(e),
        };
        let b = vmi
            .read_u64(2)
            .map_err(|e| Context(format!("ctx {e}")))?
            .unwrap_or(0);
        let c = vmi
            .read_u64(3)
            .and_then(|o| o.ok_or(VmiError::Other("n")))?;
        let d = vmi
            .read_string(4)?
            .as_deref()
            .map(str::len)
            .unwrap_or_default();
        let e = vmi.read_u64(5)?.filter(|e| *e > 3).into_iter().sum::<u64>();
        let [_, f, ..] = vmi.read_u64(6)?.unwrap_or(0).to_be_bytes();
        Ok(a + b + c + d as u64 + e + u64::from(f))
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> Result<Option<u32>, VmiError> {
        vmi.read_u64(1).and_then(|p| match p {
            Some(p) => vmi.read_u32(p + 1),
            None => Ok(None),
        })
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 12);
    assert_eq!(faults(f(&Vmi::with(&[1, 3]), &none())), [1]);
    assert_eq!(hard(f(&Vmi::with(&[1, 3]), &suppress(&[1, 3]))), "n");
    assert_eq!(g(&Vmi::default(), &none()).unwrap(), Some(2));
    assert_eq!(faults(g(&Vmi::with(&[2]), &none())), [2]);
}

#[test]
fn reads_within_reads_are_one_probe() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(vmi.read_u64(vmi.read_u64(1)? + 1)? + 1)?)
    }

    #[probed(options)]
    fn g(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(probe_of(vmi, 1)? + u64::from(vmi.read_struct::<u16>(7)?))?)
    }

    fn probe_of(vmi: &Vmi, address: u64) -> Result<u64, VmiError> {
        vmi.read_u64(address)
    }

    let vmi = Vmi::default();
    assert_eq!(f(&vmi, &none()).unwrap(), Some(3));
    assert_eq!(vmi.asked(), [1, 2, 3]);
    // Behind the first that is missing nothing is read.
    let vmi = Vmi::with(&[1, 2]);
    assert_eq!(faults(f(&vmi, &none())), [1]);
    assert_eq!(vmi.asked(), [1]);
    assert_eq!(f(&vmi, &suppress(&[1])).unwrap(), None);
    assert_eq!(g(&Vmi::default(), &none()).unwrap(), Some(8));
    assert_eq!(faults(g(&Vmi::with(&[7, 8]), &none())), [7]);
}

#[test]
fn probe_round_anything_fallible() {
    struct Process<'a>(&'a Vmi, u64);

    impl Process<'_> {
        fn parent(&self) -> Result<Self, VmiError> {
            Ok(Self(self.0, self.0.read_u64(self.1 + 1)?))
        }
        fn id(&self) -> Result<u64, VmiError> {
            self.0.read_u64(self.1)
        }
    }

    #[probed(options)]
    fn f(vmi: &Vmi, at: Option<u64>) -> prober::Result<Vec<Option<u64>>> {
        let chain = probe!(Process(vmi, at?).parent()?.parent()?.id())?;
        let block = probe!({
            let first = vmi.read_u64(20)?;
            let second = vmi.read_u64(first + 1)?;
            Ok::<_, VmiError>(first + second)
        })?;
        let by_match = probe!(match at {
            Some(at) => vmi.read_u64(at),
            None => Err(VmiError::Translation(fault(30))),
        })?;
        let by_if = probe!(if at.is_some() {
            vmi.read_u64(40)
        } else {
            Ok(0)
        })?;
        let by_unsafe = probe!(unsafe { vmi.read_raw(at? + 50) })?;
        let by_closure = probe!((|| vmi.read_u64(60))())?;
        let by_path = prober::probe!(Vmi::read_u64(vmi, 70))?;
        let braces = probe! { vmi.read_u64(80) }?;
        Ok(vec![
            chain, block, by_match, by_if, by_unsafe, by_closure, by_path, braces,
        ])
    }

    let got = f(&Vmi::default(), Some(1), &none()).unwrap();
    assert_eq!(got, [3, 41, 1, 40, 51, 60, 70, 80].map(Some));
    let all = [3, 20, 21, 1, 40, 51, 60, 70, 80];
    assert_eq!(
        faults(f(&Vmi::with(&all), Some(1), &none())),
        [3, 20, 1, 40, 51, 60, 70, 80]
    );
    assert_eq!(faults(f(&Vmi::default(), None, &none())), [30]);
    let got = f(&Vmi::default(), None, &suppress(&[30])).unwrap();
    let at_none = [
        None,
        Some(41),
        None,
        Some(0),
        None,
        Some(60),
        Some(70),
        Some(80),
    ];
    assert_eq!(got, at_none);
}

#[test]
fn unprobed_is_plain() {
    #[probed(options)]
    fn f(vmi: &Vmi) -> prober::Result<(bool, u64)> {
        let there = unprobed!(vmi.read_u64(1)).is_ok();
        let _ = vmi.read_u64(2)?;
        let plain: u64 = unprobed!(vmi.read_u64(3))?;
        let inner: u64 = prober::unprobed!(vmi.read_u64(plain + 1)?);
        Ok((there, inner))
    }

    assert_eq!(f(&Vmi::with(&[1]), &none()).unwrap(), (false, 4));
    assert_eq!(faults(f(&Vmi::with(&[1, 2, 3]), &none())), [2, 3]);
}

#[test]
fn attributes_and_parentheses_on_probes() {
    #[probed(options)]
    #[allow(unused_parens)]
    fn f(vmi: &Vmi) -> prober::Result<u64> {
        #[allow(clippy::let_and_return)]
        let a = (vmi.read_u64(1))?;
        let b = (vmi.read_u64(2)?)?;
        #[cfg(any())]
        let b = vmi.read_nothing(a)?;
        #[cfg(all())]
        let c = {
            #[allow(unused_braces)]
            {
                vmi.read_u64(b + 1)?
            }
        };
        #[cfg(any())]
        vmi.read_nothing(a)?;
        #[allow(unused_must_use)]
        vmi.read_u64(c? + 1)?;
        Ok(a? + b + c?)
    }

    assert_eq!(f(&Vmi::default(), &none()).unwrap(), 6);
    assert_eq!(faults(f(&Vmi::with(&[1, 3, 4]), &none())), [1, 3]);
    assert_eq!(faults(f(&Vmi::with(&[4]), &none())), [4]);
}

#[test]
fn a_read_through_a_mutable_receiver() {
    #[probed(options)]
    fn f(vmi: &mut Vmi, buf: &mut [u8]) -> prober::Result<u64> {
        let a = vmi.read_mut(1)?.unwrap_or(0);
        vmi.absent.insert(a + 6);
        if vmi.read(2, buf)?.is_some() {
            buf[0] += 1;
        }
        Ok(vmi.read_mut(a + 6)?.unwrap_or(u64::from(buf[0])))
    }

    #[probed(options)]
    fn owned(mut vmi: Vmi) -> prober::Result<u64> {
        vmi.absent.insert(4);
        Ok(vmi.read_mut(vmi.absent.len() as u64)?? + vmi.read_mut(4)??)
    }

    let mut buf = [0];
    assert_eq!(faults(f(&mut Vmi::default(), &mut buf, &none())), [7]);
    assert_eq!(
        f(&mut Vmi::default(), &mut buf, &suppress(&[7])).unwrap(),
        3
    );
    assert_eq!(faults(owned(Vmi::default(), &none())), [4]);
}

// A type whose `read*` take `&mut self` and bear the names that the runtime
// serves on vmi-core's types.
#[test]
fn a_mutable_reader_with_the_names_that_are_served() {
    struct Reader<'a>(&'a Vmi, u64);

    impl Reader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, VmiError> {
            self.1 += 1;
            self.0.read(self.1, buffer)?;
            Ok(buffer.len())
        }
        fn read_struct<T: From<u16>>(&mut self) -> Result<T, VmiError> {
            self.1 += 1;
            self.0.read_struct(self.1)
        }
    }

    #[probed(options)]
    fn by_ref(vmi: &mut Reader<'_>) -> prober::Result<u64> {
        let mut buffer = [0; 3];
        let n = vmi.read(&mut buffer)?.unwrap_or(0) as u64;
        Ok(n + u64::from(buffer[0]) + vmi.read_struct::<u64>()?.unwrap_or(0))
    }

    #[probed(options)]
    fn by_local(source: &Vmi) -> prober::Result<u64> {
        let mut vmi = Reader(source, 0);
        let mut buffer = [0; 3];
        let n = vmi.read(&mut buffer)?.unwrap_or(0) as u64;
        let vmi = &mut vmi;
        Ok(n + u64::from(buffer[0]) + vmi.read_struct::<u64>()?.unwrap_or(0))
    }

    #[probed(options)]
    fn generic(vmi: &mut impl std::io::Read) -> anyhow::Result<u8> {
        let mut buffer = [0];
        let n = unprobed!(vmi.read(&mut buffer))?;
        anyhow::ensure!(n == probe!(Ok::<_, VmiError>(1))??);
        Ok(buffer[0])
    }

    let source = Vmi::default();
    assert_eq!(by_ref(&mut Reader(&source, 0), &none()).unwrap(), 6);
    assert_eq!(by_local(&source, &none()).unwrap(), 6);
    let lost = Vmi::with(&[1, 2]);
    assert_eq!(faults(by_local(&lost, &none())), [1, 2]);
    assert_eq!(faults(by_ref(&mut Reader(&lost, 0), &none())), [1, 2]);
    assert_eq!(generic(&mut &b"x"[..], &none()).unwrap(), b'x');
}
