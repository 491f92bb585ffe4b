//! The arguments: `#[probed(suppressed = .., vmi = .., limit = .., crate = ..)]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Expr, ExprLit, Lit, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    parse_quote,
};

use crate::{error::Errors, receiver::Receiver};

/// The keys, as the error about an unknown one lists them.
const KEYS: &str = "`options`, `suppressed`, `vmi`, `limit`, `crate`";

/// What the attribute was told.
pub(crate) struct Args {
    /// Where the suppressed set comes from, if not from an added parameter.
    pub(crate) suppressed: Option<Expr>,

    /// The receivers whose reads are probed.
    pub(crate) receivers: Vec<Receiver>,

    /// How many probes may miss in a row, if not the default.
    pub(crate) limit: Option<Expr>,

    /// The path of the crate `prober`.
    pub(crate) krate: Path,

    /// Whether each read gives an `Option`.
    pub(crate) options: bool,
}

impl Args {
    /// Parses the arguments. A wrong one is reported and left out, so that the
    /// function can be expanded with the others.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut raw = Raw::default();
        let parsed = (|input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = raw.argument(input) {
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

        // `vmi` is always known: otherwise a read missing from the list would
        // silently stay unprobed.
        let mut receivers = vec![Receiver::vmi()];
        receivers.extend(raw.vmi.unwrap_or_default());
        Self {
            suppressed: raw.suppressed,
            receivers,
            limit: raw.limit,
            options: raw.options,
            krate: raw.krate.unwrap_or_else(|| parse_quote!(::prober)),
        }
    }
}

/// The arguments as written.
#[derive(Default)]
struct Raw {
    suppressed: Option<Expr>,
    vmi: Option<Vec<Receiver>>,
    limit: Option<Expr>,
    krate: Option<Path>,
    options: bool,
}

impl Raw {
    /// `options`, which has no value.
    fn options(&mut self, key: &Ident, input: ParseStream) -> syn::Result<()> {
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(syn::Error::new(key.span(), "`options` takes no value"));
        }
        if self.options {
            return Err(syn::Error::new(key.span(), "duplicate `options` argument"));
        }
        self.options = true;
        Ok(())
    }

    /// Parses one argument: `key = value`, or `options`.
    fn argument(&mut self, input: ParseStream) -> syn::Result<()> {
        let key = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                format!("expected `argument = value`, with one of {KEYS}"),
            )
        })?;
        match key.to_string().as_str() {
            "options" => self.options(&key, input),
            "suppressed" => set(&mut self.suppressed, &key, "EXPR", input, |input| {
                input.parse()
            }),
            "vmi" => set(&mut self.vmi, &key, "RECEIVER", input, receivers),
            "limit" => set(&mut self.limit, &key, "NUMBER", input, limit),
            "crate" => set(&mut self.krate, &key, "PATH", input, krate),
            _ => Err(syn::Error::new(
                key.span(),
                format!("unknown `#[probed]` argument `{key}`, expected one of {KEYS}"),
            )),
        }
    }
}

/// Parses a value, and refuses a second one under the same key.
fn set<T>(
    slot: &mut Option<T>,
    key: &Ident,
    form: &str,
    input: ParseStream,
    parse: impl FnOnce(ParseStream) -> syn::Result<T>,
) -> syn::Result<()> {
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
    let value = parse(input)?;
    if slot.is_some() {
        return Err(syn::Error::new(
            key.span(),
            format!("duplicate `{key}` argument"),
        ));
    }
    *slot = Some(value);
    Ok(())
}

/// `RECEIVER` or `(RECEIVER, ..)`.
fn receivers(input: ParseStream) -> syn::Result<Vec<Receiver>> {
    let receiver = |expr: &Expr| {
        Receiver::of(expr).ok_or_else(|| {
            syn::Error::new_spanned(
                expr,
                "expected a receiver such as `ctx` or `self.vmi`, or several in parentheses: \
                 `vmi = (ctx, self.vmi)`",
            )
        })
    };
    match input.parse()? {
        Expr::Tuple(tuple) if !tuple.elems.is_empty() => tuple.elems.iter().map(receiver).collect(),
        expr => Ok(vec![receiver(&expr)?]),
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
                "expected how many probes may miss in a row: a number from 1 to {}",
                u32::MAX
            ),
        ))
    }
}

/// The path by which the crate `prober` is reached.
fn krate(input: ParseStream) -> syn::Result<Path> {
    let start = input.span();
    match input.call(Path::parse_mod_style) {
        // Paths of types may begin so, but those of `use` may not.
        Ok(path) if path.segments.iter().all(|segment| segment.ident != "Self") => Ok(path),
        _ => Err(syn::Error::new(
            start,
            "expected the path of the crate `prober`, such as `crate = ::my_prober`",
        )),
    }
}

/// Goes on behind a wrong argument.
fn skip_argument(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
