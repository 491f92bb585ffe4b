//! Loops that a `break` or `continue` inside a probe leaves.

use proc_macro2::Span;
use syn::{Block, Label, Lifetime, visit_mut::VisitMut};

use super::{
    context::{Context, Loop},
    rewriter::Rewriter,
};
use crate::emit;

impl Rewriter<'_> {
    pub(super) fn visit_loop(&mut self, label: &mut Option<Label>, body: &mut Block) {
        let name = label.as_ref().map(|label| label.name.clone());
        self.loops.push(Loop::Seen(name));
        self.visit_block_mut(body);
        if let (None, Some(Loop::Seen(Some(name)))) = (&label, self.loops.pop()) {
            *label = Some(Label {
                colon_token: syn::Token![:](name.span()),
                name,
            });
        }
    }

    /// Names the loop that a `break` or `continue` in a probe means: there may
    /// be a block around the probe, and to leave that needs a label.
    pub(super) fn label_exit(
        &mut self,
        label: &mut Option<Lifetime>,
        keyword: &str,
        span: Span,
    ) -> syn::Result<()> {
        let Context::Probe { loops, .. } = self.context else {
            return Ok(());
        };
        if label.is_some() || self.loops.len() > loops {
            return Ok(());
        }
        let number = self.labels;
        let Some(outer) = self.loops.last_mut() else {
            let message = format!("`{keyword}` outside of a loop");
            return Err(syn::Error::new(span, message));
        };
        let Loop::Seen(outer) = outer else {
            // Only the macro knows which loop is meant. If it has none and the
            // probe needs its block, rustc says that a label is missing.
            return Ok(());
        };
        self.labels += 1;
        let name = outer
            .get_or_insert_with(|| Lifetime::new(&format!("'__probed_{number}"), emit::glue(span)));
        *label = Some(name.clone());
        Ok(())
    }
}
