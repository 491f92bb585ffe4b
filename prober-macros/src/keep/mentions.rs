//! Which local variables tokens mention, by text.

use std::collections::{BTreeSet, HashSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use super::words::is_static;
use crate::receiver::variable;

/// Before the name of a variable that does not exist.
const ABSENT: char = '!';

/// Before the name of a variable that is there, but was not checked.
const UNCHECKED: char = '?';

/// Names of local variables. A field of `self` is a name of its own:
/// `self.count`; `self` alone stands for all of them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn insert(&mut self, name: String) {
        self.0.insert(name);
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    pub(super) fn remove_all(&mut self, other: &Self) {
        self.0.retain(|name| {
            !other
                .0
                .contains(name.trim_start_matches([ABSENT, UNCHECKED]))
        });
    }

    /// The same variables, as those that were not checked.
    pub(super) fn unchecked(&self) -> Self {
        let of = |name: &String| match name.split_once('.') {
            // What checks `self` may check any field of it.
            Some((whole, _)) => format!("{UNCHECKED}{whole}"),
            None => format!("{UNCHECKED}{name}"),
        };
        Self(self.0.iter().map(of).collect())
    }

    /// Of these, those that were not checked.
    pub(super) fn only_unchecked(&self) -> Self {
        let is = |name: &&String| name.starts_with(UNCHECKED);
        Self(self.0.iter().filter(is).cloned().collect())
    }

    /// Of these, the others.
    pub(super) fn without_unchecked(&self) -> Self {
        let is = |name: &&String| !name.starts_with(UNCHECKED);
        Self(self.0.iter().filter(is).cloned().collect())
    }

    /// Adds names of variables that are missing and do not exist at all: what
    /// only writes to them must not run either.
    pub(super) fn extend_absent(&mut self, other: &Self) {
        self.extend(other);
        let absent = other.0.iter().map(|name| format!("{ABSENT}{name}"));
        self.0.extend(absent);
    }

    /// Whether one of the variables that are mentioned does not exist.
    pub(super) fn lacks(&self, mentioned: &Self) -> bool {
        let mut mentioned = mentioned.0.iter();
        mentioned.any(|name| self.0.contains(&format!("{ABSENT}{name}")))
    }

    pub(super) fn union(mut self, other: &Self) -> Self {
        self.extend(other);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a name is, holds, or is held by one of these.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.0.contains(name)
            || name.starts_with("self.") && self.0.contains("self")
            || name == "self" && self.0.iter().any(|name| name.starts_with("self."))
    }

    /// Whether a name of one set is, holds, or is held by one of the other.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() < other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        few.0.iter().any(|name| many.holds(name))
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

/// The variables that code mentions, out of those that the function binds.
pub(super) fn mentions(code: &impl ToTokens, locals: &HashSet<String>) -> Names {
    let mut names = Names::default();
    collect(code.to_token_stream(), locals, &mut names);
    names
}

fn collect(tokens: TokenStream, locals: &HashSet<String>, names: &mut Names) {
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
                let name = variable(ident);
                // `crate::COUNT` is the same as `COUNT`.
                let is_end = before(':') && !is(index + 1, ':') && is_static(&name);
                if is_member || in_path && !is_end || is_field || is_macro || before('\'') {
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
fn in_text(text: &str, locals: &HashSet<String>, names: &mut Names) {
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
