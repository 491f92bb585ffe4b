//! The listing of the example, in each of its forms.

#[path = "../../examples/windows/by_hand.rs"]
pub(crate) mod by_hand;
#[path = "../../examples/windows/options.rs"]
pub(crate) mod options;
#[path = "../../examples/windows/ordinary.rs"]
pub(crate) mod ordinary;
#[path = "../../examples/windows/plain.rs"]
pub(crate) mod plain;
#[path = "../../examples/windows/table.rs"]
pub(crate) mod table;
