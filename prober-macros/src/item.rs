//! The function, with its body parsed separately: if the body does not parse
//! yet, there is still a signature.

mod simple;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Block, Signature, Stmt, Token, Visibility,
    parse::{Parse, ParseStream, Parser, discouraged::Speculative},
    token,
};

use crate::invisible;

/// A function, a method, or a trait method with or without a body.
pub(crate) struct ProbedFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

/// What follows the signature.
pub(crate) enum Body {
    /// A body that parses.
    Parsed(ParsedBody),

    /// A body that does not parse (yet), and why.
    Raw(Group, syn::Error),

    /// None: a declaration in a trait.
    None(Token![;]),
}

/// A body, without its inner attributes.
pub(crate) struct ParsedBody {
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) block: Block,

    /// Both, before they were parsed.
    written: TokenStream,
}

impl Parse for ProbedFn {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![;]) {
            return Ok(Self::None(input.parse()?));
        }
        let error = input.error("expected the body of the function, or `;`");
        let holds_let = invisible::holds_let(input.cursor());
        let group = brace_group(input.parse()?).ok_or(error)?;
        let mut written = group.stream();
        if holds_let {
            written = invisible::with_visible_statements(written);
        }
        // A `$s:stmt` or a `$b:block` needs no `;`, which syn does not know.
        let parsed = parse_body.parse2(written.clone()).or_else(|error| {
            let visible = invisible::with_visible_statements(written.clone());
            let visible = invisible::with_visible_blocks(visible);
            parse_body.parse2(visible).map_err(|_| error)
        });
        Ok(match parsed {
            Ok((inner_attrs, stmts)) => Self::Parsed(ParsedBody {
                inner_attrs,
                block: Block {
                    brace_token: token::Brace {
                        span: group.delim_span(),
                    },
                    stmts,
                },
                written,
            }),
            Err(error) => Self::Raw(group, error),
        })
    }
}

fn parse_body(input: ParseStream) -> syn::Result<(Vec<Attribute>, Vec<Stmt>)> {
    Ok((input.call(Attribute::parse_inner)?, input.call(statements)?))
}

/// [`Block::parse_within`], but faster for the commonest statements.
fn statements(input: ParseStream) -> syn::Result<Vec<Stmt>> {
    let mut stmts = Vec::new();
    loop {
        if let Some(stmt) = simple(input).or_else(|| with_blocks(input)) {
            stmts.push(stmt);
        } else {
            if !input.is_empty() {
                stmts.extend(Block::parse_within(input)?);
            }
            return Ok(stmts);
        }
    }
}

/// A statement that needs no `;`.
fn with_blocks(input: ParseStream) -> Option<Stmt> {
    if !input.peek(Token![if]) && !input.peek(Token![for]) && !input.peek(Token![match]) {
        return None;
    }
    let ahead = input.fork();
    let stmt = ahead.parse().ok()?;
    input.advance_to(&ahead);
    Some(stmt)
}

/// One of the commonest statements.
fn simple(input: ParseStream) -> Option<Stmt> {
    let read = input.step(|cursor| {
        Ok(match simple::statement(*cursor) {
            Some((stmt, rest)) => (Some(stmt), rest),
            None => (None, *cursor),
        })
    });
    read.ok().flatten()
}

/// The braces of a body, even if it is a macro's `$body:block`, which is in
/// invisible delimiters.
fn brace_group(token: TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            let inner = brace_group(tokens.next()?)?;
            tokens.next().is_none().then_some(inner)
        }
        Delimiter::Parenthesis | Delimiter::Bracket => None,
    }
}

/// The error about an item that is not a function, on its keyword.
pub(crate) fn not_a_function(item: &TokenStream) -> syn::Error {
    const ONLY: &str = "`#[probed]` can only be used on functions";
    match keyword(item) {
        Some(token) => {
            let has_methods = matches!(token.to_string().as_str(), "impl" | "trait" | "unsafe");
            let advice = if has_methods {
                "; put it on each of the methods"
            } else {
                ""
            };
            syn::Error::new(token.span(), format!("{ONLY}{advice}"))
        }
        None => syn::Error::new(Span::call_site(), ONLY),
    }
}

/// The token after the attributes and the visibility of an item.
fn keyword(item: &TokenStream) -> Option<TokenTree> {
    let mut tokens = item.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                tokens.next();
            }
            TokenTree::Ident(ident) if ident == "pub" => {
                if matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
                {
                    tokens.next();
                }
            }
            _ => return Some(token),
        }
    }
    None
}

/// Replaces the body of an item, which is its last braces.
pub(crate) fn map_body(item: &TokenStream, map: impl Fn(&Group) -> TokenStream) -> TokenStream {
    let mut tokens = item.clone().into_iter().collect::<Vec<_>>();
    match tokens.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
            tokens.into_iter().chain(map(&body)).collect()
        }
        last => tokens.into_iter().chain(last).collect(),
    }
}

/// Whether an item looks like a function, so that its syntax error is reported.
pub(crate) fn looks_like_a_function(item: &TokenStream) -> bool {
    item.clone()
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Ident(ident) if ident != "pub" => Some(ident.to_string()),
            _ => None,
        })
        .take_while(|word| {
            matches!(
                word.as_str(),
                "const" | "async" | "unsafe" | "extern" | "fn"
            )
        })
        .any(|word| word == "fn")
}

impl Body {
    /// The tokens between its braces, as they were written.
    pub(crate) fn written(&self) -> TokenStream {
        match self {
            Self::Parsed(body) => body.written.clone(),
            Self::Raw(group, _) => group.stream(),
            Self::None(_) => TokenStream::new(),
        }
    }
}
