//! Reads of guest memory that may be paged out.
