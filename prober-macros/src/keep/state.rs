//! The state of a run at the beginning of a block.

use super::{names::Names, scope::Way};

/// What a block begins with.
pub(super) struct State {
    /// Whether the run may be doomed.
    pub(super) doomed: bool,

    /// What is missing if it is.
    pub(super) taint: Names,

    /// Where a doomed run goes from the block: a diverging expression.
    pub(super) exit: Way,

    /// Whether the block gives a value that a `let` binds.
    pub(super) value: bool,
}
