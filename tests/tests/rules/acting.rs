//! Rule 8: what changes the guest waits for the data.
#![allow(
    clippy::borrow_deref_ref,
    clippy::clone_on_copy,
    clippy::let_unit_value,
    clippy::many_single_char_names,
    clippy::needless_borrow,
    clippy::semicolon_if_nothing_returned
)] // Shapes under test.

use prober::{Result, SuppressedPages, probed, settle, unprobed};
use prober_tests::measured::measure;
use vmi_arch_amd64::{EventMonitor, ExceptionVector, Interrupt};
use vmi_core::{Va, VcpuId, VmiCore, VmiError, VmiEventControl, VmiState};

use crate::{Pages, State, faults, page, unavailable};

#[test]
fn a_settle_leaves_now_if_a_fault_is_pending() {
    #[probed(options)]
    fn note(vmi: &State<'_>, notes: &mut Vec<u64>) -> Result<()> {
        let first = vmi.read_u64(page(1))?;
        let second = vmi.read_u64(page(2))?;
        settle!();
        notes.extend(first.into_iter().chain(second));
        Ok(())
    }

    let (pages, mut notes) = (Pages::without([1, 2]), Vec::new());
    let measured = measure(&pages.guest, |vmi, suppressed| {
        note(vmi, &mut notes, suppressed)
    });
    measured.result.unwrap();
    assert_eq!(measured.runs, 2);
    assert_eq!(notes, [page(2).0, page(3).0]);
}

#[test]
fn a_settle_does_not_wait_for_what_is_suppressed() {
    #[probed(options)]
    fn note(vmi: &State<'_>, notes: &mut Vec<Option<u64>>) -> Result<()> {
        let value = vmi.read_u64(page(1))?;
        prober::settle!();
        notes.push(value);
        Ok(())
    }

    let (pages, mut notes) = (Pages::without([1]), Vec::new());
    let suppressed = pages.suppress([1]);
    pages
        .vm
        .with(|vmi| note(vmi, &mut notes, &suppressed))
        .unwrap();
    assert_eq!(notes, [None]);
}

#[test]
fn what_follows_a_settle_is_repeated_when_a_later_probe_faults() {
    #[probed(options)]
    fn note(vmi: &State<'_>, notes: &mut u32) -> Result<()> {
        let _: Option<u8> = vmi.read_u8(page(1))?;
        settle!();
        *notes += 1;
        let _: Option<u8> = vmi.read_u8(page(2))?;
        Ok(())
    }

    let (pages, mut notes) = (Pages::without([1, 2]), 0);
    measure(&pages.guest, |vmi, suppressed| {
        note(vmi, &mut notes, suppressed)
    })
    .result
    .unwrap();
    assert_eq!(notes, 2);
}

#[test]
fn writes_settle_by_themselves() {
    #[probed(options)]
    fn increment(vmi: &State<'_>, from: Va, to: Va) -> Result<()> {
        let value = vmi.read_u64(from)?;
        let other = vmi.read_u64(page(4))?;
        vmi.write_u64(to, value.unwrap_or(0) + other.map_or(0, |_| 1))?;
        Ok(())
    }

    let pages = Pages::without([1, 4]);
    let run = |suppressed: &SuppressedPages| {
        pages
            .vm
            .with(|vmi| increment(vmi, page(1), page(2), suppressed))
    };
    assert_eq!(faults(run(&SuppressedPages::new())), [page(1), page(4)]);
    assert_eq!(pages.guest.counts().writes, 0);
    run(&pages.suppress([1, 4])).unwrap();
    assert_eq!(pages.guest.counts().writes, 1);
    assert_eq!(pages.guest.content(page(2), 8), [0; 8]);
}

#[test]
fn the_arguments_of_a_write_are_read_before_it_settles() {
    #[probed(options)]
    fn copy(vmi: &State<'_>, from: Va, to: Va) -> Result<()> {
        vmi.write_u64(vmi.read_va(to)??, vmi.read_u64(from)??)?;
        Ok(())
    }

    let pages = Pages::without([1, 2, 5]);
    let run =
        |suppressed: &SuppressedPages| pages.vm.with(|vmi| copy(vmi, page(1), page(5), suppressed));
    assert_eq!(faults(run(&SuppressedPages::new())), [page(5)]);
    pages.guest.page_in(page(5));
    assert_eq!(faults(run(&SuppressedPages::new())), [page(1)]);
    assert_eq!(unavailable(run(&pages.suppress([1]))), [page(1)]);
    assert_eq!(pages.guest.counts().writes, 0);
    pages.guest.page_in(page(1));
    run(&SuppressedPages::new()).unwrap();
    assert_eq!(pages.guest.content(page(6), 8), page(2).0.to_le_bytes());
}

#[test]
fn a_write_that_faults_is_in_the_batch() {
    #[probed(options)]
    fn write(vmi: &State<'_>) -> Result<()> {
        let value = vmi.read_u64(page(1))?;
        vmi.write_u64(page(2), value?)?;
        Ok(())
    }

    let pages = Pages::without([2]);
    assert_eq!(faults(pages.run(write)), [page(2)]);
}

#[test]
fn every_kind_of_change_settles() {
    /// Functions that make one change each, after a read.
    macro_rules! changes {
        ($vmi:ident: $($change:expr,)*) => {
            [$({
                #[probed(options)]
                fn change($vmi: &State<'_>) -> Result<(), VmiError> {
                    let _: Option<u8> = $vmi.read_u8(page(1))?;
                    $change
                }
                (stringify!($change), change as Change)
            }),*]
        };
    }
    type Change = fn(&State<'_>, &SuppressedPages) -> Result<(), VmiError>;

    let changes = changes! {
        vmi:
        vmi.write(page(2), &[9]),
        vmi.write_in((page(2), vmi.registers().cr3.into()), &[9]),
        vmi.write_u8(page(2), 9),
        vmi.write_u16(page(2), 9),
        vmi.write_u32(page(2), 9),
        vmi.write_u64(page(2), 9),
        vmi.write_struct(page(2), 9u32),
    };
    for (name, change) in changes {
        let pages = Pages::without([1]);
        assert_eq!(faults(pages.run(change)), [page(1)], "{name}");
        assert_eq!(pages.guest.counts().writes, 0, "{name}");
        pages
            .vm
            .with(|vmi| change(vmi, &pages.suppress([1])))
            .unwrap();
        assert_eq!(pages.guest.counts().writes, 1, "{name}");
    }
}

#[test]
fn registers_are_set_and_interrupts_injected_when_the_data_is_there() {
    #[probed(options)]
    fn set(vmi: &State<'_>) -> Result<(), VmiError> {
        let rax = vmi.read_u64(page(1))?;
        let mut registers = *vmi.registers();
        registers.rax = rax.unwrap_or(7);
        vmi.set_registers(VcpuId(0), registers)
    }

    #[probed(options)]
    fn inject(vmi: &State<'_>, at: Va) -> Result<(), VmiError> {
        let at = vmi.read_va(at)?;
        vmi.inject_interrupt(VcpuId(0), Interrupt::page_fault(at.unwrap_or(Va(0)), 0))
    }

    let pages = Pages::without([1]);
    let before = pages.vm.registers().rax;
    assert_eq!(faults(pages.run(set)), [page(1)]);
    assert_eq!(pages.vm.registers().rax, before);
    pages.vm.with(|vmi| set(vmi, &pages.suppress([1]))).unwrap();
    assert_eq!(pages.vm.registers().rax, 7);

    let inject =
        |at, suppressed: &SuppressedPages| pages.vm.with(|vmi| inject(vmi, at, suppressed));
    assert_eq!(faults(inject(page(1), &SuppressedPages::new())), [page(1)]);
    // Nothing was injected: the guest takes one, and has no place for a second.
    inject(page(2), &SuppressedPages::new()).unwrap();
    assert!(inject(page(2), &SuppressedPages::new()).is_err());
}

#[test]
fn an_unprobed_expression_is_as_it_is_written() {
    #[probed(options)]
    fn is_there(vmi: &State<'_>) -> Result<bool> {
        let there = unprobed!(vmi.read_u8(page(1))).is_ok();
        // Although a fault is pending.
        let first = vmi.read_u8(page(2))?;
        unprobed!(vmi.write_u8(page(3), 1))?;
        Ok(there && first.is_some())
    }

    let pages = Pages::without([1]);
    assert!(!pages.run(is_there).unwrap());
    let pages = Pages::without([1, 2]);
    assert_eq!(faults(pages.run(is_there)), [page(2)]);
    assert_eq!(pages.guest.counts().writes, 1);
}

type Reads = fn(&State<'_>, &SuppressedPages) -> Result<u64>;

/// Writes page 3 in many ways, page 1 being missing: in both forms.
macro_rules! writes {
    ($($name:ident: |$vmi:ident| $write:expr;)*) => {
        #[test]
        fn a_receiver_by_other_names() {
            $({
                #[probed(options)]
                fn with_options($vmi: &State<'_>) -> Result<u64> {
                    let value = $vmi.read_u64(page(1))?;
                    $write;
                    Ok(value?)
                }
                #[probed]
                fn kept($vmi: &State<'_>) -> Result<u64> {
                    let value = $vmi.read_u64(page(1))?;
                    $write;
                    Ok(value)
                }
                for (form, f) in [("options", with_options as Reads), ("kept", kept)] {
                    let name = stringify!($name);
                    let pages = Pages::without([1]);
                    assert_eq!(faults(pages.run(f)), [page(1)], "{name} {form}");
                    assert_eq!(pages.guest.counts().writes, 0, "{name} {form}");
                    assert_eq!(Pages::without([]).run(f).unwrap(), page(2).0);
                }
            })*
        }
    };
}
writes! {
    method: |vmi| vmi.write_u8(page(3), 1)?;
    borrowed: |vmi| (&*vmi).write_u8(page(3), 1)?;
    in_address_space: |vmi| vmi.write_in((page(3), vmi.translation_root(page(3))), &[1])?;
    by_type: |vmi| VmiState::write_u8(vmi, page(3), 1)?;
    by_full_type: |vmi| <State<'_>>::write_u8(vmi, page(3), 1)?;
    by_type_of_core: |vmi| VmiCore::write_u8(vmi.core(), (page(3), vmi.translation_root(page(3))), 1)?;
    alias: |vmi| { let v = vmi; v.write_u8(page(3), 1)? };
    alias_of_alias: |vmi| { let v = &vmi; let w: &State<'_> = v; w.write_u8(page(3), 1)? };
    alias_in_tuple: |vmi| { let (v, _) = (vmi, 1); v.write_u8(page(3), 1)? };
    alias_by_type: |vmi| { let v = vmi; VmiState::write_u8(v, page(3), 1)? };
    through_core: |vmi| vmi.core().write((page(3), vmi.translation_root(page(3))), &[1])?;
    core_by_name: |vmi| {
        let core = vmi.core();
        core.write((page(3), vmi.translation_root(page(3))), &[1])?
    };
    through_session: |vmi| vmi.session().core().write_u8((page(3), vmi.translation_root(page(3))), 1)?;
    clone: |vmi| vmi.clone().write_u8(page(3), 1)?;
    clone_by_name: |vmi| { let v = vmi.clone(); v.write_u8(page(3), 1)? };
    clone_by_type: |vmi| Clone::clone(vmi).write_u8(page(3), 1)?;
    in_condition: |vmi| if vmi.write_u8(page(3), 1).is_ok() {};
    in_condition_through_core: |vmi| if vmi.core().write((page(3), vmi.translation_root(page(3))), &[1]).is_ok() {};
    in_macro: |vmi| assert!(vmi.write_u8(page(3), 1).is_ok());
    in_macro_by_type: |vmi| assert!(VmiState::write_u8(vmi, page(3), 1).is_ok());
    in_guard: |vmi| match 1 { 1 if vmi.write_u8(page(3), 1).is_ok() => {} _ => {} };
    in_let: |vmi| { let _done = VmiState::write_u8(vmi, page(3), 1)?; };
}

/// The events that are monitored are those of the guest, too.
#[test]
fn a_reset_waits_for_the_data() {
    #[probed(options)]
    fn reset(vmi: &State<'_>) -> Result<u64> {
        let value = vmi.read_u64(page(1))?;
        vmi.reset_state()?;
        Ok(value?)
    }
    #[probed]
    fn kept(vmi: &State<'_>) -> Result<u64> {
        let value = vmi.read_u64(page(1))?;
        let () = vmi.core().reset_state()?;
        Ok(value)
    }

    for f in [reset, kept] {
        let pages = Pages::without([1]);
        let monitor = EventMonitor::Interrupt(ExceptionVector::Breakpoint);
        pages.vm.core().monitor_enable(monitor).unwrap();
        pages.vm.breakpoint();
        assert_eq!(pages.vm.core().driver().events_pending(), 1);
        assert_eq!(faults(pages.run(f)), [page(1)]);
        assert_eq!(pages.vm.core().driver().events_pending(), 1);
    }
}

#[test]
fn reads_of_a_receiver_by_another_name_are_probes() {
    #[probed(options)]
    fn read(vmi: &State<'_>) -> Result<[Option<u64>; 3]> {
        let v = vmi;
        let a = v.read_u64(page(1))?;
        let b = {
            let w = &*v;
            w.read_u64(page(2))?
        };
        let (u, c) = (v, vmi.read_u64(page(3))?);
        let _: &State<'_> = u;
        // A name of its own again.
        let v = Some(vmi.read_u64(page(4))??);
        Ok([a, b, c.or(v)])
    }
    #[probed]
    fn kept(vmi: &State<'_>) -> Result<[Option<u64>; 3]> {
        let v = vmi;
        let mut buffer = [0; 8];
        v.read(page(1), &mut buffer)?;
        let a = u64::from_le_bytes(buffer);
        let b = v.read_u64(page(2))?;
        let c = v.read_u64(page(3))?;
        Ok([a, b, c].map(Some))
    }

    for f in [read, kept] {
        let values = Pages::without([]).run(f).unwrap();
        assert_eq!(values, [2, 3, 4].map(|number| Some(page(number).0)));
        assert_eq!(
            faults(Pages::without([1, 2, 3]).run(f)),
            [1, 2, 3].map(page)
        );
    }
}
