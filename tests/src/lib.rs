//! Shared by the behaviour tests.

pub mod dump;
