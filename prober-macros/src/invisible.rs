//! Invisible delimiters, in which a `macro_rules!` passes on what it matched as
//! `$e:expr` or `$t:ty`.
//!
//! They keep `1 + 2` together in `$e * 8`. But rustc drops them from the output
//! of a procedural macro, so here they become parentheses.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::{
    Attribute, Expr, ExprParen, Item, Macro, MacroDelimiter, Stmt, Token, Type, TypeImplTrait,
    TypeTraitObject, UnOp,
    buffer::Cursor,
    parse_quote_spanned, token,
    visit_mut::{self, VisitMut},
};

use crate::{emit::glue, vocabulary::holds_text};

/// Shows the invisible delimiters of what is not rewritten.
pub(crate) struct Show;

impl VisitMut for Show {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        show(expr);
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        unwrap(stmt);
        visit_mut::visit_stmt_mut(self, stmt);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        // `dyn A + B` in `&$t`.
        if let Type::Group(group) = ty
            && let Type::TraitObject(TypeTraitObject { bounds, .. })
            | Type::ImplTrait(TypeImplTrait { bounds, .. }) = &*group.elem
            && bounds.len() > 1
        {
            let elem = &group.elem;
            *ty = parse_quote_spanned!(glue(group.group_token.span)=> (#elem));
        }
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        if !matches!(item, Item::Macro(_)) {
            visit_mut::visit_item_mut(self, item);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        if !holds_text(mac) {
            show_in(&mut mac.tokens);
        }
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

/// Puts an expression in invisible delimiters into parentheses, if it would fall
/// apart without them.
pub(crate) fn show(expr: &mut Expr) {
    if let Expr::Group(group) = expr
        && !holds_together(&group.expr)
    {
        while let Expr::Group(inner) = &mut *group.expr {
            group.expr = std::mem::replace(&mut inner.expr, Box::new(Expr::PLACEHOLDER));
        }
        *expr = Expr::Paren(ExprParen {
            attrs: std::mem::take(&mut group.attrs),
            paren_token: token::Paren(glue(group.group_token.span)),
            expr: std::mem::replace(&mut group.expr, Box::new(Expr::PLACEHOLDER)),
        });
    }
}

/// Removes the invisible delimiters around a whole statement: it cannot fall
/// apart, and without them a block needs no `;`.
pub(crate) fn unwrap(stmt: &mut Stmt) {
    while let Stmt::Expr(expr, None) = stmt
        && let Expr::Group(group) = expr
        && group.attrs.is_empty()
    {
        *expr = std::mem::replace(&mut *group.expr, Expr::PLACEHOLDER);
    }
}

/// Shows the invisible delimiters in tokens that may not be expressions: only
/// those around what can only be an operand.
pub(crate) fn show_in(tokens: &mut TokenStream) {
    if !tokens
        .clone()
        .into_iter()
        .any(|token| has_invisible(&token))
    {
        return;
    }
    *tokens = std::mem::take(tokens)
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => {
                let mut inner = group.stream();
                show_in(&mut inner);
                let shown = group.delimiter() == Delimiter::None && is_operand(&inner);
                let (delimiter, span) = if shown {
                    (Delimiter::Parenthesis, glue(group.span()))
                } else {
                    (group.delimiter(), group.span())
                };
                let mut group = Group::new(delimiter, inner);
                group.set_span(span);
                TokenTree::Group(group)
            }
            token => token,
        })
        .collect();
}

/// Removes the invisible delimiters around the blocks in tokens.
pub(crate) fn with_visible_blocks(tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            let inner = with_visible_blocks(group.stream());
            let mut tokens = inner.clone().into_iter();
            match (group.delimiter(), tokens.next(), tokens.next()) {
                (Delimiter::None, Some(block @ TokenTree::Group(_)), None) => block,
                (delimiter, ..) => {
                    let mut visible = Group::new(delimiter, inner);
                    visible.set_span(group.span());
                    TokenTree::Group(visible)
                }
            }
        }
        token => token,
    });
    tokens.collect()
}

/// Ends each `$s:stmt` in tokens with a `;`, which it needs only here, and removes
/// the invisible delimiters around a `let`: only then is it seen as one.
pub(crate) fn with_visible_statements(tokens: TokenStream) -> TokenStream {
    let mut visible = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let TokenTree::Group(group) = token else {
            visible.append(token);
            continue;
        };
        let inner = with_visible_statements(group.stream());
        let is_let = is_let(&group);
        if is_let {
            visible.extend(inner);
        } else {
            let mut inner = Group::new(group.delimiter(), inner);
            inner.set_span(group.span());
            visible.append(inner);
        }
        let ends = match tokens.peek() {
            Some(TokenTree::Punct(next)) => is_let && next.as_char() != ';',
            Some(TokenTree::Group(next)) => is_let || is_invisible(&group) && is_invisible(next),
            Some(TokenTree::Ident(next)) => {
                is_let || is_invisible(&group) && !is_block(&group) && next == "let"
            }
            _ => is_let,
        };
        if ends {
            Token![;](glue(group.span())).to_tokens(&mut visible);
        }
    }
    visible
}

/// Whether there is a `let` as a `$s:stmt` in tokens. As parsing begins, these are in
/// a buffer, where a look costs little.
pub(crate) fn holds_let(mut tokens: Cursor<'_>) -> bool {
    while !tokens.eof() {
        if let Some((inner, delimiter, _, next)) = tokens.any_group() {
            let is_let = delimiter == Delimiter::None
                && matches!(inner.ident(), Some((word, _)) if word == "let");
            if is_let || holds_let(inner) {
                return true;
            }
            tokens = next;
        } else if let Some((_, next)) = tokens.token_tree() {
            tokens = next;
        }
    }
    false
}

fn is_let(group: &Group) -> bool {
    is_invisible(group)
        && matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "let")
}

/// Whether there is only a block in a group, which needs no `;`.
fn is_block(group: &Group) -> bool {
    let mut tokens = group.stream().into_iter();
    matches!(
        (tokens.next(), tokens.next()),
        (Some(TokenTree::Group(block)), None) if block.delimiter() == Delimiter::Brace
    )
}

fn is_invisible(group: &Group) -> bool {
    group.delimiter() == Delimiter::None
}

fn has_invisible(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::None
        || group.stream().into_iter().any(|token| has_invisible(&token)))
}

fn is_operand(tokens: &TokenStream) -> bool {
    match syn::parse2(tokens.clone()) {
        // A negative number may be a `$n:literal`.
        Ok(Expr::Unary(unary)) => !matches!((unary.op, &*unary.expr), (UnOp::Neg(_), Expr::Lit(_))),
        Ok(expr) => matches!(
            expr,
            Expr::Binary(_)
                | Expr::Cast(_)
                | Expr::Closure(_)
                | Expr::Range(_)
                | Expr::Reference(_)
        ),
        Err(_) => false,
    }
}

/// Whether an expression cannot fall apart, whatever is written beside it.
fn holds_together(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => holds_together(&group.expr),
        Expr::Macro(call) => !matches!(call.mac.delimiter, MacroDelimiter::Brace(_)),
        Expr::Array(_)
        | Expr::Await(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Infer(_)
        | Expr::Lit(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Repeat(_)
        | Expr::Try(_)
        | Expr::Tuple(_) => true,
        _ => false,
    }
}
