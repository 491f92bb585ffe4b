//! Slots, in which values wait until a run is known not to be doomed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::{Attribute, Expr, Pat, Token, Type, token::Paren};

use super::{
    emitter::Emitter,
    place::{Place, braces},
};

/// What a `let` binds: `ATTRS let PAT: TY`.
#[derive(Clone)]
pub(crate) struct Bind<'p> {
    pub(crate) attrs: &'p [Attribute],
    pub(crate) pat: Bound<'p>,
    pub(crate) ty: Option<&'p Type>,
}

/// The pattern of a `let`, as it is written or in another form.
#[derive(Clone)]
pub(crate) enum Bound<'p> {
    Pat(&'p Pat),
    Parts(TokenStream),
}

impl ToTokens for Bound<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Pat(pat) => pat.to_tokens(tokens),
            Self::Parts(parts) => parts.to_tokens(tokens),
        }
    }
}

impl Emitter {
    /// A value that waits in a slot.
    pub(crate) fn some(&self, value: &impl ToTokens) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::Some(#value))
    }

    /// An empty slot.
    pub(crate) fn none(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::None)
    }

    /// The type of a slot for values of a type.
    pub(crate) fn option_of(&self, ty: &Type) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::Option<#ty>)
    }

    /// Binds what waits in a slot, in a run that is not doomed:
    /// `let PAT = filled(SLOT);`
    pub(crate) fn bind_filled(&self, bind: &Bind<'_>, slot: &Ident, tokens: &mut TokenStream) {
        let Bind { attrs, pat, ty } = bind;
        let at = Span::mixed_site();
        tokens.append_all(*attrs);
        Token![let](at).to_tokens(tokens);
        pat.to_tokens(tokens);
        if let Some(ty) = ty {
            Token![:](at).to_tokens(tokens);
            ty.to_tokens(tokens);
        }
        Token![=](at).to_tokens(tokens);
        self.runtime.to_tokens(tokens);
        Token![::](at).to_tokens(tokens);
        Ident::new("filled", at).to_tokens(tokens);
        Paren(at).surround(tokens, |tokens| slot.to_tokens(tokens));
        Token![;](at).to_tokens(tokens);
    }

    /// Binds what waits in a slot, or goes elsewhere:
    /// `let Some(PAT) = SLOT else { .. };`
    pub(crate) fn bind_slot(
        &self,
        bind: &Bind<'_>,
        slot: &Ident,
        otherwise: TokenStream,
    ) -> TokenStream {
        let runtime = &self.runtime;
        let otherwise = braces(otherwise);
        let Bind { attrs, pat, ty } = bind;
        let Some(ty) = ty else {
            return quote_spanned! {Span::mixed_site()=>
                #(#attrs)* let #runtime::Some(#pat) = #slot else #otherwise;
            };
        };
        // The value may be of another type, and become this one.
        quote_spanned! {Span::mixed_site()=>
            #(#attrs)* let #pat: #ty = match #slot {
                #runtime::Some(__probed_value) => __probed_value,
                #runtime::None => #otherwise
            };
        }
    }

    /// Says that a variable has the type of another: `TIE = type_of(&NAME);`
    pub(crate) fn type_of(&self, tie: &Ident, name: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#tie = #runtime::type_of(&#name);)
    }

    /// The same for a variable that is a reference to it.
    pub(crate) fn type_of_reference(&self, tie: &Ident, name: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#tie = #runtime::type_of(#name);)
    }

    /// An operand that has the type of another:
    /// `match OPERAND { operand => { TIE = type_of(&operand); operand } }`. What it
    /// borrows lives as long as without.
    pub(crate) fn operand_of_type(&self, tie: &Ident, operand: &Expr) -> Expr {
        let place = Place::of(operand);
        let runtime = self.runtime_at(place.start);
        let name = Ident::new("__probed_operand", place.glue());
        Expr::Verbatim(quote_spanned! {place.glue()=>
            match #operand { #name => { #tie = #runtime::type_of(&#name); #name } }
        })
    }

    /// The same of a value that waits in a slot.
    pub(crate) fn type_of_slot(&self, tie: &Ident, slot: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#tie = #runtime::type_of_slot(&#slot);)
    }
}
