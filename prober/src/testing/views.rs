use vmi_core::{
    Gfn, MemoryAccess, MemoryAccessOptions, View, VmiError, VmiQueryProtection, VmiRead as _,
    VmiSetProtection, VmiViewControl,
};

use super::GuestDriver;

/// The guest has one view, which allows everything.
const DEFAULT: View = View(0);

/// Every frame that the guest has can be read, written and executed.
impl VmiQueryProtection for GuestDriver {
    fn memory_access(&self, gfn: Gfn, view: View) -> Result<MemoryAccess, VmiError> {
        only_view(view)?;
        self.read_page(gfn)?;
        Ok(MemoryAccess::RWX)
    }

    fn memory_access_with_options(
        &self,
        gfn: Gfn,
        view: View,
    ) -> Result<(MemoryAccess, MemoryAccessOptions), VmiError> {
        let access = self.memory_access(gfn, view)?;
        Ok((access, MemoryAccessOptions::empty()))
    }
}

/// `VmiError::NotSupported`: there are no events for accesses.
impl VmiSetProtection for GuestDriver {
    fn set_memory_access(
        &self,
        _gfn: Gfn,
        _view: View,
        _access: MemoryAccess,
    ) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }

    fn set_memory_access_with_options(
        &self,
        _gfn: Gfn,
        _view: View,
        _access: MemoryAccess,
        _options: MemoryAccessOptions,
    ) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }
}

/// There is the default view, and no way to make another one (`VmiError::NotSupported`). With this, the driver has all
/// that vmi-core's `VmiFullDriver` asks for, so code that is generic over that can be tested.
impl VmiViewControl for GuestDriver {
    fn default_view(&self) -> View {
        DEFAULT
    }

    fn create_view(&self, _default_access: MemoryAccess) -> Result<View, VmiError> {
        Err(VmiError::NotSupported)
    }

    fn destroy_view(&self, _view: View) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }

    fn switch_to_view(&self, view: View) -> Result<(), VmiError> {
        only_view(view)
    }

    fn change_view_gfn(&self, _view: View, _old_gfn: Gfn, _new_gfn: Gfn) -> Result<(), VmiError> {
        Err(VmiError::NotSupported)
    }

    fn reset_view_gfn(&self, view: View, _gfn: Gfn) -> Result<(), VmiError> {
        only_view(view)
    }
}

fn only_view(view: View) -> Result<(), VmiError> {
    match view {
        DEFAULT => Ok(()),
        _ => Err(VmiError::ViewNotFound),
    }
}
