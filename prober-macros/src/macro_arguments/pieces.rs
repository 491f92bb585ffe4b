//! The arguments of macros with a syntax of their own, such as `key => value`:
//! the expressions and blocks in them, as far as they can be recognised.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Block, Expr, Token,
    parse::{ParseStream, Parser},
    token::Brace,
};

use super::arguments::{Argument, Arguments, Part};

/// Splits any tokens.
pub(super) fn of(tokens: TokenStream) -> Arguments {
    let pieces = |input: ParseStream| {
        let mut pieces = Pieces::default();
        while !input.is_empty() {
            pieces.next(input)?;
        }
        pieces.end_raw();
        Ok(Arguments(pieces.found))
    };
    let all = tokens.clone();
    pieces.parse2(tokens).unwrap_or_else(|_| {
        Arguments(vec![Argument {
            prefix: TokenStream::new(),
            part: Part::Raw(all),
            suffix: TokenStream::new(),
        }])
    })
}

#[derive(Default)]
struct Pieces {
    found: Vec<Argument>,

    /// Tokens that are not understood.
    raw: TokenStream,

    /// Whether the token before cannot precede an expression: `.`, `::`.
    within: bool,
}

impl Pieces {
    fn push(&mut self, part: Part) {
        self.end_raw();
        self.found.push(Argument {
            prefix: TokenStream::new(),
            part,
            suffix: TokenStream::new(),
        });
        self.within = false;
    }

    fn end_raw(&mut self) {
        if !self.raw.is_empty() {
            let raw = std::mem::take(&mut self.raw);
            self.push(Part::Raw(raw));
        }
    }

    fn next(&mut self, input: ParseStream) -> syn::Result<()> {
        if input.peek(Brace) {
            let TokenTree::Group(group) = input.parse()? else {
                return Err(input.error("expected braces"));
            };
            let content = group.stream();
            let inner = match Block::parse_within.parse2(content.clone()) {
                Ok(stmts) => Arguments(vec![Argument {
                    prefix: TokenStream::new(),
                    part: Part::Stmts(stmts),
                    suffix: TokenStream::new(),
                }]),
                Err(_) => of(content),
            };
            self.push(Part::Group(group, inner));
        } else if let Some(expr) = self.expression(input) {
            input.parse::<Expr>()?;
            if matches!(expr, Expr::Assign(_)) && input.peek(Token![=>]) {
                // `PATTERN = FUTURE => ..`, as in `select!`: it is not evaluated
                // where it is written.
                self.push(Part::Raw(expr.into_token_stream()));
            } else {
                self.push(Part::Expr(expr));
            }
        } else {
            let token = input.parse::<TokenTree>()?;
            self.within = match &token {
                TokenTree::Punct(punct) => match punct.as_char() {
                    '.' | '$' | '\'' => true,
                    // The first or the second of two.
                    ':' => self.within || punct.spacing() == Spacing::Joint,
                    _ => false,
                },
                _ => false,
            };
            token.to_tokens(&mut self.raw);
        }
        Ok(())
    }

    /// The expression that is the rest of a piece.
    fn expression(&self, input: ParseStream) -> Option<Expr> {
        if self.within || is_separator(input) {
            return None;
        }
        let ahead = input.fork();
        let expr = ahead.parse::<Expr>().ok()?;
        let is_whole = ahead.is_empty() || is_separator(&ahead) || matches!(expr, Expr::Block(_));
        is_whole.then_some(expr)
    }
}

fn is_separator(input: ParseStream) -> bool {
    input.peek(Token![,])
        || input.peek(Token![;])
        || input.peek(Token![=>])
        || input.peek(Token![:]) && !input.peek(Token![::])
}
