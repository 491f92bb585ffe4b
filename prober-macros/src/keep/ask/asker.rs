//! What the rewriting of an expression knows of its place.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Expr;

use crate::keep::{
    flow::Flow,
    names::Names,
    scope::{Scope, Way},
    sought::Asked,
};

/// Rewrites one expression.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a place"
)]
pub(crate) struct Asker<'f, 'a> {
    pub(crate) flow: &'f Flow<'a>,

    /// Where a miss goes: a diverging expression.
    pub(crate) miss: Way,

    /// Whether a fault in a result that is taken apart is a miss, because an
    /// act follows.
    pub(crate) strict: bool,

    /// Whether the run may be doomed before the expression that is visited.
    pub(crate) doomed: bool,

    /// Whether the expression is a value, so that calls at the ends of its
    /// blocks ask.
    pub(crate) value: bool,

    /// Whether the next expression stands as a statement, and gives no value
    /// to another.
    pub(crate) top: bool,

    /// The loops around.
    pub(crate) scope: &'f Scope,

    /// What is missing if the run is doomed.
    pub(crate) taint: &'f Names,

    /// What asks after the operand that is visited, from outside in.
    pub(crate) later: Vec<Vec<Expr>>,
}

impl Asker<'_, '_> {
    /// What a miss does: ask what is evaluated in any case, and go.
    pub(super) fn missed(&self) -> TokenStream {
        let miss = &self.miss;
        if self.later.iter().all(Vec::is_empty) {
            return miss.to_token_stream();
        }
        let mut asked = Asked::default();
        for sibling in self.later.iter().rev().flatten() {
            asked.add(
                self.flow.sibling(sibling, self.scope, self.taint),
                self.flow,
            );
        }
        let siblings = asked.written(self.flow);
        quote!({ #siblings #miss })
    }

    /// Whether a miss does no more than leave the function, as the plain one
    /// does: its error may be converted on the way, as it is there.
    pub(super) fn leaves(&self) -> bool {
        !self.doomed && matches!(self.miss, Way::Leave(_)) && self.later.iter().all(Vec::is_empty)
    }
}
