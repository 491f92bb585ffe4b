use isr_core::{
    Profile,
    schema::{self, Architecture, Base, Bitfield, Field, Struct, StructKind, Type},
};
use rkyv::util::AlignedVec;

use super::{layout::STRUCTS, symbols::SYMBOLS};

/// The profile of the guest, as `isr` keeps one: structures, fields and symbols.
///
/// [`WindowsGuest::os`](super::WindowsGuest::os) hands it to vmi-os-windows.
/// A tool that needs the profile itself, for structures of its own, takes it
/// from here.
///
/// ```
/// use prober::testing::windows::WindowsProfile;
///
/// let profile = WindowsProfile::new();
/// let process = profile.view().find_struct("_EPROCESS").expect("it is there");
/// assert_eq!(process.field("ImageFileName").map(|field| field.offset()), Some(0x5a8));
/// ```
#[derive(Debug)]
pub struct WindowsProfile {
    archive: AlignedVec,
}

impl WindowsProfile {
    /// The profile of Windows 10 19041, with symbols where the builder puts
    /// them.
    ///
    /// # Panics
    ///
    /// Never: the profile is the same each time.
    #[must_use]
    pub fn new() -> Self {
        let profile = schema::Profile {
            architecture: Architecture::Amd64,
            structs: STRUCTS.iter().map(structure).collect(),
            symbols: (0..)
                .zip(SYMBOLS)
                .map(|(index, name)| ((*name).to_owned(), super::symbols::offset(index)))
                .collect(),
            ..schema::Profile::default()
        };
        let archive = rkyv::to_bytes::<rkyv::rancor::Error>(&profile);
        Self {
            archive: archive.expect("a profile can always be archived"),
        }
    }

    /// The profile as vmi-os-windows takes it.
    ///
    /// # Panics
    ///
    /// Never: the archive is our own.
    #[must_use]
    pub fn view(&self) -> Profile<'_> {
        let archived = rkyv::access::<schema::ArchivedProfile, rkyv::rancor::Error>(&self.archive);
        Profile::from_archived(archived.expect("the archive is one of a profile"))
    }
}

impl Default for WindowsProfile {
    fn default() -> Self {
        Self::new()
    }
}

fn structure(&(name, size, fields): &super::layout::Struct) -> (String, Struct) {
    let fields = fields.iter().map(|&(name, offset, size, bits)| {
        let ty = match (size, bits) {
            (_, Some((bit_position, bit_length))) => Type::Bitfield(Bitfield {
                subtype: Box::new(number(size)),
                bit_length,
                bit_position,
            }),
            (1 | 2 | 4 | 8, None) => number(size),
            // Nobody asks what a nested structure or an array holds.
            _ => Type::Array(schema::Array {
                subtype: Box::new(number(1)),
                dims: vec![size],
            }),
        };
        (name.to_owned(), Field { offset, ty })
    });
    let fields = fields.collect();
    let kind = StructKind::Struct;
    (name.to_owned(), Struct { kind, size, fields })
}

fn number(size: u64) -> Type {
    Type::Base(match size {
        1 => Base::U8,
        2 => Base::U16,
        4 => Base::U32,
        _ => Base::U64,
    })
}
