//! Numbers and addresses: over two pages, over the top, into the hole.

use prober::{SuppressedPages, probed, retry, testing::Guest};
use vmi_core::{AccessContext, AddressContext, Pa, Va, VmiCore, VmiError, VmiRead, VmiSession};

use super::{Outcome, PAGE, State, faults, none, outcome};

const AT: Va = Va(0x40_0fff);
const VALUE: u64 = 0x1122_3344_5566_7788;

type Read = fn(&State<'_>, Va, Pa, &SuppressedPages) -> prober::Result<Option<u64>>;

/// A function for each read, and the number of bytes that it reads.
macro_rules! reads {
    ($($name:ident($length:literal): |$vmi:ident, $at:ident, $root:ident| $read:expr;)*) => {
        &[$({
            #[probed(options)]
            fn $name($vmi: &State<'_>, $at: Va, $root: Pa) -> prober::Result<Option<u64>> {
                let _ = $root;
                Ok($read?.map(u64::from))
            }
            (stringify!($name), $length, $name as Read)
        }),*]
    };
}

const READS: &[(&str, u32, Read)] = reads! {
    u16(2): |vmi, at, root| vmi.read_u16(at);
    u32(4): |vmi, at, root| vmi.read_u32(at);
    u64(8): |vmi, at, root| vmi.read_u64(at);
    uint2(2): |vmi, at, root| vmi.read_uint(at, 2);
    uint4(4): |vmi, at, root| vmi.read_uint(at, 4);
    uint8(8): |vmi, at, root| vmi.read_uint(at, 8);
    address(8): |vmi, at, root| vmi.read_address(at);
    address_native(8): |vmi, at, root| vmi.read_address_native(at);
    address32(4): |vmi, at, root| vmi.read_address32(at);
    address64(8): |vmi, at, root| vmi.read_address64(at);
    va(8): |vmi, at, root| vmi.read_va(at);
    va_native(8): |vmi, at, root| vmi.read_va_native(at);
    va32(4): |vmi, at, root| vmi.read_va32(at);
    va64(8): |vmi, at, root| vmi.read_va64(at);
    u16_in(2): |vmi, at, root| vmi.read_u16_in((at, root));
    u32_in(4): |vmi, at, root| vmi.read_u32_in((at, root));
    u64_in(8): |vmi, at, root| vmi.read_u64_in((at, root));
    uint_in(8): |vmi, at, root| vmi.read_uint_in((at, root), 8);
    address_in(8): |vmi, at, root| vmi.read_address_in((at, root));
    address_native_in(8): |vmi, at, root| vmi.read_address_native_in((at, root));
    address32_in(4): |vmi, at, root| vmi.read_address32_in((at, root));
    address64_in(8): |vmi, at, root| vmi.read_address64_in((at, root));
    va_in(8): |vmi, at, root| vmi.read_va_in((at, root));
    va_native_in(8): |vmi, at, root| vmi.read_va_native_in((at, root));
    va32_in(4): |vmi, at, root| vmi.read_va32_in((at, root));
    va64_in(8): |vmi, at, root| vmi.read_va64_in((at, root));
};

fn low_bytes(length: u32) -> u64 {
    VALUE & (u64::MAX >> (64 - 8 * length))
}

#[test]
fn over_two_missing_pages_it_takes_one_batch() {
    for (name, length, read) in READS {
        let guest = Guest::new();
        guest.write_u64(AT, VALUE);
        guest.page_out_all();
        let vm = guest.vm();
        let run = |s: &SuppressedPages| vm.with(|vmi| read(vmi, AT, guest.root(), s));
        let expected = faults(&guest, [AT, Va(0x40_1000)]);
        assert_eq!(outcome(run(&none())), Outcome::Faults(expected), "{name}");

        // Where the other page is suppressed, the first is not worth it.
        let second = AddressContext::new(Va(0x40_1000), guest.root());
        let result = run(&SuppressedPages::from_iter([second]));
        assert_eq!(outcome(result), Outcome::Missing, "{name}");

        let value = retry(&mut &guest, &mut none(), run);
        assert_eq!(value.unwrap(), Some(low_bytes(*length)), "{name}");
        assert_eq!(guest.counts().batches, 1, "{name}");
    }
}

#[test]
fn within_a_page_and_up_to_its_end() {
    for (name, length, read) in READS {
        let guest = Guest::new();
        let at = Va(0x40_1000 - u64::from(*length));
        guest.write(at, &VALUE.to_le_bytes()[..*length as usize]);
        let vm = guest.vm();
        let value = vm.with(|vmi| read(vmi, at, guest.root(), &none()));
        assert_eq!(value.unwrap(), Some(low_bytes(*length)), "{name}");
        guest.page_out(at);
        let result = vm.with(|vmi| read(vmi, at, guest.root(), &none()));
        assert_eq!(
            outcome(result),
            Outcome::Faults(faults(&guest, [at])),
            "{name}"
        );
    }
}

/// There is nothing behind these: neither address 0 nor the kernel half.
#[test]
fn over_an_end() {
    let guest = Guest::new();
    for page in [0, 0x7fff_ffff_f000, 0xffff_8000_0000_0000, !0xfff] {
        guest.map(Va(page));
    }
    let vm = guest.vm();
    for (name, length, read) in READS {
        for end in [Va(0x7fff_ffff_ffff), Va(u64::MAX)] {
            for suppressed in [none(), SuppressedPages::empty()] {
                let run = |at| outcome(vm.with(|vmi| read(vmi, at, guest.root(), &suppressed)));
                assert_eq!(run(end), Outcome::Missing, "{name} {end}");
                let last = Va(end.0 - u64::from(*length) + 1);
                assert_eq!(run(last), Outcome::Value(0), "{name} {end}");
            }
        }
    }
}

#[test]
fn a_width_that_there_is_not() {
    #[probed(options)]
    fn uint(vmi: &State<'_>, size: usize) -> prober::Result<Option<u64>> {
        Ok(vmi.read_uint(AT, size)?)
    }
    let guest = Guest::new();
    guest.write_u64(AT, VALUE);
    let run = |size| guest.vm().with(|vmi| uint(vmi, size, &none()));
    assert_eq!(run(1).unwrap(), Some(0x88));
    for size in [0, 3, 16] {
        let error = run(size).unwrap_err();
        assert!(
            matches!(error.vmi(), Some(VmiError::InvalidAddressWidth)),
            "{size}"
        );
    }
}

#[test]
fn receivers_without_registers() {
    #[probed(options, vmi = core)]
    fn of_core<D: VmiRead>(
        core: &VmiCore<D>,
        at: AccessContext,
    ) -> prober::Result<[Option<u64>; 5]> {
        Ok([
            core.read_u64(at)?,
            core.read_uint(at, 4)?,
            core.read_address(at, 8)?,
            core.read_va(at, 4)?.map(u64::from),
            core.read_va64(at)?.map(u64::from),
        ])
    }

    #[probed(options, vmi = session)]
    fn of_session(
        session: &VmiSession<'_, super::Os>,
        at: AccessContext,
    ) -> prober::Result<[Option<u64>; 2]> {
        Ok([session.read_u64(at)?, session.read_address(at, 4)?])
    }

    let guest = Guest::new();
    guest.write_u64(AT, VALUE);
    let vm = guest.vm();
    let at = AccessContext::paging(AT, guest.root());
    let [all, low] = [8, 4].map(|length| Some(low_bytes(length)));
    assert_eq!(
        of_core(vm.core(), at, &none()).unwrap(),
        [all, low, all, low, all]
    );
    assert_eq!(of_session(&vm.session(), at, &none()).unwrap(), [all, low]);

    guest.page_out(AT);
    guest.page_out(AT + PAGE);
    vm.flush();
    let expected = faults(&guest, [AT, Va(0x40_1000)]);
    let core = of_core(vm.core(), at, &none()).unwrap_err();
    let session = of_session(&vm.session(), at, &none()).unwrap_err();
    for error in [core, session] {
        assert!(error.page_faults().expect("a batch").iter().eq(&expected));
    }
}
