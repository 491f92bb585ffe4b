//! Tests of the rewriting on tokens.

mod real_code;
mod restore;
