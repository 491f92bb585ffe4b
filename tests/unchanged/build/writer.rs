//! Writes one program.

use std::fmt::Write as _;

use crate::random::Random;

/// A program, and what is known of it.
pub(crate) struct Program {
    pub(crate) body: String,

    /// Whether what it asks does not depend on what it takes apart or leaves
    /// by: then no run asks for a page that a resident one does not.
    pub(crate) strict: bool,
}

/// The variables in scope.
#[derive(Clone, Default)]
struct Scope {
    numbers: Vec<String>,
    objects: Vec<String>,
    /// Numbers that can change.
    counters: Vec<String>,
    cells: Vec<String>,
    /// Closures that take a number and give one.
    closures: Vec<String>,
    in_loop: bool,
    labels: Vec<String>,
}

pub(crate) struct Writer<'r> {
    random: &'r mut Random,
    text: String,
    made: usize,
    strict: bool,
}

impl<'r> Writer<'r> {
    pub(crate) fn new(random: &'r mut Random) -> Self {
        Self {
            random,
            text: String::new(),
            made: 0,
            strict: true,
        }
    }

    pub(crate) fn program(mut self, size: usize) -> Program {
        let mut scope = Scope {
            objects: vec!["vmi".to_owned()],
            ..Scope::default()
        };
        self.line("let mut count = 0u64;");
        scope.counters.push("count".to_owned());
        scope.numbers.push("count".to_owned());
        let mut left = size;
        while left > 0 {
            self.statement(&mut scope, 0, &mut left);
        }
        let tail = match self.random.below(4) {
            0 => format!(
                "Ok(Row {{ a: {}, b: {}, c: {} }}.sum() ^ count)",
                self.number(&scope, 1),
                self.number(&scope, 1),
                self.number(&scope, 1)
            ),
            1 => format!("Ok({} ^ count)", self.number(&scope, 2)),
            2 => format!(
                "w.check({} ^ count).map_err(Into::into)",
                self.number(&scope, 1)
            ),
            _ => format!(
                "{{ w.act(\"end\", {}); Ok(count) }}",
                self.number(&scope, 1)
            ),
        };
        self.line(&tail);
        Program {
            body: self.text,
            strict: self.strict,
        }
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
    }

    fn name(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}{}", self.made)
    }

    fn pick(&mut self, from: &[String]) -> String {
        from[self.random.below(from.len())].clone()
    }

    fn field(&mut self, scope: &Scope) -> String {
        if !scope.numbers.is_empty() && self.random.one_in(4) {
            let name = self.pick(&scope.numbers);
            format!("{name} % 8")
        } else {
            self.random.below(8).to_string()
        }
    }

    /// An expression of type `u64`, without blocks.
    fn number(&mut self, scope: &Scope, depth: usize) -> String {
        let object = self.pick(&scope.objects);
        let field = self.field(scope);
        match self.random.below(if depth == 0 { 3 } else { 16 }) {
            0 if !scope.numbers.is_empty() => self.pick(&scope.numbers),
            0 | 1 => self.random.below(50).to_string(),
            2..=6 => format!("{object}.num({field})?"),
            7 => {
                // It may leave with an error of its own.
                self.strict = false;
                format!("{object}.hard({field})?")
            }
            8 => format!("{object}.opt({field})?.unwrap_or(3)"),
            9 => {
                self.strict = false;
                let other = self.number(scope, 0);
                match self.random.below(4) {
                    0 => format!("{object}.num({field}).unwrap_or({other})"),
                    1 => format!("{object}.num({field}).ok().map_or(5, |x| x + 1)"),
                    2 => format!("u64::from({object}.num({field}).is_ok())"),
                    _ => format!("{object}.hard({field}).unwrap_or_default()"),
                }
            }
            10 => format!(
                "({} ^ {})",
                self.number(scope, depth - 1),
                self.number(scope, depth - 1)
            ),
            11 => format!("NESTED(w, &{object}, {field}, suppressed)?"),
            12 if !scope.closures.is_empty() => {
                let closure = self.pick(&scope.closures);
                format!("{closure}({})", self.number(scope, depth - 1))
            }
            13 if !scope.cells.is_empty() => {
                let cell = self.pick(&scope.cells);
                format!("{cell}.get()")
            }
            14 => format!(
                "(|x: u64| -> Result<u64, VmiError> {{ Ok(x ^ {object}.num({field})?) }})({})?",
                self.number(scope, 0)
            ),
            _ => format!("{object}.obj({field})?.num({})?", self.field(scope)),
        }
    }

    fn condition(&mut self, scope: &Scope) -> String {
        self.strict = false;
        match self.random.below(5) {
            0 => format!("{} % 2 == 0", self.number(scope, 1)),
            1 => format!(
                "{} % 3 == 1 && {} % 2 == 1",
                self.number(scope, 1),
                self.number(scope, 1)
            ),
            2 => {
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                format!("{object}.opt({field})?.is_some()")
            }
            3 => format!("{} % 2 == 0", self.pick(&scope.numbers)),
            _ => format!("{} > 40", self.number(scope, 1)),
        }
    }

    fn block(&mut self, scope: &Scope, depth: usize, left: &mut usize) {
        let mut inner = scope.clone();
        for _ in 0..=self.random.below(3) {
            self.statement(&mut inner, depth + 1, left);
        }
    }

    #[expect(clippy::too_many_lines, reason = "a list of shapes")]
    fn statement(&mut self, scope: &mut Scope, depth: usize, left: &mut usize) {
        *left = left.saturating_sub(1);
        let kind = self.random.below(if depth > 2 { 17 } else { 29 });
        match kind {
            0..=3 => {
                let value = self.number(scope, 2);
                // Sometimes an old name.
                let name = if self.random.one_in(6) && scope.numbers.len() > 1 {
                    let name = self.pick(&scope.numbers);
                    if scope.counters.contains(&name) || !name.chars().all(char::is_alphanumeric) {
                        self.name("n")
                    } else {
                        name
                    }
                } else {
                    self.name("n")
                };
                self.line(&format!("let {name} = {value};"));
                if !scope.numbers.contains(&name) {
                    scope.numbers.push(name);
                }
            }
            4 | 5 => {
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                let name = self.name("o");
                self.line(&format!("let {name} = {object}.obj({field})?;"));
                scope.objects.push(name);
            }
            6 => {
                let value = self.number(scope, 2);
                self.line(&format!("w.act(\"act\", {value});"));
            }
            7 => {
                let value = self.number(scope, 1);
                self.line(&format!("out.push({value});"));
            }
            8 => {
                let counter = self.pick(&scope.counters);
                let value = self.number(scope, 1);
                self.line(&format!("{counter} = {counter}.wrapping_add({value});"));
            }
            9 => {
                let value = self.number(scope, 1);
                self.line(&format!("w.check({value})?;"));
            }
            10 => {
                let name = self.name("g");
                let number = self.number(scope, 1);
                self.line(&format!("let {name} = w.guard({number});"));
                if self.random.one_in(2) {
                    scope.numbers.push(format!("{name}.number()"));
                }
            }
            11 => {
                let name = self.name("c");
                let value = self.number(scope, 1);
                self.line(&format!("let {name} = Cell::new({value});"));
                scope.cells.push(name);
            }
            12 if !scope.cells.is_empty() => {
                let cell = self.pick(&scope.cells);
                let value = self.number(scope, 1);
                self.line(&format!("{cell}.set({value});"));
            }
            13 => {
                let name = self.name("f");
                let seen = self.pick(&scope.numbers);
                if scope.counters.contains(&seen) || self.random.one_in(2) {
                    self.line(&format!(
                        "let {name} = {{ let k = {seen}; move |x: u64| x ^ k }};"
                    ));
                } else {
                    self.line(&format!("let {name} = |x: u64| x ^ {seen};"));
                }
                scope.closures.push(name);
            }
            14 => {
                let name = self.name("b");
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                self.line(&format!("let mut {name} = [0u64; 2];"));
                self.line(&format!("{object}.read({field}, &mut {name})?;"));
                scope.numbers.push(format!("{name}[1]"));
            }
            15 => {
                let name = self.name("r");
                let counter = self.pick(&scope.counters);
                let value = self.number(scope, 0);
                self.line(&format!(
                    "let {name} = &mut {counter}; *{name} = {name}.wrapping_mul(3); *{name} ^= {};",
                    if value.contains(&counter) {
                        "1".to_owned()
                    } else {
                        value
                    }
                ));
            }
            16 => {
                let name = self.name("p");
                let (a, b) = (self.number(scope, 1), self.number(scope, 1));
                self.line(&format!("let ({name}, _) = ({a}, {b});"));
                scope.numbers.push(name);
            }
            17 | 18 => {
                let condition = self.condition(scope);
                self.line(&format!("if {condition} {{"));
                self.block(scope, depth, left);
                if self.random.one_in(2) {
                    self.line("} else {");
                    self.block(scope, depth, left);
                }
                self.line("}");
            }
            19 => {
                let condition = self.condition(scope);
                let exit = self.exit(scope);
                self.line(&format!("if {condition} {{ {exit} }}"));
            }
            20 | 21 => {
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                let item = self.name("i");
                let mut inner = scope.clone();
                inner.in_loop = true;
                let label = self.name("'l");
                let labelled = self.random.one_in(3);
                if labelled {
                    inner.labels.push(label.clone());
                }
                let mut head = String::new();
                if labelled {
                    let _ = write!(head, "{label}: ");
                }
                let used = self.text.len();
                if self.random.one_in(2) {
                    self.line(&format!("{head}for {item} in {object}.items({field})? {{"));
                } else {
                    self.line(&format!("{head}for {item} in {object}.list({field})? {{"));
                    self.line(&format!("let {item} = {item}?;"));
                }
                inner.objects.push(item);
                self.block(&inner, depth, left);
                self.line("}");
                // A label that nothing leaves by is a warning.
                if labelled && self.text[used..].matches(&label).count() == 1 {
                    self.text =
                        self.text[..used].to_owned() + &self.text[used..].replacen(&head, "", 1);
                }
            }
            22 => {
                let name = self.name("k");
                self.line(&format!("let mut {name} = 0u64;"));
                self.line(&format!("while {name} < 3 {{"));
                let mut inner = scope.clone();
                inner.in_loop = true;
                inner.numbers.push(name.clone());
                self.line(&format!("{name} += 1;"));
                self.block(&inner, depth, left);
                self.line("}");
            }
            23 => {
                self.strict = false;
                let name = self.name("v");
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                let exit = self.exit(scope);
                self.line(&format!(
                    "let Some({name}) = {object}.opt({field})? else {{ {exit} }};"
                ));
                scope.numbers.push(name);
            }
            24 => {
                self.strict = false;
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                let name = self.name("m");
                self.line(&format!("match {object}.num({field}) {{ Ok({name}) => {{"));
                let mut inner = scope.clone();
                inner.numbers.push(name);
                self.block(&inner, depth, left);
                self.line("} Err(_) => {");
                self.block(scope, depth, left);
                self.line("} }");
            }
            25 => {
                let name = self.name("x");
                let condition = self.condition(scope);
                self.line(&format!("let {name} = if {condition} {{"));
                self.block(scope, depth, left);
                let value = self.number(scope, 1);
                self.line(&format!("{value} }} else {{"));
                let value = self.number(scope, 1);
                self.line(&format!("{value} }};"));
                scope.numbers.push(name);
            }
            26 => {
                let name = self.name("y");
                let value = self.number(scope, 1);
                self.strict = false;
                let (one, two) = (self.number(scope, 1), self.number(scope, 1));
                self.line(&format!(
                    "let {name} = match {value} % 3 {{ 0 => {one}, 1 => {{ w.act(\"arm\", 1); {two} }} _ => 7 }};"
                ));
                scope.numbers.push(name);
            }
            27 => {
                self.strict = false;
                let object = self.pick(&scope.objects);
                let field = self.field(scope);
                let name = self.name("z");
                self.line(&format!("if let Ok({name}) = {object}.hard({field}) {{"));
                let mut inner = scope.clone();
                inner.numbers.push(name);
                self.block(&inner, depth, left);
                self.line("}");
            }
            _ => {
                let values = [
                    self.number(scope, 1),
                    self.number(scope, 1),
                    self.number(scope, 1),
                ];
                self.line(&format!(
                    "w.act(\"row\", Row {{ a: {}, b: {}, c: {} }}.sum());",
                    values[0], values[1], values[2]
                ));
            }
        }
    }

    fn exit(&mut self, scope: &Scope) -> String {
        self.strict = false;
        match self.random.below(5) {
            0 | 1 if scope.in_loop => "continue;".to_owned(),
            2 if scope.in_loop => "break;".to_owned(),
            3 if !scope.labels.is_empty() => {
                let label = self.pick(&scope.labels);
                format!("continue {label};")
            }
            4 => format!("return Ok({});", self.number(scope, 1)),
            _ => {
                let value = self.number(scope, 0);
                format!("w.act(\"leave\", 0); return Ok({value});")
            }
        }
    }
}
