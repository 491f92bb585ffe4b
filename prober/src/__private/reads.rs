//! Reads whose length is known, and strings: as probes on vmi-core's types
//! they are served here, because vmi-core reports only the first missing page
//! of a read, and loses its way in strings that span three.
//!
//! The expansion puts [`at`] round the receiver of such a call and leaves the
//! call as it is. Method lookup does the rest: on vmi-core's types it finds
//! the methods of [`At`] or, by `Deref`, of [`AtCore`], on any other type,
//! further on, those of that type. (Methods of traits would do as well, but
//! rustc takes longer to check their calls.)

use std::{ops::Deref, rc::Rc, sync::Arc};

use vmi_core::{
    AccessContext, Architecture, Va, VmiContext, VmiCore, VmiDriver, VmiError, VmiMappedPage,
    VmiOs, VmiRead, VmiSession, VmiState,
};
use zerocopy::{FromBytes, IntoBytes};

use crate::{PageFaults, Unavailable, VmiProber};

/// How many missing pages of one read are recorded at most.
const MAX_PAGES: usize = 512;

/// The receiver of a read, and the prober that the read is for. Its methods
/// are the reads of receivers that know the registers.
#[derive(Debug)]
pub struct At<'v, 'p, V: ?Sized>(AtCore<'v, 'p, V>);

/// The same, and its methods are the reads of receivers that do not.
#[derive(Debug)]
pub struct AtCore<'v, 'p, V: ?Sized> {
    vmi: &'v V,
    prober: &'p VmiProber<'p>,
}

/// Puts a prober beside the receiver of a read.
#[inline]
pub fn at<'v, 'p, V: ?Sized>(vmi: &'v V, prober: &'p VmiProber<'_>) -> At<'v, 'p, V> {
    At(AtCore { vmi, prober })
}

impl<'v, 'p, V: ?Sized> Deref for At<'v, 'p, V> {
    type Target = AtCore<'v, 'p, V>;

    #[inline]
    fn deref(&self) -> &AtCore<'v, 'p, V> {
        &self.0
    }
}

/// To the reference, not to what it refers to: what a read borrows from its
/// receiver may outlive the [`At`] and the prober.
impl<'v, V: ?Sized> Deref for AtCore<'v, '_, V> {
    type Target = &'v V;

    #[inline]
    fn deref(&self) -> &&'v V {
        &self.vmi
    }
}

/// A receiver that reads guest memory through a [`VmiCore`].
pub trait HasCore {
    type Driver: VmiRead;

    fn core(&self) -> &VmiCore<Self::Driver>;
}

/// A receiver whose reads take a [`Va`], for it knows the registers.
pub trait HasRegisters: HasCore {
    fn access_context(&self, address: Va) -> AccessContext;
}

/// A receiver whose reads take an [`AccessContext`].
pub trait HasNoRegisters: HasCore {}

impl<D: VmiRead> HasCore for VmiCore<D> {
    type Driver = D;

    #[inline]
    fn core(&self) -> &VmiCore<D> {
        self
    }
}

impl<D: VmiRead> HasNoRegisters for VmiCore<D> {}

macro_rules! contexts {
    ($($name:ident)*) => {$(
        impl<Os: VmiOs> HasCore for $name<'_, Os>
        where
            Os::Driver: VmiRead,
        {
            type Driver = Os::Driver;

            #[inline]
            fn core(&self) -> &VmiCore<Os::Driver> {
                self
            }
        }
    )*};
}
contexts!(VmiSession VmiState VmiContext);

impl<Os: VmiOs> HasNoRegisters for VmiSession<'_, Os> where Os::Driver: VmiRead {}

impl<Os: VmiOs> HasRegisters for VmiState<'_, Os>
where
    Os::Driver: VmiRead,
{
    #[inline]
    fn access_context(&self, address: Va) -> AccessContext {
        VmiState::access_context(self, address)
    }
}

impl<Os: VmiOs> HasRegisters for VmiContext<'_, Os>
where
    Os::Driver: VmiRead,
{
    #[inline]
    fn access_context(&self, address: Va) -> AccessContext {
        VmiState::access_context(self, address)
    }
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<V: HasCore + ?Sized> HasCore for $pointer {
            type Driver = V::Driver;

            #[inline]
            fn core(&self) -> &VmiCore<V::Driver> {
                (**self).core()
            }
        }

        impl<V: HasRegisters + ?Sized> HasRegisters for $pointer {
            #[inline]
            fn access_context(&self, address: Va) -> AccessContext {
                (**self).access_context(address)
            }
        }

        impl<V: HasNoRegisters + ?Sized> HasNoRegisters for $pointer {}
    )*};
}
pointers!(&V &mut V Box<V> Rc<V> Arc<V>);

/// The ten reads that are served here, under the names given.
macro_rules! reads {
    ($address:ty, |$vmi:ident, $at:ident| $context:expr;
     $read:ident $read_struct:ident
     $bytes_limited:ident $bytes:ident $units_limited:ident $units:ident
     $string_limited:ident $string:ident $utf16_limited:ident $utf16:ident
    ) => {
        #[inline]
        pub fn $read(&self, address: $address, buffer: &mut [u8]) -> Result<(), VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            read(self.vmi.core(), $context, buffer, self.prober)
        }

        #[inline]
        pub fn $read_struct<T: FromBytes + IntoBytes>(
            &self,
            address: $address,
        ) -> Result<T, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            let mut value = T::new_zeroed();
            read(self.vmi.core(), $context, value.as_mut_bytes(), self.prober)?;
            Ok(value)
        }

        pub fn $bytes_limited(&self, address: $address, limit: usize) -> Result<Vec<u8>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            string::<_, 1>(self.vmi.core(), $context, limit)
        }

        pub fn $bytes(&self, address: $address) -> Result<Vec<u8>, VmiError> {
            self.$bytes_limited(address, string_limit(self.vmi.core()))
        }

        pub fn $units_limited(
            &self,
            address: $address,
            limit: usize,
        ) -> Result<Vec<u16>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            let bytes = string::<_, 2>(self.vmi.core(), $context, limit)?;
            let (units, _) = bytes.as_chunks();
            Ok(units.iter().copied().map(u16::from_le_bytes).collect())
        }

        pub fn $units(&self, address: $address) -> Result<Vec<u16>, VmiError> {
            self.$units_limited(address, string_limit(self.vmi.core()))
        }

        pub fn $string_limited(&self, address: $address, limit: usize) -> Result<String, VmiError> {
            let bytes = self.$bytes_limited(address, limit)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }

        pub fn $string(&self, address: $address) -> Result<String, VmiError> {
            self.$string_limited(address, string_limit(self.vmi.core()))
        }

        pub fn $utf16_limited(&self, address: $address, limit: usize) -> Result<String, VmiError> {
            let units = self.$units_limited(address, limit)?;
            Ok(String::from_utf16_lossy(&units))
        }

        pub fn $utf16(&self, address: $address) -> Result<String, VmiError> {
            self.$utf16_limited(address, string_limit(self.vmi.core()))
        }
    };
}

#[allow(clippy::missing_errors_doc)] // The errors of the methods they stand for.
impl<V: HasRegisters + ?Sized> At<'_, '_, V> {
    reads!(Va, |vmi, address| vmi.access_context(address);
        read read_struct
        read_string_bytes_limited read_string_bytes
        read_string_utf16_bytes_limited read_string_utf16_bytes
        read_string_limited read_string
        read_string_utf16_limited read_string_utf16
    );
    reads!(impl Into<AccessContext>, |_vmi, context| context.into();
        read_in read_struct_in
        read_string_bytes_limited_in read_string_bytes_in
        read_string_utf16_bytes_limited_in read_string_utf16_bytes_in
        read_string_limited_in read_string_in
        read_string_utf16_limited_in read_string_utf16_in
    );
}

#[allow(clippy::missing_errors_doc)] // The errors of the methods they stand for.
impl<V: HasNoRegisters + ?Sized> AtCore<'_, '_, V> {
    reads!(impl Into<AccessContext>, |_vmi, context| context.into();
        read read_struct
        read_string_bytes_limited read_string_bytes
        read_string_utf16_bytes_limited read_string_utf16_bytes
        read_string_limited read_string
        read_string_utf16_limited read_string_utf16
    );
}

/// Reads a range. A fault becomes that of all missing pages of the range.
fn read<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    buffer: &mut [u8],
    prober: &VmiProber<'_>,
) -> Result<(), VmiError> {
    let mut context = context;
    let mut rest = buffer;
    while !rest.is_empty() {
        let (page, offset) = match page(core, context) {
            Ok(found) => found,
            Err(error) => return Err(missing_pages(core, context, rest.len(), error, prober)),
        };
        let there = &page[offset..];
        let (part, behind) = rest.split_at_mut(rest.len().min(there.len()));
        part.copy_from_slice(&there[..part.len()]);
        if behind.is_empty() {
            break;
        }
        context.address = next_page::<D>(context.address).ok_or_else(wraps)?;
        rest = behind;
    }
    Ok(())
}

/// The page of an address, and where in it the address is.
#[inline]
fn page<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
) -> Result<(VmiMappedPage, usize), VmiError> {
    let address = core.translate_access_context(context)?;
    let page = core.read_page(D::Architecture::gfn_from_pa(address))?;
    #[allow(clippy::cast_possible_truncation)] // It is less than the size of a page.
    let offset = D::Architecture::pa_offset(address) as usize;
    Ok((page, offset))
}

/// The data would reach over the end of the address space: no guest can have
/// it, and there is no page to bring in.
#[cold]
fn wraps() -> VmiError {
    VmiError::os(Unavailable::default())
}

/// The error of a read of which `rest` bytes are left: a fault with all the
/// missing pages from the first one on.
///
/// If one of them is suppressed the read cannot succeed, so none is worth
/// bringing in.
#[cold]
fn missing_pages<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    rest: usize,
    error: VmiError,
    prober: &VmiProber<'_>,
) -> VmiError {
    let Some(last) = context.address.checked_add(rest as u64 - 1) else {
        return wraps();
    };
    let VmiError::Translation(first) = error else {
        return error;
    };
    if next_page::<D>(first.va.0).is_none_or(|next| next > last) {
        return error;
    }

    let mut faults = PageFaults::from_iter([first]);
    let mut page = AccessContext {
        address: first.va.0,
        mechanism: context.mechanism,
    };
    while faults.len() < MAX_PAGES
        && let Some(next) = next_page::<D>(page.address)
        && next <= last
    {
        page.address = next;
        match core.translate_access_context(page) {
            Ok(_) => {}
            Err(VmiError::Translation(fault)) => {
                faults.insert(fault);
            }
            Err(_) => break,
        }
    }

    if faults.iter().any(|fault| prober.is_suppressed(fault)) {
        faults.retain(|fault| prober.is_suppressed(fault));
        return VmiError::os(Unavailable::new(faults, None));
    }
    VmiError::os(faults)
}

/// Reads a string page by page: up to the null character, which is `UNIT`
/// bytes wide, and at most `limit` bytes. No page is touched that holds no
/// byte of it.
fn string<D: VmiRead, const UNIT: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    limit: usize,
) -> Result<Vec<u8>, VmiError> {
    let limit = limit - limit % UNIT;
    let mut context = context;
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        let (page, offset) = page(core, context)?;
        let there = &page[offset..];
        let there = &there[..there.len().min(limit - bytes.len())];

        // A character may lie across two pages.
        let begun = bytes.len() % UNIT;
        let (end, there) = there.split_at(if begun == 0 { 0 } else { UNIT - begun });
        bytes.extend_from_slice(end);
        if begun != 0 && bytes.ends_with(&[0; UNIT]) {
            bytes.truncate(bytes.len() - UNIT);
            break;
        }

        let (units, _) = there.as_chunks::<UNIT>();
        if let Some(null) = units.iter().position(|unit| *unit == [0; UNIT]) {
            bytes.extend_from_slice(units[..null].as_flattened());
            break;
        }
        bytes.extend_from_slice(there);
        if bytes.len() < limit {
            context.address = next_page::<D>(context.address).ok_or_else(wraps)?;
        }
    }
    Ok(bytes)
}

/// The length in bytes to which vmi-core limits strings.
fn string_limit<D: VmiRead>(core: &VmiCore<D>) -> usize {
    core.read_string_length_limit().unwrap_or(usize::MAX)
}

/// The start of the page after that of an address.
fn next_page<D: VmiDriver>(address: u64) -> Option<u64> {
    (address & D::Architecture::PAGE_MASK).checked_add(D::Architecture::PAGE_SIZE)
}
