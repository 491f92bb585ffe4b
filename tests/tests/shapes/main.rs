//! Functions of all shapes under `#[probed(options)]`, on the stub in
//! `tests/src/stub.rs`: a module for each kind of shape.

mod async_fns;
mod borrows;
mod control_flow;
mod drop_order;
mod elision;
mod error_types;
mod hygiene;
mod lints;
mod macro_arguments;
mod made_by_macros;
mod odds;
pub mod other_attributes;
mod places;
mod rebound_names;
mod receiver_spellings;
mod semantics;
mod signatures;
mod stacking;
mod traits;
mod ways_out;
