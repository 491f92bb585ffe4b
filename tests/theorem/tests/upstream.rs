//! What compiles plain compiles with `#[probed]`, without a warning more.
//!
//! The functions are those of vmi's own crates, and of crates that read files of
//! other formats: nobody wrote those with the attribute in mind. Their sources
//! are copied from cargo's cache into the target folder, once as they are and
//! once with the attribute on each function that can have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use serde_json::Value;
use syn::{
    Attribute, Block, GenericArgument, PathArguments, ReturnType, Signature, Type,
    spanned::Spanned,
    visit::{self, Visit},
};

/// A crate whose functions are rewritten.
struct Crate {
    name: &'static str,
    /// Those that build without a hypervisor.
    features: &'static [&'static str],
    /// Its own errors and where they are: here each can carry page faults.
    errors: &'static [(&'static str, &'static str)],
}

const CRATES: [Crate; 6] = [
    Crate {
        name: "vmi-os-linux",
        features: &[],
        errors: &[],
    },
    Crate {
        name: "vmi-os-windows",
        features: &[],
        errors: &[],
    },
    Crate {
        name: "vmi-utils",
        features: &[
            "reactor",
            "shellcode",
            "tracker",
            "arch-amd64",
            "os-windows",
        ],
        errors: &[],
    },
    Crate {
        name: "goblin",
        features: &[],
        errors: &[("src/error.rs", "Error")],
    },
    Crate {
        name: "object",
        features: &[],
        errors: &[("src/read/mod.rs", "Error")],
    },
    Crate {
        name: "sqlparser",
        features: &[],
        errors: &[("src/parser/mod.rs", "ParserError")],
    },
];

/// What makes an error one that can carry page faults.
const CARRIER: &str = "
impl From<::prober::ProbeError> for ERROR {
    fn from(error: ::prober::ProbeError) -> Self {
        panic!(\"{error}\")
    }
}

impl ::prober::FaultError for ERROR {
    fn missing(&self) -> Option<::prober::Missing<'_>> {
        None
    }
}
";

/// The signature stays as it is, for the callers do not know of a set.
const PROBED: &str = "#[::prober::probed(suppressed = ::prober::SuppressedPages::new())] ";

/// What must be seen to fail.
const WRONG: &str = "#[::prober::probed(nonsense)] ";

/// What stands in a return type whose error can carry page faults.
const CARRIERS: [&str; 2] = ["VmiError", "Box < dyn std :: error :: Error >"];

#[test]
#[ignore = "fetches and builds other crates"]
fn what_compiles_plain_compiles() {
    let sources = sources();
    // One folder for all forms: of two, cargo takes the one for the other
    // where both have the target folder in common.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("upstream");
    let form = |attribute| {
        let mut annotated = write(&folder, &sources, attribute);
        loop {
            let found = diagnostics(&folder);
            let out = without_carriers(&found, attribute);
            if out.is_empty() {
                return (annotated, found);
            }
            for krate in out {
                *annotated.get_mut(krate).expect("one of the crates") -= 1;
            }
        }
    };

    let (_, plain) = form("");
    let (annotated, probed) = form(PROBED);
    println!("annotated: {annotated:?}");
    let sum: usize = annotated.values().sum();
    assert!(sum >= 1100, "only {sum} functions: {annotated:?}");
    let more: Vec<&str> = probed
        .iter()
        .filter(|(message, _)| !plain.contains_key(*message))
        .map(|(_, found)| found.rendered.as_str())
        .collect();
    let count = more.len();
    let more = more.concat();
    assert!(
        count == 0,
        "{count} errors and warnings that plain code does not give\n\n{more}"
    );

    let (_, wrong) = form(WRONG);
    assert!(
        wrong.keys().any(|message| message.contains("nonsense")),
        "an error is not seen: {:?}",
        wrong.keys()
    );
}

/// Writes the crates, with an attribute on their functions; returns on how
/// many of each.
fn write(
    folder: &Path,
    sources: &BTreeMap<&'static str, PathBuf>,
    attribute: &str,
) -> BTreeMap<&'static str, usize> {
    let mut annotated = BTreeMap::new();
    for Crate {
        name,
        features,
        errors,
    } in CRATES
    {
        let copied = folder.join(name);
        let _ = fs::remove_dir_all(&copied);
        copy(&sources[name], &copied);
        write_manifest(&copied, features);
        let files = rust_files(&copied.join("src"));
        let count = files
            .iter()
            .map(|file| annotate(file, attribute, !errors.is_empty()));
        annotated.insert(name, count.sum());
        for (file, error) in errors {
            let path = copied.join(file);
            let text = fs::read_to_string(&path).expect("readable");
            let carrier = CARRIER.replace("ERROR", error);
            fs::write(path, text + &carrier).expect("writable");
        }
    }
    write_workspace(folder);
    annotated
}

/// Where cargo has the sources of the crates.
fn sources() -> BTreeMap<&'static str, PathBuf> {
    let manifest = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../prober-macros/real-code/Cargo.toml"
    );
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--manifest-path",
            manifest,
        ])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    CRATES
        .iter()
        .map(|Crate { name, .. }| {
            let package = packages
                .iter()
                .find(|package| package["name"] == *name)
                .unwrap_or_else(|| panic!("{name} is not in the manifest"));
            let manifest = package["manifest_path"].as_str().expect("a path");
            (*name, Path::new(manifest).with_file_name(""))
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("readable").is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Not `fs::copy`: the cache may be read-only, and the copy is not.
            fs::write(&target, fs::read(entry.path()).expect("readable")).expect("writable");
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
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

/// Adds our crate to a published manifest, and turns features on.
fn write_manifest(folder: &Path, features: &[&str]) {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).expect("readable");
    let prober = concat!(env!("CARGO_MANIFEST_DIR"), "/../../prober");
    let mut added = format!("\n[dependencies.prober]\npath = {prober:?}\n");
    if !features.is_empty() {
        let default = text.replace("default = []", &format!("default = {features:?}"));
        assert_ne!(default, text, "no default features to replace");
        fs::write(&path, default + &added).expect("writable");
        return;
    }
    added.insert_str(0, &text);
    fs::write(path, added).expect("writable");
}

fn write_workspace(folder: &Path) {
    let names = CRATES.map(|krate| krate.name);
    let patches = names.map(|name| format!("{name} = {{ path = {name:?} }}\n"));
    let patches = patches.concat();
    fs::write(
        folder.join("Cargo.toml"),
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = {names:?}\n\n[patch.crates-io]\n{patches}"
        ),
    )
    .expect("writable");
    // The versions that this workspace is tested with.
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("a lock file");
}

/// Puts the attribute on the functions of a file, or on `all` that return a
/// `Result`; returns on how many.
fn annotate(file: &Path, attribute: &str, all: bool) -> usize {
    let mut source = fs::read_to_string(file).expect("readable");
    let parsed = syn::parse_file(&source).expect("published code parses");
    let mut functions = Functions {
        starts: BTreeSet::new(),
        all,
    };
    functions.visit_file(&parsed);
    for start in functions.starts.iter().rev() {
        source.insert_str(*start, attribute);
    }
    fs::write(file, source).expect("writable");
    functions.starts.len()
}

/// Finds where the functions begin that can have the attribute.
struct Functions {
    starts: BTreeSet<usize>,
    /// Whether the error may be any.
    all: bool,
}

impl Functions {
    fn function(&mut self, attrs: &[Attribute], start: usize, sig: &Signature, block: &Block) {
        let is_test = attrs.iter().any(|attr| attr.path().is_ident("test"));
        if !is_test
            && sig.constness.is_none()
            && carries_faults(&sig.output, self.all)
            && asks(block.to_token_stream())
        {
            self.starts.insert(start);
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let start = begin(&item.vis, &item.sig);
        self.function(&item.attrs, start, &item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let start = begin(&item.vis, &item.sig);
        self.function(&item.attrs, start, &item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            let start = begin(&syn::Visibility::Inherited, &item.sig);
            self.function(&item.attrs, start, &item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// Where a function begins, behind its own attributes.
fn begin(vis: &syn::Visibility, sig: &Signature) -> usize {
    let tokens = vis.to_token_stream().into_iter().next();
    let first = tokens.map_or_else(|| sig.span(), |token| token.span());
    first.byte_range().start
}

/// Whether the error of a `Result` can carry page faults, as far as is known.
fn carries_faults(output: &ReturnType, all: bool) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    let Type::Path(path) = &**ty else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    if all {
        return last.ident == "Result";
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    let Some(GenericArgument::Type(error)) = arguments.args.last() else {
        return false;
    };
    let error = error.to_token_stream().to_string();
    last.ident == "Result"
        && arguments.args.len() == 2
        && CARRIERS.iter().any(|carrier| error == *carrier)
}

/// Whether there is a `?` that is not that of `?Sized`.
fn asks(tokens: TokenStream) -> bool {
    let mut operand = false;
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '?' && operand => return true,
            TokenTree::Group(group) if asks(group.stream()) => return true,
            TokenTree::Group(group) => operand = group.delimiter() != Delimiter::None,
            TokenTree::Punct(_) => operand = false,
            TokenTree::Ident(_) | TokenTree::Literal(_) => operand = true,
        }
    }
    false
}

/// Removes the attribute from functions whose errors turn out to carry no
/// faults. Returns their crates.
fn without_carriers(found: &BTreeMap<String, Found>, attribute: &str) -> Vec<&'static str> {
    let mut out = Vec::new();
    let opaque = found
        .iter()
        .filter(|(message, _)| message.contains("must be able to carry page faults"));
    for place in opaque.flat_map(|(_, found)| &found.places) {
        let (file, line) = place;
        let mut source = fs::read_to_string(file).expect("readable");
        let end = source.split_inclusive('\n').take(*line).map(str::len).sum();
        let start = source[..end].rfind(attribute).expect("its attribute");
        source.replace_range(start..start + attribute.len(), "");
        fs::write(file, source).expect("writable");
        let krate = CRATES
            .iter()
            .find(|krate| file.iter().any(|folder| folder == krate.name));
        out.push(krate.expect("one of the crates").name);
    }
    out
}

/// What is found in one or more places.
#[derive(Default)]
struct Found {
    /// As cargo shows it.
    rendered: String,
    /// The files, and the lines in them.
    places: BTreeSet<(PathBuf, usize)>,
}

/// The errors and warnings of a build, each without its place.
fn diagnostics(workspace: &Path) -> BTreeMap<String, Found> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--keep-going", "--message-format=json"])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", workspace.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut built = BTreeSet::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(target) = message["target"]["name"].as_str() else {
            continue;
        };
        if message["reason"] == "compiler-artifact" {
            built.insert(target.replace('_', "-"));
        }
        let diagnostic = &message["message"];
        if message["reason"] != "compiler-message" || diagnostic["spans"] == Value::Array(vec![]) {
            continue;
        }
        let text = diagnostic["message"].as_str().expect("a text");
        let code = &diagnostic["code"]["code"];
        let level = &diagnostic["level"];
        let rendered = diagnostic["rendered"].as_str().unwrap_or(text);
        let message = format!("{target}: {level} {code} {text}");
        let found = found.entry(message).or_default();
        rendered.clone_into(&mut found.rendered);
        let spans = diagnostic["spans"].as_array().expect("spans");
        for span in spans.iter().filter(|span| span["is_primary"] == true) {
            let file = span["file_name"].as_str().expect("a file");
            let line = span["line_start"].as_u64().expect("a number");
            let line = usize::try_from(line).expect("a line");
            found.places.insert((workspace.join(file), line));
        }
    }
    // A build that fails otherwise has nothing to say of our crates.
    let missing = CRATES.iter().any(|krate| !built.contains(krate.name));
    assert!(
        !missing || !found.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    found
}
