//! A receiver that is put beside the prober once, for all the reads on it.

use proc_macro2::Ident;
use syn::{
    Block, Expr, ExprMethodCall, FnArg, Pat, PatIdent, Signature, Type,
    visit::{self, Visit},
};

use crate::{
    classify,
    receiver::{self, Receiver},
    tokens::any_word,
    vocabulary::{self, LOOPLESS},
};

/// The parameter `name: &T` on which several reads are served, if its name
/// means nothing else in the body.
pub(crate) fn parameter<'s>(
    sig: &'s Signature,
    body: &Block,
    receivers: &[Receiver],
    mutable_readers: &[Receiver],
) -> Option<&'s Ident> {
    if sig.asyncness.is_some() {
        return None;
    }
    sig.inputs.iter().filter_map(by_reference).find(|name| {
        let receiver = [Receiver::named(name)];
        if !receivers.contains(&receiver[0]) {
            return false;
        }
        let mut reads = Reads {
            name,
            receiver: &receiver,
            mutable_readers,
            count: 0,
            is_another: false,
        };
        reads.visit_block(body);
        reads.count > 1 && !reads.is_another
    })
}

/// `name: &T`
fn by_reference(input: &FnArg) -> Option<&Ident> {
    match input {
        FnArg::Typed(param) => match (&*param.pat, &*param.ty) {
            (Pat::Ident(name), Type::Reference(ty))
                if name.mutability.is_none()
                    && name.by_ref.is_none()
                    && ty.mutability.is_none()
                    && param.attrs.is_empty() =>
            {
                Some(&name.ident)
            }
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

/// Counts the reads on a variable.
struct Reads<'a> {
    name: &'a Ident,
    receiver: &'a [Receiver],
    mutable_readers: &'a [Receiver],
    count: usize,
    /// Whether another variable may be called so.
    is_another: bool,
}

impl<'ast> Visit<'ast> for Reads<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if classify::is_served(call, self.mutable_readers)
            && matches!(&*call.receiver, Expr::Path(_))
            && receiver::is_on(call, self.receiver)
        {
            self.count += 1;
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.is_another |= pat.ident == *self.name;
        visit::visit_pat_ident(self, pat);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.is_another |= !LOOPLESS.contains(&vocabulary::name(mac).as_str())
            && any_word(&mac.tokens, &|word| word == self.name);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}
