//! A Windows guest that is paged out as Windows is, read through the unmodified `WindowsOs`.

mod cut_short;
mod dump;
mod guest;
mod listing;
mod lists;
mod queue;
mod roots;
mod table;
mod valid_address;
