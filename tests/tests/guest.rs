//! The in-memory guest of `prober::testing`, through vmi-core and vmi-arch-amd64.

use prober::{
    PageIn, ProbeError, SuppressedPages, VmiProber, retry,
    testing::{Guest, GuestDriver, MissingFrame},
};
use vmi_arch_amd64::{Amd64, PageTableLevel, Registers};
use vmi_core::{
    AccessContext, AddressContext, Gfn, Pa, Registers as _, Va, VcpuId, VmiCore, VmiDriver as _,
    VmiError, VmiQueryRegisters as _, VmiRead as _, VmiSetRegisters as _, VmiWrite as _,
};

const A: Va = Va(0x1234_5000);
const B: Va = Va(0x7f00_0000_0000);
const KERNEL: Va = Va(0xffff_f800_1234_5000);

fn fault<T: std::fmt::Debug>(result: Result<T, VmiError>) -> AddressContext {
    match result {
        Err(VmiError::Translation(fault)) => fault,
        other => panic!("expected a page fault, found {other:?}"),
    }
}

#[test]
fn walks_find_what_was_written() {
    let guest = Guest::new();
    for (va, value) in [
        (A, 1),
        (B + 0xff8, 2),
        (KERNEL + 8, 3),
        (Va(!7), 4),
        (Va(0), 5),
    ] {
        guest.write_u64(va, value);
    }
    guest.vm().with(|vmi| {
        for (va, value) in [
            (A, 1),
            (B + 0xff8, 2),
            (KERNEL + 8, 3),
            (Va(!7), 4),
            (Va(0), 5),
        ] {
            assert_eq!(vmi.read_u64(va).unwrap(), value);
        }
    });
}

#[test]
fn writes_cross_pages_and_keep_what_is_around() {
    let guest = Guest::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(3 * 4096).collect();
    guest.write(A + 0x801, &bytes);
    guest.write(A + 0x1000, &[0xee; 2]);
    guest.write(B, &[]);
    assert_eq!(guest.frame(B), None);

    let mut expected = bytes;
    expected[0x7ff..0x801].fill(0xee);
    let mut read = vec![0; expected.len()];
    guest
        .vm()
        .with(|vmi| vmi.read(A + 0x801, &mut read))
        .unwrap();
    assert_eq!(read, expected);
    assert_eq!(guest.content(A + 0x801, expected.len()), expected);
    assert_eq!(guest.content(A + 0x800, 1), [0]);
}

#[test]
fn entries_have_the_bits_of_real_ones() {
    let guest = Guest::new();
    guest.map(A);
    guest.map(KERNEL);
    guest.vm().with(|vmi| {
        let user = Amd64::translation(vmi, A, guest.root());
        assert!(user.present() && user.write() && user.supervisor());
        assert_eq!(user.entries().len(), 4);
        assert_eq!(user.entries()[3].entry.pfn(), guest.frame(A).unwrap());
        let kernel = Amd64::translation(vmi, KERNEL, guest.root());
        assert!(kernel.present() && kernel.write());
        assert!(
            kernel
                .entries()
                .iter()
                .all(|entry| !entry.entry.supervisor())
        );
    });
}

#[test]
fn a_fault_carries_the_exact_address_and_root() {
    let guest = Guest::new();
    let other = guest.new_space();
    guest.write(A, &[1; 0x1800]);
    guest.page_out(A + 0x1234);
    other.vm().with(|vmi| {
        let read = fault(vmi.read_u8_in((A + 0x17ff, guest.root())));
        assert_eq!(read, AddressContext::new(A + 0x17ff, guest.root()));
        // The first byte of the page, for a read that starts before it.
        let read = fault(vmi.read_u64_in((A + 0xffc, guest.root())));
        assert_eq!(read, AddressContext::new(A + 0x1000, guest.root()));
        assert_eq!(
            fault(vmi.read_u8(A + 3)),
            AddressContext::new(A + 3, other.root())
        );
    });
}

#[test]
fn page_out_and_in_are_seen_with_caches_on() {
    let guest = Guest::new();
    guest.write_u64(A, 7);
    let vm = guest.vm();
    let read = || vm.with(|vmi| vmi.read_u64(A));
    for _ in 0..3 {
        assert_eq!(read().unwrap(), 7);
        guest.page_out(A);
        assert!(!guest.is_resident(A));
        fault(read());
        guest.page_in(A);
    }
    guest.write_u64(A, 8);
    assert_eq!(read().unwrap(), 8);
}

#[test]
fn a_page_in_shows_within_one_run() {
    let guest = Guest::new();
    guest.write_u64(A, 7);
    guest.page_out(A);
    guest.vm().with(|vmi| {
        fault(vmi.read_u64(A));
        guest.page_in(A);
        assert_eq!(vmi.read_u64(A).unwrap(), 7);
        guest.page_out(A);
        vmi.flush_v2p_cache();
        fault(vmi.read_u64(A));
    });
}

#[test]
fn the_order_of_the_set_up_does_not_matter() {
    let guest = Guest::new();
    guest.page_out(A);
    guest.write_u64(A, 1);
    guest.unbacked(B);
    guest.write_u64(B, 2);
    guest.map(A);
    assert!(!guest.is_resident(A) && !guest.is_resident(B));
    assert_eq!(guest.content(B, 1), [2]);
    guest.page_in(A);
    guest.page_in(B);
    let both = guest.vm().with(|vmi| (vmi.read_u64(A), vmi.read_u64(B)));
    assert!(matches!(both, (Ok(1), Ok(2))));
}

#[test]
fn all_pages_go_out_but_no_tables() {
    let guest = Guest::new();
    let other = guest.new_space();
    guest.write_u8(A, 1);
    guest.write_u8(KERNEL, 2);
    other.write_u8(B, 3);
    other.map_large(Va(0x4000_0000));
    guest.page_out_all();
    for va in [A, KERNEL] {
        assert!(!guest.is_resident(va));
    }
    for va in [B, KERNEL, Va(0x4000_0000)] {
        assert!(!other.is_resident(va));
    }
    guest.vm().with(|vmi| {
        let walk = Amd64::translation(vmi, A, guest.root());
        assert!(
            walk.entries()[..3]
                .iter()
                .all(|entry| entry.entry.present())
        );
    });
    assert_eq!(guest.content(A, 1), [1]);
}

#[test]
fn a_table_goes_out_with_its_pages() {
    let guest = Guest::new();
    guest.write_u8(A, 1);
    guest.write_u8(A + 0x1000, 2);
    guest.page_out(A + 0x1000);
    guest.page_out_table(A);
    let vm = guest.vm();
    fault(vm.with(|vmi| vmi.read_u8(A)));
    assert!(!guest.is_resident(A));
    guest.page_in(A + 0x1000);
    assert_eq!(vm.with(|vmi| vmi.read_u16(A + 0xfff)).unwrap(), 0x200);
    assert!(guest.is_resident(A));
}

#[test]
fn aliases_share_content_and_not_presence() {
    let guest = Guest::new();
    let other = guest.new_space();
    guest.write_u64(A, 1);
    guest.alias(A, &other, B);
    guest.alias(A + 0x800, &guest, KERNEL);
    other.write_u64(B, 2);
    assert_eq!(guest.content(A, 8), other.content(B, 8));
    assert_eq!(guest.frame(A), guest.frame(KERNEL));
    guest.page_out(A);
    assert!(other.is_resident(B) && guest.is_resident(KERNEL));
    assert_eq!(other.vm().with(|vmi| vmi.read_u64(KERNEL)).unwrap(), 2);
}

#[test]
fn the_kernel_half_is_shared() {
    let guest = Guest::new();
    guest.write_u64(KERNEL, 1);
    let other = guest.new_space();
    let user = guest.new_space_without_kernel();
    let late = Va(0xffff_8880_0000_0000);
    other.write_u64(late, 2);
    guest.write_u64(A, 3);
    other.vm().with(|vmi| {
        assert_eq!(vmi.read_u64(KERNEL).unwrap(), 1);
        assert_eq!(vmi.read_u64_in((late, guest.root())).unwrap(), 2);
        fault(vmi.read_u64(A));
        fault(vmi.read_u64_in((KERNEL, user.root())));
    });
    other.page_out(KERNEL);
    assert!(!guest.is_resident(KERNEL));
    user.write_u64(late, 9);
    assert_eq!(guest.content(late, 8), other.content(late, 8));
    guest.alias(KERNEL, &user, KERNEL);
    assert!(user.is_resident(KERNEL) && !guest.is_resident(KERNEL));
}

#[test]
fn large_pages_are_one_page() {
    let guest = Guest::new();
    let base = Va(0x4000_0000);
    guest.map_large(base + 0x12_3456);
    guest.write(base + 0x0f_fff0, &[5; 0x20]);
    let vm = guest.vm();
    let read = |va| vm.with(|vmi| vmi.read_u64(va));
    assert_eq!(read(base + 0x0f_fffc).unwrap(), 0x0505_0505_0505_0505);
    assert_eq!(read(base + 0x1f_fff8).unwrap(), 0);
    vm.with(|vmi| {
        let walk = Amd64::translation(vmi, base, guest.root());
        assert_eq!(walk.entries().last().unwrap().level, PageTableLevel::Pd);
    });
    guest.page_out(base + 0x1234);
    guest.write_u8(base + 0x1f_ffff, 6);
    assert_eq!(fault(read(base + 0x1f_fff8)).va, base + 0x1f_fff8);
    guest.page_in(base);
    assert_eq!(read(base + 0x1f_fff8).unwrap(), 6 << 56);

    guest.alias(base + 0x0f_f000, &guest, A);
    assert_eq!(guest.content(A + 0xff0, 16), [5; 16]);
    guest.unmap(base);
    fault(read(base));
    assert!(guest.is_resident(A));
}

#[test]
#[should_panic(expected = "small pages are mapped around")]
fn large_pages_do_not_replace_small_ones() {
    let guest = Guest::new();
    guest.map(A);
    guest.map_large(A);
}

#[test]
#[should_panic(expected = "is not a canonical address")]
fn only_canonical_addresses_are_mapped() {
    Guest::new().map(Va(0x8000_0000_0000));
}

#[test]
#[should_panic(expected = "is not a root of this guest")]
fn only_roots_are_roots() {
    let guest = Guest::new();
    guest.map(A);
    guest.space(Pa(guest.frame(A).unwrap().0 << 12)).map(A);
}

#[test]
#[should_panic(expected = "has more than 40 bits")]
fn a_frame_fits_an_entry() {
    let guest = Guest::new();
    guest.map_frame(A, Gfn((1 << 40) - 1));
    assert_eq!(guest.frame(A), Some(Gfn((1 << 40) - 1)));
    guest.map_frame(A, Gfn(1 << 40 | 0x105));
}

#[test]
#[should_panic(expected = "a page table leads to another: the guest has no frame 0xdeadbeef")]
fn a_table_that_a_test_has_spoiled() {
    let guest = Guest::new();
    guest.map(Va(0));
    guest.map_frame(B, Gfn(guest.root().0 >> 12));
    // The first entry of the root.
    guest.write_u64(B, 0x0dea_dbee_f003);
    let read = guest.vm().with(|vmi| vmi.read_u8(Va(0)));
    assert!(matches!(read, Err(VmiError::Driver(_))));
    guest.map(Va(0));
}

#[test]
fn a_handler_without_a_queue_does_not_inject_for_ever() {
    let guest = Guest::new();
    guest.unbacked(A);
    let read = guest.vm().at_breakpoint(|vmi| vmi.read_u8(A + 3));
    assert_eq!(fault(read).va, A + 3);
    assert_eq!(guest.counts().injected, 1_000);
}

#[test]
fn a_missing_frame_is_a_hard_error() {
    let guest = Guest::new();
    let gfn = Gfn(0xf_ffff);
    guest.map_frame(A, gfn);
    guest.vm().with(|vmi| {
        let direct = AccessContext::direct(Pa(0xffff_f000));
        let far = AccessContext::direct(Pa(!0xfff));
        for (result, gfn) in [
            (vmi.read_u8(A), gfn),
            (vmi.read_u8_in(direct), gfn),
            (vmi.read_u8_in(far), Gfn(!0 >> 12)),
            (vmi.read_u8_in(AccessContext::direct(Pa(0))), Gfn(0)),
            (vmi.read_u8_in((A, Pa(0x5000))), Gfn(5)),
        ] {
            let Err(VmiError::Driver(error)) = result else {
                panic!("expected a driver error, found {result:?}");
            };
            assert_eq!(error.downcast_ref(), Some(&MissingFrame(gfn)));
        }
        assert!(matches!(vmi.write_u8(A, 1), Err(VmiError::Driver(_))));
    });
}

#[test]
fn the_driver_writes_within_a_frame() {
    let guest = Guest::new();
    guest.map(A);
    guest.page_out(A);
    let driver = GuestDriver::new(&guest);
    let gfn = guest.frame(A).unwrap();
    let page = driver.write_page(gfn, 0xffe, &[1, 2]).unwrap();
    assert_eq!(page[0xffe..], [1, 2]);
    assert_eq!(guest.content(A + 0xffe, 2), [1, 2]);
    for offset in [0xfff, 0x1000, u64::MAX] {
        let result = driver.write_page(gfn, offset, &[3, 4]);
        assert!(matches!(result, Err(VmiError::OutOfBounds)));
    }
    assert_eq!(guest.counts().writes, 1);
    assert_eq!(driver.info().unwrap().page_size, 4096);
    assert!(driver.info().unwrap().max_gfn >= gfn);
}

#[test]
fn bytes_that_are_held_do_not_change_and_pages_do() {
    let guest = Guest::new();
    guest.write_u8(A, 1);
    let page = GuestDriver::new(&guest)
        .read_page(guest.frame(A).unwrap())
        .unwrap();
    let mut held = Vec::new();
    for value in 1..100 {
        guest.write_u8(A, value);
        held.push(&page[..1]);
    }
    assert_eq!(held.concat(), (1..100).collect::<Vec<u8>>());
}

#[test]
fn registers_are_those_of_long_mode() {
    let guest = Guest::new();
    let other = guest.new_space();
    guest.write_va(A, B);
    guest.write_va(Va(0x7000_0000), A + 1);
    let vm = guest.vm();
    vm.change_registers(|registers| registers.rsp = 0x7000_0000);
    vm.with(|vmi| {
        assert_eq!(vmi.registers().effective_address_width(), 8);
        assert_eq!(vmi.registers().cs.access.descriptor_privilege_level(), 0);
        assert_eq!(vmi.read_va(A).unwrap(), B);
        assert_eq!(vmi.return_address().unwrap(), A + 1);
        assert_eq!(vmi.translation_root(A), guest.root());
    });
    let vm = other.vm().user_mode();
    let registers: Registers = vm.core().driver().registers(VcpuId(0)).unwrap();
    assert_eq!(registers, vm.registers());
    assert_eq!(registers.cs.access.descriptor_privilege_level(), 3);
    assert_eq!(registers.cs.selector.request_privilege_level(), 3);
    assert_eq!(registers.effective_address_width(), 8);
    assert_eq!(registers.translation_root(A), other.root());
    assert!(registers.rip >> 63 == 0);

    vm.with(|vmi| {
        vmi.driver().set_registers(
            VcpuId(0),
            Registers {
                rax: 5,
                ..registers
            },
        )
    })
    .unwrap();
    assert_eq!(vm.with(|vmi| vmi.registers().rax), 5);
    assert!(matches!(
        vm.core().driver().registers(VcpuId(1)),
        Err(VmiError::OutOfBounds)
    ));
}

#[test]
fn strings_end_with_zeros() {
    let guest = Guest::new();
    guest.write(A, &[0xff; 64]);
    guest.write_str(A, "lsass");
    guest.write_utf16(A + 32, "Bücher 📚");
    guest.write_struct(B, &[1u32, 2]);
    guest.vm().with(|vmi| {
        assert_eq!(vmi.read_string(A).unwrap(), "lsass");
        assert_eq!(vmi.read_string_utf16(A + 32).unwrap(), "Bücher 📚");
        assert_eq!(vmi.read_u64(B).unwrap(), 2 << 32 | 1);
    });
}

#[test]
fn a_batch_is_served_or_refused() {
    let guest = Guest::new();
    let other = guest.new_space();
    let at = |va, space: &Guest| AddressContext::new(va, space.root());
    for va in [A, B, KERNEL] {
        guest.page_out(va);
    }
    guest.unbacked(B);
    guest.map(Va(0x9000));

    let mut refused = SuppressedPages::empty();
    let mut refuse = [
        at(B, &guest),
        at(A, &other),
        at(Va(0x666_0000), &guest),
        at(Va(0x8000_1234_5000), &guest),
        AddressContext::new(A, Pa(0x5000)),
    ];
    let serve = [
        at(A + 0x123, &guest),
        at(KERNEL, &other),
        at(Va(0x9000), &guest),
    ];
    let faults = serve.into_iter().chain(refuse).collect();
    PageIn::page_in(&mut &guest, &faults, &mut refused).unwrap();

    assert!(guest.is_resident(A) && guest.is_resident(KERNEL) && !guest.is_resident(B));
    // By root and address.
    refuse.sort_by_key(|page| (page.root, page.va));
    assert_eq!(refused.iter().copied().collect::<Vec<_>>(), refuse);
    let counts = guest.counts();
    assert_eq!(
        (
            counts.batches,
            counts.paged_in,
            counts.refused,
            counts.dropped
        ),
        (1, 2, 5, 0)
    );
    guest.reset_counts();
    assert_eq!(guest.counts().refused, 0);
}

#[test]
fn requests_are_lost_on_purpose() {
    let guest = Guest::new();
    let pages: Vec<_> = (0..5).map(|page| A + page * 0x1000).collect();
    for &va in &pages {
        guest.page_out(va);
    }
    guest.drop_every(2);
    let faults = pages
        .iter()
        .map(|&va| AddressContext::new(va, guest.root()))
        .collect();
    let mut refused = SuppressedPages::empty();
    PageIn::page_in(&mut guest.clone(), &faults, &mut refused).unwrap();
    let resident: Vec<_> = pages.iter().map(|&va| guest.is_resident(va)).collect();
    assert_eq!(resident, [true, false, true, false, true]);
    assert_eq!(guest.counts().dropped, 2);
    assert_eq!(refused.iter().len(), 0);
}

#[test]
fn an_operation_is_retried_with_the_guest_as_pager() {
    let guest = Guest::new();
    guest.write_u64(A, 1);
    guest.write_u64(B, 2);
    guest.page_out_all();
    let mut suppressed = SuppressedPages::new();
    let (mut runs, vm) = (0, guest.vm());
    let sum = vm.with(|vmi| {
        retry(&mut &guest, &mut suppressed, |suppressed| {
            runs += 1;
            let prober = VmiProber::new(suppressed);
            let a = prober.probe(|| vmi.read_u64(A))?;
            let b = prober.probe(|| vmi.read_u64(B))?;
            let gone = prober.probe(|| vmi.read_u64(Va(0x666_0000)))?;
            prober.error_for_page_faults()?;
            Ok::<_, ProbeError>((a, b, gone))
        })
    });
    assert_eq!(sum.unwrap(), (Some(1), Some(2), None));
    let counts = guest.counts();
    assert_eq!(
        (runs, counts.batches, counts.paged_in, counts.refused),
        (2, 1, 2, 1)
    );
    // vmi-core caches no failed translation, so that three reads walk in each run.
    assert_eq!((counts.walks, counts.reads), (6, 2));
}

#[test]
fn reads_are_counted_whatever_is_cached() {
    let guest = Guest::new();
    guest.write(A, &[0; 0x2000]);
    let (cached, uncached) = (guest.vm(), guest.vm().without_caches());
    let mut counts = Vec::new();
    for vm in [&cached, &uncached] {
        guest.reset_counts();
        vm.with(|vmi| {
            for _ in 0..10 {
                vmi.read_u64(A + 0xffc).unwrap();
            }
        });
        counts.push((
            guest.counts().reads,
            guest.counts().walks,
            guest.counts().fetches,
        ));
    }
    assert_eq!(counts, [(20, 2, 6), (20, 20, 100)]);
}

#[test]
fn a_core_of_ones_own_sees_the_same_guest() {
    let guest = Guest::new();
    let core = VmiCore::new(GuestDriver::new(&guest)).unwrap();
    core.driver().guest().write_u64(A, 4);
    assert_eq!(core.read_u64((A, guest.root())).unwrap(), 4);
    core.write_u64((A, guest.root()), 5).unwrap();
    assert_eq!(guest.content(A, 8), 5u64.to_le_bytes());
    assert_eq!(core.read_u64((A, guest.root())).unwrap(), 5);
}
