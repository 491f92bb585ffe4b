//! A `let` whose value waits: its slot, and the names that it binds. Which values
//! wait is decided in `run`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::{
    Attribute, Expr, Local, Pat, Stmt, Token,
    token::Brace,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::{
    ask::{Asker, infers},
    calls::is_variant,
    closures::Holds,
    conditional::{conditions, is_conditional},
    flow::{Flow, Ties},
    names::Names,
    plan::Step,
    results::waits,
    scope::{Scope, Target, Way},
};
use crate::{
    emit::{Bind, Bound, glue, hygienic, operand},
    receiver::variable,
    tokens::any_word,
    vocabulary::name,
};

/// A value that is kept until it is mentioned.
#[derive(Clone)]
pub(super) struct Slot<'p> {
    pub(super) name: Ident,
    /// The statement whose value it is.
    step: &'p Step,
    /// What becomes missing with it.
    pub(super) names: Names,
    /// Those of `names` that its pattern binds. While the slot is empty, these
    /// variables do not exist.
    pub(super) binds: Names,
    /// What it is bound to, if anything.
    pub(super) bind: Option<Bind<'p>>,
}

impl Slot<'_> {
    /// Code that uses the bound names, so that rustc does not call them unused
    /// in a search.
    pub(super) fn uses(&self) -> TokenStream {
        match &self.step.stmt {
            Stmt::Local(local) => uses(&local.pat),
            _ => TokenStream::new(),
        }
    }

    /// What is in doubt while it may be empty.
    pub(super) fn doubts(&self) -> &Names {
        &self.step.doubts
    }

    /// Whether what is mentioned is to be had only if the slot is not empty.
    pub(super) fn is_needed_by(&self, mentions: &Names) -> bool {
        mentions.meets(&self.names) || mentions.meets(self.doubts())
    }

    /// Adds what is lost with it, beside what it binds.
    pub(super) fn add_changed(&self, names: &mut Names) {
        self.step.add_lost(names);
    }

    /// Whether it does not matter when its value is dropped.
    pub(super) fn is_plain(&self) -> bool {
        self.step.type_is_known
    }

    /// What is missing where it is empty.
    pub(super) fn missing(&self) -> Names {
        let mut missing = self.names.clone().union(self.doubts());
        missing.extend_absent(&self.binds);
        missing
    }
}

impl Flow<'_> {
    /// A statement whose value waits in a slot.
    pub(super) fn slot<'p>(
        &self,
        step: &'p Step,
        doomed: bool,
        scope: &Scope,
        taint: &Names,
        out: &mut TokenStream,
    ) -> Slot<'p> {
        let name = hygienic(
            &format!("__probed_slot_{}", self.number()),
            Span::call_site(),
        );
        let block = self.target("miss");
        // A skipped exit ends the search.
        let miss = self
            .widest(&step.exits, scope)
            .unwrap_or_else(|| Way::End(block.clone(), self.emit.none()));
        let asker = self.asker(miss, false, doomed, true, scope, taint);
        let bind = match &step.stmt {
            Stmt::Local(local) => self.slot_of_local(local, step, &name, &block, asker, out),
            Stmt::Expr(expr, _) => {
                let unit = self.emit.some(&quote!(()));
                let expr = asker.rewritten(expr);
                let label = block.label();
                out.extend(quote! {
                    let #name = #label { #expr; #unit };
                });
                None
            }
            _ => unreachable!("only a `let` or an expression asks"),
        };
        Slot {
            name,
            step,
            names: step.binds.clone().union(&step.changes),
            binds: step.binds.clone(),
            bind,
        }
    }

    fn slot_of_local<'p>(
        &self,
        local: &'p Local,
        step: &Step,
        name: &Ident,
        block: &Target,
        mut asker: Asker<'_, '_>,
        out: &mut TokenStream,
    ) -> Option<Bind<'p>> {
        let Local {
            attrs, pat, init, ..
        } = local;
        let init = init.as_ref().map(|init| &*init.expr);
        let init = init.expect("a `let` that asks has an initializer");
        if step.binds.is_empty() {
            let (init, unit) = (asker.rewritten_for(init, pat), self.emit.some(&quote!(())));
            let label = block.label();
            out.extend(quote! {
                let #name = #label { #(#attrs)* let #pat = #init; #unit };
            });
            return None;
        }
        if !keeps_all(pat) {
            let (inner, names, outer) = parts(pat);
            let init = asker.rewritten_for(init, pat);
            let value = self.emit.some(&quote!((#(#names,)*)));
            let label = block.label();
            out.extend(quote! {
                let #name = #label {
                    #(#attrs)* let #inner = #init;
                    #value
                };
            });
            let bind = Bind {
                attrs,
                pat: Bound::Parts(quote!((#(#outer,)*))),
                ty: None,
            };
            return Some(bind);
        }
        if let Pat::Type(typed) = pat {
            let init = asker.rewritten_for(init, pat);
            let value = self.emit.some(&operand(&init));
            let (inner, ty) = (&typed.pat, &typed.ty);
            let option = self.emit.option_of(ty);
            let label = block.label();
            out.extend(quote! {
                #(#attrs)* let #name: #option = #label { #value };
            });
            let bind = Bind {
                attrs,
                pat: Bound::Pat(inner),
                ty: Some(ty),
            };
            return Some(bind);
        }
        let question = waits(init).filter(|_| step.exits.is_empty());
        if let Some(question) = question {
            let at = Span::mixed_site();
            let asking = asker.asked(question.clone());
            let ask = |tokens: &mut TokenStream| {
                asking.with(|question| self.emit.question_that_waits(question, tokens));
            };
            out.append_all(attrs);
            Token![let](at).to_tokens(out);
            name.to_tokens(out);
            Token![=](at).to_tokens(out);
            if let Some(label) = block.label() {
                out.extend([label]);
                Brace(at).surround(out, ask);
            } else {
                ask(out);
            }
            Token![;](at).to_tokens(out);
        } else {
            let init = asker.rewritten_for(init, pat);
            let value = self.emit.some(&operand(&init));
            let label = block.label();
            out.extend(quote!(#(#attrs)* let #name = #label { #value };));
        }
        let bind = Bind {
            attrs,
            pat: Bound::Pat(pat),
            ty: None,
        };
        Some(bind)
    }

    /// In a search: what runs later tells the types of variables whose `let`
    /// does not.
    pub(super) fn tie(&self, step: &Step, slot: Option<&Slot<'_>>) -> TokenStream {
        let names = self.inferred(step);
        if names.is_empty() {
            return TokenStream::new();
        }
        let ties = self.ties_of(step).unwrap_or_else(|| {
            let ties = names.iter().map(|_| {
                hygienic(
                    &format!("__probed_type_{}", self.number()),
                    Span::call_site(),
                )
            });
            let ties = ties.collect::<Vec<_>>();
            self.ties.borrow_mut().push(Ties {
                of: step,
                names: ties.clone(),
                under: step.under.clone(),
            });
            ties
        });
        match (slot, &ties[..], &step.stmt) {
            (None, ties, _) => self.types_of(ties, &names),
            (Some(slot), [tie], Stmt::Local(local)) if is_name(&local.pat) => {
                self.emit.type_of_slot(tie, &slot.name)
            }
            (Some(slot), ties, Stmt::Local(local)) => {
                let (parts, all, _) = parts(untyped(&local.pat));
                let parts = if keeps_all(&local.pat) {
                    quote!(#parts)
                } else {
                    quote!((#(#all,)*))
                };
                let ties = ties.iter().zip(&names);
                let ties = ties.map(|(tie, name)| self.emit.type_of_reference(tie, name));
                let (some, slot) = (self.emit.some(&parts), &slot.name);
                quote!(if let #some = &#slot { #(#ties)* })
            }
            (Some(_), ..) => TokenStream::new(),
        }
    }

    /// Ties variables to those that a search has bound before.
    pub(super) fn tied(&self, step: &Step) -> TokenStream {
        match self.ties_of(step) {
            Some(ties) => self.types_of(&ties, &self.inferred(step)),
            None => TokenStream::new(),
        }
    }

    fn types_of(&self, ties: &[Ident], names: &[Ident]) -> TokenStream {
        let ties = ties.iter().zip(names);
        ties.map(|(tie, name)| self.emit.type_of(tie, name))
            .collect()
    }

    pub(super) fn tied_slot(&self, step: &Step, slot: &Slot<'_>) -> Option<TokenStream> {
        self.ties_of(step).map(|_| self.tie(step, Some(slot)))
    }

    /// The names that a `let` gives to values whose types nothing tells. To those that
    /// no code mentions nothing else gives a type, and rustc is to say that they are
    /// unused.
    fn inferred(&self, step: &Step) -> Vec<Ident> {
        let Stmt::Local(Local {
            pat,
            init: Some(init),
            ..
        }) = &step.stmt
        else {
            return Vec::new();
        };
        let plain = matches!(
            &*init.expr,
            Expr::Lit(_) | Expr::Field(_) | Expr::Struct(_) | Expr::Closure(_) | Expr::Reference(_)
        );
        // Most that is asked for and taken apart is of a known type.
        let is_known = matches!(&*init.expr, Expr::Try(question) if !self.may_be_inferred(&question.expr))
            && !is_name(pat);
        let told = matches!(pat, Pat::Type(typed) if !infers(&typed.ty));
        if plain || is_known || told || step.type_is_known || step.closures == Some(Holds::Type) {
            return Vec::new();
        }
        let (_, mut names, _) = parts(pat);
        names.retain(|name| self.plan.mentions(&variable(name)));
        names
    }
}

/// Whether a pattern is a name.
fn is_name(pat: &Pat) -> bool {
    matches!(untyped(pat), Pat::Ident(_))
}

/// A pattern without the type behind it.
fn untyped(pat: &Pat) -> &Pat {
    match pat {
        Pat::Type(typed) => &typed.pat,
        pat => pat,
    }
}

/// Whether a macro binds names in a pattern: which of them are variables is not
/// seen.
pub(super) fn hides_names(pat: &Pat) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_macro(&mut self, _: &'ast syn::Macro) {
            self.0 = true;
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
        fn visit_type(&mut self, _: &'ast syn::Type) {}
    }
    let mut find = Find(false);
    find.visit_pat(pat);
    find.0
}

/// Whether a pattern holds only names: a value that waits is kept whole, and taken
/// apart where it is bound.
fn keeps_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(_) => true,
        Pat::Type(typed) => keeps_all(&typed.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(keeps_all),
        Pat::Paren(paren) => keeps_all(&paren.pat),
        _ => false,
    }
}

/// Whether the value of a `let` can wait: it needs no place of its own, and the
/// pattern can be taken apart at once.
pub(super) fn fits_a_slot(stmt: &Stmt) -> bool {
    struct Odd(bool);
    impl<'ast> Visit<'ast> for Odd {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0 |= pat.by_ref.is_some() || pat.subpat.is_some();
        }
        fn visit_field_pat(&mut self, field: &'ast syn::FieldPat) {
            self.0 |= is_conditional(&field.attrs);
            visit::visit_field_pat(self, field);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
        fn visit_type(&mut self, _: &'ast syn::Type) {}
    }
    let Stmt::Local(Local {
        pat,
        init: Some(init),
        ..
    }) = stmt
    else {
        return false;
    };
    let mut odd = Odd(hides_names(pat));
    odd.visit_pat(pat);
    !odd.0 && init.diverge.is_none() && !extends_temporaries(&init.expr)
}

/// Whether an initializer borrows from a temporary that lives as long as the
/// variable.
fn extends_temporaries(expr: &Expr) -> bool {
    match expr {
        Expr::Macro(call) => !matches!(name(&call.mac).as_str(), "format" | "vec"),
        Expr::Reference(_) => true,
        Expr::Paren(paren) => extends_temporaries(&paren.expr),
        Expr::Cast(cast) => extends_temporaries(&cast.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().any(extends_temporaries),
        Expr::Array(array) => array.elems.iter().any(extends_temporaries),
        Expr::Struct(value) => value
            .fields
            .iter()
            .any(|field| extends_temporaries(&field.expr)),
        Expr::Call(call) => call.args.iter().any(extends_temporaries) && is_variant(&call.func),
        _ => false,
    }
}

/// Uses what a pattern binds, so that no lint misses a use in a search.
pub(super) fn uses(pat: &Pat) -> TokenStream {
    uses_where(pat, &is_variable)
}

/// [`uses`] of a pattern that may not match, but not of names that other code
/// mentions: that uses them, and may still borrow from them.
pub(super) fn uses_of_case(pat: &Pat, used: &TokenStream) -> TokenStream {
    match pat {
        // A variant: a variable would match always.
        Pat::Ident(name) if is_capitalized(&name.ident) && name.subpat.is_none() => {
            TokenStream::new()
        }
        Pat::Guard(guarded) => uses_of_case(&guarded.pat, used),
        Pat::Or(either) => either
            .cases
            .first()
            .map_or_else(TokenStream::new, |case| uses_of_case(case, used)),
        _ => uses_where(pat, &|name| {
            is_variable(name) && !any_word(used, &|word| word == name)
        }),
    }
}

fn is_capitalized(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

fn uses_where(pat: &Pat, is_used: &dyn Fn(&Ident) -> bool) -> TokenStream {
    struct Find<'a> {
        uses: TokenStream,
        is_used: &'a dyn Fn(&Ident) -> bool,
        under: Vec<Attribute>,
    }
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            let name = &pat.ident;
            // Of a `_guard` none misses a use.
            if (self.is_used)(name) && !name.to_string().starts_with('_') {
                let under = &self.under;
                let mutability = pat.by_ref.is_none().then_some(pat.mutability).flatten();
                let at = glue(name.span());
                let mutability = mutability.map(|_| quote_spanned!(at=> mut));
                self.uses
                    .extend(quote_spanned!(at=> #(#under)* let _ = & #mutability #name;));
            }
            visit::visit_pat_ident(self, pat);
        }
        fn visit_field_pat(&mut self, field: &'ast syn::FieldPat) {
            let around = self.under.len();
            self.under.extend(conditions(&field.attrs));
            visit::visit_field_pat(self, field);
            self.under.truncate(around);
        }
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut find = Find {
        uses: TokenStream::new(),
        is_used,
        under: Vec::new(),
    };
    find.visit_pat(pat);
    find.uses
}

/// Whether a name in a `let` is a variable: some call theirs `CommitCharge`, as
/// the field that it comes from.
fn is_variable(name: &Ident) -> bool {
    *name != "None"
}

/// A pattern without `mut`, the names that it binds, and these with `mut`.
fn parts(pat: &Pat) -> (Pat, Vec<Ident>, Vec<TokenStream>) {
    struct Take {
        names: Vec<Ident>,
        outer: Vec<TokenStream>,
    }
    impl VisitMut for Take {
        fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
            let mutability = pat.mutability.take();
            let ident = &pat.ident;
            // Each side of an or-pattern binds the same names.
            if is_variable(ident) && !self.names.contains(ident) {
                self.names.push(ident.clone());
                self.outer.push(quote!(#mutability #ident));
            }
        }
        fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
            // No other code may mention what may be left out.
            if !is_conditional(&field.attrs) {
                visit_mut::visit_field_pat_mut(self, field);
            }
        }
        fn visit_expr_mut(&mut self, _: &mut Expr) {}
    }
    let mut take = Take {
        names: Vec::new(),
        outer: Vec::new(),
    };
    let mut pat = pat.clone();
    take.visit_pat_mut(&mut pat);
    (pat, take.names, take.outer)
}
