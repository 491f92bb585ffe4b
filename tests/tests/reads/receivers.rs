//! The receivers that vmi-core has, and those that it has not.

use std::rc::Rc;

use prober::{ProbeError, SuppressedPages, probed, testing::Guest};
use vmi_arch_amd64::{Amd64, EventInterrupt, EventReason, Interrupt};
use vmi_core::{
    AccessContext, AddressContext, Gfn, Pa, Va, VcpuId, VmiContext, VmiCore, VmiError, VmiEvent,
    VmiEventFlags, VmiOs, VmiRead, VmiSession, VmiState,
};

use super::{Outcome, PAGE, State, batch, faults, none};

const TEXT: Va = Va(0x1000_0ffc);
const WIDE: Va = Va(0x2000_0ffc);

/// What the ten reads gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct All {
    read: Option<[u8; 8]>,
    read_struct: Option<[u8; 8]>,
    bytes: Option<Vec<u8>>,
    bytes_limited: Option<Vec<u8>>,
    text: Option<String>,
    text_limited: Option<String>,
    wide_bytes: Option<Vec<u16>>,
    wide_bytes_limited: Option<Vec<u16>>,
    wide: Option<String>,
    wide_limited: Option<String>,
}

impl All {
    fn expected() -> Self {
        let wide = || "wide text".encode_utf16();
        Self {
            read: Some(*b"short te"),
            read_struct: Some(*b"short te"),
            bytes: Some(b"short text".to_vec()),
            bytes_limited: Some(b"short ".to_vec()),
            text: Some("short text".into()),
            text_limited: Some("short ".into()),
            wide_bytes: Some(wide().collect()),
            wide_bytes_limited: Some(wide().take(3).collect()),
            wide: Some("wide text".into()),
            wide_limited: Some("wid".into()),
        }
    }
}

/// A function that reads all there is from a receiver.
macro_rules! reads {
    ($name:ident, $receiver:ty, $address:ty, |$vmi:ident, $va:ident, $root:ident| $context:expr,
        $read:ident $read_struct:ident $bytes:ident $bytes_limited:ident $text:ident $text_limited:ident
        $wide_bytes:ident $wide_bytes_limited:ident $wide:ident $wide_limited:ident
    ) => {
        #[probed(options, vmi = $vmi)]
        fn $name<Os>($vmi: $receiver, $root: Pa) -> prober::Result<All>
        where
            Os: VmiOs,
            Os::Driver: VmiRead,
        {
            let at = |$va: Va| -> $address {
                let _ = $root;
                $context
            };
            let mut buffer = [0; 8];
            let read = $vmi.$read(at(TEXT), &mut buffer)?;
            Ok(All {
                read: read.map(|()| buffer),
                read_struct: $vmi.$read_struct(at(TEXT))?,
                bytes: $vmi.$bytes(at(TEXT))?,
                bytes_limited: $vmi.$bytes_limited(at(TEXT), 6)?,
                text: $vmi.$text(at(TEXT))?,
                text_limited: $vmi.$text_limited(at(TEXT), 6)?,
                wide_bytes: $vmi.$wide_bytes(at(WIDE))?,
                wide_bytes_limited: $vmi.$wide_bytes_limited(at(WIDE), 6)?,
                wide: $vmi.$wide(at(WIDE))?,
                wide_limited: $vmi.$wide_limited(at(WIDE), 7)?,
            })
        }
    };
}

macro_rules! plain {
    ($name:ident, $receiver:ty, $address:ty, |$vmi:ident, $va:ident, $root:ident| $context:expr) => {
        reads!($name, $receiver, $address, |$vmi, $va, $root| $context,
            read read_struct read_string_bytes read_string_bytes_limited read_string read_string_limited
            read_string_utf16_bytes read_string_utf16_bytes_limited read_string_utf16 read_string_utf16_limited);
    };
}

macro_rules! in_ {
    ($name:ident, $receiver:ty, $address:ty, |$vmi:ident, $va:ident, $root:ident| $context:expr) => {
        reads!($name, $receiver, $address, |$vmi, $va, $root| $context,
            read_in read_struct_in read_string_bytes_in read_string_bytes_limited_in read_string_in
            read_string_limited_in read_string_utf16_bytes_in read_string_utf16_bytes_limited_in
            read_string_utf16_in read_string_utf16_limited_in);
    };
}

plain!(context, &VmiContext<'_, Os>, Va, |vmi, va, root| va);
in_!(
    context_in,
    &VmiContext<'_, Os>,
    (Va, Pa),
    |vmi, va, root| (va, root)
);
plain!(context_by_value, VmiContext<'_, Os>, Va, |vmi, va, root| va);
plain!(state, &VmiState<'_, Os>, Va, |vmi, va, root| va);
in_!(
    state_in,
    &VmiState<'_, Os>,
    AccessContext,
    |vmi, va, root| (va, root).into()
);
in_!(
    state_in_address,
    VmiState<'_, Os>,
    AddressContext,
    |vmi, va, root| AddressContext::new(va, root)
);
plain!(
    state_by_reference,
    &&VmiState<'_, Os>,
    Va,
    |vmi, va, root| va
);
plain!(state_boxed, Box<VmiState<'_, Os>>, Va, |vmi, va, root| va);
plain!(state_counted, Rc<VmiState<'_, Os>>, Va, |vmi, va, root| va);
plain!(session, &VmiSession<'_, Os>, (Va, Pa), |vmi, va, root| (
    va, root
));
plain!(
    session_by_value,
    VmiSession<'_, Os>,
    AddressContext,
    |vmi, va, root| AddressContext::new(va, root)
);
plain!(core, &VmiCore<Os::Driver>, (Va, Pa), |vmi, va, root| (
    va, root
));
plain!(
    core_by_reference,
    &&VmiCore<Os::Driver>,
    (Va, Pa),
    |vmi, va, root| (va, root)
);

fn guest() -> Guest {
    let guest = Guest::new();
    guest.write_str(TEXT, "short text");
    guest.write_utf16(WIDE, "wide text");
    guest
}

#[test]
fn all_receivers_and_their_forms() {
    let guest = guest();
    let vm = guest.vm();
    let root = guest.root();
    let no = none();
    let check = |expect: &dyn Fn(prober::Result<All>)| {
        vm.with(|vmi| {
            let reason = EventReason::Interrupt(EventInterrupt {
                gfn: Gfn(0),
                interrupt: Interrupt::breakpoint(1),
            });
            let event = VmiEvent::<Amd64>::new(
                VcpuId(0),
                VmiEventFlags::VCPU_PAUSED,
                None,
                *vmi.registers(),
                reason,
            );
            let state = vmi.session().with_registers(event.registers());
            let context_ = VmiContext::new(&state, &event);
            expect(context(&context_, root, &no));
            expect(context_in(&context_, root, &no));
            expect(context_by_value(context_, root, &no));
            expect(state_in(vmi, root, &no));
            expect(state_in_address(*vmi, root, &no));
            expect(super::receivers::state(vmi, root, &no));
            expect(state_by_reference(&vmi, root, &no));
            expect(state_boxed(Box::new(*vmi), root, &no));
            expect(state_counted(Rc::new(*vmi), root, &no));
            expect(session(vmi.session(), root, &no));
            expect(session_by_value(*vmi.session(), root, &no));
            expect(core::<vmi_core::os::NoOS<_>>(vmi.core(), root, &no));
            expect(core_by_reference::<vmi_core::os::NoOS<_>>(
                &vmi.core(),
                root,
                &no,
            ));
        });
    };
    check(&|result| assert_eq!(result.unwrap(), All::expected()));

    guest.page_out_all();
    let first = faults(&guest, [TEXT, Va(TEXT.0 + 4), WIDE]);
    check(&|result| match result {
        // Of the range both pages, of the strings the first.
        Err(ProbeError::PageFaults(found)) => assert_eq!(found, batch(&first)),
        other => panic!("{other:?}"),
    });

    guest.page_in(TEXT);
    guest.page_in(WIDE);
    let second = faults(&guest, [Va(TEXT.0 + 4), Va(WIDE.0 + 4)]);
    check(&|result| match result {
        Err(ProbeError::PageFaults(found)) => assert_eq!(found, batch(&second)),
        other => panic!("{other:?}"),
    });
}

type Found = (Option<Vec<u8>>, Option<char>, Option<u32>);

/// A reader of one's own, with methods of the same names and another error.
struct Reader<'a> {
    guest: &'a Guest,
    calls: std::cell::Cell<u32>,
}

#[derive(Debug)]
enum ReaderError {
    Vmi(VmiError),
    Limit,
}

impl From<ProbeError> for ReaderError {
    fn from(error: ProbeError) -> Self {
        Self::Vmi(error.into())
    }
}

impl prober::FaultError for ReaderError {
    fn missing(&self) -> Option<prober::Missing<'_>> {
        match self {
            Self::Vmi(error) => error.missing(),
            Self::Limit => None,
        }
    }
}

impl Reader<'_> {
    fn find(&self, at: u64, length: usize) -> Result<Vec<u8>, VmiError> {
        self.calls.set(self.calls.get() + 1);
        let vm = self.guest.vm();
        let mut bytes = vec![0; length];
        vm.with(|vmi| vmi.read(Va(at), &mut bytes))?;
        Ok(bytes)
    }

    // Other arguments, other results.
    fn read(&self, at: u64, length: usize) -> Result<Vec<u8>, VmiError> {
        self.find(at, length)
    }

    fn read_string_limited(&self, at: u64, limit: u8) -> Result<char, ReaderError> {
        if limit > 8 {
            return Err(ReaderError::Limit);
        }
        let bytes = self.find(at, 1).map_err(ReaderError::Vmi)?;
        Ok(char::from(bytes[0]))
    }

    fn read_calls(&self, most: u32) -> Result<u32, VmiError> {
        let calls = self.calls.get();
        if calls > most {
            return Err(VmiError::OutOfBounds);
        }
        Ok(calls)
    }
}

#[test]
fn a_receiver_of_another_type_keeps_its_own_methods() {
    #[probed(options, vmi = reader)]
    fn use_it(reader: &Reader<'_>, at: u64, limit: u8) -> Result<Found, ReaderError> {
        let bytes = reader.read(at, 8).map_err(ReaderError::Vmi)?;
        let text = reader.read_string_limited(at + PAGE, limit)?;
        let calls = reader.read_calls(1000).map_err(ReaderError::Vmi)?;
        Ok((bytes, text, calls))
    }

    let guest = Guest::new();
    guest.write_str(TEXT, "short text");
    guest.write_u8(TEXT + PAGE, b'!');
    let reader = Reader {
        guest: &guest,
        calls: std::cell::Cell::new(0),
    };
    let read = |limit| use_it(&reader, TEXT.0, limit, &none());
    let expected = (Some(b"short te".to_vec()), Some('!'), Some(2));
    assert_eq!(read(1).unwrap(), expected);
    // An error that is not about a fault comes out, when nothing is missing.
    assert!(matches!(read(9), Err(ReaderError::Limit)));

    // What its error says: vmi-core's read reports one page, and the type's own methods leave it at that.
    guest.page_out_all();
    let Err(ReaderError::Vmi(VmiError::Translation(first))) = read(9) else {
        panic!("expected a page fault")
    };
    assert_eq!(first.va, TEXT);
    // A suppressed page is not recorded, and what is missing on the other is.
    let suppressed: SuppressedPages = [first].into_iter().collect();
    let Err(ReaderError::Vmi(VmiError::Translation(second))) =
        use_it(&reader, TEXT.0, 1, &suppressed)
    else {
        panic!("expected a page fault")
    };
    assert_eq!(second.va, TEXT + PAGE);
}

/// One that derefs to vmi-core's: what it does not have itself is served as ever.
#[test]
fn a_receiver_that_wraps_one_of_vmi_core() {
    struct Wrapper<'a, Os: VmiOs>(VmiState<'a, Os>);

    impl<'a, Os: VmiOs> std::ops::Deref for Wrapper<'a, Os> {
        type Target = VmiState<'a, Os>;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    impl<Os: VmiOs> Wrapper<'_, Os>
    where
        Os::Driver: VmiRead,
    {
        fn read_string(&self, at: Va) -> Result<&'static str, VmiError> {
            self.0.read_u8(at)?;
            Ok("its own")
        }
    }

    #[probed(options)]
    fn both<Os>(vmi: &Wrapper<'_, Os>) -> prober::Result<(Option<&'static str>, Option<[u8; 8]>)>
    where
        Os: VmiOs,
        Os::Driver: VmiRead,
    {
        let text = vmi.read_string(TEXT)?;
        let value = vmi.read_struct(TEXT)?;
        Ok((text, value))
    }

    let guest = guest();
    let vm = guest.vm();
    let read = || vm.with(|vmi| both(&Wrapper(*vmi), &none()));
    assert_eq!(read().unwrap(), (Some("its own"), Some(*b"short te")));
    guest.page_out(TEXT);
    assert!(matches!(read(), Err(ProbeError::PageFaults(found)) if found.len() == 1));
}

#[test]
fn a_read_without_a_translation_root_is_a_hard_error() {
    #[probed(options)]
    fn read(vmi: &State<'_>) -> prober::Result<Option<[u8; 8]>> {
        let context = AccessContext {
            address: TEXT.0,
            mechanism: vmi_core::TranslationMechanism::Paging { root: None },
        };
        Ok(vmi.read_struct_in(context)?)
    }
    let guest = guest();
    let result = guest.vm().with(|vmi| read(vmi, &none()));
    assert!(matches!(
        result,
        Err(ProbeError::Vmi(VmiError::RootNotPresent))
    ));
    let _: Outcome<u8> = Outcome::Missing;
}

/// A type that is none of vmi-core's, and leads to one.
struct Wrap<'a, 'b>(&'b State<'a>);

impl<'a> std::ops::Deref for Wrap<'a, '_> {
    type Target = State<'a>;

    fn deref(&self) -> &State<'a> {
        self.0
    }
}

// README: by itself it reads as vmi-core does.
#[test]
fn a_type_that_derefs_is_served_behind_a_star() {
    #[probed(options)]
    fn f(vmi: &Wrap<'_, '_>, at: Va) -> prober::Result<Option<[u8; 0x3000]>> {
        Ok((**vmi).read_struct(at)?)
    }
    let guest = Guest::new();
    for page in 0..3 {
        guest.map(Va(0x40_0000 + page * 0x1000));
    }
    guest.page_out_all();
    let suppressed = SuppressedPages::new();
    let result = guest
        .vm()
        .with(|vmi| f(&Wrap(vmi), Va(0x40_0000), &suppressed));
    let Err(ProbeError::PageFaults(faults)) = result else {
        panic!("expected a batch");
    };
    assert_eq!(faults.len(), 3);
}
