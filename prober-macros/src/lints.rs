//! Every `allow` that the expansion writes, for lints that it would cause and
//! the user's code does not. Most lints are avoided otherwise: what the expansion
//! writes has spans of its own (`emit`).

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{
    Attribute, Block, Expr, ExprAssign, ExprBinary, ExprBlock, ExprRepeat, FnArg, Item, Meta,
    PatIdent, ReceiverKind, Signature,
    spanned::Spanned,
    token::Brace,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

use crate::{emit, vocabulary};

/// Silences `too_many_arguments` where only our parameter exceeds the limit.
pub(crate) fn added_parameter(parameters: usize) -> TokenStream {
    // The lint's default is 7, and `clippy.toml` may set a smaller one.
    if (4..=7).contains(&parameters) {
        quote!(#[allow(clippy::too_many_arguments)])
    } else {
        TokenStream::new()
    }
}

/// Silences `unused_assignments` where rustc reports it in closures but not in
/// functions.
pub(crate) fn assignments(sig: &Signature, body: &Block) -> TokenStream {
    if assigns_to_field(sig, body) {
        quote!(#[allow(unused_assignments)])
    } else {
        TokenStream::new()
    }
}

/// For the parameters of a body that was dropped, and for a name that a body
/// may use.
pub(crate) fn unused() -> TokenStream {
    quote!(#[allow(unused_variables)])
}

/// For an import that only some of what is written needs: a trait for variants
/// of a derived error, the macro of std.
pub(crate) fn unused_import() -> TokenStream {
    quote!(#[allow(unused_imports)])
}

/// For a parameter whose name begins with `_`, and which the expansion uses.
pub(crate) fn underscore_binding() -> TokenStream {
    quote!(#[allow(clippy::no_effect_underscore_binding, clippy::used_underscore_binding)])
}

/// For a body inside our block: a one-line body would trigger `unused_braces`,
/// unless it has an attribute. This one is a no-op: a body breaks no such rule, and
/// `deny` is no error where a crate forbids the lint.
pub(crate) fn inner_body() -> TokenStream {
    quote!(#[deny(no_mangle_const_items)])
}

/// The same for a body with a `?` that clippy calls needless, because it does not
/// see our types.
pub(crate) fn needless_question_mark() -> TokenStream {
    quote!(#[allow(clippy::needless_question_mark)])
}

/// What is written more than once: `#[expect(..)]` becomes `#[allow(..)]`, for one
/// of its copies may lack what is expected.
pub(crate) fn expectations(body: &mut Block) {
    struct Allow;
    impl VisitMut for Allow {
        fn visit_attribute_mut(&mut self, attr: &mut Attribute) {
            if attr.path().is_ident("expect")
                && let Meta::List(lints) = &mut attr.meta
            {
                lints.path = Ident::new("allow", emit::glue(lints.path.span())).into();
            }
        }
        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    Allow.visit_block_mut(body);
}

/// The length in `[x; const { 3 }]`, which is a constant without the word. With
/// it rustc reports `const_evaluatable_unchecked` in a closure.
pub(crate) fn array_length(repeat: &mut ExprRepeat) {
    if let Expr::Const(length) = &*repeat.len {
        let mut block = length.block.clone();
        // Not to be reported as unused braces.
        block.brace_token = Brace(emit::glue(block.brace_token.span.join()));
        *repeat.len = Expr::Block(ExprBlock {
            attrs: length.attrs.clone(),
            label: None,
            block,
        });
    }
}

/// Whether a body assigns to a field of a parameter that it owns.
///
/// rustc reports the last such assignment as never read (`unused_assignments`),
/// but only in a closure: in a function the parameter's `Drop` may read the
/// field.
fn assigns_to_field(sig: &Signature, body: &Block) -> bool {
    let owned = owned(sig);
    if owned.is_empty() {
        return false;
    }
    let mut find = Find {
        owned,
        found: false,
    };
    find.visit_block(body);
    find.found
}

/// The parameters that are taken by value and may be changed.
fn owned(sig: &Signature) -> Vec<Ident> {
    struct Owned(Vec<Ident>);

    impl<'ast> Visit<'ast> for Owned {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            if pat.mutability.is_some() && pat.by_ref.is_none() {
                self.0.push(pat.ident.clone());
            }
            visit::visit_pat_ident(self, pat);
        }
    }

    let mut owned = Owned(Vec::new());
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver)
                if receiver.mutability.is_some()
                    && !matches!(receiver.kind, ReceiverKind::Reference(..)) =>
            {
                owned.0.push(Ident::new("self", Span::call_site()));
            }
            FnArg::Receiver(_) => {}
            FnArg::Typed(param) => owned.visit_pat(&param.pat),
        }
    }
    owned.0
}

/// Looks for `PARAMETER.FIELD = EXPR`, also with `+=` and its kin.
struct Find {
    owned: Vec<Ident>,
    found: bool,
}

impl<'ast> Visit<'ast> for Find {
    fn visit_expr_assign(&mut self, assign: &'ast ExprAssign) {
        self.found |= self.is_field(&assign.left);
        visit::visit_expr_assign(self, assign);
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        self.found |= vocabulary::assigns(&binary.op) && self.is_field(&binary.left);
        visit::visit_expr_binary(self, binary);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

impl Find {
    /// Whether an expression is a field of one of the parameters.
    fn is_field(&self, expr: &Expr) -> bool {
        let Expr::Field(field) = expr else {
            return false;
        };
        match &*field.base {
            Expr::Path(path) => path
                .path
                .get_ident()
                .is_some_and(|name| self.owned.contains(name)),
            base => self.is_field(base),
        }
    }
}

/// For a function that keeps types. A doomed run goes on with the next item of a
/// loop, even after its last statement; and the copy of a `let` in a search may
/// hold assignments that are never reached.
pub(crate) fn searches(block: &Block) -> TokenStream {
    #[derive(Default)]
    struct Find {
        items: bool,
        assigns: bool,
        in_let: bool,
    }
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_for_loop(&mut self, each: &'ast syn::ExprForLoop) {
            self.items = true;
            visit::visit_expr_for_loop(self, each);
        }
        fn visit_local(&mut self, local: &'ast syn::Local) {
            let outer = std::mem::replace(&mut self.in_let, true);
            visit::visit_local(self, local);
            self.in_let = outer;
        }
        fn visit_expr_assign(&mut self, assign: &'ast ExprAssign) {
            self.assigns |= self.in_let;
            visit::visit_expr_assign(self, assign);
        }
        fn visit_item(&mut self, _: &'ast Item) {}
    }
    let mut find = Find::default();
    find.visit_block(block);
    let items = find
        .items
        .then(|| quote!(#[allow(clippy::needless_continue)]));
    let assigns = find.assigns.then(|| quote!(#[allow(unused_assignments)]));
    quote!(#items #assigns)
}
