//! The arguments: `#[probed(options, suppressed = .., vmi = .., limit = ..,
//! crate = ..)]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Expr, ExprLit, Lit, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    parse_quote,
};

use crate::{error::Errors, receiver::Receiver};

/// The keys, as the error about an unknown one lists them.
const KEYS: &str = "`options`, `suppressed`, `vmi`, `limit`, `crate`";

/// The arguments, parsed.
pub(crate) struct Args {
    /// Where the suppressed set comes from, if not from an added parameter.
    pub(crate) suppressed: Option<Expr>,

    /// The receivers whose reads are probed.
    pub(crate) receivers: Vec<Receiver>,

    /// Those that the arguments name, as they are written.
    pub(crate) named: Vec<Expr>,

    /// How many probes may miss in a row, if not the default.
    pub(crate) limit: Option<Expr>,

    /// The path of the crate `prober`.
    pub(crate) krate: Path,

    /// Whether the arguments name it, so that it may be wrong.
    pub(crate) names_crate: bool,

    /// Whether each read gives an `Option`.
    pub(crate) options: bool,
}

impl Args {
    /// Parses the arguments. A wrong one is reported and left out, so that the
    /// function can be expanded with the others.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self {
            suppressed: None,
            // `vmi` is always known: otherwise a read missing from the list
            // would silently stay unprobed.
            receivers: vec![Receiver::vmi()],
            named: Vec::new(),
            limit: None,
            krate: parse_quote!(::prober),
            names_crate: false,
            options: false,
        };
        let mut given = Vec::new();
        let parsed = (|input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = args.argument(&mut given, input) {
                    errors.push(error);
                    skip_argument(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        })
        .parse2(tokens);
        if let Err(error) = parsed {
            errors.push(error);
        }
        args
    }

    /// Parses one argument: `key = value`, or `options`. Takes note of its key
    /// among those that were given.
    fn argument(&mut self, given: &mut Vec<Ident>, input: ParseStream) -> syn::Result<()> {
        let key = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                format!("expected `argument = value`, with one of {KEYS}"),
            )
        })?;
        match key.to_string().as_str() {
            "options" => {
                if !input.is_empty() && !input.peek(Token![,]) {
                    return Err(syn::Error::new(key.span(), "`options` takes no value"));
                }
                self.options = true;
            }
            "suppressed" => self.suppressed = Some(value(&key, "EXPR", input, Expr::parse)?),
            "vmi" => {
                for (receiver, expr) in value(&key, "RECEIVER", input, receivers)? {
                    let is_default = self.receivers.first() == Some(&receiver);
                    let text = |expr: &Expr| expr.to_token_stream().to_string();
                    let named = self.named.iter().any(|named| text(named) == text(&expr));
                    if named || (!is_default && self.receivers.contains(&receiver)) {
                        return Err(syn::Error::new_spanned(
                            expr,
                            format!("`{}` is a receiver already; remove it", receiver.text()),
                        ));
                    }
                    // `vmi` may be named, too: a macro names what it is given.
                    if !is_default {
                        self.receivers.push(receiver);
                    }
                    self.named.push(expr);
                }
            }
            "limit" => self.limit = Some(value(&key, "NUMBER", input, limit)?),
            "crate" => {
                self.krate = value(&key, "PATH", input, krate)?;
                self.names_crate = true;
            }
            _ => {
                return Err(syn::Error::new(
                    key.span(),
                    format!("unknown `#[probed]` argument `{key}`, expected one of {KEYS}"),
                ));
            }
        }
        if given.contains(&key) {
            return Err(syn::Error::new(
                key.span(),
                format!("duplicate `{key}` argument"),
            ));
        }
        given.push(key);
        Ok(())
    }
}

/// Parses the value of an argument: `= VALUE`.
fn value<T>(
    key: &Ident,
    form: &str,
    input: ParseStream,
    parse: impl FnOnce(ParseStream) -> syn::Result<T>,
) -> syn::Result<T> {
    if !input.peek(Token![=]) || input.peek2(Token![,]) {
        return Err(syn::Error::new(
            key.span(),
            format!("expected a value: `{key} = {form}`"),
        ));
    }
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() {
        return Err(syn::Error::new(
            equals.span,
            format!("expected a value: `{key} = {form}`"),
        ));
    }
    parse(input)
}

/// `RECEIVER` or `(RECEIVER, ..)`.
fn receivers(input: ParseStream) -> syn::Result<Vec<(Receiver, Expr)>> {
    let receiver = |expr: Expr| {
        let receiver = Receiver::of(&expr).ok_or_else(|| {
            syn::Error::new_spanned(
                &expr,
                "expected a receiver such as `ctx` or `self.vmi`, or several in parentheses: \
                 `vmi = (ctx, self.vmi)`",
            )
        })?;
        Ok((receiver, expr))
    };
    match input.parse()? {
        Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
            tuple.elems.into_iter().map(receiver).collect()
        }
        expr => Ok(vec![receiver(expr)?]),
    }
}

/// A positive number, or an expression that names one.
fn limit(input: ParseStream) -> syn::Result<Expr> {
    let expr = input.parse::<Expr>()?;
    let valid = match &expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => number.base10_parse::<u32>().is_ok_and(|number| number > 0),
        Expr::Lit(_) | Expr::Unary(_) => false,
        _ => true,
    };
    if valid {
        Ok(expr)
    } else {
        Err(syn::Error::new_spanned(
            expr,
            format!(
                "`limit` takes a number from 1 to {}: how many probes may miss in a row",
                u32::MAX
            ),
        ))
    }
}

/// The path by which the crate `prober` is reached.
fn krate(input: ParseStream) -> syn::Result<Path> {
    let start = input.span();
    match input.call(Path::parse_mod_style) {
        // A path of `use` may not begin with `Self`, as that of a type may.
        Ok(path) if path.segments.iter().all(|segment| segment.ident != "Self") => Ok(path),
        _ => Err(syn::Error::new(
            start,
            "expected the path of the crate `prober`, such as `crate = ::my_prober`",
        )),
    }
}

/// Skips the rest of a wrong argument.
fn skip_argument(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
