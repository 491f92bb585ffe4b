//! Reads whose length is known, and strings: as probes on vmi-core's types
//! they are served here, because vmi-core reports only the first missing page
//! of a read, reads on at address 0 or in the kernel half where the address
//! space ends, and misreads strings that span three pages.
//!
//! The expansion puts [`served`] round the receiver of such a call and leaves the
//! call as it is. Method lookup does the rest: on vmi-core's types it finds
//! the methods of [`VmiReads`] or, by `Deref`, of [`CoreReads`], on any other type,
//! further on, those of that type. (Methods of traits would do as well, but
//! rustc takes longer to check their calls.)

use std::{error::Error, fmt, ops::Deref, rc::Rc, sync::Arc};

use isr_macros::Field;
use vmi_core::{
    AccessContext, AddressContext, Architecture, Registers as _, TranslationMechanism, Va,
    VmiContext, VmiCore, VmiDriver, VmiError, VmiMappedPage, VmiOs, VmiRead, VmiSession, VmiState,
};
use zerocopy::{FromBytes, IntoBytes};

use crate::{PageFaults, Unavailable, VmiProber, sealed::Sealed};

/// How many missing pages of one read are recorded at most.
const MAX_PAGES: usize = 512;

/// The first address that is not canonical with 48 bits.
const HOLE: u64 = 1 << 47;

/// The length in bytes at which a string without a limit ends with an error. A
/// guest that maps one frame everywhere makes a string as long as it likes.
const MAX_STRING: usize = 16 << 20;

/// The receiver of a read, and the prober of the read. Its methods are the reads
/// of receivers that know the registers.
#[derive(Debug)]
pub struct VmiReads<'v, 'p, V: ?Sized>(CoreReads<'v, 'p, V>);

/// The same. Its methods are the reads of receivers that do not know them.
#[derive(Debug)]
pub struct CoreReads<'v, 'p, V: ?Sized> {
    vmi: &'v V,
    prober: &'p VmiProber<'p>,
}

/// Puts a prober beside the receiver of a read.
#[inline]
pub fn served<'v, 'p, V: ?Sized>(vmi: &'v V, prober: &'p VmiProber<'_>) -> VmiReads<'v, 'p, V> {
    VmiReads(CoreReads { vmi, prober })
}

impl<'v, 'p, V: ?Sized> Deref for VmiReads<'v, 'p, V> {
    type Target = CoreReads<'v, 'p, V>;

    #[inline]
    fn deref(&self) -> &CoreReads<'v, 'p, V> {
        &self.0
    }
}

/// To the reference, not to what it refers to: what a read borrows from its
/// receiver may outlive the [`VmiReads`] and the prober.
impl<'v, V: ?Sized> Deref for CoreReads<'v, '_, V> {
    type Target = &'v V;

    #[inline]
    fn deref(&self) -> &&'v V {
        &self.vmi
    }
}

/// A receiver that reads guest memory through a [`VmiCore`].
pub trait HasCore: Sealed {
    type Driver: VmiRead;

    fn core(&self) -> &VmiCore<Self::Driver>;
}

/// A receiver whose reads take an address of type `At`: a [`Va`] where it knows
/// the registers, else an [`AccessContext`].
pub trait ReadsGuest<At>: HasCore {
    fn context(&self, address: At) -> AccessContext;
}

/// A receiver that knows the registers.
pub trait HasRegisters: ReadsGuest<Va> {
    /// Width in bytes of an address in the current mode of the processor.
    fn effective_address_width(&self) -> usize;

    /// Width in bytes of an address of the operating system.
    fn address_width(&self) -> usize;
}

impl<D: VmiRead> HasCore for VmiCore<D> {
    type Driver = D;

    #[inline]
    fn core(&self) -> &VmiCore<D> {
        self
    }
}

impl<D: VmiRead> ReadsGuest<AccessContext> for VmiCore<D> {
    #[inline]
    fn context(&self, address: AccessContext) -> AccessContext {
        address
    }
}

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

impl<Os: VmiOs> ReadsGuest<AccessContext> for VmiSession<'_, Os>
where
    Os::Driver: VmiRead,
{
    #[inline]
    fn context(&self, address: AccessContext) -> AccessContext {
        address
    }
}

macro_rules! with_registers {
    ($($name:ident)*) => {$(
        impl<Os: VmiOs> ReadsGuest<Va> for $name<'_, Os>
        where
            Os::Driver: VmiRead,
        {
            #[inline]
            fn context(&self, address: Va) -> AccessContext {
                VmiState::access_context(self, address)
            }
        }

        impl<Os: VmiOs> HasRegisters for $name<'_, Os>
        where
            Os::Driver: VmiRead,
        {
            #[inline]
            fn effective_address_width(&self) -> usize {
                VmiState::registers(self).effective_address_width()
            }

            #[inline]
            fn address_width(&self) -> usize {
                VmiState::registers(self).address_width()
            }
        }
    )*};
}
with_registers!(VmiState VmiContext);

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<V: HasCore + ?Sized> HasCore for $pointer {
            type Driver = V::Driver;

            #[inline]
            fn core(&self) -> &VmiCore<V::Driver> {
                (**self).core()
            }
        }

        impl<At, V: ReadsGuest<At> + ?Sized> ReadsGuest<At> for $pointer {
            #[inline]
            fn context(&self, address: At) -> AccessContext {
                (**self).context(address)
            }
        }

        impl<V: HasRegisters + ?Sized> HasRegisters for $pointer {
            #[inline]
            fn effective_address_width(&self) -> usize {
                (**self).effective_address_width()
            }

            #[inline]
            fn address_width(&self) -> usize {
                (**self).address_width()
            }
        }
    )*};
}
pointers!(&V &mut V Box<V> Rc<V> Arc<V>);

/// Bytes and strings, under the names given.
macro_rules! reads {
    ($address:ty, |$vmi:ident, $at:ident| $context:expr;
     $read:ident
     $bytes_limited:ident $bytes:ident $units_limited:ident $units:ident
     $string_limited:ident $string:ident $utf16_limited:ident $utf16:ident
    ) => {
        #[inline]
        pub fn $read(&self, address: $address, buffer: &mut [u8]) -> Result<(), VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            read(self.vmi.core(), $context, buffer, self.prober)
        }

        pub fn $bytes_limited(&self, address: $address, limit: usize) -> Result<Vec<u8>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            string::<_, 1>(self.vmi.core(), $context, Limit::Caller(limit))
        }

        pub fn $bytes(&self, address: $address) -> Result<Vec<u8>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            string::<_, 1>(self.vmi.core(), $context, Limit::of(self.vmi.core()))
        }

        pub fn $units_limited(
            &self,
            address: $address,
            limit: usize,
        ) -> Result<Vec<u16>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            string::<_, 2>(self.vmi.core(), $context, Limit::Caller(limit)).map(units)
        }

        pub fn $units(&self, address: $address) -> Result<Vec<u16>, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            string::<_, 2>(self.vmi.core(), $context, Limit::of(self.vmi.core())).map(units)
        }

        pub fn $string_limited(&self, address: $address, limit: usize) -> Result<String, VmiError> {
            let bytes = self.$bytes_limited(address, limit)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }

        pub fn $string(&self, address: $address) -> Result<String, VmiError> {
            let bytes = self.$bytes(address)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }

        pub fn $utf16_limited(&self, address: $address, limit: usize) -> Result<String, VmiError> {
            let units = self.$units_limited(address, limit)?;
            Ok(String::from_utf16_lossy(&units))
        }

        pub fn $utf16(&self, address: $address) -> Result<String, VmiError> {
            let units = self.$units(address)?;
            Ok(String::from_utf16_lossy(&units))
        }
    };
}

/// Numbers whose width does not depend on the registers, under the names given.
macro_rules! numbers {
    ($address:ty, |$vmi:ident, $at:ident| $context:expr;
     $u16:ident $u32:ident $u64:ident $uint:ident $field:ident
     $address32:ident $address64:ident $va32:ident $va64:ident
    ) => {
        #[inline]
        pub fn $u16(&self, address: $address) -> Result<u16, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            number(self.vmi.core(), $context, self.prober).map(u16::from_le_bytes)
        }

        #[inline]
        pub fn $u32(&self, address: $address) -> Result<u32, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            number(self.vmi.core(), $context, self.prober).map(u32::from_le_bytes)
        }

        #[inline]
        pub fn $u64(&self, address: $address) -> Result<u64, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            number(self.vmi.core(), $context, self.prober).map(u64::from_le_bytes)
        }

        #[inline]
        pub fn $uint(&self, address: $address, size: usize) -> Result<u64, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            uint(self.vmi.core(), $context, size, self.prober)
        }

        #[inline]
        pub fn $field(&self, address: $address, field: &Field) -> Result<u64, VmiError> {
            let ($vmi, $at) = (self.vmi, address);
            self::field(self.vmi.core(), $context, field, self.prober)
        }

        #[inline]
        pub fn $address32(&self, address: $address) -> Result<u64, VmiError> {
            self.$u32(address).map(u64::from)
        }

        #[inline]
        pub fn $address64(&self, address: $address) -> Result<u64, VmiError> {
            self.$u64(address)
        }

        #[inline]
        pub fn $va32(&self, address: $address) -> Result<Va, VmiError> {
            self.$address32(address).map(Va)
        }

        #[inline]
        pub fn $va64(&self, address: $address) -> Result<Va, VmiError> {
            self.$address64(address).map(Va)
        }
    };
}

/// Addresses whose width depends on the registers, under the names given.
macro_rules! addresses {
    ($address:ty, |$vmi:ident, $at:ident| $context:expr;
     $address_of_mode:ident $address_native:ident $va:ident $va_native:ident
    ) => {
        #[inline]
        pub fn $address_of_mode(&self, address: $address) -> Result<u64, VmiError>
        where
            V: HasRegisters,
        {
            let ($vmi, $at) = (self.vmi, address);
            let width = self.vmi.effective_address_width();
            self::address(self.vmi.core(), $context, width, self.prober)
        }

        #[inline]
        pub fn $address_native(&self, address: $address) -> Result<u64, VmiError>
        where
            V: HasRegisters,
        {
            let ($vmi, $at) = (self.vmi, address);
            let width = self.vmi.address_width();
            self::address(self.vmi.core(), $context, width, self.prober)
        }

        #[inline]
        pub fn $va(&self, address: $address) -> Result<Va, VmiError>
        where
            V: HasRegisters,
        {
            self.$address_of_mode(address).map(Va)
        }

        #[inline]
        pub fn $va_native(&self, address: $address) -> Result<Va, VmiError>
        where
            V: HasRegisters,
        {
            self.$address_native(address).map(Va)
        }
    };
}

#[allow(clippy::missing_errors_doc)] // The errors of the methods they stand for.
impl<V: ReadsGuest<Va> + ?Sized> VmiReads<'_, '_, V> {
    // Not by the macro, which rustc would show to the user along with the bound.
    #[inline]
    pub fn read_struct<T: FromBytes + IntoBytes>(&self, address: Va) -> Result<T, VmiError> {
        read_value(self.vmi.core(), self.vmi.context(address), self.prober)
    }

    #[inline]
    pub fn read_struct_in<T: FromBytes + IntoBytes>(
        &self,
        context: impl Into<AccessContext>,
    ) -> Result<T, VmiError> {
        read_value(self.vmi.core(), context.into(), self.prober)
    }

    numbers!(Va, |vmi, address| vmi.context(address);
        read_u16 read_u32 read_u64 read_uint read_field
        read_address32 read_address64 read_va32 read_va64
    );
    numbers!(impl Into<AccessContext>, |_vmi, context| context.into();
        read_u16_in read_u32_in read_u64_in read_uint_in read_field_in
        read_address32_in read_address64_in read_va32_in read_va64_in
    );
    addresses!(Va, |vmi, address| vmi.context(address);
        read_address read_address_native read_va read_va_native
    );
    addresses!(impl Into<AccessContext>, |_vmi, context| context.into();
        read_address_in read_address_native_in read_va_in read_va_native_in
    );
    reads!(Va, |vmi, address| vmi.context(address);
        read
        read_string_bytes_limited read_string_bytes
        read_string_utf16_bytes_limited read_string_utf16_bytes
        read_string_limited read_string
        read_string_utf16_limited read_string_utf16
    );
    reads!(impl Into<AccessContext>, |_vmi, context| context.into();
        read_in
        read_string_bytes_limited_in read_string_bytes_in
        read_string_utf16_bytes_limited_in read_string_utf16_bytes_in
        read_string_limited_in read_string_in
        read_string_utf16_limited_in read_string_utf16_in
    );
}

#[allow(clippy::missing_errors_doc)] // The errors of the methods they stand for.
impl<V: ReadsGuest<AccessContext> + ?Sized> CoreReads<'_, '_, V> {
    #[inline]
    pub fn read_struct<T: FromBytes + IntoBytes>(
        &self,
        context: impl Into<AccessContext>,
    ) -> Result<T, VmiError> {
        read_value(self.vmi.core(), context.into(), self.prober)
    }

    numbers!(impl Into<AccessContext>, |_vmi, context| context.into();
        read_u16 read_u32 read_u64 read_uint read_field
        read_address32 read_address64 read_va32 read_va64
    );

    #[inline]
    pub fn read_address(
        &self,
        context: impl Into<AccessContext>,
        address_width: usize,
    ) -> Result<u64, VmiError> {
        address(self.vmi.core(), context.into(), address_width, self.prober)
    }

    #[inline]
    pub fn read_va(
        &self,
        context: impl Into<AccessContext>,
        address_width: usize,
    ) -> Result<Va, VmiError> {
        self.read_address(context, address_width).map(Va)
    }

    reads!(impl Into<AccessContext>, |_vmi, context| context.into();
        read
        read_string_bytes_limited read_string_bytes
        read_string_utf16_bytes_limited read_string_utf16_bytes
        read_string_limited read_string
        read_string_utf16_limited read_string_utf16
    );
}

#[inline]
fn read_value<D: VmiRead, T: FromBytes + IntoBytes>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<T, VmiError> {
    let mut value = T::new_zeroed();
    read(core, context, value.as_mut_bytes(), prober)?;
    Ok(value)
}

/// Reads a number of `N` bytes. Within a page it costs what it costs in
/// vmi-core.
#[inline]
fn number<D: VmiRead, const N: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<[u8; N], VmiError> {
    match page(core, context) {
        Ok((page, offset)) => match page[offset..].first_chunk() {
            Some(bytes) => Ok(*bytes),
            None => number_across(core, context, prober),
        },
        Err(error) => Err(missing_pages(core, context, N, error, prober)),
    }
}

/// Reads a number that lies on two pages.
#[cold]
fn number_across<D: VmiRead, const N: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<[u8; N], VmiError> {
    let mut bytes = [0; N];
    read(core, context, &mut bytes, prober)?;
    Ok(bytes)
}

/// Reads a number of `size` bytes.
#[inline]
fn uint<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    size: usize,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    match size {
        1 => core.read_u8(context).map(u64::from),
        2 => number(core, context, prober).map(|bytes| u16::from_le_bytes(bytes).into()),
        4 => number(core, context, prober).map(|bytes| u32::from_le_bytes(bytes).into()),
        8 => number(core, context, prober).map(u64::from_le_bytes),
        _ => Err(VmiError::InvalidAddressWidth),
    }
}

/// Reads a field of a structure.
#[inline]
fn field<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    field: &Field,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    let Some(address) = context.address.checked_add(field.offset()) else {
        return Err(wraps(context));
    };
    let context = AccessContext { address, ..context };
    #[allow(clippy::cast_possible_truncation)] // As vmi-core does; it is 1 to 8.
    let size = field.size() as usize;
    uint(core, context, size, prober)
}

/// Reads an address of `width` bytes.
#[inline]
fn address<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    width: usize,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    match width {
        4 | 8 => uint(core, context, width, prober),
        _ => Err(VmiError::InvalidAddressWidth),
    }
}

/// Reads a range. A fault becomes a batch of all missing pages of the range.
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
        context = next_page::<D>(context).ok_or_else(|| wraps(context))?;
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

/// The error for data that would reach past the end of the address space, or
/// into the hole between the halves of 48-bit addresses: no guest can have it,
/// and there is no page to bring in. It names the page at which the data ends.
#[cold]
fn wraps(context: AccessContext) -> VmiError {
    let va = match context.address {
        address if is_canonical(address) && address < HOLE => HOLE,
        address if is_canonical(address) => u64::MAX,
        address => address,
    };
    let page = match context.mechanism {
        TranslationMechanism::Paging { root: Some(root) } => {
            Some(AddressContext::new(Va(va), root))
        }
        _ => None,
    };
    VmiError::os(Unavailable::new(page.into_iter().collect(), None))
}

/// Whether an address is canonical with 48 bits.
fn is_canonical(address: u64) -> bool {
    address.wrapping_add(HOLE) < HOLE << 1
}

/// The last address of a range of `length` bytes; `None` where the range wraps
/// or touches addresses that no page can have.
fn last_of(context: AccessContext, length: usize) -> Option<u64> {
    let first = context.address;
    let last = first.checked_add(length as u64 - 1)?;
    let exists = context.mechanism == TranslationMechanism::Direct
        || is_canonical(first) && is_canonical(last) && (first < HOLE) == (last < HOLE);
    exists.then_some(last)
}

/// The error of a read that still has `rest` bytes to go: a fault with all the
/// missing pages from the first one on.
///
/// If one of them is suppressed the read cannot succeed, so none is worth
/// bringing in. All pages are checked for that, even those that are too many to
/// be recorded.
#[cold]
fn missing_pages<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    rest: usize,
    error: VmiError,
    prober: &VmiProber<'_>,
) -> VmiError {
    let Some(last) = last_of(context, rest) else {
        return wraps(context);
    };
    let VmiError::Translation(first) = error else {
        return error;
    };
    let mut page = AccessContext {
        address: first.va.0,
        mechanism: context.mechanism,
    };
    if next_page::<D>(page).is_none_or(|next| next.address > last) {
        return error;
    }

    let (mut faults, mut suppressed) = (PageFaults::new(), PageFaults::new());
    let mut add = |fault| {
        let kind = if prober.is_suppressed(&fault) {
            &mut suppressed
        } else {
            &mut faults
        };
        if kind.len() < MAX_PAGES {
            kind.insert(fault);
        }
    };
    add(first);
    while let Some(next) = next_page::<D>(page)
        && next.address <= last
    {
        page = next;
        match core.translate_access_context(page) {
            Ok(_) => {}
            Err(VmiError::Translation(fault)) => add(fault),
            Err(_) => break,
        }
    }

    if suppressed.is_empty() {
        VmiError::os(faults)
    } else {
        VmiError::os(Unavailable::new(suppressed, None))
    }
}

/// Where a string without a null character ends.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// After so many bytes, which the caller or vmi-core has set.
    Caller(usize),

    /// Nobody set a limit: [`MAX_STRING`] bytes without an end are an error.
    None,
}

impl Limit {
    fn of<D: VmiRead>(core: &VmiCore<D>) -> Self {
        core.read_string_length_limit()
            .map_or(Self::None, Self::Caller)
    }

    fn bytes(self) -> usize {
        match self {
            Self::Caller(limit) => limit,
            Self::None => MAX_STRING,
        }
    }
}

/// A string without a limit that does not end.
#[derive(Debug)]
struct EndlessString;

impl fmt::Display for EndlessString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a string does not end within 16 MiB; read it with a limit, \
             or set one for all with `set_read_string_length_limit`",
        )
    }
}

impl Error for EndlessString {}

/// Reads a string page by page: up to the null character, which is `UNIT`
/// bytes wide, and at most `limit` bytes. No page is touched that holds no
/// byte of it.
fn string<D: VmiRead, const UNIT: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    limit: Limit,
) -> Result<Vec<u8>, VmiError> {
    let ends = limit;
    let limit = limit.bytes() - limit.bytes() % UNIT;
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
            return Ok(bytes);
        }

        let (units, _) = there.as_chunks::<UNIT>();
        if let Some(null) = units.iter().position(|unit| *unit == [0; UNIT]) {
            bytes.extend_from_slice(units[..null].as_flattened());
            return Ok(bytes);
        }
        bytes.extend_from_slice(there);
        if bytes.len() < limit {
            context = next_page::<D>(context).ok_or_else(|| wraps(context))?;
        }
    }
    match ends {
        Limit::Caller(_) => Ok(bytes),
        Limit::None => Err(VmiError::os(EndlessString)),
    }
}

/// The UTF-16 units of a string.
#[allow(clippy::needless_pass_by_value)] // For `map`.
fn units(bytes: Vec<u8>) -> Vec<u16> {
    let (units, _) = bytes.as_chunks();
    units.iter().copied().map(u16::from_le_bytes).collect()
}

/// The start of the page after that of an address. The last page has none, nor
/// has the last page of the user half.
fn next_page<D: VmiDriver>(context: AccessContext) -> Option<AccessContext> {
    let start = context.address & D::Architecture::PAGE_MASK;
    let address = start.checked_add(D::Architecture::PAGE_SIZE)?;
    let exists = address != HOLE || context.mechanism == TranslationMechanism::Direct;
    exists.then_some(AccessContext { address, ..context })
}
