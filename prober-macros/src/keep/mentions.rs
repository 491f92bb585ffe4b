//! Which local variables tokens mention, by text.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, Item, Member, PathArguments, Stmt, Token,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use super::{facts::Facts, inner::is_static, names::Names, outputs::Writes};
use crate::{
    receiver::{Receiver, variable},
    tokens::unraw,
};

/// The variables that code mentions, out of those that the function binds.
///
/// Code is looked through as it was parsed, and as tokens only where it was not:
/// to make tokens of it takes much longer.
pub(super) fn mentions<T: Code + ?Sized>(code: &T, locals: &Names) -> Names {
    let mut mentions = Mentions {
        locals,
        names: Names::default(),
        writes: None,
    };
    code.visit(&mut mentions);
    mentions.names
}

/// What code mentions: without what its calls only write to, and in all.
pub(super) fn reads_and_all<T: Code + ?Sized>(
    code: &T,
    facts: &Facts,
    receivers: &[Receiver],
) -> (Names, Names) {
    let mut mentions = Mentions {
        locals: &facts.locals,
        names: Names::default(),
        writes: Some(Writes {
            facts,
            receivers,
            names: Names::default(),
        }),
    };
    code.visit(&mut mentions);
    let reads = mentions.names;
    let mut all = reads.clone();
    all.extend(
        &mentions
            .writes
            .map(|writes| writes.names)
            .unwrap_or_default(),
    );
    (reads, all)
}

/// What code mentions, without what its calls only write to.
pub(super) fn reads<T: Code + ?Sized>(code: &T, facts: &Facts, receivers: &[Receiver]) -> Names {
    reads_and_all(code, facts, receivers).0
}

/// Code that can be looked through.
pub(super) trait Code {
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>);
}

/// How the code of a type is looked through.
macro_rules! code {
    ($($ty:ty: $visit:ident,)*) => {$(
        impl Code for $ty {
            fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
                visitor.$visit(self);
            }
        }
    )*};
}
code! {
    Stmt: visit_stmt,
    syn::Block: visit_block,
    Expr: visit_expr,
    Box<Expr>: visit_expr,
    syn::ExprBinary: visit_expr_binary,
    syn::ExprIndex: visit_expr_index,
    syn::ExprRange: visit_expr_range,
    syn::Macro: visit_macro,
    TokenStream: visit_token_stream,
}

impl Code for Punctuated<Expr, Token![,]> {
    fn visit<'ast>(&'ast self, visitor: &mut impl Visit<'ast>) {
        self.iter().for_each(|expr| visitor.visit_expr(expr));
    }
}

/// Collects what code mentions: any token with the name of a variable that is
/// not a member, a field's name, a part of a longer path or a macro's name.
pub(super) struct Mentions<'l> {
    pub(super) locals: &'l Names,
    pub(super) names: Names,
    /// What calls only write to, if that is asked for.
    pub(super) writes: Option<Writes<'l>>,
}

impl Mentions<'_> {
    fn name(&mut self, ident: &Ident) {
        let name = variable(ident);
        if name == "self" {
            self.names.insert(name);
        } else if let Some(name) = self.locals.find(&name) {
            self.names.insert(name.clone());
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        collect(tokens, self.locals, &mut self.names);
    }

    /// Arguments, some of which are only written to.
    fn arguments<'e>(
        &mut self,
        args: impl IntoIterator<Item = &'e Expr>,
        written: impl Fn(&Writes<'_>, &'e Expr) -> Option<&'e Expr>,
    ) {
        for arg in args {
            let output = self.writes.as_ref().and_then(|writes| written(writes, arg));
            let Some(output) = output else {
                self.visit_expr(arg);
                continue;
            };
            let all = mentions(output, self.locals);
            if let Some(writes) = &mut self.writes {
                writes.names.extend(&all);
            }
            // The bounds of a part are read.
            if let Expr::Reference(buffer) = arg
                && let Expr::Index(part) = &*buffer.expr
            {
                self.visit_expr(&part.index);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if self.writes.is_some() {
            self.visit_expr(&call.func);
            self.arguments(&call.args, |writes, arg| writes.of_call(&call.args, arg));
        } else {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if self.writes.is_some() {
            self.visit_expr(&call.receiver);
            if let Some(turbofish) = &call.turbofish {
                self.visit_angle_bracketed_generic_arguments(turbofish);
            }
            self.arguments(&call.args, |writes, arg| writes.of_method(call, arg));
        } else {
            visit::visit_expr_method_call(self, call);
        }
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        match (&*field.base, &field.member) {
            (Expr::Path(base), Member::Named(name))
                if base.path.is_ident("self") || base.path.is_ident("__self") =>
            {
                self.names.insert(format!("self.{name}"));
            }
            _ => self.visit_expr(&field.base),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let is_long = path.leading_colon.is_some() || path.segments.len() > 1;
        if let Some(last) = path.segments.last() {
            let is_generic = matches!(&last.arguments, PathArguments::AngleBracketed(args)
                if args.colon2_token.is_some());
            // `crate::COUNT` is the same as `COUNT`.
            if !is_generic && (!is_long || is_static(&last.ident.to_string())) {
                self.name(&last.ident);
            }
        }
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        self.visit_expr(&field.expr);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let Some(name) = mac.path.get_ident() {
            self.names.extend(&own_macro(name, self.locals));
        }
        self.tokens(mac.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        self.tokens(item.to_token_stream());
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone());
    }
}

/// The name of a macro that the function defines, if it is one: what that mentions
/// is known by it.
fn own_macro(name: &Ident, locals: &Names) -> Names {
    locals
        .find(&name_of_macro(name))
        .cloned()
        .into_iter()
        .collect()
}

/// A macro that the function defines: its name, and its text.
pub(super) fn macro_of(item: &Item) -> Option<(String, &TokenStream)> {
    let Item::Macro(item) = item else { return None };
    Some((name_of_macro(item.ident.as_ref()?), &item.mac.tokens))
}

/// What such a macro is called among the variables.
fn name_of_macro(name: &Ident) -> String {
    format!("{}!", unraw(name))
}

fn collect(tokens: TokenStream, locals: &Names, names: &mut Names) {
    let tokens = tokens.into_iter().collect::<Vec<_>>();
    let is = |index: usize, sign: char| matches!(tokens.get(index), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), locals, names),
            TokenTree::Literal(literal) => in_text(&literal.to_string(), locals, names),
            TokenTree::Punct(_) => {}
            TokenTree::Ident(ident) => {
                let before = |sign| index > 0 && is(index - 1, sign);
                let is_member = before('.') && !(index > 1 && is(index - 2, '.'));
                let in_path = before(':') && index > 1 && is(index - 2, ':')
                    || is(index + 1, ':') && is(index + 2, ':');
                let is_field = is(index + 1, ':') && !is(index + 2, ':');
                let is_macro = is(index + 1, '!')
                    && matches!(tokens.get(index + 2), Some(TokenTree::Group(_)));
                if is_macro {
                    if !in_path {
                        names.extend(&own_macro(ident, locals));
                    }
                    continue;
                }
                let name = variable(ident);
                // `crate::COUNT` is the same as `COUNT`.
                let is_end = before(':') && !is(index + 1, ':') && is_static(&name);
                if is_member || in_path && !is_end || is_field || before('\'') || before('$') {
                    continue;
                }
                if name == "self" {
                    names.insert(path_of_self(&tokens[index + 1..]));
                } else if locals.contains(&name) {
                    names.insert(name);
                }
            }
        }
    }
}

/// `self.field`, unless it is a method that is called.
fn path_of_self(after: &[TokenTree]) -> String {
    match after {
        [TokenTree::Punct(dot), TokenTree::Ident(field), rest @ ..]
            if dot.as_char() == '.'
                && !matches!(rest.first(), Some(TokenTree::Group(group))
                    if group.delimiter() == proc_macro2::Delimiter::Parenthesis)
                && !matches!(rest, [TokenTree::Punct(a), TokenTree::Punct(b), ..]
                    if a.as_char() == ':' && b.as_char() == ':') =>
        {
            format!("self.{field}")
        }
        _ => "self".to_owned(),
    }
}

/// Names in a format string: `"{name:width$}"`.
fn in_text(text: &str, locals: &Names, names: &mut Names) {
    if !text.contains('{') {
        return;
    }
    let word = |c: char| c == '_' || c.is_alphanumeric();
    for part in text.split('{').skip(1) {
        let part = part.split('}').next().unwrap_or_default();
        for name in part.split(|c| !word(c)).filter(|name| !name.is_empty()) {
            if locals.contains(name) {
                names.insert(name.to_owned());
            }
        }
    }
}
