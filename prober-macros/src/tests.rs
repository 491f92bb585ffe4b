//! Tests of the rewriting on tokens.

mod cases;
mod expansions;
mod mutations;
mod properties;
mod real_code;
mod restore;
