//! Undoes the rewriting, to see that nothing else was changed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What an expansion was made from, and what it does.
pub(super) struct Restored {
    /// The tokens of the body as they were, but for parentheses.
    pub(super) body: String,

    /// How many probes there are.
    pub(super) probes: usize,
}

/// Takes the body of the function out of an expanded body, with everything
/// that the expansion put into it taken away again.
pub(super) fn restore(expanded: TokenStream) -> Restored {
    let mut restore = Restore::default();
    let body = restore.tokens(body(expanded));
    Restored {
        body: text(body),
        probes: restore.probes,
    }
}

/// The text of tokens, without parentheses and without the labels that a
/// `break` or `continue` names: where the rewriting leaves out a pair that
/// means nothing, or names the loop that is meant, is not told here.
pub(super) fn text(tokens: TokenStream) -> String {
    fn write(tokens: TokenStream, text: &mut String) {
        let mut tokens = tokens.into_iter();
        let mut leaves = false;
        while let Some(token) = tokens.next() {
            if leaves && token.to_string() == "'" {
                tokens.next();
                leaves = false;
                continue;
            }
            leaves =
                matches!(&token, TokenTree::Ident(name) if name == "break" || name == "continue");
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{ ", "} "),
                        Delimiter::Bracket => ("[ ", "] "),
                        Delimiter::Parenthesis | Delimiter::None => ("", ""),
                    };
                    text.push_str(open);
                    write(group.stream(), text);
                    text.push_str(close);
                }
                token => {
                    text.push_str(&token.to_string());
                    text.push(' ');
                }
            }
        }
    }
    let mut written = String::new();
    write(tokens, &mut written);
    written
}

/// The block of the user's in an expanded body:
/// `.. run(.., move || -> T BLOCK).through_gate()`.
fn body(expanded: TokenStream) -> TokenStream {
    // With `crate = PATH` it stands in a macro of that crate: `probe!(@probed { .. })`.
    let within = match &groups(expanded.clone(), Delimiter::Parenthesis)[..] {
        [only] if only.to_string().starts_with("@ probed") => {
            groups(only.clone(), Delimiter::Brace).pop()
        }
        _ => None,
    };
    let run = groups(within.unwrap_or(expanded), Delimiter::Parenthesis)
        .into_iter()
        .rev()
        .find(|group| !group.is_empty())
        .expect("a call of the runtime");
    // That of an async one stands in `async_body(..)`.
    let wrapped = groups(run.clone(), Delimiter::Parenthesis).pop();
    let block = groups(run, Delimiter::Brace)
        .pop()
        .or_else(|| groups(wrapped?, Delimiter::Brace).pop())
        .expect("a block");
    // What is put before the block, where there is something to put there.
    let framed = |block: &TokenStream| {
        let text = block.to_string();
        [
            "deny (no_mangle_const_items)",
            "allow (clippy :: needless_question_mark)",
        ]
        .map(|level| format!("# [{level}] {{"))
        .iter()
        .any(|frame| text.contains(frame))
    };
    let mut block = block;
    while framed(&block) {
        match groups(block.clone(), Delimiter::Brace).pop() {
            Some(inner) => block = inner,
            None => break,
        }
    }
    block
}

/// The groups in tokens, those within groups not counted.
fn groups(tokens: TokenStream, delimiter: Delimiter) -> Vec<TokenStream> {
    tokens
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == delimiter => Some(group.stream()),
            _ => None,
        })
        .collect()
}

#[derive(Default)]
struct Restore {
    probes: usize,

    /// The receiver that is put beside the prober once.
    served: TokenStream,

    /// What the values of a probe are the values of.
    values: Vec<TokenTree>,
}

impl Restore {
    fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut restored = TokenStream::new();
        let mut rest = &tokens[..];
        while let Some((token, mut after)) = rest.split_first() {
            match (token, after) {
                // `let __probed_served = __probed::served(&RECEIVER, prober);`
                (
                    TokenTree::Ident(_),
                    [
                        TokenTree::Ident(name),
                        _,
                        _,
                        _,
                        _,
                        TokenTree::Ident(_),
                        TokenTree::Group(arguments),
                        _,
                        ..,
                    ],
                ) if name == "__probed_served" => {
                    let mut served = TokenStream::new();
                    self.call("served", arguments, &mut served);
                    self.served = served;
                    after = &after[8..];
                }
                (TokenTree::Ident(name), _) if name == "__probed_served" => {
                    restored.extend(self.served.clone());
                }
                (TokenTree::Ident(name), _) if name.to_string().starts_with("__probed_value_") => {
                    let name = name.to_string();
                    let index = name.trim_start_matches("__probed_value_").parse::<usize>();
                    restored.extend([self.values[index.expect("a number")].clone()]);
                    restored.extend("?".parse::<TokenStream>());
                }
                // `__probed::NAME(ARGS)`, `__probed::TRAIT::NAME(ARGS)`.
                (
                    TokenTree::Ident(runtime),
                    [
                        _,
                        _,
                        TokenTree::Ident(name),
                        TokenTree::Group(arguments),
                        ..,
                    ]
                    | [
                        _,
                        _,
                        TokenTree::Ident(_),
                        _,
                        _,
                        TokenTree::Ident(name),
                        TokenTree::Group(arguments),
                        ..,
                    ],
                ) if runtime == "__probed" => {
                    self.call(&name.to_string(), arguments, &mut restored);
                    let is_call = |token: &TokenTree| matches!(token, TokenTree::Group(_));
                    after = &after[after.iter().position(is_call).map_or(0, |at| at + 1)..];
                }
                // A label that was added: `'__probed_0: loop`, `break '__probed_0`.
                (TokenTree::Punct(quote), [TokenTree::Ident(name), ..])
                    if quote.as_char() == '\'' && name.to_string().starts_with("__probed") =>
                {
                    after = &after[1..];
                    if let [TokenTree::Punct(colon), ..] = after
                        && colon.as_char() == ':'
                    {
                        after = &after[1..];
                    }
                }
                // `probe!(@probed EXPR)`.
                (TokenTree::Punct(at), [TokenTree::Ident(name), ..])
                    if at.as_char() == '@' && name == "probed" =>
                {
                    after = &after[1..];
                }
                // The text of the condition of an `assert!`.
                (TokenTree::Punct(comma), [TokenTree::Literal(text)])
                    if comma.as_char() == ',' && shows_condition(&text.to_string()) =>
                {
                    after = &[];
                }
                (TokenTree::Group(group), _) => {
                    let stream = group.stream();
                    // `settle!()`.
                    let stream = if stream
                        .to_string()
                        .starts_with("@ probed __probed :: settle")
                    {
                        TokenStream::new()
                    } else {
                        self.tokens(stream)
                    };
                    restored.extend([TokenTree::Group(Group::new(group.delimiter(), stream))]);
                }
                (token, _) => restored.extend([token.clone()]),
            }
            rest = after;
        }
        restored
    }

    /// Undoes a call of the runtime.
    fn call(&mut self, name: &str, arguments: &Group, restored: &mut TokenStream) {
        let split_arguments = || split(arguments.stream());
        match name {
            "read" | "need" => {
                self.probes += 1;
                restored.extend(self.tokens(split_arguments().swap_remove(0)));
            }
            // `match NAME { Some(value) => Some(EXPR), _ => None }, prober`
            "read_if" | "need_if" if split_arguments()[0].to_string().starts_with("match ") => {
                self.probes += 1;
                let words = split_arguments().swap_remove(0).into_iter();
                let [_, names, TokenTree::Group(arms)] = &words.collect::<Vec<_>>()[..] else {
                    panic!("`match NAME {{ .. }}`");
                };
                self.values = match names {
                    TokenTree::Group(names) => names.stream().into_iter().step_by(2).collect(),
                    name => vec![name.clone()],
                };
                let some = groups(arms.stream(), Delimiter::Parenthesis).pop();
                restored.extend(self.tokens(some.expect("`Some(EXPR)`")));
            }
            // `'__probed: { Some(EXPR) }, prober`
            "read_if" | "need_if" => {
                self.probes += 1;
                let block = groups(split_arguments().swap_remove(0), Delimiter::Brace).pop();
                let some = block.and_then(|block| groups(block, Delimiter::Parenthesis).pop());
                restored.extend(self.tokens(some.expect("`{ Some(EXPR) }`")));
            }
            // `match question_mark_in_probe(EXPR, prober) { .. }`, `match NAME { Some(..) => .. }`,
            // or an operand.
            "as_operand" => {
                let tokens = arguments.stream();
                let text = tokens.to_string();
                let is_part =
                    text.starts_with("match __probed :: OptionOrResult :: question_mark_in_probe");
                let words = tokens.clone().into_iter().collect::<Vec<_>>();
                if let [_, name, TokenTree::Group(arms)] = &words[..]
                    && arms.stream().to_string().starts_with("__probed :: Some")
                {
                    restored.extend([name.clone()]);
                    restored.extend("?".parse::<TokenStream>());
                } else if is_part {
                    let part = groups(tokens, Delimiter::Parenthesis).swap_remove(0);
                    restored.extend(self.tokens(split(part).swap_remove(0)));
                    restored.extend("?".parse::<TokenStream>());
                } else {
                    restored.extend(self.tokens(tokens));
                }
            }
            "can_be_probed" => restored.extend(self.tokens(arguments.stream())),
            "question_mark" | "value_of_a_probe" | "settled" => {
                restored.extend(self.tokens(split_arguments().swap_remove(0)));
            }
            "settle_then" => restored.extend(self.tokens(split_arguments().swap_remove(1))),
            // `&RECEIVER, prober`
            "served" => {
                let receiver = split_arguments().swap_remove(0).into_iter().skip(1);
                restored.extend(receiver);
            }
            name => panic!("unknown: {name}"),
        }
        // It does the first of two `?`.
        if name.starts_with("need") {
            restored.extend("?".parse::<TokenStream>());
        }
    }
}

fn shows_condition(text: &str) -> bool {
    ["\"assertion failed: ", "\"Condition failed: "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Splits arguments: the last comma divides, for only the first argument is
/// the user's, and may hold commas in a turbofish.
fn split(arguments: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = arguments.into_iter().collect();
    let comma = tokens
        .iter()
        .rposition(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','));
    match comma {
        None => vec![tokens.into_iter().collect()],
        Some(comma) => {
            let (first, last) = tokens.split_at(comma);
            vec![
                first.iter().cloned().collect(),
                last[1..].iter().cloned().collect(),
            ]
        }
    }
}
