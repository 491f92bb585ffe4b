//! Tests of the rewriting on tokens.

mod mutations;
mod properties;
mod real_code;
mod restore;
