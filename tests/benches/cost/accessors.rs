//! Accessors of an object whose data is there, each with a read of its own, as
//! those of vmi-os-windows: plain, and in a `#[probed]` function.

use std::hint::black_box;

use prober::{SuppressedPages, probed};
use vmi_core::{Va, VmiError};

use super::{
    Case, case,
    machine::{NUMBERS, STRING, Vmi},
};

pub(crate) const CASES: &[Case] = &[
    case!(id::plain),
    case!(id::probed),
    case!(name::plain),
    case!(name::probed),
    case!(three::plain),
    case!(three::probed),
];

/// An object in the guest.
struct Process<'a> {
    vmi: &'a Vmi<'a>,
    va: Va,
}

impl<'a> Process<'a> {
    #[inline(never)]
    fn new(vmi: &'a Vmi<'a>) -> Self {
        Self { vmi, va: NUMBERS }
    }

    #[inline(never)]
    fn id(&self) -> Result<u32, VmiError> {
        self.vmi.read_u32(self.va + 8)
    }

    #[inline(never)]
    fn parent(&self) -> Result<u64, VmiError> {
        Ok(self.vmi.read_va(self.va + 16)?.0)
    }

    #[inline(never)]
    fn name(&self) -> Result<String, VmiError> {
        self.vmi
            .read_string_limited(self.va + (STRING - NUMBERS), 15)
    }
}

/// Both forms of a loop that calls accessors, and uses what they give.
macro_rules! accessors {
    ($module:ident: $(let $value:ident = $accessor:ident;)* $used:expr) => {
        mod $module {
            use super::*;

            pub(super) fn plain(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let mut sum = 0;
                for _ in 0..times {
                    let process = black_box(Process::new(vmi));
                    $(let $value = process.$accessor()?;)*
                    sum ^= $used;
                }
                Ok(sum)
            }

            #[probed(suppressed = SuppressedPages::empty())]
            pub(super) fn probed(vmi: &Vmi<'_>, times: u64) -> Result<u64, VmiError> {
                let mut sum = 0;
                for _ in 0..times {
                    let process = black_box(Process::new(vmi));
                    $(let $value = process.$accessor()?;)*
                    sum ^= $used;
                }
                Ok(sum)
            }
        }
    };
}

accessors!(id: let id = id; u64::from(id));
accessors!(name: let name = name; name.len() as u64);
accessors!(three:
    let id = id;
    let parent = parent;
    let name = name;
    u64::from(id) ^ parent ^ name.len() as u64
);
