//! Whole programs.

use std::fmt::Write as _;

use crate::{random::Random, scope::Scope};

/// Writes programs.
pub(crate) struct Writer {
    pub(crate) random: Random,
    names: usize,
    /// Shapes that are left out, to find others.
    pub(crate) without: String,
}

/// How a function is declared, with `NAME`, `SET` for the parameter that the
/// attribute adds, and `ATTRIBUTE`; and how it is called.
struct Form {
    head: &'static str,
    foot: &'static str,
    call: &'static str,
    has_set: bool,
    is_async: bool,
    is_method: bool,
}

const PARAMETERS: &str = "vmi: &World<'_>, w: &World<'_>, root: Object<'_>, out: &mut Vec<u64>, text: &mut String, total: &mut u64, queue: &mut Vec<u64>, log: &RefCell<Vec<u64>>";

const ARGUMENTS: &str = "world, world, Object::root(world), &mut outs.out, &mut outs.text, &mut outs.total, &mut outs.queue, &outs.log";

const FORMS: &[Form] = &[
    Form {
        head: "ATTRIBUTE\nfn NAME(PARAMETERS SET) -> Result<u64, ProbeError>",
        foot: "",
        call: "NAME(ARGUMENTS, set)",
        has_set: true,
        is_async: false,
        is_method: false,
    },
    Form {
        head: "ATTRIBUTE\nfn NAME(PARAMETERS SET) -> Result<u64, VmiError>",
        foot: "",
        call: "NAME(ARGUMENTS, set)",
        has_set: true,
        is_async: false,
        is_method: false,
    },
    Form {
        head: "trait NAME {\nfn NAME(&mut self, PARAMETERS, suppressed: &SuppressedPages) -> Result<u64, ProbeError>;\n}\nimpl NAME for Me {\nATTRIBUTE\nfn NAME(&mut self, PARAMETERS SET) -> Result<u64, ProbeError>",
        foot: "}",
        call: "outs.me.NAME(ARGUMENTS, set)",
        has_set: true,
        is_async: false,
        is_method: true,
    },
    Form {
        head: "ATTRIBUTE\nasync fn NAME(PARAMETERS SET) -> Result<u64, ProbeError>",
        foot: "",
        call: "block_on(NAME(ARGUMENTS, set))",
        has_set: true,
        is_async: true,
        is_method: false,
    },
    Form {
        head: "OWN\nfn NAME(PARAMETERS, given: &SuppressedPages) -> Result<u64, Box<dyn std::error::Error>>",
        foot: "",
        call: "NAME(ARGUMENTS, set)",
        has_set: false,
        is_async: false,
        is_method: false,
    },
    Form {
        head: "ATTRIBUTE\nfn NAME(PARAMETERS SET) -> Result<u64, App>",
        foot: "",
        call: "NAME(ARGUMENTS, set)",
        has_set: true,
        is_async: false,
        is_method: false,
    },
];

/// A program in its two forms, and what it is called.
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) plain: String,
    pub(crate) probed: String,
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            names: 0,
            without: std::env::var("THEOREM_WITHOUT").unwrap_or_default(),
        }
    }

    pub(crate) fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    /// A program of so many statements.
    pub(crate) fn program(&mut self, number: usize, size: usize) -> Written {
        // Half of them are of the simplest form.
        let form = if number.is_multiple_of(2) {
            0
        } else {
            number / 2 % FORMS.len()
        };
        let form = &FORMS[form];
        self.names = 0;
        let mut scope = Scope {
            objects: vec!["root".to_owned()],
            has_set: form.has_set,
            is_async: form.is_async,
            depth: 1 + self.random.below(3),
            ..Scope::default()
        };
        if form.is_method {
            scope.add_place("self.count");
            scope.lists.push("self.list".to_owned());
            scope.cells.push("self.seen".to_owned());
        }
        let mut body = String::new();
        // What the attribute has something to do with.
        let first = self.question(&scope);
        let _ = writeln!(body, "let first = {first};");
        scope.numbers.push("first".to_owned());
        for _ in 0..size {
            let _ = writeln!(body, "{}", self.statement(&mut scope));
        }
        scope.depth = 1;
        let is_whole = |scope: &Scope| {
            scope.places.iter().any(|place| place == "self.count")
                && scope.lists.iter().any(|list| list == "self.list")
        };
        if form.is_method && is_whole(&scope) && self.random.one_in(2) {
            // They may hold a part of `self`.
            scope.closures.clear();
            scope.changers.clear();
            let value = self.number(&scope.calm());
            let _ = writeln!(body, "self.bump({value});");
        }
        let value = self.number(&scope);
        let tail = match self.random.below(6) {
            0 => format!("w.finish({value}).map_err(Into::into)"),
            1 => format!(
                "Ok(Row {{ a: {value}, b: {}, c: 3 }}.sum())",
                self.number(&scope)
            ),
            2 => format!("{{ w.act(\"end\", {value}); Ok(5) }}"),
            3 => format!(
                "if {} {{ Ok({value}) }} else {{ Ok(2) }}",
                self.condition(&scope)
            ),
            4 => format!("let end = {value}; w.act(\"end\", end); Ok(end)"),
            _ => format!("Ok({value})"),
        };
        body += &tail;

        let name = format!("program_{number}");
        let text = |attribute: &str, own: &str, set: &str| {
            let head = form
                .head
                .replace("PARAMETERS", PARAMETERS)
                .replace("ATTRIBUTE", attribute)
                .replace("OWN", own)
                .replace(" SET", set)
                .replace("NAME", &name);
            let call = form
                .call
                .replace("NAME", &name)
                .replace("ARGUMENTS", ARGUMENTS);
            format!(
                "{head} {{\n{body}\n}}\n{}\n\
                 pub fn call_{number}<'w>(world: &'w World<'w>, outs: &mut Outs, set: &SuppressedPages) -> Outcome {{\n\
                 outcome({call})\n}}\n",
                form.foot
            )
        };
        Written {
            plain: text("", "", ", suppressed: &SuppressedPages"),
            probed: text("#[probed]", "#[probed(suppressed = given)]", ""),
            name,
        }
    }
}
