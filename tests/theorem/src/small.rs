//! Small things that the functions use.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Three fields to construct.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The first.
    pub a: u64,
    /// The second.
    pub b: u64,
    /// The third.
    pub c: u64,
}

impl Row {
    /// What all three come to.
    #[must_use]
    pub fn sum(self) -> u64 {
        self.a ^ self.b.rotate_left(3) ^ self.c.rotate_left(9)
    }
}

/// A call with two arguments.
#[must_use]
pub fn mixed(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3) ^ b
}

/// Something to await.
pub async fn ready(value: u64) -> u64 {
    value
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
