//! A Windows guest that is paged out as Windows is, read through the unmodified `WindowsOs`.

mod dump;
mod guest;
mod listing;
mod lists;
mod queue;
mod table;
