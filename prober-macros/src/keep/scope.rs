//! The loops and labelled blocks around, for the exits that a search reaches.

use std::{cell::Cell, rc::Rc};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Lifetime;

/// Where a run goes: a diverging expression.
#[derive(Clone)]
pub(super) enum Way {
    /// Out of the function.
    Leave(TokenStream),

    /// To a place in it.
    To(TokenStream),

    /// Out of a block of the expansion.
    End(TokenStream, Rc<Cell<bool>>),
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
        let (Self::Leave(way) | Self::To(way) | Self::End(way, _)) = self;
        if let Self::End(_, used) = self {
            used.set(true);
        }
        way.to_tokens(tokens);
    }
}

/// A block of the expansion that may be left by its label, which is written if
/// anything does.
pub(super) struct Target {
    label: Lifetime,
    used: Rc<Cell<bool>>,
}

impl Target {
    pub(super) fn new(label: Lifetime) -> Self {
        Self {
            label,
            used: Rc::default(),
        }
    }

    /// Leaves the block, with its value.
    pub(super) fn way(&self, value: &TokenStream) -> Way {
        let label = &self.label;
        Way::End(quote!(break #label #value), self.used.clone())
    }

    /// Leaves the block, which has no value.
    pub(super) fn end(&self) -> Way {
        self.way(&TokenStream::new())
    }

    /// `'LABEL:`, if it is used.
    pub(super) fn label(&self) -> Option<TokenStream> {
        let label = &self.label;
        self.used.get().then(|| quote!(#label:))
    }
}

/// The loops and labelled blocks around, for exits that a search reaches.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Around>>);

pub(super) struct Around {
    label: Option<Lifetime>,
    is_loop: bool,
    pub(super) on_break: Way,
    pub(super) on_continue: Way,
    /// Where a skipped `break` goes: what the loop does not come to may leave
    /// more than the loop.
    pub(super) on_skipped_break: Option<Way>,
    outer: Scope,
}

impl Scope {
    pub(super) fn with(&self, label: Lifetime, on_break: Way, on_continue: Way) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: true,
            on_break,
            on_continue,
            on_skipped_break: None,
            outer: self.clone(),
        })))
    }

    /// The same, in a loop from which more than the loop may be left.
    pub(super) fn skipped_break(self, exit: Option<Way>) -> Self {
        match self.0.map(Rc::try_unwrap) {
            Some(Ok(around)) => Self(Some(Rc::new(Around {
                on_skipped_break: exit,
                ..around
            }))),
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
            on_skipped_break: None,
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
