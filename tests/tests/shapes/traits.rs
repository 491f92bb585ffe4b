//! Methods of traits: declared, by default, implemented, generic and foreign.
#![allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)] // Shapes under test.

use std::collections::BTreeMap;

use prober::probed;
use prober_tests::{Vmi, block_on, faults, none};

trait Scan {
    #[probed(options)]
    fn head(&self, vmi: &Vmi) -> prober::Result<u64>;

    #[probed(options)]
    fn two(&self, vmi: &Vmi) -> prober::Result<u64> {
        let a = vmi.read_u64(1)?.unwrap_or(0);
        Ok(a + self.head(vmi, suppressed)?)
    }

    #[probed(options)]
    fn borrowed(&self, vmi: &Vmi) -> prober::Result<&str> {
        let _ = vmi.read_u64(1)?;
        Ok("none")
    }

    #[probed(options)]
    fn from_arg(vmi: Vmi, s: &str) -> prober::Result<&str>
    where
        Self: Sized;
}

struct Five;

impl Scan for Five {
    #[probed(options)]
    fn head(&self, vmi: &Vmi) -> prober::Result<u64> {
        Ok(vmi.read_u64(5)?.unwrap_or(0))
    }

    #[probed(options)]
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
    #[probed(options)]
    fn look_up(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&V>>;

    #[probed(options)]
    async fn look_up_later(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&V>>;
}

impl<K: Ord> Table<K, str> for BTreeMap<K, String> {
    #[probed(options)]
    fn look_up(&self, vmi: &Vmi, key: &K) -> prober::Result<Option<&str>> {
        let _ = vmi.read_u64(1)?;
        Ok(self.get(key).map(|value| &**value))
    }

    #[probed(options)]
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

        #[probed(options, suppressed = pages.suppressed, vmi = pages.vmi)]
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
