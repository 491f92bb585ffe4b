//! Async functions, and async blocks in functions of both kinds.
#![allow(
    clippy::future_not_send,
    clippy::large_types_passed_by_value,
    clippy::many_single_char_names,
    clippy::needless_lifetimes,
    clippy::similar_names,
    clippy::unnecessary_wraps,
    clippy::unused_async
)] // Shapes under test.

use std::{error::Error, fmt::Debug, future::Future, pin::Pin, rc::Rc};

use prober::{probe, probed, settle};
use prober_tests::{Vmi, batch, block_on, faults, hard, none, suppress, tick, unavailable};
use vmi_core::VmiError;

#[test]
fn every_exit() {
    #[probed(options)]
    async fn f(vmi: &Vmi, k: u64, s: &str) -> Result<u64, Box<dyn Error>> {
        let a = vmi.read_u64(1)?;
        tick().await;
        let n = s.parse::<u64>()?;
        if k == 0 {
            return Ok(n);
        }
        let b = vmi.read_u64(a? + k)?;
        if k == 1 {
            Err(VmiError::Other("k"))?;
        }
        let later = async { Ok::<_, VmiError>(vmi.read_u64(9)?.unwrap_or(0)) };
        let later = later.await?;
        Ok(n + b? + later)
    }

    let run = |absent: &[u64], k, s: &str| block_on(f(&Vmi::with(absent), k, s, &none()));
    assert_eq!(run(&[], 0, "4").unwrap(), 4);
    assert_eq!(faults(run(&[1], 0, "4")), [1]);
    assert_eq!(faults(run(&[1], 0, "x")), [1]);
    assert_eq!(hard(run(&[], 0, "x")), "invalid digit found in string");
    assert_eq!(hard(run(&[], 1, "4")), "k");
    assert_eq!(faults(run(&[2], 1, "4")), [2]);
    assert_eq!(run(&[], 2, "4").unwrap(), 16);
    assert_eq!(faults(run(&[3, 9], 2, "4")), [3, 9]);
    let got = block_on(f(&Vmi::with(&[1]), 2, "4", &suppress(&[1])));
    assert_eq!(unavailable(got), [1]);
}

#[test]
fn await_in_the_arguments() {
    async fn address(n: u64) -> Result<u64, VmiError> {
        tick().await;
        if n == 0 {
            Err(VmiError::Timeout)
        } else {
            Ok(n)
        }
    }

    #[probed(options)]
    async fn f(vmi: &Vmi, n: u64) -> prober::Result<u64> {
        Ok(vmi.read_u64(address(n).await? + 1)?.unwrap_or(0))
    }

    assert_eq!(block_on(f(&Vmi::default(), 4, &none())).unwrap(), 5);
    assert_eq!(faults(block_on(f(&Vmi::with(&[5]), 4, &none()))), [5]);
    assert!(block_on(f(&Vmi::default(), 0, &none())).is_err());
}

#[test]
fn awaited_reads() {
    #[probed(options)]
    async fn f(vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_async(4).await?;
        let b = vmi.read_async(vmi.read_async(5).await? + 1).await?;
        let c = probe!(vmi.read_async(a? + 3).await)?;
        Ok(a.unwrap_or(0) + b.unwrap_or(0) + c.unwrap_or(0))
    }

    assert_eq!(block_on(f(&Vmi::default(), &none())).unwrap(), 17);
    assert_eq!(faults(block_on(f(&Vmi::with(&[4, 6, 7]), &none()))), [4, 6]);
    assert_eq!(faults(block_on(f(&Vmi::with(&[5, 7]), &none()))), [5, 7]);
}

#[test]
fn coercions_at_the_exits() {
    type Callback = Box<dyn Fn(u32) -> u32 + Send + Sync>;

    #[probed(options)]
    async fn f(vmi: &Vmi, k: bool) -> Result<Callback, Box<dyn Error + Send + Sync>> {
        let a = vmi.read_u32(1)?.unwrap_or(0);
        if k {
            return Ok(Box::new(move |x| x + a));
        }
        Ok(Box::new(|x| x))
    }

    #[probed(options)]
    async fn g(vmi: &Vmi) -> prober::Result<&'static dyn Debug> {
        let _ = vmi.read_u32(1)?;
        Ok(&1u8)
    }

    // Nothing but the signature says what these are.
    #[probed(options)]
    async fn h(vmi: &Vmi, s: &str) -> Result<(u16, Vec<u64>), Box<dyn Error>> {
        let mut list = Vec::new();
        list.extend(vmi.read_u64(1)?);
        Ok((s.parse()?, list))
    }

    assert_eq!(block_on(f(&Vmi::default(), true, &none())).unwrap()(1), 2);
    assert_eq!(block_on(f(&Vmi::default(), false, &none())).unwrap()(1), 1);
    assert_eq!(
        format!("{:?}", block_on(g(&Vmi::default(), &none())).unwrap()),
        "1"
    );
    assert_eq!(
        block_on(h(&Vmi::default(), "3", &none())).unwrap(),
        (3, vec![1])
    );
}

#[test]
fn mutable_and_pattern_parameters() {
    #[probed(options)]
    async fn f(
        vmi: &Vmi,
        mut a: u64,
        (b, mut c): (u64, Vec<u64>),
        _: String,
    ) -> prober::Result<Vec<u64>> {
        a += 1;
        tick().await;
        c.push(vmi.read_u64(a)?.unwrap_or(b));
        Ok(c)
    }

    let text = String::new;
    assert_eq!(
        block_on(f(&Vmi::default(), 1, (0, vec![7]), text(), &none())).unwrap(),
        [7, 2]
    );
    assert_eq!(
        faults(block_on(f(
            &Vmi::with(&[2]),
            1,
            (0, vec![]),
            text(),
            &none()
        ))),
        [2]
    );
}

struct Cache {
    values: Vec<u64>,
}

impl Cache {
    #[probed(options)]
    async fn slot(&mut self, vmi: &Vmi, i: u64) -> prober::Result<&mut u64> {
        tick().await;
        if let Some(x) = vmi.read_u64(i)? {
            self.values.push(x);
        }
        self.values
            .last_mut()
            .ok_or(VmiError::Other("empty").into())
    }

    #[probed(options)]
    async fn first(&self, vmi: &Vmi) -> prober::Result<&u64> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(self.values.first()?)
    }

    #[probed(options)]
    async fn into_values(self, vmi: &Vmi) -> prober::Result<Vec<u64>> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(self.values)
    }

    #[probed(options)]
    async fn by_box(self: Box<Self>, vmi: &Vmi) -> prober::Result<Vec<u64>> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(self.values)
    }

    #[probed(options)]
    async fn by_rc(self: Rc<Self>, vmi: &Vmi) -> prober::Result<usize> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(self.values.len())
    }

    #[probed(options)]
    async fn by_pin(self: Pin<&mut Self>, vmi: &Vmi) -> prober::Result<&mut Vec<u64>> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(&mut self.get_mut().values)
    }
}

#[test]
fn receivers() {
    let (vmi, lost) = (Vmi::default(), Vmi::with(&[1, 4]));
    let mut cache = Cache { values: vec![] };
    *block_on(cache.slot(&vmi, 4, &none())).unwrap() += 1;
    assert_eq!(cache.values, [5]);
    assert_eq!(faults(block_on(cache.slot(&lost, 4, &none()))), [4]);
    assert_eq!(*block_on(cache.first(&vmi, &none())).unwrap(), 5);
    assert_eq!(faults(block_on(cache.first(&lost, &none()))), [1]);
    block_on(Pin::new(&mut cache).by_pin(&vmi, &none()))
        .unwrap()
        .push(6);
    assert_eq!(
        block_on(Rc::new(Cache { values: vec![] }).by_rc(&vmi, &none())).unwrap(),
        0
    );
    assert_eq!(
        block_on(Box::new(Cache { values: vec![1] }).by_box(&vmi, &none())).unwrap(),
        [1]
    );
    assert_eq!(block_on(cache.into_values(&vmi, &none())).unwrap(), [5, 6]);
}

#[test]
fn lifetimes() {
    struct View<'a>(&'a str);

    #[probed(options)]
    async fn elided(vmi: Vmi, s: &str) -> prober::Result<&str> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(&s[1..])
    }

    #[probed(options)]
    async fn explicit<'a, 'v>(
        vmi: &'v Vmi,
        s: &'a mut Vec<u64>,
    ) -> prober::Result<(&'a mut u64, &'v Vmi)> {
        s.push(vmi.read_u64(3)??);
        tick().await;
        Ok((s.last_mut()?, vmi))
    }

    #[probed(options)]
    async fn path(vmi: &Vmi, s: View<'_>) -> prober::Result<usize> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Ok(s.0.len())
    }

    #[probed(options)]
    async fn generic<'a, T: Debug + 'a, F>(
        vmi: &Vmi,
        value: &'a T,
        f: F,
    ) -> prober::Result<Option<&'a T>>
    where
        F: AsyncFn(u64) -> bool,
    {
        let a = vmi.read_u64(1)?;
        Ok(f(a?).await.then_some(value))
    }

    #[probed(options)]
    async fn opaque(vmi: &Vmi) -> prober::Result<impl Iterator<Item = u64> + use<>> {
        let n = vmi.read_u64(2)?;
        tick().await;
        Ok(n.into_iter().chain([9]))
    }

    let vmi = Vmi::default();
    assert_eq!(
        block_on(elided(Vmi::default(), "ab", &none())).unwrap(),
        "b"
    );
    let mut list = vec![];
    let (last, _) = block_on(explicit(&vmi, &mut list, &none())).unwrap();
    *last += 1;
    assert_eq!(list, [4]);
    assert_eq!(block_on(path(&vmi, View("ab"), &none())).unwrap(), 2);
    assert_eq!(
        block_on(generic(&vmi, &'x', async |a| a == 1, &none())).unwrap(),
        Some(&'x')
    );
    assert_eq!(
        block_on(opaque(&vmi, &none())).unwrap().collect::<Vec<_>>(),
        [2, 9]
    );
    assert_eq!(
        faults(block_on(elided(Vmi::with(&[1]), "ab", &none()))),
        [1]
    );
}

trait Source {
    #[probed(options)]
    async fn head(&mut self, vmi: &Vmi) -> prober::Result<u64>;

    #[probed(options)]
    async fn two(&mut self, vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?.unwrap_or(0);
        Ok(a + self.head(vmi, suppressed).await?)
    }
}

struct Five(u64);

impl Source for Five {
    #[probed(options)]
    async fn head(&mut self, vmi: &Vmi) -> prober::Result<u64> {
        tick().await;
        self.0 += 1;
        Ok(vmi.read_u64(5)?.unwrap_or(0))
    }
}

#[test]
fn traits() {
    let mut five = Five(0);
    assert_eq!(block_on(five.two(&Vmi::default(), &none())).unwrap(), 6);
    assert_eq!(
        faults(block_on(five.two(&Vmi::with(&[1, 5]), &none()))),
        [1, 5]
    );
    assert_eq!(five.0, 2);
}

#[test]
fn blocks_have_their_own_exits() {
    macro_rules! future {
        ($e:expr) => {
            async { $e }
        };
    }

    #[probed(options)]
    async fn by_macro(vmi: &Vmi) -> prober::Result<u64> {
        let x: Result<u64, VmiError> = future!(Ok(
            vmi.read_u64(1)?.unwrap_or(0) + Err::<u64, _>(VmiError::Other("in"))?
        ))
        .await;
        Ok(x.unwrap_or(7))
    }

    #[probed(options)]
    async fn by_block(vmi: &Vmi, list: &[u64]) -> prober::Result<u64> {
        let first = async {
            for a in list {
                if vmi.read_u64(*a)?.is_some_and(|v| v > 2) {
                    return Ok::<_, VmiError>(*a);
                }
            }
            Err(VmiError::Other("none"))
        };
        let owned = list.to_vec();
        let second = async move {
            let [a, ..] = owned[..] else { return None };
            Some(vmi.read_u64(a).ok()?? + 1)
        };
        let third = async |a: u64| vmi.read_u64(a);
        Ok(first.await.unwrap_or(70) + second.await.unwrap_or(700) + third(8).await?.unwrap_or(0))
    }

    // In a function that is not async.
    #[probed(options)]
    fn sync(vmi: &Vmi) -> prober::Result<u64> {
        let future = async {
            tick().await;
            vmi.read_u64(1)
        };
        Ok(block_on(future)?.unwrap_or(0) + vmi.read_u64(2)?.unwrap_or(0))
    }

    assert_eq!(block_on(by_macro(&Vmi::default(), &none())).unwrap(), 7);
    assert_eq!(faults(block_on(by_macro(&Vmi::with(&[1]), &none()))), [1]);
    assert_eq!(
        block_on(by_block(&Vmi::default(), &[1, 3], &none())).unwrap(),
        3 + 2 + 8
    );
    assert_eq!(
        faults(block_on(by_block(&Vmi::with(&[1, 8]), &[1, 3], &none()))),
        [1, 8]
    );
    let got = block_on(by_block(&Vmi::with(&[1, 3]), &[1, 3], &suppress(&[1, 3])));
    assert_eq!(got.unwrap(), 70 + 700 + 8);
    assert_eq!(sync(&Vmi::default(), &none()).unwrap(), 3);
    assert_eq!(faults(sync(&Vmi::with(&[1, 2]), &none())), [1, 2]);
}

#[test]
fn loops_and_labels_across_await() {
    #[probed(options)]
    async fn f(vmi: &Vmi, list: &[u64], base: Option<u64>) -> prober::Result<Vec<u64>> {
        let mut out = Vec::new();
        for &a in list {
            tick().await;
            let value = vmi.read_u64(
                base?
                    + match a {
                        0 => continue,
                        9 => break,
                        a => {
                            tick().await;
                            a
                        }
                    },
            )?;
            out.push(value.unwrap_or(77));
        }
        while let Some(v) = vmi.read_async(out.len() as u64 + 10).await?
            && v < 12
        {
            out.push(v);
        }
        Ok(out)
    }

    let run =
        |absent: &[u64], base| block_on(f(&Vmi::with(absent), &[1, 0, 2, 9, 3], base, &none()));
    assert_eq!(run(&[], Some(0)).unwrap(), [1, 2]);
    assert_eq!(run(&[], None).unwrap(), [77; 5]);
    assert_eq!(faults(run(&[1, 12], Some(0))), [1, 12]);
}

#[test]
fn nested_probed_functions() {
    #[probed(options)]
    async fn inner(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        let x = vmi.read_u64(a)?;
        tick().await;
        let y = vmi.read_u64(a + 1)?;
        Ok(x? + y?)
    }

    #[probed(options)]
    async fn outer(vmi: &Vmi) -> prober::Result<u64> {
        let a = probe!(inner(vmi, 1, suppressed).await)?;
        let b = probe!(inner(vmi, a? + 1, suppressed).await)?;
        let c = inner(vmi, 10, suppressed).await?;
        Ok(a.unwrap_or(0) + b.unwrap_or(0) + c)
    }

    #[probed(options)]
    async fn fails(vmi: &Vmi) -> prober::Result<u64> {
        let _ = vmi.read_u64(1)?;
        tick().await;
        Err(batch(&[2, 3]).into())
    }

    assert_eq!(
        block_on(outer(&Vmi::default(), &none())).unwrap(),
        3 + 9 + 21
    );
    let all = [1, 2, 4, 11];
    assert_eq!(
        faults(block_on(outer(&Vmi::with(&all), &none()))),
        [1, 2, 11]
    );
    assert_eq!(
        faults(block_on(fails(&Vmi::with(&[1]), &none()))),
        [1, 2, 3]
    );
}

#[test]
fn recursion_through_a_box() {
    #[probed(options)]
    async fn depth(vmi: &Vmi, a: u64) -> prober::Result<u64> {
        match vmi.read_u64(a)? {
            None | Some(0) => Ok(0),
            Some(x) => Ok(1 + Box::pin(depth(vmi, x - 1, suppressed)).await?),
        }
    }

    assert_eq!(block_on(depth(&Vmi::default(), 3, &none())).unwrap(), 3);
    assert_eq!(faults(block_on(depth(&Vmi::with(&[1]), 3, &none()))), [1]);
}

#[test]
fn settle_and_writes_wait_for_the_data() {
    #[probed(options)]
    async fn f(vmi: &Vmi) -> prober::Result<()> {
        let a = vmi.read_async(1).await?;
        settle!();
        vmi.write_u64(1, 1)?;
        let b = vmi.read_async(2).await?;
        vmi.write_u64(a?, b?)?;
        Ok(())
    }

    let written = |absent: &[u64]| {
        let vmi = Vmi::with(absent);
        let got = block_on(f(&vmi, &none())).map_err(|error| faults(Err::<(), _>(error)));
        (got, vmi.written())
    };
    assert_eq!(written(&[]), (Ok(()), vec![(1, 1), (1, 2)]));
    assert_eq!(written(&[1]), (Err(vec![1]), vec![]));
    assert_eq!(written(&[2]), (Err(vec![2]), vec![(1, 1)]));
}

#[test]
fn an_abandoned_future_reports_nothing_and_drops_its_own() {
    struct Note<'a>(&'a std::cell::Cell<u32>);

    impl Drop for Note<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[probed(options)]
    async fn f(vmi: &Vmi, note: Note<'_>) -> prober::Result<u64> {
        let _ = vmi.read_u64(1)?;
        std::future::pending::<()>().await;
        note.0.set(100);
        Ok(1)
    }

    let (vmi, suppressed, dropped) = (Vmi::with(&[1]), none(), std::cell::Cell::new(0));
    let mut future = Box::pin(f(&vmi, Note(&dropped), &suppressed));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    assert_eq!(dropped.get(), 0);
    drop(future);
    assert_eq!((dropped.get(), vmi.asked()), (1, vec![1]));
}

// Nothing runs before the first poll.
#[test]
fn a_future_is_lazy() {
    #[probed(options)]
    async fn f(vmi: &Vmi) -> prober::Result<Option<u64>> {
        Ok(vmi.read_u64(1)?)
    }

    let (vmi, suppressed) = (Vmi::default(), none());
    let future = f(&vmi, &suppressed);
    assert!(vmi.asked().is_empty());
    assert_eq!(block_on(future).unwrap(), Some(1));
}

// A large parameter is not kept twice.
#[test]
fn the_size_of_a_future() {
    async fn plain(vmi: &Vmi, buffer: [u8; 4096]) -> prober::Result<u64> {
        let a = vmi.read_u64(u64::from(buffer[0]))?;
        tick().await;
        Ok(a + u64::from(buffer[1]))
    }

    #[probed(options)]
    async fn probed(vmi: &Vmi, buffer: [u8; 4096]) -> prober::Result<u64> {
        let a = vmi.read_u64(u64::from(buffer[0]))?;
        tick().await;
        Ok(a? + u64::from(buffer[1]))
    }

    let (vmi, suppressed) = (Vmi::default(), none());
    let plain = size_of_val(&plain(&vmi, [0; 4096]));
    let probed = size_of_val(&probed(&vmi, [0; 4096], &suppressed));
    assert!(
        probed < plain + 1024,
        "{probed} bytes, {plain} of a plain function"
    );
}
