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

mod ranges;
mod strings;

use std::{ops::Deref, rc::Rc, sync::Arc};

use isr_macros::Field;
use vmi_core::{
    AccessContext, Registers as _, Va, VmiContext, VmiCore, VmiError, VmiOs, VmiRead, VmiSession,
    VmiState,
};
use zerocopy::{FromBytes, IntoBytes};

use self::{
    ranges::{address, field, number, read, read_value, uint},
    strings::{Limit, string, units},
};
use crate::{VmiProber, sealed::Sealed};

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
