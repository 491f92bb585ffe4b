//! The properties, on the seeds of the fuzzer and some thousand mutations of
//! them: always the same ones.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::properties::check;

/// How many mutations are tried.
const MUTATIONS: usize = 4000;

/// What mutations put in.
const SNIPPETS: &[&str] = &[
    "vmi.read_u64(a)?",
    "vmi.read_u64(a)??",
    "vmi.read(a, &mut b)?;",
    "vmi.read_u64(vmi.read_u64(a)? + b?)",
    "vmi.write_u64(a, b)?",
    "vmi.write()",
    "vmi.read_u64(a).await?",
    "(&*vmi).read_string(a?)",
    "self.vmi.read_u8(x)",
    "probe!(f(a?)?)?",
    "prober::probe!(x)",
    "settle!()",
    "settle!();",
    "unprobed!(vmi.read_u8(a))",
    "a?",
    "?",
    "|x| x?",
    "move || vmi.read_u8(a)",
    "async { vmi.read_u8(a)? }",
    "return",
    "break",
    "continue",
    "break 'a",
    "'a: loop { }",
    "while let Some(x) = vmi.read_u8(a)? { }",
    "while vmi.read_u8(a)? != b { }",
    "for x in vmi.read_u8(a)? { }",
    "match vmi.read_u8(a)? { Some(x) if x > b? => 1, _ => { return Ok(()) } }",
    "if let Some(x) = vmi.read_u8(a)? && x > 1 { }",
    "let Some(x) = vmi.read_u8(a)? else { return Ok(()) };",
    "vec![vmi.read_u8(a)?; 2]",
    "format!(\"{a} {}\", vmi.read_u8(a)?)",
    "assert!(vmi.read_u8(a)?.is_some())",
    "matches!(vmi.read_u8(a)?, Some(1..) if b?)",
    "info!(target: \"t\", x = ?vmi.read_u8(a)?, %b)",
    "stringify!(vmi.read_u8(a)?)",
    "unknown!(vmi.read_u8(a) => x)",
    "#[cfg(x)]",
    "#[allow(y)] { }",
    "unsafe { vmi.read_u8(a)? }",
    "fn inner() { vmi.read_u8(a)?; }",
    "const { 1 }",
    "..",
    "..=",
    "&mut",
    "&raw const x",
    "*",
    "!",
    "-",
    "as u64",
    "=>",
    "->",
    "<",
    ">",
    "::<T>",
    "|",
    "&&",
    "{",
    ",",
    ";",
    "=",
    "_",
    "'a",
    "\"{x}\"",
    "1.0",
    "r#move",
    "let",
    "else",
    "impl Trait",
    "dyn Trait",
    "&'_ str",
    "mut x: u64",
    "self",
    "&mut self",
    "Self",
    "const",
    "async",
    "extern \"C\"",
    "where T: ?Sized",
    "suppressed",
    "suppressed = &self.set",
    "vmi = (a, self.b)",
    "limit = 3",
    "limit = 0",
    "crate = ::x",
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// The seeds: the attribute's arguments in the first line, the item in the
/// others.
fn seeds() -> Vec<[TokenStream; 2]> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the seeds")
        .map(|file| file.expect("readable").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).expect("readable");
            let (args, item) = text.split_once('\n').expect("two lines");
            [args, item].map(|text| {
                let tokens = text.parse();
                tokens.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            })
        })
        .collect()
}

/// The fuzz target is not built with the workspace, so it is looked at here.
#[test]
fn the_fuzz_target_has_all_modules() {
    let modules = |text: &str, start: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix(start));
        lines
            .filter_map(|line| Some(line.strip_suffix(';')?.to_owned()))
            .collect()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = fs::read_to_string(root.join("fuzz/fuzz_targets/expand.rs")).expect("a target");
    let of_target = modules(&target, "pub(crate) mod ");
    assert_eq!(of_target, modules(include_str!("../../src/lib.rs"), "mod "));
}

#[test]
fn seeds_hold() {
    let seeds = seeds();
    assert!(!seeds.is_empty());
    for [args, item] in seeds {
        check(&args, &item);
    }
}

#[test]
fn mutations_hold() {
    let seeds = seeds();
    let snippets: Vec<TokenStream> = SNIPPETS
        .iter()
        // What is no token stream by itself is left to the fuzzer.
        .filter_map(|snippet| snippet.parse().ok())
        .collect();
    let count = std::env::var("MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    let mut random = Random(1);
    for _ in 0..count {
        let [mut args, mut item] = seeds[random.below(seeds.len())].clone();
        if random.below(4) == 0 {
            args = mutate(args, &snippets, &mut random);
        }
        for _ in 0..=random.below(3) {
            item = mutate(item, &snippets, &mut random);
        }
        let result = catch_unwind(AssertUnwindSafe(|| check(&args, &item)));
        assert!(result.is_ok(), "#[probed(options, {args})]\n{item}");
    }
}

/// Changes one place in tokens.
fn mutate(tokens: TokenStream, snippets: &[TokenStream], random: &mut Random) -> TokenStream {
    let mut place = random.below(count(&tokens) + 1);
    mutate_at(tokens, &mut place, snippets, random)
}

fn count(tokens: &TokenStream) -> usize {
    let tokens = tokens.clone().into_iter();
    tokens
        .map(|token| match token {
            TokenTree::Group(group) => 2 + count(&group.stream()),
            _ => 1,
        })
        .sum()
}

fn mutate_at(
    tokens: TokenStream,
    place: &mut usize,
    snippets: &[TokenStream],
    random: &mut Random,
) -> TokenStream {
    let mut mutated = TokenStream::new();
    let mut tokens = tokens.into_iter();
    // Beyond the place nothing is changed any more.
    while let Some(token) = (*place != usize::MAX).then(|| tokens.next()).flatten() {
        if *place > 0 {
            *place -= 1;
            mutated.extend([match token {
                TokenTree::Group(group) => {
                    let stream = mutate_at(group.stream(), place, snippets, random);
                    TokenTree::Group(Group::new(group.delimiter(), stream))
                }
                token => token,
            }]);
            continue;
        }
        *place = usize::MAX;
        let snippet = snippets[random.below(snippets.len())].clone();
        match random.below(8) {
            0 => {}
            1 => mutated.extend([token.clone(), token]),
            2 => mutated.extend(snippet),
            3 => {
                mutated.extend([token]);
                mutated.extend(snippet);
            }
            4 => {
                mutated.extend(snippet);
                mutated.extend([token]);
            }
            5 => {
                let next = tokens.next();
                mutated.extend(next);
                mutated.extend([token]);
            }
            6 => match token {
                TokenTree::Group(group) => mutated.extend(group.stream()),
                token => mutated.extend([token]),
            },
            _ => {
                let delimiter = [
                    Delimiter::Parenthesis,
                    Delimiter::Brace,
                    Delimiter::Bracket,
                    Delimiter::None,
                ][random.below(4)];
                // With what follows, for most tokens alone mean nothing.
                let more = random.below(4);
                let inner = [token].into_iter().chain(tokens.by_ref().take(more));
                mutated.extend([TokenTree::Group(Group::new(delimiter, inner.collect()))]);
            }
        }
    }
    mutated.extend(tokens);
    if *place == 0 {
        *place = usize::MAX;
        mutated.extend(snippets[random.below(snippets.len())].clone());
    } else if *place != usize::MAX {
        *place -= 1;
    }
    mutated
}
