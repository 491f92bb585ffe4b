//! Rule 5: where the suppressed set comes from; and the other arguments.

use prober::{Result, SuppressedPages, probe, probed};
use prober_tests::measured::measure;
use vmi_core::{Pa, Va, VmiError, VmiSession, os::NoOS};

use crate::{Pages, State, faults, page};

/// What a handler keeps.
struct Monitor {
    gone: SuppressedPages,
    seen: Vec<Option<u64>>,
}

trait Handle {
    fn handle(&mut self, vmi: &State<'_>) -> Result<(), VmiError>;
}

impl Handle for Monitor {
    #[probed(options, suppressed = self.gone)]
    fn handle(&mut self, vmi: &State<'_>) -> Result<(), VmiError> {
        let first = vmi.read_u64(page(1))?;
        // The set is the one that there was at the start.
        self.gone.insert(vmi.address_context(page(2)));
        let second = vmi.read_u64(page(2))?;
        prober::settle!();
        self.seen.extend([first, second]);
        Ok(())
    }
}

#[test]
fn a_set_kept_in_self() {
    let pages = Pages::without([1, 2]);
    let mut monitor = Monitor {
        gone: pages.suppress([1]),
        seen: Vec::new(),
    };
    let result = pages.vm.with(|vmi| monitor.handle(vmi));
    assert_eq!(faults(result), [page(2)]);
    pages.vm.with(|vmi| monitor.handle(vmi)).unwrap();
    assert_eq!(monitor.seen, [None, None]);
}

#[test]
fn a_set_a_reference_or_what_a_call_gives() {
    #[probed(options, suppressed = gone)]
    fn by_reference(vmi: &State<'_>, gone: &SuppressedPages) -> Result<Option<u8>, VmiError> {
        vmi.read_u8(page(1))
    }

    #[probed(options, suppressed = gone)]
    fn by_value(vmi: &State<'_>, gone: SuppressedPages) -> Result<(Option<u8>, usize)> {
        Ok((vmi.read_u8(page(1))?, gone.iter().len()))
    }

    #[probed(options, suppressed = all().clone())]
    fn by_call(vmi: &State<'_>, all: &dyn Fn() -> SuppressedPages) -> Result<Option<u8>, VmiError> {
        vmi.read_u8(page(1))
    }

    #[probed(options, suppressed = &mut gone)]
    fn by_mutable(vmi: &State<'_>, mut gone: SuppressedPages) -> Result<Option<u8>, VmiError> {
        gone.remove(&vmi.address_context(page(1)));
        vmi.read_u8(page(1))
    }

    let pages = Pages::without([1]);
    let (none, gone) = (SuppressedPages::new(), pages.suppress([1]));
    pages.vm.with(|vmi| {
        assert_eq!(faults(by_reference(vmi, &none)), [page(1)]);
        assert_eq!(by_reference(vmi, &gone).unwrap(), None);
        assert_eq!(faults(by_value(vmi, none.clone())), [page(1)]);
        assert_eq!(by_value(vmi, gone.clone()).unwrap(), (None, 1));
        assert_eq!(faults(by_call(vmi, &|| none.clone())), [page(1)]);
        assert_eq!(by_call(vmi, &|| gone.clone()).unwrap(), None);
        assert_eq!(by_mutable(vmi, gone.clone()).unwrap(), None);
    });
}

#[test]
fn the_added_set_is_handed_on() {
    #[probed(options)]
    fn inner(vmi: &State<'_>) -> Result<u8> {
        Ok(vmi.read_u8(page(1))??)
    }

    #[probed(options)]
    fn outer(vmi: &State<'_>) -> Result<(Option<u8>, bool)> {
        let value = probe!(inner(vmi, suppressed))?;
        Ok((value, suppressed.contains(&vmi.address_context(page(1)))))
    }

    let pages = Pages::without([1]);
    assert_eq!(faults(pages.run(outer)), [page(1)]);
    let result = pages.vm.with(|vmi| outer(vmi, &pages.suppress([1])));
    assert_eq!(result.unwrap(), (None, true));
}

#[test]
fn a_null_pointer_is_not_worth_a_page_fault() {
    #[probed(options)]
    fn follow(vmi: &State<'_>) -> Result<[Option<u64>; 2]> {
        let at = vmi.read_va(page(1))?;
        Ok([vmi.read_u64(at? + 0x18)?, vmi.read_u64(page(2))?])
    }

    let pages = Pages::without([1, 2]);
    for nowhere in [0, 0x0000_8000_0000_0000] {
        pages.guest.write_u64(page(1), nowhere);
        pages.guest.page_out(page(1));
        pages.guest.page_out(page(2));
        let measured = measure(&pages.guest, follow);
        assert_eq!(measured.result.unwrap(), [None, Some(page(3).0)]);
        assert_eq!(
            measured.batches.concat(),
            [1, 2].map(|n| pages.fault(page(n)))
        );
        assert_eq!(measured.runs, 2);
    }
}

#[test]
fn other_receivers() {
    struct Reader<'a> {
        state: &'a State<'a>,
        root: Pa,
    }

    impl Reader<'_> {
        #[probed(options, vmi = self.state)]
        fn here(&self, at: Va) -> Result<[Option<u8>; 2]> {
            Ok([
                self.state.read_u8(at)?,
                self.state.read_u8_in((at + 0x1000, self.root))?,
            ])
        }
    }

    #[probed(options, vmi = (state, session))]
    fn both(
        state: &State<'_>,
        session: VmiSession<'_, NoOS<prober::testing::GuestDriver>>,
        vmi: &State<'_>,
    ) -> Result<[Option<u8>; 3]> {
        let root: Pa = state.registers().cr3.into();
        Ok([
            session.read_u8((page(2), root))?,
            state.read_u8(page(1))?,
            vmi.read_u8(page(3))?,
        ])
    }

    let pages = Pages::without([1, 2, 3]);
    pages.run(|vmi, none| {
        let reader = Reader {
            state: vmi,
            root: pages.guest.root(),
        };
        assert_eq!(faults(reader.here(page(1), none)), [page(1), page(2)]);
        let result = both(vmi, pages.vm.session(), vmi, none);
        assert_eq!(faults(result), [2, 1, 3].map(page));
    });
}

mod vendor {
    pub(super) use ::prober as reads;
}

#[test]
fn the_crate_under_another_name() {
    #[probed(options, crate = self::vendor::reads)]
    fn read(vmi: &State<'_>) -> Result<Option<u8>, VmiError> {
        self::vendor::reads::settle!();
        vmi.read_u8(page(1))
    }

    assert_eq!(faults(Pages::without([1]).run(read)), [page(1)]);
}
