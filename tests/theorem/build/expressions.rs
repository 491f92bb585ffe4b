//! Expressions.

use crate::{programs::Writer, scope::Scope};

impl Writer {
    /// A `u64`.
    pub(crate) fn number(&mut self, scope: &Scope) -> String {
        if scope.depth == 0 {
            return if self.random.one_in(2) {
                self.question(scope)
            } else {
                self.leaf(scope)
            };
        }
        let scope = &scope.deeper();
        if scope.is_async && self.random.one_in(8) {
            return self.awaited(scope);
        }
        match self.random.below(34) {
            0..12 => self.question(scope),
            12..15 => self.leaf(scope),
            15..20 => self.operands(scope),
            20 | 30 => self.change_beside(scope),
            31..34 => self.change_within(scope),
            21 | 22 => self.blocks(scope),
            23 | 24 => self.taken(scope),
            25 => self.closure(scope),
            26 if scope.has_set => self.nested(scope),
            27 if !self.without.contains("exit") => self.exit_within(scope),
            28 => self.temporary(scope),
            _ => self.text(scope),
        }
    }

    pub(crate) fn leaf(&mut self, scope: &Scope) -> String {
        let list = self.any(&scope.lists);
        let cell = self.any(&scope.cells);
        match self.random.below(10) {
            0 => self.random.below(50).to_string() + "_u64",
            1 if list.is_some() => format!("({}.len() as u64)", list.expect("some")),
            2 if list.is_some() => {
                format!("{}.iter().fold(0_u64, |x, y| x ^ y)", list.expect("some"))
            }
            3 | 4 if cell.is_some() => format!("{}.get()", cell.expect("some")),
            5 if !scope.closures.is_empty() => {
                let closure = self.random.pick(&scope.closures).clone();
                format!("{closure}({})", self.random.below(9))
            }
            6 => format!("{}.id()", self.object(scope)),
            _ if scope.numbers.is_empty() => "4_u64".to_owned(),
            _ => self.random.pick(&scope.numbers).clone(),
        }
    }

    pub(crate) fn any(&mut self, names: &[String]) -> Option<String> {
        (!names.is_empty()).then(|| self.random.pick(names).clone())
    }

    pub(crate) fn object(&mut self, scope: &Scope) -> String {
        self.random.pick(&scope.objects).clone()
    }

    /// The argument of an accessor: small, so that pages recur.
    pub(crate) fn field(&mut self, scope: &Scope) -> String {
        match self.random.below(9) {
            0 if !scope.numbers.is_empty() => {
                format!("{} % 8", self.random.pick(&scope.numbers).clone())
            }
            1 if scope.depth > 0 => {
                let inner = scope.deeper();
                format!("{} % 8", self.question(&inner))
            }
            2 => format!("{} % 8", self.leaf(scope)),
            // In all its digits: another value is another page.
            3 | 4 => self.changeable(scope),
            5 if scope.depth > 0 => self.change_within(&scope.deeper()),
            _ => self.random.below(8).to_string(),
        }
    }

    /// What asks, by a `?`.
    pub(crate) fn question(&mut self, scope: &Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        match self.random.below(18) {
            0..6 => format!("{object}.num({field})?"),
            6 => format!("{object}.hard({field})?"),
            7 => format!("{object}.opt({field})?.unwrap_or(3)"),
            8 => format!("({object}.name({field})?.len() as u64)"),
            9 => format!("{object}.obj({field})?.num({})?", self.field(scope)),
            10 => format!("vmi.read_u64({field})?"),
            11 => format!("u64::from(vmi.read_u8({field})?)"),
            12 => format!("w.verify({field})?"),
            13 => format!("{object}.num({field}).map_err(|error| error)?"),
            14 => format!("{object}.num({field}).map(|x| x ^ 5)?"),
            15 => format!("{object}.num({field}).and_then(|x| {object}.num(x % 8))?"),
            16 => format!("({object}.items({field})?.len() as u64)"),
            _ => format!("match {object}.next()? {{ Some(next) => next.id(), None => 1 }}"),
        }
    }

    /// Several operands in one expression.
    fn operands(&mut self, scope: &Scope) -> String {
        let [a, b, c] = [(); 3].map(|()| self.number(scope));
        match self.random.below(14) {
            0 => format!("({a} ^ {b})"),
            1 => format!("({a} | {b})"),
            2 => format!("({a}).wrapping_add({b})"),
            3 => format!("[{a}, {b}, {c}][1]"),
            4 => format!("({a}, {b}).1"),
            5 => format!("Row {{ a: {a}, b: {b}, c: {c} }}.sum()"),
            6 => format!("mixed({a}, {b})"),
            7 => format!("(*&({a}) as u32 as u64)"),
            8 => format!("[{a}, {b}].iter().fold(0_u64, |x, y| x ^ y)"),
            9 => format!("vec![{a}, {b}, {c}].into_iter().fold(1_u64, |x, y| x ^ y)"),
            10 => format!("u64::from({} < {})", paren(&a), paren(&b)),
            11 => format!("u64::from(matches!({a}, 1..=30))"),
            12 => format!("std::cmp::max({a}, {b})"),
            _ => format!("({} % 9 + ({b} & 7))", paren(&a)),
        }
    }

    fn text(&mut self, scope: &Scope) -> String {
        let [a, b] = [(); 2].map(|()| self.number(scope));
        let plain = |name: &&String| name.chars().all(char::is_alphanumeric);
        let named = scope
            .numbers
            .iter()
            .filter(plain)
            .cloned()
            .collect::<Vec<_>>();
        match (self.random.below(4), self.any(&named)) {
            (0, Some(name)) => format!("(format!(\"{{{name}}}\").len() as u64)"),
            (1, Some(name)) => format!("(format!(\"{{}} {{{name}:?}}\", {a}).len() as u64)"),
            (2, _) => format!("id!({a})"),
            _ => format!("(format!(\"{{}} {{x}}\", {a}, x = {b}).len() as u64)"),
        }
    }

    /// What is awaited.
    fn awaited(&mut self, scope: &Scope) -> String {
        match self.random.below(3) {
            0 => format!("ready({}).await", self.number(scope)),
            1 => {
                let mut inner = scope.in_closure();
                inner.is_async = true;
                format!(
                    "(async {{ Ok::<u64, VmiError>({}) }}).await?",
                    self.question(&inner)
                )
            }
            _ => format!(
                "later({}.num({})).await?",
                self.object(scope),
                self.changeable(scope)
            ),
        }
    }

    fn temporary(&mut self, scope: &Scope) -> String {
        let number = self.random.below(90);
        let [a, b] = [(); 2].map(|()| self.number(scope));
        match self.random.below(4) {
            0 => format!("w.guard({number}).pass({a})"),
            1 => format!("(match w.guard({number}).pass({a}) {{ taken => taken ^ {b} }})"),
            2 => format!("({{ w.guard({number}).pass({a}) }} ^ {b})"),
            _ if scope.is_async => format!("ready({a}).await"),
            _ => format!("unsafe {{ {a} }}"),
        }
    }

    fn blocks(&mut self, scope: &Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        match self.random.below(9) {
            0 => {
                let [a, b] = [(); 2].map(|()| self.number(scope));
                let condition = self.condition(scope);
                format!("(if {condition} {{ {a} }} else {{ {b} }})")
            }
            1 if !self.without.contains("bind") => {
                let a = self.number(scope);
                let b = self.number(&scope.with_number("t"));
                format!("{{ let t = {a}; t ^ {b} }}")
            }
            2 if !scope.calm && !self.without.contains("bind") => {
                let a = self.number(scope);
                let [b, c] = [(); 2].map(|()| self.number(scope));
                let act = self.act(scope);
                format!("(match ({a}) % 3 {{ 0 => {b}, 1 => {{ {act} {c} }} _ => 7 }})")
            }
            3 if !scope.calm && !self.without.contains("bind") => {
                let act = self.act(scope);
                let a = self.number(scope);
                format!("{{ {act} {a} }}")
            }
            4 if !scope.calm && !self.without.contains("block") => {
                let label = self.name("'b");
                // An unlabelled `break` cannot leave a labelled block.
                let mut inner = scope.clone();
                inner.breaks = false;
                inner.continues = false;
                let [a, b] = [(); 2].map(|()| self.number(&inner));
                let condition = self.condition(&inner);
                let body = self.statements(&inner, 2);
                format!("({label}: {{ if {condition} {{ break {label} {a}; }} {body} {b} }})")
            }
            5 => {
                let a = self.number(&scope.with_number("found"));
                let b = self.number(scope);
                format!("(if let Some(found) = {object}.opt({field})? {{ {a} }} else {{ {b} }})")
            }
            6 => {
                let a = self.number(&scope.with_number("found"));
                let [b, c] = [(); 2].map(|()| self.number(scope));
                format!(
                    "(match {object}.opt({field})? {{ Some(found) if found > {a} => found, \
                     Some(_) => {b}, None => {c} }})"
                )
            }
            7 if !scope.calm && !self.without.contains("loop") => {
                // Its `break` has a value.
                let mut inner = scope.in_loop(None);
                inner.breaks = false;
                let body = self.statements(&inner, 2);
                // It ends, whatever its body does.
                inner.continues = false;
                let a = self.number(&inner);
                let name = self.name("turn");
                format!(
                    "{{ let mut {name} = 0_u64; loop {{ {name} += 1; if {name} > 2 {{ break {a}; }} {body} }} }}"
                )
            }
            _ if scope.calm || self.without.contains("bind") => self.question(scope),
            _ => {
                let body = self.statements(scope, 2);
                let a = self.number(scope);
                format!("{{ {body} {a} }}")
            }
        }
    }

    /// A result that is taken apart.
    fn taken(&mut self, scope: &Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        let call = match self.random.below(5) {
            0 => format!("{object}.try_hard({field})"),
            1 => format!("vmi.try_read({field})"),
            2 if scope.has_set && !self.without.contains("try") => {
                format!("try_inner(w, {object}, {field}, suppressed)")
            }
            _ => format!("{object}.try_num({field})"),
        };
        let a = self.number(scope);
        match self.random.below(13) {
            0 => format!("{call}.unwrap_or({a})"),
            1 => format!("{call}.unwrap_or_default()"),
            2 => format!("{call}.unwrap_or_else(|_| 8)"),
            3 => format!("{call}.ok().map_or(5, |x| x + 1)"),
            4 => format!("u64::from({call}.is_ok())"),
            5 => format!("u64::from({call}.is_err())"),
            6 => format!("u64::from({call}.is_ok_and(|x| x % 2 == 0))"),
            7 => format!("{call}.map_or(3, |x| x ^ 2)"),
            8 => format!("(match {call} {{ Ok(x) => x, Err(_) => {a} }})"),
            9 => format!("(if let Ok(x) = {call} {{ x }} else {{ {a} }})"),
            10 => format!("(if let Err(_) = {call} {{ {a} }} else {{ 6 }})"),
            11 => format!("{call}.or_else(|_| {object}.num({field}))?"),
            _ => format!("{call}.map(|x| x ^ 1).unwrap_or({a})"),
        }
    }

    /// A closure, whose `?` is its own.
    fn closure(&mut self, scope: &Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        let inner = scope.in_closure();
        // The closure holds what it mentions.
        let a = self.number(&scope.calm());
        let x = {
            let inner = inner.with_number("x");
            self.question(&inner)
        };
        match self.random.below(6) {
            0 => format!("(|x: u64| -> Result<u64, VmiError> {{ Ok(x ^ {x}) }})({a})?"),
            1 => {
                format!(
                    "(|x: u64| -> Result<u64, VmiError> {{ if x > 20 {{ return Ok(x); }} Ok({x}) }})({a})?"
                )
            }
            2 => format!(
                "{object}.items({field})?.into_iter().map(|item| item.num(2)).collect::<Result<Vec<u64>, VmiError>>()?.into_iter().fold({a}, |x, y| x ^ y)"
            ),
            3 => format!(
                "{object}.items({field})?.into_iter().try_fold({a}, |sum, item| -> Result<u64, VmiError> {{ Ok(sum ^ item.num(1)?) }})?"
            ),
            4 if !self.without.contains("filter") => format!(
                "{object}.items({field})?.into_iter().filter_map(|item| item.try_num(3).ok()).fold({a}, |x, y| x ^ y)"
            ),
            _ => format!(
                "{object}.list({field})?.collect::<Result<Vec<_>, VmiError>>()?.iter().fold({a}, |x, y| x ^ y.id())"
            ),
        }
    }

    /// A call of another probed function.
    pub(crate) fn nested(&mut self, scope: &Scope) -> String {
        let object = self.object(scope);
        let a = self.number(scope);
        match self.random.below(3) {
            0 => format!("inner(w, {object}, {a}, suppressed)?"),
            1 => format!("deep(w, {object}, {a}, suppressed)?"),
            _ => format!("pure(w, {object}, {a}, suppressed)?"),
        }
    }

    fn exit_within(&mut self, scope: &Scope) -> String {
        let a = self.number(scope);
        let condition = self.condition(scope);
        let exit = self.exit(scope);
        let exit = exit.trim_end_matches(';');
        match self.random.below(2) {
            0 => format!("(if {condition} {{ {exit} }} else {{ {a} }})"),
            _ => format!("(match ({a}) % 5 {{ 1 => {exit}, other => other }})"),
        }
    }

    /// A `bool`.
    pub(crate) fn condition(&mut self, scope: &Scope) -> String {
        let mut scope = scope.deeper();
        if self.without.contains("bind") {
            scope.depth = 0;
        }
        let scope = &scope;
        let object = self.object(scope);
        let field = self.field(scope);
        let a = paren(&self.number(scope));
        match self.random.below(11) {
            0 | 1 => format!("{a} % 2 == 0"),
            2 => {
                let b = paren(&self.number(scope));
                format!("({a} % 3 == 1 && {b} % 2 == 1)")
            }
            3 => {
                let b = paren(&self.number(scope));
                format!("({a} % 3 == 1 || {b} % 2 == 1)")
            }
            4 => format!("{object}.opt({field})?.is_some()"),
            5 => format!("!{object}.opt({field})?.is_none()"),
            6 => format!("{object}.try_num({field}).is_ok()"),
            7 => {
                let b = paren(&self.number(scope));
                format!("{a} > {b}")
            }
            8 => format!("{object}.num({field})? == {object}.num(3)?"),
            9 => format!("matches!({object}.opt({field})?, Some(1..=40))"),
            _ => format!("{} > 20", paren(&self.leaf(scope))),
        }
    }
}

/// In parentheses, where `<` or a block would be misread.
fn paren(text: &str) -> String {
    format!("({text})")
}
