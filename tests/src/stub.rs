//! A stand-in for a VMI, short enough that a
//! test is about its function alone.
//!
//! Its addresses count pages: the read of address 3 faults on page 3 or gives
//! 3. That it is none of vmi-core's types is part of what is tested: `vmi` is
//! a probe's receiver by its name.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use prober::{FaultError, Missing, PageFaults, SuppressedPages};
use vmi_core::{AddressContext, Pa, Va, VmiError};

const PAGE_SIZE: u64 = 4096;

/// A guest of which some pages are absent. All others hold their own address.
#[derive(Debug, Default)]
pub struct Vmi {
    /// The pages that are paged out.
    pub absent: BTreeSet<u64>,

    asked: RefCell<Vec<u64>>,
    written: RefCell<Vec<(u64, u64)>>,
    paused: Cell<u32>,
}

impl Vmi {
    /// A guest without these pages.
    #[must_use]
    pub fn with(absent: &[u64]) -> Self {
        Self {
            absent: absent.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// The addresses that were read so far, in order, also those that
    /// faulted.
    #[must_use]
    pub fn asked(&self) -> Vec<u64> {
        self.asked.borrow().clone()
    }

    /// What was written so far.
    #[must_use]
    pub fn written(&self) -> Vec<(u64, u64)> {
        self.written.borrow().clone()
    }

    /// How often [`pause`](Self::pause) was called.
    #[must_use]
    pub fn paused(&self) -> u32 {
        self.paused.get()
    }

    /// Not a read, and no act that waits for the data.
    pub fn pause(&self) {
        self.paused.set(self.paused.get() + 1);
    }

    fn get(&self, address: u64) -> Result<u64, VmiError> {
        self.asked.borrow_mut().push(address);
        if self.absent.contains(&address) {
            Err(VmiError::Translation(fault(address)))
        } else {
            Ok(address)
        }
    }
}

/// Reads and writes, under the names by which the attribute knows them.
#[allow(clippy::missing_errors_doc)] // An absent page, in each of them.
impl Vmi {
    /// The lowest byte of the address.
    pub fn read_u8(&self, address: u64) -> Result<u8, VmiError> {
        Ok(self.get(address)?.to_le_bytes()[0])
    }

    /// The lower half of the address.
    pub fn read_u32(&self, address: u64) -> Result<u32, VmiError> {
        Ok(u32::try_from(self.get(address)?).unwrap_or(u32::MAX))
    }

    /// The address.
    pub fn read_u64(&self, address: u64) -> Result<u64, VmiError> {
        self.get(address)
    }

    /// The lower 16 bits of the address, as what can be made of them.
    pub fn read_struct<T: From<u16>>(&self, address: u64) -> Result<T, VmiError> {
        let [a, b, ..] = self.get(address)?.to_le_bytes();
        Ok(T::from(u16::from_le_bytes([a, b])))
    }

    /// The address as text.
    pub fn read_string(&self, address: u64) -> Result<String, VmiError> {
        Ok(self.get(address)?.to_string())
    }

    /// Fills the buffer with the lowest byte of the address.
    pub fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), VmiError> {
        buffer.fill(self.read_u8(address)?);
        Ok(())
    }

    /// The absent pages, borrowed.
    pub fn read_set(&self) -> Result<&BTreeSet<u64>, VmiError> {
        Ok(&self.absent)
    }

    /// A read that needs the guest for itself.
    pub fn read_mut(&mut self, address: u64) -> Result<u64, VmiError> {
        self.get(address)
    }

    /// A read that waits once.
    pub async fn read_async(&self, address: u64) -> Result<u64, VmiError> {
        tick().await;
        self.get(address)
    }

    /// A read that asks for `unsafe`.
    ///
    /// # Safety
    ///
    /// None is needed.
    pub unsafe fn read_raw(&self, address: u64) -> Result<u64, VmiError> {
        self.get(address)
    }

    /// Notes the write.
    pub fn write_u64(&self, address: u64, value: u64) -> Result<(), VmiError> {
        self.written.borrow_mut().push((address, value));
        Ok(())
    }

    /// Notes a write to address 0.
    pub fn set_nothing(&self) -> Result<(), VmiError> {
        self.write_u64(0, 0)
    }
}

/// The read of a trait, for generic and `dyn` receivers.
pub trait VmiRead {
    /// The lower half of the address.
    ///
    /// # Errors
    ///
    /// An absent page.
    fn read_word(&self, address: u64) -> Result<u32, VmiError>;
}

impl VmiRead for Vmi {
    fn read_word(&self, address: u64) -> Result<u32, VmiError> {
        self.read_u32(address)
    }
}

/// The fault of an address.
#[must_use]
pub fn fault(address: u64) -> AddressContext {
    AddressContext::new(Va(address * PAGE_SIZE), Pa(0x1000))
}

/// No suppressed pages.
#[must_use]
pub fn none() -> SuppressedPages {
    SuppressedPages::empty()
}

/// A set of suppressed pages.
#[must_use]
pub fn suppress(addresses: &[u64]) -> SuppressedPages {
    let mut pages = SuppressedPages::empty();
    pages.extend(addresses.iter().copied().map(fault));
    pages
}

/// A batch, as the error of a callee.
#[must_use]
pub fn batch(addresses: &[u64]) -> PageFaults {
    addresses.iter().copied().map(fault).collect()
}

/// The addresses of the batch that a function returned, in order.
///
/// # Panics
///
/// It returned something else.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // So that a test reads as one line.
pub fn faults<T, E: FaultError>(result: Result<T, E>) -> Vec<u64> {
    match result.as_ref().err().and_then(FaultError::missing) {
        Some(Missing::PageFaults(faults)) => addresses(faults),
        Some(Missing::PageFault(fault)) => vec![fault.va.0 / PAGE_SIZE],
        missing => panic!("not a batch: {missing:?}"),
    }
}

/// The suppressed pages of the `Unavailable` that a function returned.
///
/// # Panics
///
/// It returned something else.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // So that a test reads as one line.
pub fn unavailable<T, E: FaultError>(result: Result<T, E>) -> Vec<u64> {
    match result.as_ref().err().and_then(FaultError::missing) {
        Some(Missing::Unavailable(unavailable)) => addresses(unavailable.pages()),
        missing => panic!("not an `Unavailable`: {missing:?}"),
    }
}

/// The text of an error that is not about missing data.
///
/// # Panics
///
/// A function returned something else.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // So that a test reads as one line.
pub fn hard<T, E: FaultError + ToString>(result: Result<T, E>) -> String {
    match result {
        Err(error) if error.missing().is_none() => error.to_string(),
        Err(error) => panic!("about missing data: {}", error.to_string()),
        Ok(_) => panic!("not an error"),
    }
}

fn addresses(faults: &PageFaults) -> Vec<u64> {
    faults.iter().map(|fault| fault.va.0 / PAGE_SIZE).collect()
}

/// Runs a future that needs no executor.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}

/// Waits once, so that what is alive is kept in the future.
pub async fn tick() {
    struct Tick(bool);

    impl Future for Tick {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }
    }

    Tick(false).await;
}
