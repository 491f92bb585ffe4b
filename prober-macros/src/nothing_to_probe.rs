//! The error for a function without probes, with a guess at what was meant.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Expr;

use crate::{
    args::Args,
    error::Errors,
    tokens::{any_word, has_question, unraw},
};

/// An attribute without effect is a mistake. Most likely the receiver has
/// another name.
pub(crate) fn report(body: &TokenStream, sig: &syn::Signature, args: &Args, errors: &mut Errors) {
    if !args.options {
        // `#[fixture]` puts the attribute on functions that call this one, too.
        let advice = match args.suppressed {
            Some(_) => ", or put it above what writes functions that call this one",
            None => "",
        };
        errors.at(
            sig.ident.span(),
            format!(
                "there is nothing to probe in this function: no `?`, no read, and no use of \
                 `suppressed`; remove `#[probed]`{advice}"
            ),
        );
        return;
    }
    let receiver = syn::parse2(quote!({ #body }))
        .ok()
        .and_then(|body| likely::receiver(&body))
        .or_else(|| likely::parameter(sig));
    let advice = match receiver {
        Some(receiver) => format!("did you mean `#[probed(options, vmi = {receiver})]`?"),
        None if has_question(body) => {
            "for `?` on other calls write `#[probed]`, without `options`".to_owned()
        }
        None => "probe something, or remove `#[probed]`".to_owned(),
    };
    errors.at(
        sig.ident.span(),
        format!(
            "there is nothing to probe in this function: no `vmi.read_*(..)` and no `probe!(..)`; {advice}"
        ),
    );
}

/// Whether a body without anything to probe is not a mistake: it passes the
/// suppressed set on, or is yet to be written.
pub(crate) fn is_no_mistake(written: &TokenStream) -> bool {
    any_word(written, &|word| {
        matches!(
            word.to_string().as_str(),
            "suppressed" | "todo" | "unimplemented"
        )
    })
}

/// A named receiver that the body never mentions is a mistake, too.
pub(crate) fn unused_receivers(body: &TokenStream, named: &[Expr], errors: &mut Errors) {
    fn words(tokens: TokenStream, found: &mut Vec<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => found.push(unraw(&word)),
                TokenTree::Group(group) => words(group.stream(), found),
                _ => {}
            }
        }
    }
    for receiver in named {
        let mut of_receiver = Vec::new();
        words(receiver.to_token_stream(), &mut of_receiver);
        // `#[async_trait]` gives `self` another name.
        of_receiver.retain(|word| word != "self");
        let is_used = |word: &String| any_word(body, &|other| unraw(other) == *word);
        if !of_receiver.iter().all(is_used) {
            errors.on(
                receiver,
                "no read in this function uses this receiver; remove it",
            );
        }
    }
}

/// Refuses arguments on a declaration: it has no body to which they could apply.
pub(crate) fn on_a_declaration(args: &Args, errors: &mut Errors) {
    const NOTHING: &str = "does nothing on a declaration, which has no body";
    for receiver in &args.named {
        errors.on(receiver, format!("`vmi = ..` {NOTHING}; remove it"));
    }
    if let Some(limit) = &args.limit {
        errors.on(limit, format!("`limit = ..` {NOTHING}; remove it"));
    }
    if let Some(set) = &args.suppressed {
        errors.on(
            set,
            format!("`suppressed = ..` {NOTHING}; remove the attribute here"),
        );
    }
}

/// Guesses the receiver that was meant.
mod likely {
    use quote::ToTokens;
    use syn::{
        Block, ExprMethodCall, FnArg, Pat, Signature, Type,
        visit::{self, Visit},
    };

    use crate::{receiver::Receiver, vocabulary};

    /// The first receiver on which something is read.
    pub(super) fn receiver(block: &Block) -> Option<String> {
        struct Find(Option<String>);

        impl<'ast> Visit<'ast> for Find {
            fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
                if self.0.is_none()
                    && vocabulary::is_read(&call.method)
                    && Receiver::of(&call.receiver).is_some()
                {
                    self.0 = Some(text(&call.receiver));
                }
                visit::visit_expr_method_call(self, call);
            }

            fn visit_item(&mut self, _: &'ast syn::Item) {}
        }

        let mut find = Find(None);
        find.visit_block(block);
        find.0
    }

    /// A parameter of one of vmi-core's types.
    pub(super) fn parameter(sig: &Signature) -> Option<String> {
        sig.inputs.iter().find_map(|input| {
            let FnArg::Typed(param) = input else {
                return None;
            };
            let ty = match &*param.ty {
                Type::Reference(reference) => &*reference.elem,
                ty => ty,
            };
            match (&*param.pat, ty) {
                (Pat::Ident(name), Type::Path(path)) if name.ident != "vmi" => path
                    .path
                    .segments
                    .last()
                    .filter(|last| vocabulary::is_of_vmi_core(&last.ident))
                    .map(|_| name.ident.to_string()),
                _ => None,
            }
        })
    }

    fn text(tokens: &impl ToTokens) -> String {
        tokens.to_token_stream().to_string().replace(' ', "")
    }
}
