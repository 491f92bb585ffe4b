//! Small things that the functions use.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use vmi_core::VmiError;

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

/// A position that moves on.
#[derive(Debug)]
pub struct Cursor {
    at: u64,
}

impl Cursor {
    /// At a position.
    #[must_use]
    pub fn new(at: u64) -> Self {
        Self { at: at % 1000 }
    }

    /// Where it is.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Moves on, and says where it is.
    pub fn step(&mut self) -> u64 {
        self.skip(1);
        self.at
    }

    /// Moves on by so much.
    pub fn skip(&mut self, by: u64) {
        self.at = (self.at * 3 + by % 100 + 1) % 1000;
    }
}

/// Moves a cursor on, and says where it is.
pub fn stepped(cursor: &mut Cursor) -> u64 {
    cursor.step()
}

/// A struct that a list is moved into.
#[derive(Debug)]
pub struct Pack {
    /// Beside the list.
    pub mark: u64,
    /// The list.
    pub list: Vec<u64>,
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

/// The last of a list, some time.
pub async fn popped(list: &mut Vec<u64>) -> u64 {
    list.pop().unwrap_or(2)
}

/// A result, some time.
///
/// # Errors
///
/// The one that it is given.
pub async fn later(result: Result<u64, VmiError>) -> Result<u64, VmiError> {
    result
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
