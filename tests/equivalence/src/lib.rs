//! What the generated functions read, log and drop.

use std::{
    cell::RefCell,
    fmt,
    pin::pin,
    task::{Context, Poll, Waker},
};

use prober::{FaultError, Missing, ProbeError};
use vmi_core::{Va, VmiError};

/// What happened, in order.
#[derive(Debug, Default)]
pub struct Log(RefCell<Vec<(&'static str, u64)>>);

impl Log {
    /// Adds an entry.
    pub fn add(&self, what: &'static str, value: u64) {
        self.0.borrow_mut().push((what, value));
    }

    /// Takes the entries.
    #[must_use]
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        self.0.take()
    }
}

/// Logs its drop.
#[derive(Debug)]
pub struct Guard<'a> {
    log: &'a Log,
    number: u64,
}

impl<'a> Guard<'a> {
    /// Logs that it is made.
    #[must_use]
    pub fn new(log: &'a Log, number: u64) -> Self {
        log.add("make", number);
        Self { log, number }
    }

    /// Gives a value back.
    #[must_use]
    pub fn pass(&self, value: u64) -> u64 {
        value ^ self.number
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.log.add("drop", self.number);
    }
}

/// Reads of a guest that is all there, logged one by one. Some fail, but not
/// by a page fault.
#[derive(Debug)]
pub struct Recorder<'a> {
    log: &'a Log,
}

impl<'a> Recorder<'a> {
    /// Records in a log.
    #[must_use]
    pub fn new(log: &'a Log) -> Self {
        Self { log }
    }

    fn byte(address: u64) -> u8 {
        address.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]
    }

    fn bytes<const N: usize>(&self, what: &'static str, at: Va) -> Result<[u8; N], VmiError> {
        self.log.add(what, at.0);
        if at.0 % 61 == 3 {
            return Err(VmiError::NotSupported);
        }
        let mut bytes = [0; N];
        for (address, byte) in (at.0..).zip(&mut bytes) {
            *byte = Self::byte(address);
        }
        Ok(bytes)
    }
}

macro_rules! reads {
    ($($name:ident $type:ty),*) => {$(
        /// Reads a number.
        ///
        /// # Errors
        ///
        /// At some addresses.
        pub fn $name(&self, at: Va) -> Result<$type, VmiError> {
            self.bytes(stringify!($name), at).map(<$type>::from_le_bytes)
        }
    )*};
}

/// The same methods as those of a `VmiState`.
#[allow(clippy::missing_errors_doc, reason = "all fail at some addresses")]
impl Recorder<'_> {
    reads!(read_u8 u8, read_u16 u16, read_u32 u32, read_u64 u64);

    /// Reads an address.
    pub fn read_va(&self, at: Va) -> Result<Va, VmiError> {
        self.bytes("read_va", at).map(u64::from_le_bytes).map(Va)
    }

    /// Reads a structure: here always two numbers.
    pub fn read_struct<T: From<[u64; 2]>>(&self, at: Va) -> Result<T, VmiError> {
        let bytes = self.bytes::<16>("read_struct", at)?;
        let (words, _) = bytes.as_chunks();
        Ok([words[0], words[1]].map(u64::from_le_bytes).into())
    }

    /// Reads a string.
    pub fn read_string_limited(&self, at: Va, limit: usize) -> Result<String, VmiError> {
        let bytes = self.bytes::<16>("read_string_limited", at)?;
        let length = usize::from(bytes[0]) % limit;
        Ok(".".repeat(length))
    }

    /// Fills a buffer.
    pub fn read(&self, at: Va, buffer: &mut [u8]) -> Result<(), VmiError> {
        let bytes = self.bytes::<16>("read", at)?;
        buffer.copy_from_slice(&bytes[..buffer.len()]);
        Ok(())
    }

    /// Changes nothing, but is logged.
    pub fn write_u64(&self, at: Va, value: u64) -> Result<(), VmiError> {
        self.log.add("write_u64", at.0 ^ value);
        Ok(())
    }
}

/// An address that can be read.
#[must_use]
pub fn at(number: u64) -> Va {
    Va(0x10_0000 + number % 0x4000)
}

/// A number if it is odd.
#[must_use]
pub fn odd(number: u64) -> Option<u64> {
    (number % 2 == 1).then_some(number)
}

/// An error that is not about reads.
///
/// # Errors
///
/// For some numbers.
pub fn fail(number: u64) -> Result<u64, VmiError> {
    if number % 7 == 2 {
        Err(VmiError::ViewNotFound)
    } else {
        Ok(number / 3)
    }
}

/// Fields to construct.
#[derive(Debug)]
pub struct Pair {
    /// One.
    pub a: u64,
    /// The other.
    pub b: u64,
}

/// An error type of a user's own.
#[derive(Debug)]
pub enum App {
    /// Of a probe.
    Probe(ProbeError),
    /// Of a read.
    Vmi(VmiError),
}

impl From<ProbeError> for App {
    fn from(error: ProbeError) -> Self {
        Self::Probe(error)
    }
}

impl From<VmiError> for App {
    fn from(error: VmiError) -> Self {
        Self::Vmi(error)
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe(error) => error.fmt(f),
            Self::Vmi(error) => error.fmt(f),
        }
    }
}

impl FaultError for App {
    fn missing(&self) -> Option<Missing<'_>> {
        match self {
            Self::Probe(error) => error.missing(),
            Self::Vmi(error) => error.missing(),
        }
    }
}

/// Runs a future that is always ready.
///
/// # Panics
///
/// When it is not.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}
