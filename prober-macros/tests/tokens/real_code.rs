//! Functions of published crates, rewritten as tokens. Their sources are those
//! in cargo's cache; see `real-code/Cargo.toml`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Block, ExprMethodCall, FnArg, ItemFn, ReturnType, Signature, Visibility,
    parse_quote,
    visit::{self, Visit},
    visit_mut::VisitMut,
};

use super::restore::{restore, text};
use crate::{
    expand,
    item::{Body, ProbedFn},
    receiver, vocabulary,
};

/// The crates, as `real-code/Cargo.toml` names them.
const CRATES: [&str; 4] = ["vmi", "vmi-os-linux", "vmi-os-windows", "vmi-utils"];

#[test]
#[ignore = "fetches the sources of other crates"]
fn real_code() {
    let sources = sources();
    for krate in CRATES {
        let mut functions = Functions::default();
        for file in rust_files(&sources[krate]) {
            let source = fs::read_to_string(&file).expect("readable");
            let parsed = syn::parse_file(&source).expect("published code parses");
            functions.file = file.display().to_string();
            functions.visit_file(&parsed);
        }
        println!(
            "{krate}: {} functions rewritten, with {} reads, {} probes; {} more that cannot be probed",
            functions.rewritten, functions.reads, functions.probes, functions.refused
        );
        assert!(functions.rewritten > 0, "{krate}: nothing was rewritten");
        assert!(functions.probes > 0, "{krate}: nothing was probed");
    }
}

/// Where cargo has the sources of the crates.
fn sources() -> BTreeMap<&'static str, PathBuf> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/real-code/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--manifest-path",
            manifest,
        ])
        .output()
        .expect("cargo runs");
    let metadata = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let mut sources = BTreeMap::new();
    for path in metadata.split("\"manifest_path\":\"").skip(1) {
        let path = path.split('"').next().expect("the end of a string");
        let folder = Path::new(path).parent().expect("a folder");
        let name = folder.file_name().and_then(|name| name.to_str());
        for krate in CRATES {
            if name == Some(&format!("{krate}-0.13.0")) {
                sources.insert(krate, folder.to_owned());
            }
        }
    }
    sources
}

pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Rewrites each function that it visits.
#[derive(Default)]
struct Functions {
    file: String,
    rewritten: usize,
    refused: usize,
    reads: usize,
    probes: usize,
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.attrs, &item.vis, &item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.attrs, &item.vis, &item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.attrs, &Visibility::Inherited, &item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

impl Functions {
    fn function(&mut self, attrs: &[Attribute], vis: &Visibility, sig: &Signature, block: &Block) {
        let mut reads = Reads::default();
        reads.visit_block(block);
        let mut block = block.clone();
        if reads.count == 0 {
            if !reads.questions {
                return;
            }
            // Without a probe there would be nothing to do. This one lets the
            // `?` of the function be rewritten.
            block
                .stmts
                .insert(0, parse_quote!(let _ = vmi.read_u8(address)?;));
            reads.receivers.push("vmi".to_owned());
        }
        let place = format!("{}: `{}`", self.file, sig.ident);
        let receivers = reads
            .receivers
            .iter()
            .map(|receiver| receiver.parse::<TokenStream>().expect("tokens"));
        // A test or `main` takes no parameter.
        let own_set = sig.inputs.is_empty().then(|| quote!(suppressed = set,));
        let args = quote!(options, #own_set vmi = (#(#receivers,)*));
        let item = quote!(#(#attrs)* #vis #sig #block);
        let expanded = expand::probed(args, &item);

        if expanded.to_string().contains("compile_error") {
            // One error a mistake, and for a good reason.
            let message = expanded.to_string();
            let options = message
                .matches("a probe gives an `Option`; write `??`")
                .count();
            let reason = [
                "needs a function that returns a `Result`",
                "must be written", // A hidden lifetime.
                // A result that is taken apart: that is for the other form.
                "a probe that faulted is `Ok(None)`, not an `Err`",
            ]
            .iter()
            .any(|reason| message.contains(reason));
            assert!(reason || options > 0, "{place}: {expanded}");
            let errors = usize::from(reason) + options;
            assert_eq!(message.matches("compile_error").count(), errors, "{place}");
            self.refused += 1;
            return;
        }
        assert!(matches!(&sig.output, ReturnType::Type(..)), "{place}");

        let ProbedFn {
            attrs: new_attrs,
            vis: new_vis,
            sig: new_sig,
            body,
        } = syn::parse2(expanded).unwrap_or_else(|error| panic!("{place}: {error}"));
        let strings = |attrs: &[Attribute]| -> Vec<String> {
            let attrs = attrs.iter().map(|attr| attr.to_token_stream().to_string());
            attrs
                .filter(|attr| attr != "# [allow (clippy :: too_many_arguments)]")
                .collect()
        };
        assert_eq!(strings(attrs), strings(&new_attrs), "{place}");
        let [old, new] = [vis, &new_vis].map(|vis| vis.to_token_stream().to_string());
        assert_eq!(old, new, "{place}");
        assert_eq!(
            signature(sig.clone()),
            without_addition(new_sig, own_set.is_some()),
            "{place}"
        );

        let Body::Parsed(_) = &body else {
            panic!("{place}: the body does not parse");
        };
        let original = inside(block.to_token_stream());
        let body = body.written();
        let found = |body: &TokenStream| unprobed(body.clone(), &reads.receivers);
        assert!(!found(&original).is_empty(), "{place}: no read is seen");
        assert_eq!(found(&body), [""; 0], "{place}: not probed");
        let restored = restore(body);
        assert_eq!(restored.body, text(original), "{place}");

        self.rewritten += 1;
        self.reads += reads.count;
        self.probes += restored.probes;
    }
}

/// The reads in a function, and what they are made on.
#[derive(Default)]
struct Reads {
    /// Whether there is a `?`.
    questions: bool,
    receivers: Vec<String>,
    count: usize,
}

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if vocabulary::is_read(&call.method) && receiver::Receiver::of(&call.receiver).is_some() {
            let receiver = call.receiver.to_token_stream().to_string();
            self.count += 1;
            if !self.receivers.contains(&receiver) {
                self.receivers.push(receiver);
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_try(&mut self, question: &'ast syn::ExprTry) {
        self.questions = true;
        visit::visit_expr_try(self, question);
    }

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Finds reads that stand in no probe, by their tokens.
fn unprobed(body: TokenStream, receivers: &[String]) -> Vec<String> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                // `__probed::read(..)` and its kin.
                let in_probe = index > 3
                    && matches!(&tokens[index - 4], TokenTree::Ident(name) if name == "__probed")
                    && matches!(&tokens[index - 1], TokenTree::Ident(name)
                        if ["read", "read_if", "need", "need_if"].iter().any(|probe| name == probe));
                if !in_probe {
                    found.extend(unprobed(group.stream(), receivers));
                }
            }
            TokenTree::Ident(name)
                if vocabulary::is_read(name) && is_called(&tokens[index + 1..]) =>
            {
                let before: TokenStream = tokens[..index].iter().cloned().collect();
                let before = before.to_string();
                let known = receivers.iter().any(|receiver| {
                    before
                        .strip_suffix('.')
                        .map(str::trim_end)
                        .and_then(|before| before.strip_suffix(receiver.as_str()))
                        .is_some_and(|rest| !rest.trim_end().ends_with('.'))
                });
                if known {
                    found.push(name.to_string());
                }
            }
            _ => {}
        }
    }
    found
}

fn is_called(after: &[TokenTree]) -> bool {
    match after.first() {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ':',
        _ => false,
    }
}

/// What stands between the braces.
fn inside(block: TokenStream) -> TokenStream {
    match block.into_iter().next() {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => panic!("a block in braces"),
    }
}

/// A signature as text, without commas that close a list, and without `mut`,
/// which the local of a parameter has in its place.
fn signature(mut sig: Signature) -> String {
    struct Locals;
    impl VisitMut for Locals {
        fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
            pat.mutability = None;
        }
    }
    Locals.visit_signature_mut(&mut sig);
    sig.inputs.pop_punct();
    sig.generics.params.pop_punct();
    sig.into_token_stream().to_string()
}

/// A signature as it was before the expansion.
fn without_addition(mut sig: Signature, own_set: bool) -> String {
    if !own_set {
        match sig.inputs.pop() {
            Some(FnArg::Typed(added)) => assert_eq!(
                added.to_token_stream().to_string(),
                "suppressed : & :: prober :: SuppressedPages"
            ),
            _ => panic!("no parameter was added"),
        }
    }
    let params = std::mem::take(&mut sig.generics.params);
    sig.generics.params = params
        .into_iter()
        .filter(|param| param.to_token_stream().to_string() != "'__probed")
        .collect();
    let mut text = signature(sig)
        .replace("& '__probed ", "& ")
        .replace("'__probed", "'_");
    // A parameter without a name was given one.
    for index in 0..16 {
        text = text.replace(&format!("__probed_{index} :"), "_ :");
    }
    text
}
