use std::{error::Error, fmt};

use vmi_core::Gfn;

/// The error of an access to a frame that the guest does not have.
///
/// It arrives as [`VmiError::Driver`](vmi_core::VmiError::Driver): no page-in can help.
///
/// ```
/// use prober::testing::{Guest, MissingFrame};
/// use vmi_core::{Gfn, Va, VmiError};
///
/// let guest = Guest::new();
/// guest.map_frame(Va(0x40_0000), Gfn(0x77_7777));
/// let result = guest.vm().with(|vmi| vmi.read_u64(Va(0x40_0000)));
/// let Err(VmiError::Driver(error)) = result else { panic!("{result:?}") };
/// assert_eq!(error.downcast_ref(), Some(&MissingFrame(Gfn(0x77_7777))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFrame(
    /// The number of the frame: its physical address divided by 4,096.
    pub Gfn,
);

impl fmt::Display for MissingFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest has no frame {:#x}", self.0.0)
    }
}

impl Error for MissingFrame {}
