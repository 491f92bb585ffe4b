//! The markers: `probe!`, `settle!` and `unprobed!`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;
use syn::Path;

/// The macros that the attribute itself expands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Probe,
    Settle,
    Unprobed,
}

impl Marker {
    /// The marker that a path names: bare, or through this crate.
    pub(crate) fn of(path: &Path, krate: &Path) -> Option<Self> {
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

/// Uses the markers named in a dropped body, so that their imports are not
/// reported as unused. A path needs no import.
pub(crate) fn uses(body: &TokenStream) -> TokenStream {
    fn collect(tokens: TokenStream, found: &mut Vec<Ident>) {
        let mut tokens = tokens.into_iter().peekable();
        let mut in_path = false;
        while let Some(token) = tokens.next() {
            let follows_colon = in_path;
            in_path = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
            match token {
                TokenTree::Ident(ident)
                    if !follows_colon
                        && matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
                        && Marker::by_name(&ident).is_some()
                        && !found.contains(&ident) =>
                {
                    found.push(ident);
                }
                TokenTree::Group(group) => collect(group.stream(), found),
                _ => {}
            }
        }
    }

    let mut found = Vec::new();
    collect(body.clone(), &mut found);
    found
        .iter()
        .map(|marker| quote!(#marker!(@probed ());))
        .collect()
}
