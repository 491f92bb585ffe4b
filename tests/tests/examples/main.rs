//! The examples of the package `prober`: what they print and return, and more
//! cases of the same.

mod dump;
mod event_loop;
mod process_list;
