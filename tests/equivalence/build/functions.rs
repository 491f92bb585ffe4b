//! Whole functions: their signatures, and the calls that give each shape the
//! same type.

use crate::code::{Code, Random};

/// Makes functions.
pub(crate) struct Generator {
    pub(crate) random: Random,
    labels: usize,
    /// What an early `return` from a `u64` (in `$2`) gives.
    pub(crate) tail: &'static str,
    /// What an early `return` without a value at hand gives.
    pub(crate) early: &'static str,
}

/// Where code stands.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a place"
)]
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// How much deeper expressions may go.
    pub(crate) depth: usize,
    pub(crate) vars: Vec<String>,
    pub(crate) muts: Vec<String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) in_loop: bool,
    /// Reads are plain.
    pub(crate) in_probe: bool,
    /// There is no `?`.
    pub(crate) quiet: bool,
    /// `?` is that of a closure, whose error is `VmiError`.
    pub(crate) in_closure: bool,
    /// Whether the suppressed set is a parameter.
    pub(crate) has_set: bool,
}

/// A label that can be left.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) is_loop: bool,
}

impl Scope {
    pub(crate) fn deeper(&self) -> Self {
        Self {
            depth: self.depth.saturating_sub(1),
            ..self.clone()
        }
    }

    pub(crate) fn in_probe(&self) -> Self {
        Self {
            in_probe: true,
            ..self.clone()
        }
    }

    pub(crate) fn in_closure(&self) -> Self {
        Self {
            in_closure: true,
            in_loop: false,
            labels: Vec::new(),
            muts: Vec::new(),
            ..self.clone()
        }
    }

    pub(crate) fn with_var(&self, name: &str) -> Self {
        let mut scope = self.clone();
        scope.vars.push(name.to_owned());
        scope
    }

    pub(crate) fn with_label(&self, name: &str, is_loop: bool) -> Self {
        let mut scope = self.clone();
        let name = name.to_owned();
        scope.labels.push(Label { name, is_loop });
        scope
    }
}

/// A form of a function. In its texts `NAME` is filled in, and for `SET` the
/// argument that the attribute adds.
struct Form {
    /// The parameters, and what is around them.
    head: &'static str,
    /// What follows the body.
    foot: &'static str,
    /// The call, which gives a `Result<u64, _>`.
    call: &'static str,
    /// How a `u64` in `$2` leaves the function.
    tail: &'static str,
    early: &'static str,
    vars: &'static [&'static str],
}

const FORMS: &[Form] = &[
    Form {
        head: "fn NAME(vmi: &Vmi<'_>, log: &Log, x: u64)",
        foot: "",
        call: "NAME(vmi, log, x SET)",
        tail: "Ok($2)",
        early: "Ok(3)",
        vars: &["x"],
    },
    Form {
        head: "async fn NAME(vmi: &Vmi<'_>, log: &Log, x: u64)",
        foot: "",
        call: "block_on(NAME(vmi, log, x SET))",
        tail: "Ok($2)",
        early: "Ok(3)",
        vars: &["x"],
    },
    Form {
        head: "fn NAME(vmi: &Vmi<'_>, first: Guard<'_>, log: &Log, _: Guard<'_>, mut x: u64, (third, _fourth): (Guard<'_>, Guard<'_>))",
        foot: "",
        call: "NAME(vmi, Guard::new(log, 1), log, Guard::new(log, 2), x, (Guard::new(log, 3), Guard::new(log, 4)) SET)",
        tail: "Ok(first.pass($2))",
        early: "Ok(third.pass(3))",
        vars: &["x"],
    },
    Form {
        head: "async fn NAME(vmi: &Vmi<'_>, first: Guard<'_>, log: &Log, _: Guard<'_>, x: u64, mut third: Guard<'_>)",
        foot: "",
        call: "block_on(NAME(vmi, Guard::new(log, 1), log, Guard::new(log, 2), x, Guard::new(log, 3) SET))",
        tail: "Ok(third.pass($2))",
        early: "Ok(first.pass(3))",
        vars: &["x"],
    },
    Form {
        head: "fn NAME<'a>(vmi: &Vmi<'_>, log: &Log, list: &'a [u64], x: u64)",
        foot: "",
        call: "NAME(vmi, log, &[1, 2, 3], x SET).copied()",
        tail: "Ok(&list[$2 as usize % 3])",
        early: "Ok(&list[0])",
        vars: &["x"],
    },
    Form {
        head: "fn NAME<'a>(vmi: &Vmi<'_>, log: &Log, slot: &'a mut u64, x: u64)",
        foot: "",
        call: "NAME(vmi, log, &mut 9, x SET).map(|slot| *slot)",
        tail: "{ *slot ^= $2; Ok(slot) }",
        early: "Ok(slot)",
        vars: &["x"],
    },
    Form {
        head: "fn NAME(vmi: &Vmi<'_>, log: &Log, x: u64)",
        foot: "",
        call: "NAME(vmi, log, x SET).map(|values| values.fold(0, |a, b| a ^ b))",
        tail: "Ok([x, $2].into_iter())",
        early: "Ok([3, x].into_iter())",
        vars: &["x"],
    },
    Form {
        head: "struct Of_NAME { y: u64 } impl Of_NAME { fn NAME(&mut self, vmi: &Vmi<'_>, log: &Log, x: u64)",
        foot: "}",
        call: "Of_NAME { y: 5 }.NAME(vmi, log, x SET)",
        tail: "{ self.y ^= $2; Ok(self.y) }",
        early: "Ok(self.y)",
        vars: &["x", "self.y"],
    },
    Form {
        head: "fn NAME<const N: u64, T>(vmi: &Vmi<'_>, log: &Log, x: T)",
        foot: "",
        call: "NAME::<4, _>(vmi, log, x as u32 SET)",
        tail: "Ok($2)",
        early: "Ok(N)",
        vars: &["Into::<u64>::into(x.clone())", "N"],
    },
];

const RESULTS: &[&str] = &[
    "Result<u64, ERROR>",
    "Result<u64, ERROR>",
    "Result<u64, ERROR>",
    "Result<u64, ERROR>",
    "Result<&'a u64, ERROR>",
    "Result<&'a mut u64, ERROR>",
    "Result<impl Iterator<Item = u64>, ERROR>",
    "Result<u64, ERROR>",
    "Result<u64, ERROR> where T: Into<u64> + Clone",
];

const ERRORS: &[&str] = &[
    "VmiError",
    "ProbeError",
    "Box<dyn std::error::Error>",
    "App",
];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            labels: 0,
            tail: "",
            early: "",
        }
    }

    /// Both functions of a shape, and their calls.
    pub(crate) fn shape(&mut self, number: usize) -> String {
        let form = number % FORMS.len();
        let (form, result) = (&FORMS[form], RESULTS[form]);
        let error = ERRORS[number / FORMS.len() % ERRORS.len()];
        let own_set = self.random.one_in(4);
        self.labels = 0;
        self.tail = form.tail;
        self.early = form.early;
        let mut scope = Scope {
            depth: 3,
            vars: form.vars.iter().map(|name| (*name).to_owned()).collect(),
            muts: Vec::new(),
            labels: Vec::new(),
            in_loop: false,
            in_probe: false,
            quiet: false,
            in_closure: false,
            has_set: !own_set,
        };
        // What cannot be missing from a function with the attribute.
        let mut body = Code::two(
            "let start = vmi.read_u64(at(1))?;",
            "let start = vmi.read_u64(at(1))??;",
        );
        scope.vars.push("start".to_owned());
        for _ in 0..2 + self.random.below(4) {
            let stmt = self.stmt(&mut scope);
            body = Code::same("$0\n$1").fill(&[&body, &stmt]);
        }
        let value = self.expr(&scope);
        let tail = Code::same(form.tail).fill(&[&value, &value, &value]);
        let body = Code::same("$0\n$1").fill(&[&body, &tail]);

        let function = |kind: &str, attribute: &str, body: &str, set: &str| {
            let name = format!("{kind}_{number}");
            let result = result.replace("ERROR", error);
            let head = form.head.replace("NAME", &name);
            // The attribute belongs to the function, not to what is around it.
            let head = match head.split_once("{ fn ") {
                None => format!("{attribute} {head}"),
                Some((around, function)) => format!("{around} {{ {attribute} fn {function}"),
            };
            let head = head.replace("} impl", "}\nimpl");
            let call = form.call.replace("NAME", &name).replace(" SET", set);
            format!(
                "{head} -> {result} {{\n{body}\n}} {foot}\n\
                 fn call_{name}(vmi: &Vmi<'_>, log: &Log, x: u64) -> Result<u64, String> {{\n\
                 {call}.map_err(|error| error.to_string())\n}}\n",
                foot = form.foot,
            )
        };
        let plain = function("plain", "", &body.plain, "");
        let probed = if own_set {
            let attribute = "#[probed(options, suppressed = SuppressedPages::new())]";
            function("probed", attribute, &body.probed, "")
        } else {
            let set = ", &SuppressedPages::new()";
            function("probed", "#[probed(options)]", &body.probed, set)
        };
        format!("{plain}\n{probed}\n")
    }

    pub(crate) fn label(&mut self) -> String {
        self.labels += 1;
        format!("'l{}", self.labels)
    }

    /// A name for a variable: a new one, or one that shadows another.
    pub(crate) fn name(&mut self, scope: &Scope) -> String {
        let name = (*self.random.pick(&["a", "b", "c", "d", "value"])).to_owned();
        if scope.muts.contains(&name) {
            return format!("{name}_{}", self.random.below(100));
        }
        name
    }
}
