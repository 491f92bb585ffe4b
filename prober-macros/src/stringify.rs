//! `stringify!` by its bare name, whose arguments stay as they are only if it is
//! std's: a macro of the user's own may evaluate them.

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::error::Errors;

/// Whether a body hands a bare `stringify!` what may ask.
///
/// Reports one that the body defines: it is sure to be another macro.
pub(crate) fn takes_questions(body: &TokenStream, text: &str, errors: &mut Errors) -> bool {
    // Most bodies have none.
    if !text.contains("stringify") {
        return false;
    }
    let mut found = Found::default();
    found.look(body);
    if let (true, Some(name)) = (found.call, &found.definition) {
        errors.on(
            name,
            "`#[probed]` takes `stringify!` for the macro of std; give this one another name",
        );
    }
    found.call
}

#[derive(Default)]
struct Found {
    call: bool,
    definition: Option<Ident>,
}

impl Found {
    fn look(&mut self, tokens: &TokenStream) {
        let tokens = tokens.clone().into_iter().collect::<Vec<_>>();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(name) if name == "stringify" => match &tokens[index + 1..] {
                    [TokenTree::Punct(mark), TokenTree::Group(arguments), ..]
                        if mark.as_char() == '!' && !follows(&tokens[..index], ':') =>
                    {
                        self.call |= may_ask(&arguments.stream());
                    }
                    [TokenTree::Group(_), ..] if follows(&tokens[..index], '!') => {
                        self.definition = Some(name.clone());
                    }
                    _ => {}
                },
                TokenTree::Group(group) => self.look(&group.stream()),
                _ => {}
            }
        }
    }
}

fn follows(before: &[TokenTree], sign: char) -> bool {
    matches!(before.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether there is more in tokens than names and literals.
fn may_ask(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Punct(_) | TokenTree::Group(_)))
}
