//! The loops and labelled blocks around, for the exits that a search reaches.

use std::{cell::Cell, rc::Rc};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Lifetime;

/// Where a run goes: a diverging expression.
#[derive(Clone)]
pub(super) enum Way {
    /// Out of the function.
    Leave(Rc<TokenStream>),

    /// To a place in it.
    To(TokenStream),

    /// Out of a block of the expansion, with its value.
    End(Rc<Target>, TokenStream),
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
        match self {
            Self::Leave(way) => way.to_tokens(tokens),
            Self::To(way) => way.to_tokens(tokens),
            Self::End(block, value) => {
                let label = block.name();
                tokens.extend(quote!(break #label #value));
            }
        }
    }
}

/// A block of the expansion that may be left by its label, which is written if
/// anything does.
pub(super) struct Target {
    what: &'static str,
    number: usize,
    used: Cell<bool>,
}

impl Target {
    pub(super) fn new(what: &'static str, number: usize) -> Rc<Self> {
        Rc::new(Self {
            what,
            number,
            used: Cell::new(false),
        })
    }

    fn name(&self) -> Lifetime {
        self.used.set(true);
        label(self.what, self.number)
    }

    /// Leaves the block, which has no value.
    pub(super) fn end(self: &Rc<Self>) -> Way {
        Way::End(self.clone(), TokenStream::new())
    }

    /// `'LABEL:`, if it is used.
    pub(super) fn label(&self) -> Option<TokenStream> {
        self.used.get().then(|| {
            let label = self.name();
            quote!(#label:)
        })
    }
}

/// A label of the expansion.
pub(super) fn label(what: &str, number: usize) -> Lifetime {
    Lifetime::new(&format!("'__probed_{what}_{number}"), Span::mixed_site())
}

/// The loops and labelled blocks around, for exits that a search reaches.
#[derive(Clone, Default)]
pub(super) struct Scope(Option<Rc<Around>>);

/// How far the exits in the body of a loop lead.
#[derive(Clone, Copy)]
pub(super) enum Skipped {
    /// There are none.
    Nothing,
    /// Out of the loop.
    Leaves,
    /// Further out.
    LeavesMore,
}

pub(super) struct Around {
    label: Option<Lifetime>,
    is_loop: bool,
    pub(super) on_break: Way,
    pub(super) on_continue: Way,
    /// How far the exits in it lead, which are not reached where one of them is
    /// skipped.
    pub(super) skipped: Skipped,
    outer: Scope,
}

impl Scope {
    pub(super) fn with_loop(
        &self,
        label: Lifetime,
        on_break: Way,
        on_continue: Way,
        skipped: Skipped,
    ) -> Self {
        Self(Some(Rc::new(Around {
            label: Some(label),
            is_loop: true,
            on_break,
            on_continue,
            skipped,
            outer: self.clone(),
        })))
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
