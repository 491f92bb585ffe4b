//! Macro calls in a body: the markers `probe!`, `settle!` and `unprobed!`, and
//! the arguments of all other macros, which are tokens until they are parsed
//! here.

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, Ident, Lit, Macro, Pat, Path, Stmt, Token, braced,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    token::Brace,
    visit_mut::VisitMut,
};

use super::{Loop, Probe, Rewriter};
use crate::{
    fallback,
    receiver::{self, Receiver},
    spans,
};

/// The macros that the attribute reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Probe,
    Settle,
    Unprobed,
}

impl Marker {
    /// The marker that a path names: bare, or through this crate.
    pub(super) fn of(path: &Path, krate: &Path) -> Option<Self> {
        let (last, crate_path) = {
            let mut segments = path.segments.iter();
            (segments.next_back()?, segments)
        };
        let marker = Self::by_name(&last.ident)?;
        let of_crate = path.segments.len() == 1
            || crate_path
                .map(|segment| &segment.ident)
                .eq(krate.segments.iter().map(|segment| &segment.ident))
            || path.segments.len() == 2 && path.segments[0].ident == "prober";
        of_crate.then_some(marker)
    }

    pub(crate) fn by_name(name: &Ident) -> Option<Self> {
        match name.to_string().as_str() {
            "probe" => Some(Self::Probe),
            "settle" => Some(Self::Settle),
            "unprobed" => Some(Self::Unprobed),
            _ => None,
        }
    }
}

impl Rewriter<'_> {
    /// Rewrites a macro call in the place of an expression.
    pub(super) fn macro_call(&mut self, expr: &mut Expr) {
        let place = (spans::start(expr), spans::end(expr));
        let Expr::Macro(call) = expr else { return };
        let result = match Marker::of(&call.mac.path, self.krate) {
            None => self.arguments(&mut call.mac),
            Some(Marker::Unprobed) => unprobed(&mut call.mac),
            Some(Marker::Settle) => self.settle(&mut call.mac),
            Some(Marker::Probe) => match self.probe_marker(&mut call.mac) {
                Ok(ends_early) => {
                    let attrs = std::mem::take(&mut call.attrs);
                    *expr =
                        super::with_attrs(&attrs, self.probe(&quote!(#expr), ends_early, place));
                    Ok(())
                }
                Err(error) => Err(error),
            },
        };
        if let Err(error) = result {
            let Expr::Macro(call) = expr else { return };
            if Marker::of(&call.mac.path, self.krate).is_some() {
                let failed = self.failed(&error);
                // Its import counts as used.
                call.mac.tokens = quote!(@probed #failed);
            } else {
                *expr = self.failed_macro(&error, &call.mac);
            }
        }
    }

    /// Takes the place of a macro call that cannot be rewritten.
    pub(super) fn failed_macro(&mut self, error: &syn::Error, mac: &Macro) -> Expr {
        let uses = fallback::uses(&mac.tokens);
        let failed = self.failed(error);
        // In parentheses, for the reason that `failed` has.
        Expr::Verbatim(quote!(({ #uses #failed })))
    }

    /// `probe!(EXPR)`: gives the rewritten expression back to the macro.
    fn probe_marker(&mut self, mac: &mut Macro) -> syn::Result<bool> {
        if self.probe != Probe::Outside {
            return Err(error(
                mac,
                "a `probe!` in a probe is a part of that one; write its expression alone",
            ));
        }
        let mut inner = syn::parse2::<Expr>(mac.tokens.clone())
            .map_err(|_| error(mac, "expected one expression: `probe!(EXPR)`"))?;
        let ends_early = self.in_probe(|this| this.visit_expr_mut(&mut inner));
        mac.tokens = quote!(@probed #inner);
        Ok(ends_early)
    }

    /// `settle!()`.
    fn settle(&mut self, mac: &mut Macro) -> syn::Result<()> {
        if !mac.tokens.is_empty() {
            return Err(error(mac, "`settle!()` takes no argument"));
        }
        if self.probe != Probe::Outside {
            return Err(error(
                mac,
                "`settle!` cannot leave the function from a probe; settle before it",
            ));
        }
        if self.nested {
            return Err(error(
                mac,
                "`settle!` cannot leave the function from a closure or an async block; settle before",
            ));
        }
        let runtime = &self.names.runtime;
        let prober = &self.names.prober;
        mac.tokens = quote!(@probed #runtime::settle(#prober)?);
        Ok(())
    }

    /// Rewrites the arguments of a macro that is none of ours.
    ///
    /// # Errors
    ///
    /// There is a read in them, and they are no expressions.
    pub(super) fn arguments(&mut self, mac: &mut Macro) -> syn::Result<()> {
        let name = mac
            .path
            .segments
            .last()
            .map(|last| last.ident.to_string())
            .unwrap_or_default();
        if TEXT.contains(&name.as_str()) || !is_interesting(self, &mac.tokens) {
            return Ok(());
        }
        let mut arguments = match parse(mac) {
            Ok(arguments) => arguments,
            Err(error) => {
                let place =
                    format!("the arguments of `{name}!`, which are no plain expressions ({error})");
                return unseen(self, &mac.tokens, &place).map_or(Ok(()), Err);
            }
        };

        // The text of a condition is its message, and is to stay as written.
        if let [argument] = &mut arguments.0[..]
            && let Part::Expr(condition) = &argument.part
            && let Some(message) = message(mac)
        {
            let mut message = Literal::string(&message.replace('{', "{{").replace('}', "}}"));
            message.set_span(spans::start(condition));
            argument.suffix = quote!(, #message);
        }
        // A `break` in the arguments may mean a loop of the macro's own.
        let opaque = !LOOPLESS.contains(&name.as_str());
        self.loops.extend(opaque.then_some(Loop::Macro));
        arguments.rewrite(self);
        if opaque {
            self.loops.pop();
        }
        mac.tokens = arguments.into_token_stream();
        Ok(())
    }
}

/// What a macro says that shows the text of its only argument, a condition.
fn message(mac: &Macro) -> Option<String> {
    // The tokens as they came: they know what stood close together.
    let text = mac.tokens.to_string();
    let condition = text.trim_end_matches([' ', ',']);
    let path = mac
        .path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect::<Vec<_>>();
    match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [.., "assert" | "debug_assert"] => Some(format!("assertion failed: {condition}")),
        // Under the bare name it may be any macro, with one argument alone.
        [.., "anyhow" | "eyre", "ensure"] => Some(format!("Condition failed: `{condition}`")),
        _ => None,
    }
}

/// `unprobed!(EXPR)`: the expression as it is written.
fn unprobed(mac: &mut Macro) -> syn::Result<()> {
    if syn::parse2::<Expr>(mac.tokens.clone()).is_err() {
        return Err(error(mac, "expected one expression: `unprobed!(EXPR)`"));
    }
    let tokens = &mac.tokens;
    mac.tokens = quote!(@probed #tokens);
    Ok(())
}

fn error(mac: &Macro, message: &str) -> syn::Error {
    syn::Error::new_spanned(mac, message)
}

/// Macros that take their arguments as text or tokens, hold functions of their
/// own, or are probes by themselves.
const TEXT: &[&str] = &[
    "cfg",
    "column",
    "compile_error",
    "concat",
    "env",
    "file",
    "global_asm",
    "include",
    "include_bytes",
    "include_str",
    "lazy_static",
    "line",
    "macro_rules",
    "module_path",
    "option_env",
    "parse_quote",
    "quote",
    "quote_spanned",
    "stringify",
    "thread_local",
    "vmi_probe",
];

/// Well-known macros that put their arguments into no loop.
const LOOPLESS: &[&str] = &[
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "eprint",
    "eprintln",
    "error",
    "event",
    "format",
    "format_args",
    "info",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// The arguments of a macro.
pub(super) struct Arguments(Vec<Argument>);

/// An argument: `PREFIX EXPR SUFFIX`.
struct Argument {
    /// `name =`, `target:`, `%` and the like.
    prefix: TokenStream,
    part: Part,
    /// A separator, or the pattern of a `matches!`.
    suffix: TokenStream,
}

enum Part {
    Expr(Expr),
    Stmts(Vec<Stmt>),
    /// `{ name = EXPR, .. }`, as the `tracing` macros take it.
    Fields(Brace, Arguments),
}

impl Arguments {
    /// The arguments that are expressions.
    pub(super) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().filter_map(|argument| match &argument.part {
            Part::Expr(expr) => Some(expr),
            Part::Stmts(_) | Part::Fields(..) => None,
        })
    }

    /// Rewrites all expressions in the arguments.
    fn rewrite(&mut self, rewriter: &mut Rewriter<'_>) {
        for argument in &mut self.0 {
            match &mut argument.part {
                Part::Expr(expr) => rewriter.visit_expr_mut(expr),
                Part::Stmts(stmts) => {
                    for stmt in stmts {
                        rewriter.visit_stmt_mut(stmt);
                    }
                }
                Part::Fields(_, fields) => fields.rewrite(rewriter),
            }
        }
    }
}

impl ToTokens for Arguments {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for argument in &self.0 {
            argument.prefix.to_tokens(tokens);
            match &argument.part {
                Part::Expr(expr) => expr.to_tokens(tokens),
                Part::Stmts(stmts) => stmts.iter().for_each(|stmt| stmt.to_tokens(tokens)),
                Part::Fields(brace, fields) => {
                    brace.surround(tokens, |tokens| fields.to_tokens(tokens));
                }
            }
            argument.suffix.to_tokens(tokens);
        }
    }
}

/// Parses the arguments of a macro as expressions, or else as statements.
pub(super) fn parse(mac: &Macro) -> syn::Result<Arguments> {
    let tokens = || mac.tokens.clone();
    if mac
        .path
        .segments
        .last()
        .is_some_and(|last| last.ident == "matches")
    {
        return matches_arguments.parse2(tokens());
    }
    expr_arguments.parse2(tokens()).or_else(|error| {
        let stmts = Block::parse_within.parse2(tokens()).map_err(|_| error)?;
        Ok(Arguments(vec![Argument {
            prefix: TokenStream::new(),
            part: Part::Stmts(stmts),
            suffix: TokenStream::new(),
        }]))
    })
}

/// Expressions, separated by `,` or `;` as in `vec![EXPR; EXPR]`.
fn expr_arguments(input: ParseStream) -> syn::Result<Arguments> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        let prefix = prefix(input)?;
        // `info!(?value)`: shorthand for a field, after which no `=` comes.
        let part = if input.peek(Brace) && input.fork().parse::<Expr>().is_err() {
            let fields;
            let brace = braced!(fields in input);
            Part::Fields(brace, expr_arguments(&fields)?)
        } else {
            Part::Expr(input.parse()?)
        };
        let suffix = if input.peek(Token![,]) {
            input.parse::<Token![,]>()?.into_token_stream()
        } else if input.peek(Token![;]) {
            input.parse::<Token![;]>()?.into_token_stream()
        } else if input.is_empty() {
            TokenStream::new()
        } else {
            return Err(input.error("expected `,`"));
        };
        arguments.push(Argument {
            prefix,
            part,
            suffix,
        });
    }
    Ok(Arguments(arguments))
}

/// What may stand before an expression: the name of a format argument or of a
/// field (`name =`, `a.b =`, `"name" =`, `name:? =`), a key (`target:`), and
/// how a field is recorded (`%`, `?`).
fn prefix(input: ParseStream) -> syn::Result<TokenStream> {
    let named = |input: ParseStream| -> syn::Result<TokenStream> {
        let mut tokens = TokenStream::new();
        if input.peek(Lit) {
            input.parse::<Lit>()?.to_tokens(&mut tokens);
        } else {
            loop {
                input.call(Ident::parse_any)?.to_tokens(&mut tokens);
                if !input.peek(Token![.]) {
                    break;
                }
                input.parse::<Token![.]>()?.to_tokens(&mut tokens);
            }
            if input.peek(Token![:]) && !input.peek(Token![::]) {
                input.parse::<Token![:]>()?.to_tokens(&mut tokens);
                sigil(input, &mut tokens)?;
                if !input.peek(Token![=]) {
                    return Ok(tokens);
                }
            }
        }
        if input.peek(Token![==]) || input.peek(Token![=>]) {
            return Err(input.error("expected an expression"));
        }
        input.parse::<Token![=]>()?.to_tokens(&mut tokens);
        Ok(tokens)
    };

    let mut tokens = TokenStream::new();
    if named(&input.fork()).is_ok() {
        tokens = named(input)?;
    }
    sigil(input, &mut tokens)?;
    Ok(tokens)
}

fn sigil(input: ParseStream, tokens: &mut TokenStream) -> syn::Result<()> {
    if input.peek(Token![%]) {
        input.parse::<Token![%]>()?.to_tokens(tokens);
    } else if input.peek(Token![?]) {
        input.parse::<Token![?]>()?.to_tokens(tokens);
    }
    Ok(())
}

/// `EXPR, PATTERN if GUARD`.
fn matches_arguments(input: ParseStream) -> syn::Result<Arguments> {
    let scrutinee = input.parse()?;
    let comma = input.parse::<Token![,]>()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    let mut arguments = vec![Argument {
        prefix: TokenStream::new(),
        part: Part::Expr(scrutinee),
        suffix: quote!(#comma #pat),
    }];
    if input.peek(Token![if]) {
        arguments.push(Argument {
            prefix: input.parse::<Token![if]>()?.into_token_stream(),
            part: Part::Expr(input.parse()?),
            suffix: TokenStream::new(),
        });
    }
    if input.peek(Token![,]) {
        let comma = input.parse::<Token![,]>()?;
        let last = arguments.len() - 1;
        comma.to_tokens(&mut arguments[last].suffix);
    }
    if !input.is_empty() {
        return Err(input.error("expected `if`"));
    }
    Ok(Arguments(arguments))
}

/// Whether there may be something to rewrite in tokens.
fn is_interesting(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> bool {
    fn has_question(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => punct.as_char() == '?',
            TokenTree::Group(group) => has_question(group.stream()),
            _ => false,
        })
    }
    has_question(tokens.clone()) || find(rewriter, tokens).is_some()
}

/// The error for a read that stands where it cannot be rewritten.
pub(super) fn unseen(
    rewriter: &Rewriter<'_>,
    tokens: &TokenStream,
    place: &str,
) -> Option<syn::Error> {
    let (found, what) = find(rewriter, tokens)?;
    let advice = if what.ends_with("!`") {
        "move it out of there"
    } else {
        "bind it with `let` before, or wrap the whole in `unprobed!(..)`"
    };
    Some(syn::Error::new_spanned(
        found,
        format!("`#[probed]` cannot rewrite {what} in {place}; {advice}"),
    ))
}

/// The error for a read in the text of a macro that the body defines.
pub(super) fn in_definition(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> Option<syn::Error> {
    let (found, what) = find(rewriter, tokens)?;
    Some(syn::Error::new_spanned(
        found,
        format!(
            "`#[probed]` cannot rewrite {what} in a macro that the body defines; \
             pass it to the macro as an argument, or define the macro outside of the function"
        ),
    ))
}

/// Finds a read, a call that acts on the guest, or a marker in tokens.
fn find(rewriter: &Rewriter<'_>, tokens: &TokenStream) -> Option<(TokenStream, String)> {
    let tokens = tokens.clone().into_iter().collect::<Vec<_>>();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let is_macro = matches!(tokens.get(index + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
                    && matches!(tokens.get(index + 2), Some(TokenTree::Group(_)));
                if is_macro && Marker::by_name(ident).is_some() {
                    return Some((quote!(#ident), format!("`{ident}!`")));
                }
                if (receiver::is_read(ident) || receiver::acts_on_guest(ident))
                    && let Some(start) = receiver_before(rewriter, &tokens[..index])
                    && is_call(&tokens[index + 1..])
                {
                    let call = tokens[start..=index].iter().cloned().collect();
                    let what = if receiver::is_read(ident) {
                        "the read"
                    } else {
                        "the call"
                    };
                    return Some((call, format!("{what} `{ident}`")));
                }
            }
            TokenTree::Group(group) => {
                let of_text_macro = index >= 2
                    && matches!(&tokens[index - 1], TokenTree::Punct(punct) if punct.as_char() == '!')
                    && matches!(&tokens[index - 2], TokenTree::Ident(name)
                        if TEXT.iter().any(|text| name == text) || name == "unprobed");
                if !of_text_macro && let Some(found) = find(rewriter, &group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where the known receiver starts that stands before a method, with its dot.
fn receiver_before(rewriter: &Rewriter<'_>, tokens: &[TokenTree]) -> Option<usize> {
    let (TokenTree::Punct(dot), before) = tokens.split_last()? else {
        return None;
    };
    if dot.as_char() != '.' {
        return None;
    }
    // The longest run of tokens that is a known receiver: behind a further dot
    // a name is a field of something else, and behind a `$` what a macro was
    // given, which is its own affair.
    (0..before.len()).find(|start| {
        let starts = *start == 0
            || !matches!(&before[start - 1], TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | '$'));
        starts
            && before.len() - start < 16
            && syn::parse2::<Expr>(before[*start..].iter().cloned().collect())
                .ok()
                .and_then(|expr| Receiver::of(&expr))
                .is_some_and(|receiver| rewriter.receivers.contains(&receiver))
    })
}

/// Whether tokens begin with the arguments of a call, or with a turbofish.
fn is_call(tokens: &[TokenTree]) -> bool {
    match tokens.first() {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ':',
        _ => false,
    }
}
