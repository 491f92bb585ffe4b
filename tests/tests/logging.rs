//! What is logged: each fault as it is recorded, and faults that nobody asked for.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use prober::{FaultQueue, Result, SuppressedPages, VmiProber, probed, testing::Guest};
use prober_tests::measured::State;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};
use vmi_core::{AddressContext, Va, VmiError};

const A: Va = Va(0x40_0000);
const B: Va = Va(0x50_0010);

/// Keeps the events of this crate: the level, and the fields as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("prober")
    }

    fn event(&self, event: &Event<'_>) {
        struct Text(String);

        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }

        let mut text = Text(String::new());
        event.record(&mut text);
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), text.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// What is logged at a level meanwhile.
fn logged(level: Level, run: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    with_default(log.clone(), run);
    let events = log.0.lock().unwrap();
    events
        .iter()
        .filter(|(of, _)| *of == level)
        .map(|(_, text)| text.clone())
        .collect()
}

fn miss(prober: &VmiProber<'_>, va: Va, guest: &Guest) {
    let fault = AddressContext::new(va, guest.root());
    let read = prober.probe(|| Err::<(), _>(VmiError::Translation(fault)));
    assert!(matches!(read, Ok(None)));
}

#[test]
fn a_prober_dropped_with_unreported_faults_warns() {
    let (guest, suppressed) = (Guest::new(), SuppressedPages::new());
    let warnings = logged(Level::WARN, || {
        let prober = VmiProber::new(&suppressed);
        miss(&prober, A, &guest);
        miss(&prober, B, &guest);
    });
    let [warning] = &warnings[..] else {
        panic!("expected one warning, found {warnings:?}");
    };
    for va in [A, B] {
        assert!(warning.contains(&va.to_string()), "{warning}");
    }
}

#[test]
fn faults_that_were_asked_for_are_no_reason_to_warn() {
    let (guest, suppressed) = (Guest::new(), SuppressedPages::new());
    let warnings = logged(Level::WARN, || {
        drop(VmiProber::new(&suppressed));

        let prober = VmiProber::new(&suppressed);
        miss(&prober, A, &guest);
        assert_eq!(prober.page_faults().len(), 1);
        drop(prober);

        let prober = VmiProber::new(&suppressed);
        miss(&prober, A, &guest);
        assert!(prober.error_for_page_faults().is_err());
        drop(prober);

        // A suppressed one is nothing to report.
        let prober = VmiProber::new(&suppressed);
        miss(&prober, Va(0), &guest);
        drop(prober);
    });
    assert_eq!(warnings, Vec::<String>::new());

    let warnings = logged(Level::WARN, || {
        let prober = VmiProber::new(&suppressed);
        miss(&prober, A, &guest);
        assert!(prober.error_for_page_faults().is_err());
        miss(&prober, B, &guest);
    });
    assert_eq!(warnings.len(), 1);
}

#[probed(options)]
fn both(vmi: &State<'_>) -> Result<u64> {
    let first = vmi.read_u64(A)?;
    let second = vmi.read_u64(B)?;
    Ok(first? + second?)
}

#[test]
fn each_fault_of_a_probe_is_traced_with_its_place() {
    let guest = Guest::new();
    let vm = guest.vm();
    let traces = logged(Level::TRACE, || {
        let result = vm.with(|vmi| both(vmi, &SuppressedPages::new()));
        assert!(result.is_err());
    });
    let of = |va: Va| {
        traces
            .iter()
            .filter(|trace| trace.contains(&va.to_string()))
            .collect::<Vec<_>>()
    };
    for (va, place) in [
        (A, place_of("let first = vmi.read_u64(A)?;")),
        (B, place_of("let second = vmi.read_u64(B)?;")),
    ] {
        let [trace] = of(va)[..] else {
            panic!("expected one trace of {va}, found {traces:?}");
        };
        assert!(trace.contains(&guest.root().to_string()), "{trace}");
        assert!(trace.contains(&place), "{trace}");
    }
}

/// The place of a line of this file, as it is logged.
fn place_of(text: &str) -> String {
    let mut lines = include_str!("logging.rs").lines();
    let line = 1 + lines.position(|line| line.contains(text)).unwrap();
    format!("logging.rs:{line}:")
}

#[test]
fn where_a_run_is_left_early_is_traced() {
    #[probed(options)]
    fn at_once(vmi: &State<'_>) -> Result<u64> {
        let needed = vmi.read_u64(A)??;
        Ok(needed + vmi.read_u64(B)??)
    }
    #[probed(options)]
    fn at_use(vmi: &State<'_>) -> Result<u64> {
        let value = vmi.read_u64(A)?;
        Ok(value.map(|value| value + 1)?)
    }
    let vm = Guest::new().vm();
    for (function, place) in [
        (
            at_once as fn(&State<'_>, &_) -> _,
            place_of("let needed = vmi"),
        ),
        (at_use, place_of("Ok(value.map(")),
    ] {
        let traces = logged(Level::TRACE, || {
            let result = vm.with(|vmi| function(vmi, &SuppressedPages::new()));
            assert!(result.is_err());
        });
        let left = traces.iter().filter(|trace| trace.contains("left early"));
        let [left] = &left.collect::<Vec<_>>()[..] else {
            panic!("expected one exit, found {traces:?}");
        };
        assert!(left.contains(&place), "{left}");
    }
}

#[test]
fn a_probed_function_does_not_warn() {
    let vm = Guest::new().vm();
    let warnings = logged(Level::WARN, || {
        let result = vm.with(|vmi| both(vmi, &SuppressedPages::new()));
        assert!(result.is_err());
    });
    assert_eq!(warnings, Vec::<String>::new());
}

/// An error that holds one fault takes a run for each page.
#[test]
fn retry_warns_once_of_an_error_that_holds_one_fault() {
    let guest = Guest::new();
    let pages = [1, 2, 3, 4].map(|page| Va(page * 0x10_0000));
    for page in &pages {
        guest.page_out(*page);
    }
    let vm = guest.vm();
    let warnings = logged(Level::WARN, || {
        let read = prober::retry(&mut &guest, &mut SuppressedPages::new(), |_| {
            vm.with(|vmi| {
                pages
                    .iter()
                    .try_for_each(|page| vmi.read_u64(*page).map(drop))
            })
        });
        read.unwrap();
    });
    let [warning] = &warnings[..] else {
        panic!("expected one warning, found {warnings:?}");
    };
    assert!(warning.contains("prober::Result"), "{warning}");
    // One page, and an error that holds a batch, are no reason.
    guest.page_out(A);
    guest.page_out(B);
    let warnings = logged(Level::WARN, || {
        let read = prober::retry(&mut &guest, &mut SuppressedPages::new(), |suppressed| {
            vm.with(|vmi| both(vmi, suppressed))
        });
        read.unwrap();
        guest.page_out(A);
        let read = prober::retry(&mut &guest, &mut SuppressedPages::new(), |_| {
            vm.with(|vmi| vmi.read_u64(A))
        });
        read.unwrap();
    });
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_reversed_range_warns() {
    let mut set = SuppressedPages::empty();
    let warnings = logged(Level::WARN, || {
        set.insert_range(A..A);
        set.insert_range(B..A);
    });
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

/// The same in an event loop.
#[test]
fn a_queue_warns_once_of_an_error_that_holds_one_fault_only() {
    #[probed]
    fn four(vmi: &State<'_>) -> std::result::Result<u64, VmiError> {
        let mut sum = 0;
        for page in 0..4 {
            let value = vmi.read_u64(A + page * 0x1000)?;
            sum += value;
        }
        Ok(sum)
    }
    #[probed]
    fn all(vmi: &State<'_>) -> Result<u64> {
        let mut sum = 0;
        for page in 0..4 {
            let value = vmi.read_u64(A + page * 0x1000)?;
            sum += value;
        }
        Ok(sum)
    }
    let guest = || {
        let guest = Guest::new();
        (0..4).for_each(|page| guest.write_u64(A + page * 0x1000, 1));
        guest.page_out_all();
        guest
    };
    let queued = |one: bool| {
        let (guest, faults) = (guest(), FaultQueue::new());
        let vm = guest.vm();
        loop {
            let run = vm.with(|vmi| {
                if one {
                    faults.run(vmi, |suppressed| four(vmi, suppressed))
                } else {
                    faults.run(vmi, |suppressed| all(vmi, suppressed))
                }
            });
            match run {
                Err(VmiError::Translation(fault)) => guest.page_in(fault.va),
                sum => break assert_eq!(sum.unwrap(), 4),
            }
        }
    };
    let warnings = logged(Level::WARN, || queued(true));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("holds one page fault only"),
        "{warnings:?}"
    );
    assert_eq!(logged(Level::WARN, || queued(false)), Vec::<String>::new());
}
