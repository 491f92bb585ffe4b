//! The loops and labelled blocks around, for the exits that a search reaches.

use std::rc::Rc;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Lifetime;

use super::words::any_word;

/// Where a run goes: a diverging expression.
#[derive(Clone)]
pub(super) enum Way {
    /// Out of the function.
    Leave(TokenStream),

    /// To a place in it.
    To(TokenStream),
}

impl Way {
    /// `break 'LABEL`
    pub(super) fn breaks(label: &Lifetime) -> Self {
        Self::To(quote!(break #label))
    }

    /// `continue 'LABEL`
    pub(super) fn continues(label: &Lifetime) -> Self {
        Self::To(quote!(continue #label))
    }
}

impl ToTokens for Way {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let (Self::Leave(way) | Self::To(way)) = self;
        way.to_tokens(tokens);
    }
}

/// The loops and labelled blocks around, for exits that a search reaches.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Around>>);

/// What the body of a loop may leave.
#[derive(Clone, Copy)]
pub(super) enum Skipped {
    Nothing,
    /// The loop.
    Leaves,
    /// More than the loop.
    LeavesMore,
}

pub(super) struct Around {
    label: Option<Lifetime>,
    is_loop: bool,
    pub(super) on_break: Way,
    pub(super) on_continue: Way,
    /// What an item may leave that is not come to, where an exit is skipped.
    pub(super) skipped: Skipped,
    outer: Scope,
}

impl Scope {
    pub(super) fn with(&self, label: Lifetime, on_break: Way, on_continue: Way) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: true,
            on_break,
            on_continue,
            skipped: Skipped::Nothing,
            outer: self.clone(),
        })))
    }

    /// The same, in a loop whose body may be left so.
    pub(super) fn skipped(self, skipped: Skipped) -> Self {
        match self.0.map(Rc::try_unwrap) {
            Some(Ok(around)) => Self(Some(Rc::new(Around { skipped, ..around }))),
            Some(Err(shared)) => Self(Some(shared)),
            None => Self(None),
        }
    }

    pub(super) fn with_block(&self, label: Lifetime, on_break: Way) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: false,
            on_continue: on_break.clone(),
            on_break,
            skipped: Skipped::Nothing,
            outer: self.clone(),
        })))
    }

    /// The label of the innermost loop.
    pub(super) fn innermost(&self) -> Option<Lifetime> {
        self.find(None)?.label.clone()
    }

    pub(super) fn find(&self, label: Option<&Lifetime>) -> Option<&Around> {
        let around = self.0.as_deref()?;
        let found = match label {
            None => around.is_loop,
            Some(label) => around.label.as_ref() == Some(label),
        };
        if found {
            Some(around)
        } else {
            around.outer.find(label)
        }
    }
}

/// Whether tokens leave by a label.
pub(super) fn leaves_by(tokens: &TokenStream, label: &Lifetime) -> bool {
    any_word(tokens, &|word| *word == label.ident)
}
