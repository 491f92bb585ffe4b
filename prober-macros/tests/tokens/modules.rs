//! How the files of the crate import one another: in stages, so that each can
//! be read without those above it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use syn::{
    Item, UseTree,
    visit::{self, Visit},
};

/// A module by its path from the root, which is empty.
type Module = Vec<String>;

/// The modules that each file imports from.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_circle() {
    let imports = imports();
    assert!(imports.len() > 50, "all files are found");
    let mut done = BTreeSet::new();
    for module in imports.keys() {
        visit_imports(&imports, module, &mut Vec::new(), &mut done);
    }
}

/// Visits what a module imports, and panics where that leads back to it.
fn visit_imports(
    imports: &Imports,
    module: &Module,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) {
    if let Some(start) = way.iter().position(|other| other == module) {
        let circle = way[start..].iter().map(|module| module.join("::"));
        panic!("a circle of imports: {:?}", circle.collect::<Vec<_>>());
    }
    if done.contains(module) {
        return;
    }
    way.push(module.clone());
    for other in &imports[module] {
        visit_imports(imports, other, way, done);
    }
    way.pop();
    done.insert(module.clone());
}

fn imports() -> Imports {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    find_files(&src, &mut Vec::new(), &mut files);
    let modules = files.keys().cloned().collect::<BTreeSet<_>>();
    let of = |(module, text): (Module, String)| {
        let mut find = Find {
            modules: &modules,
            module: &module,
            found: BTreeSet::new(),
        };
        find.visit_file(&syn::parse_file(&text).expect("the crate parses"));
        let found = find.found;
        (module, found)
    };
    files.into_iter().map(of).collect()
}

/// Reads the files in a folder, which is that of a module.
fn find_files(folder: &Path, module: &mut Module, files: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        let is_root = module.is_empty() && name == "lib";
        if !is_root {
            module.push(name.into_owned());
        }
        if path.is_dir() {
            find_files(&path, module, files);
        } else {
            let text = fs::read_to_string(&path).expect("a source file");
            files.insert(module.clone(), text);
        }
        if !is_root {
            module.pop();
        }
    }
}

/// Finds the modules that a file names in its imports and paths.
struct Find<'m> {
    modules: &'m BTreeSet<Module>,
    module: &'m Module,
    found: BTreeSet<Module>,
}

impl Find<'_> {
    /// A path of names. What a parent passes on counts as the parent's.
    fn path(&mut self, names: &[String]) {
        let (first, mut names) = match names.split_first() {
            Some((first, names)) => (first.as_str(), names),
            None => return,
        };
        let mut module = match first {
            "crate" => Module::new(),
            "self" | "super" => self.module.clone(),
            _ => return,
        };
        if first == "super" {
            module.pop();
        }
        while let Some((name, rest)) = names.split_first() {
            if name == "super" {
                module.pop();
            } else {
                module.push(name.clone());
                if !self.modules.contains(&module) {
                    module.pop();
                    break;
                }
            }
            names = rest;
        }
        if module != *self.module {
            self.found.insert(module);
        }
    }

    fn tree(&mut self, tree: &UseTree, names: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                names.push(path.ident.to_string());
                self.tree(&path.tree, names);
                names.pop();
            }
            UseTree::Name(name) => {
                names.push(name.ident.to_string());
                self.path(names);
                names.pop();
            }
            UseTree::Rename(name) => {
                names.push(name.ident.to_string());
                self.path(names);
                names.pop();
            }
            UseTree::Glob(_) => self.path(names),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, names);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            // In a module of the file `super` is the file.
            Item::Mod(_) => {}
            Item::Use(item) => self.tree(&item.tree, &mut Vec::new()),
            item => visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter();
        let names = names.map(|segment| segment.ident.to_string());
        self.path(&names.collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
