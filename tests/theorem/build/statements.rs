//! Statements.

use std::fmt::Write as _;

use crate::{programs::Writer, scope::Scope, works::without_queue};

impl Writer {
    /// A few statements. What they declare is not known behind them.
    pub(crate) fn statements(&mut self, scope: &Scope, most: usize) -> String {
        let mut scope = scope.clone();
        let mut text = String::new();
        for _ in 0..=self.random.below(most) {
            let _ = writeln!(text, "{}", self.statement(&mut scope));
        }
        text
    }

    /// A statement. What it declares is added to the scope.
    pub(crate) fn statement(&mut self, scope: &mut Scope) -> String {
        let flat = scope.depth == 0;
        match self.random.below(if flat { 22 } else { 35 }) {
            0..4 => self.declare(scope),
            4..7 => self.act(scope),
            7 => self.change(scope),
            8 => self.kept(scope),
            9 => self.moved(scope),
            10 => self.ask_only(scope),
            11 => self.borrowed(scope),
            12 => self.oddity(scope),
            13 | 14 => self.holder(scope),
            15..18 => self.let_changes(scope),
            18 | 21 => self.moves_on(scope),
            19 => self.reference(scope),
            20 => self.capture(scope),
            22..25 => self.branch(scope),
            25 => self.leave(scope),
            26 => self.taken_apart(scope),
            27 => self.taking(scope),
            28 | 29 => self.view(scope),
            30 | 31 => self.worklist(scope),
            _ => self.repeat(scope),
        }
    }

    pub(crate) fn add_number(scope: &mut Scope, name: String) {
        if !scope.numbers.contains(&name) {
            scope.numbers.push(name);
        }
    }

    /// A `let` of numbers and objects.
    #[expect(clippy::too_many_lines, reason = "a list of shapes")]
    fn declare(&mut self, scope: &mut Scope) -> String {
        let value = self.number(scope);
        let object = self.object(scope);
        let field = self.field(scope);
        match self.random.below(13) {
            0 => {
                // A name of before, which is shadowed.
                let plain = |name: &&String| {
                    name.starts_with('n') && name.chars().all(char::is_alphanumeric)
                };
                let old = scope
                    .numbers
                    .iter()
                    .filter(plain)
                    .cloned()
                    .collect::<Vec<_>>();
                let name = self.any(&old).unwrap_or_else(|| self.name("n"));
                let known = scope.numbers.contains(&name);
                // Code behind this block still takes it for a place.
                let mutability = if scope.places.contains(&name) {
                    "mut "
                } else {
                    ""
                };
                Self::add_number(scope, name.clone());
                match self.random.below(3) {
                    0 if known => format!("let {mutability}{name} = {object}.num({name})?;"),
                    1 if known => format!("let {mutability}{name} = {value} ^ {name};"),
                    _ => format!("let {mutability}{name} = {value};"),
                }
            }
            1 | 2 => {
                let name = self.name("n");
                scope.add_place(&name);
                format!("let mut {name}: u64 = {value};")
            }
            3 | 4 => {
                let name = self.name("o");
                scope.objects.push(name.clone());
                format!("let {name} = {object}.obj({field})?;")
            }
            5 => {
                let (a, b) = (self.name("n"), self.name("n"));
                let other = self.number(scope);
                scope.numbers.extend([a.clone(), b.clone()]);
                match self.random.below(3) {
                    0 => format!("let ({a}, {b}) = ({value}, {other});"),
                    1 => format!(
                        "let Row {{ a: {a}, c: {b}, .. }} = Row {{ a: {value}, b: 1, c: {other} }};"
                    ),
                    _ => format!("let [{a}, {b}] = [{value}, {other}];"),
                }
            }
            6 if !self.without.contains("init") => {
                let name = self.name("n");
                let condition = self.condition(scope);
                let other = self.number(scope);
                scope.numbers.push(name.clone());
                format!(
                    "let {name}; if {condition} {{ {name} = {value}; }} else {{ {name} = {other}; }}"
                )
            }
            7 => {
                let name = self.name("n");
                let exit = self.exit(scope);
                let text = match self.random.below(3) {
                    0 if !self.without.contains("else") => {
                        format!("let Ok({name}) = {object}.try_num({field}) else {{ {exit} }};")
                    }
                    1 => format!(
                        "let (Some({name}), _) = ({object}.opt({field})?, {value}) else {{ {exit} }};"
                    ),
                    _ => format!("let Some({name}) = {object}.opt({field})? else {{ {exit} }};"),
                };
                scope.numbers.push(name);
                text
            }
            8 if scope.has_set => {
                let name = self.name("n");
                let nested = self.nested(scope);
                scope.numbers.push(name.clone());
                match self.random.below(3) {
                    0 => {
                        scope.numbers.pop();
                        scope.numbers.push(name.clone());
                        format!("let {name} = fill(w, {object}, out, suppressed)?;")
                    }
                    _ => format!("let {name} = {nested};"),
                }
            }
            9 => {
                let name = self.name("k");
                scope.numbers.push(name.clone());
                let place = *self.random.pick(&[
                    "out.len()",
                    "log.borrow().len()",
                    "queue.len()",
                    "text.len()",
                ]);
                format!("let {name} = {place} as u64;")
            }
            10 => {
                let name = self.name("k");
                scope.numbers.push(name.clone());
                format!("let {name} = *total;")
            }
            _ => {
                let name = self.name("n");
                scope.numbers.push(name.clone());
                format!("let {name} = {value};")
            }
        }
    }

    /// What acts.
    pub(crate) fn act(&mut self, scope: &Scope) -> String {
        if self.random.one_in(3) {
            return format!("w.act(\"act\", {});", self.number(scope));
        }
        let scope = &scope.calm();
        let a = self.number(scope);
        match self.random.below(16) {
            0..4 => format!("w.act(\"act\", {a});"),
            4 => format!("w.act2({a}, {});", self.number(scope)),
            5 => format!("out.push({a});"),
            6 => format!("out.extend([{a}, {}]);", self.number(scope)),
            7 => format!("*total ^= {a};"),
            8 => format!("w.check({a})?;"),
            9 => format!(
                "let _ = writeln!(text, \"{{}} {{}}\", {a}, {});",
                self.number(scope)
            ),
            10 => format!("writeln!(text, \"{{}}\", {a}).unwrap();"),
            11 => format!("writeln!(text, \"{{}}\", {a}).ok();"),
            12 => {
                let a = self.number(&scope.without("log"));
                format!("log.borrow_mut().push({a});")
            }
            13 => format!("queue.push({a});"),
            14 => format!("vmi.write_u64({a}, 3)?;"),
            _ => format!(
                "note(w, Row {{ a: {a}, b: {}, c: 1 }});",
                self.number(scope)
            ),
        }
    }

    /// A change of what the body has.
    fn change(&mut self, scope: &Scope) -> String {
        let scope = &scope.calm();
        let a = self.number(scope);
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let cell = self.any(&scope.cells);
        let book = self.any(&scope.books);
        match (self.random.below(8), place, list, cell, book) {
            (0 | 1, Some(place), ..) => {
                let operator = *self.random.pick(&["=", "^=", "|="]);
                format!("{place} {operator} {a};")
            }
            (2, Some(place), ..) => format!("{place} = {place}.wrapping_mul(3) ^ {a};"),
            (3, _, Some(list), ..) => format!("{list}.push({a});"),
            (4, _, Some(list), ..) => format!("{list}.retain(|x| x % 3 != 0);"),
            (5, _, _, Some(cell), _) => format!("{cell}.set({a});"),
            (6, .., Some(book)) => {
                let a = self.number(&scope.without(&book));
                format!("{book}.borrow_mut().push({a});")
            }
            (7, Some(place), ..) => {
                let a = self.number(&scope.without(&place));
                format!("std::mem::swap(&mut {place}, &mut {{ {a} }});")
            }
            (_, Some(place), ..) => format!("{place} += {a} % 9;").replace("+= ", "^= "),
            _ => format!("w.act(\"none\", {a});"),
        }
    }

    /// What is kept in other forms than a number.
    fn kept(&mut self, scope: &mut Scope) -> String {
        let a = self.number(scope);
        let object = self.object(scope);
        let field = self.field(scope);
        match self.random.below(9) {
            0 => {
                let name = self.name("list");
                scope.lists.push(name.clone());
                scope.own.push(name.clone());
                format!("let mut {name} = vec![{a}];")
            }
            1 => {
                let name = self.name("cell");
                scope.cells.push(name.clone());
                format!("let {name} = Cell::new({a});")
            }
            2 => {
                let name = self.name("book");
                scope.books.push(name.clone());
                format!("let {name} = RefCell::new(vec![{a}]);")
            }
            3 => {
                let name = self.name("g");
                scope.numbers.push(format!("{name}.pass(2)"));
                format!("let {name} = w.guard({a});")
            }
            4 => format!("let _guard = w.guard({a});"),
            5 => {
                // What a closure captures stays as it is.
                let fixed = |name: &&String| {
                    name.starts_with('n')
                        && name.chars().all(char::is_alphanumeric)
                        && !scope.places.contains(name)
                };
                let fixed = scope
                    .numbers
                    .iter()
                    .filter(fixed)
                    .cloned()
                    .collect::<Vec<_>>();
                let seen = self.any(&fixed).unwrap_or_else(|| "9".to_owned());
                let name = self.name("f");
                scope.closures.push(name.clone());
                format!("let {name} = |x: u64| x ^ {seen};")
            }
            6 if !scope.cells.is_empty() => {
                let cell = self.random.pick(&scope.cells).clone();
                let name = self.name("f");
                scope.closures.push(name.clone());
                format!("let {name} = |x: u64| x ^ {cell}.get();")
            }
            7 if !scope.books.is_empty() => {
                let book = self.random.pick(&scope.books).clone();
                let name = self.name("k");
                scope.numbers.push(name.clone());
                format!("let {name} = {book}.borrow().iter().fold(0_u64, |x, y| x ^ y);")
            }
            _ => {
                let name = self.name("s");
                scope.strings.push(name.clone());
                format!("let {name} = {object}.name({field})?;")
            }
        }
    }

    /// Values that are moved.
    fn moved(&mut self, scope: &mut Scope) -> String {
        if scope.strings.is_empty() || self.random.one_in(4) {
            let name = self.name("names");
            scope.names.push(name.clone());
            return format!("let mut {name} = Vec::<String>::new();");
        }
        let string = self.random.below(scope.strings.len());
        let string = scope.strings.remove(string);
        match (self.random.below(4), self.any(&scope.names)) {
            (0 | 1, Some(names)) => {
                scope.numbers.push(format!("({names}.len() as u64)"));
                format!("{names}.push({string});")
            }
            (2, _) => format!("text.push_str(&{string}); drop({string});"),
            _ => {
                let name = self.name("n");
                scope.numbers.push(name.clone());
                format!("let {name} = {string}.into_bytes().len() as u64;")
            }
        }
    }

    /// What asks and binds nothing, or a buffer.
    fn ask_only(&mut self, scope: &mut Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        let a = self.number(scope);
        match self.random.below(6) {
            0 | 1 => {
                let name = self.name("bytes");
                scope.numbers.push(format!("u64::from({name}[1])"));
                format!("let mut {name} = [1_u8; 3]; vmi.read({field}, &mut {name})?;")
            }
            2 => format!("let _ = {object}.num({field})?;"),
            3 => format!("{object}.num({field})?;"),
            4 if scope.has_set => {
                format!("fill(w, {object}, out, suppressed)?;")
            }
            _ => format!("let _ = {a};"),
        }
    }

    /// What has a shape of its own.
    fn oddity(&mut self, scope: &mut Scope) -> String {
        let a = self.number(scope);
        let name = self.name("n");
        let object = self.object(scope);
        match self.random.below(12) {
            9..12 => self.own_macro(scope),
            0 => {
                scope.numbers.push(name.clone());
                format!("#[allow(unused)] let {name} = {a};")
            }
            1 => format!("#[cfg(any())] let {name} = nothing(suppressed);"),
            2 => {
                scope.numbers.push(name.clone());
                format!(
                    "fn of_{name}(x: u64) -> Option<u64> {{ if x == 0 {{ return None; }} Some(Some(x)? + 1) }} let {name} = of_{name}({a}).unwrap_or(1);"
                )
            }
            3 => {
                scope.numbers.push(name.clone());
                format!(
                    "macro_rules! get_{name} {{ ($expr:expr) => {{ $expr? }} }} let {name} = get_{name}!({object}.num(4));"
                )
            }
            4 if !self.without.contains("message") => format!(
                "assert!({} < u64::MAX, \"{{}}\", {});",
                format_args!("({a})"),
                self.number(scope)
            ),
            5 => format!("ensure!(({a}) % 13 != 6, VmiError::OutOfBounds);"),
            6 => format!("assert_eq!({object}.num(3)?, {object}.num(3)?);"),
            7 => "settle!();".to_owned(),
            _ => format!("drop({a});"),
        }
    }

    fn branch(&mut self, scope: &Scope) -> String {
        let inner = scope.deeper();
        let object = self.object(scope);
        let field = self.field(scope);
        let condition = self.condition(scope);
        let found = self.name("n");
        let with = inner.with_number(&found);
        let [a, b] = [(); 2].map(|()| self.statements(&inner, 2));
        match self.random.below(9) {
            0 | 1 => format!("if {condition} {{\n{a}}}"),
            2 => format!("if {condition} {{\n{a}}} else {{\n{b}}}"),
            3 => {
                let other = self.condition(scope);
                format!("if {condition} {{\n{a}}} else if {other} {{\n{b}}}")
            }
            4 => {
                let c = self.statements(&with, 2);
                format!("if let Some({found}) = {object}.opt({field})? {{\n{c}}} else {{\n{b}}}")
            }
            5 => {
                let c = self.statements(&with, 2);
                format!("if let Some({found}) = {object}.opt({field})? && {condition} {{\n{c}}}")
            }
            6 => {
                let value = self.number(scope);
                format!(
                    "match ({value}) % 3 {{ 0 => {{\n{a}}} 1 if {condition} => {{\n{b}}} _ => {{}} }}"
                )
            }
            7 => {
                let c = self.statements(&with, 2);
                format!(
                    "match {object}.opt({field})? {{ Some({found} @ 5..) => {{\n{c}}} Some(_) => {{\n{a}}} None => {{\n{b}}} }}"
                )
            }
            _ => format!("{{\n{a}{b}}}"),
        }
    }

    fn leave(&mut self, scope: &Scope) -> String {
        let condition = self.condition(scope);
        let exit = self.exit(scope);
        match self.random.below(3) {
            0 => {
                let act = self.act(scope);
                format!("if {condition} {{ {act} {exit} }}")
            }
            _ => format!("if {condition} {{ {exit} }}"),
        }
    }

    /// Something that leaves.
    pub(crate) fn exit(&mut self, scope: &Scope) -> String {
        let label = self.any(&scope.labels);
        match (self.random.below(9), label) {
            (0 | 1, _) if scope.continues => "continue;".to_owned(),
            (2 | 3, _) if scope.breaks => "break;".to_owned(),
            (4, Some(label)) => format!("continue {label};"),
            (5, Some(label)) => format!("break {label};"),
            (6, _) => "return Err(VmiError::NotSupported.into());".to_owned(),
            (7, _) => {
                let inner = Scope {
                    depth: 0,
                    ..scope.clone()
                };
                format!(
                    "return w.finish({}).map_err(Into::into);",
                    self.number(&inner)
                )
            }
            _ => {
                let inner = Scope {
                    depth: 0,
                    ..scope.clone()
                };
                format!("return Ok({});", self.number(&inner))
            }
        }
    }

    /// A result that is taken apart by a statement.
    fn taken_apart(&mut self, scope: &Scope) -> String {
        let inner = scope.deeper();
        let object = self.object(scope);
        let field = self.field(scope);
        let call = match self.random.below(4) {
            0 => format!("{object}.try_hard({field})"),
            1 if scope.has_set && !self.without.contains("try") => {
                format!("try_inner(w, {object}, {field}, suppressed)")
            }
            _ => format!("{object}.try_num({field})"),
        };
        let found = self.name("n");
        let a = self.statements(&inner.with_number(&found), 2);
        let b = self.statements(&inner, 2);
        match self.random.below(6) {
            0 => format!("match {call} {{ Ok({found}) => {{\n{a}}} Err(_) => {{\n{b}}} }}"),
            1 => format!("if let Ok({found}) = {call} {{\n{a}}}"),
            2 => format!("if let Err(_) = {call} {{\n{b}}}"),
            3 => format!(
                "match {object}.try_hard({field}) {{ Ok({found}) => {{\n{a}}} Err(VmiError::Translation(_)) => {{}} Err(error) => return Err(error.into()) }}"
            ),
            4 => format!("if {call}.is_err() {{\n{b}}}"),
            _ => format!("if let Some({found}) = {call}.ok() {{\n{a}}}"),
        }
    }

    /// What takes from a parameter.
    fn taking(&mut self, scope: &mut Scope) -> String {
        let name = self.name("n");
        let inner = scope.in_loop(None).with_number(&name);
        match self.random.below(4) {
            0 => {
                let body = without_queue(self.statements(&inner, 2), &name);
                format!("for {name} in queue.drain(..) {{\n{body}}}")
            }
            1 => {
                let body = without_queue(self.statements(&inner, 2), &name);
                format!("while let Some({name}) = queue.pop() {{\n{body}}}")
            }
            2 => {
                scope.numbers.push(name.clone());
                format!("let {name} = queue.pop().unwrap_or(1);")
            }
            _ => {
                scope.numbers.push(name.clone());
                format!("let {name} = std::mem::take(total);")
            }
        }
    }

    fn repeat(&mut self, scope: &mut Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        let item = self.name("o");
        let number = self.name("n");
        let name = self.name("'l");
        let label = self.random.one_in(3).then_some(&name);
        let head = label.map_or_else(String::new, |label| format!("{label}: "));
        let inner = scope.in_loop(label);
        let body = |writer: &mut Self, inner: &Scope| writer.statements(inner, 3);
        match self.random.below(11) {
            0 | 1 => {
                let body = body(self, &inner.with_object(&item));
                format!("{head}for {item} in {object}.items({field})? {{\n{body}}}")
            }
            2 => {
                let body = body(self, &inner.with_object(&item));
                format!(
                    "{head}for {item} in {object}.list({field})? {{\nlet {item} = {item}?;\n{body}}}"
                )
            }
            3 => {
                let body = body(self, &inner.with_object(&item));
                format!("{head}for {item} in {object}.chain() {{\nlet {item} = {item}?;\n{body}}}")
            }
            4 => {
                let body = body(self, &inner.with_object(&item).with_number(&number));
                let number_ = &number;
                format!(
                    "{head}for ({number_}, {item}) in (0_u64..).zip({object}.items({field})?) {{\n{body}}}"
                )
            }
            5 => {
                let body = body(self, &inner.with_number(&number));
                let end = self.field(scope);
                format!("{head}for {number} in 0..{end} % 4 {{\n{body}}}")
                    .replacen("% 8 % 4", "% 4", 1)
            }
            6 => {
                let condition = self.condition(scope);
                let body = body(self, &inner.with_number(&number));
                format!(
                    "let mut {number} = 0_u64;\n{head}while {number} < 3 && {condition} {{\n{number} += 1;\n{body}}}"
                )
            }
            7 => {
                let at = self.name("at");
                let inner = scope.in_counted_loop().with_object(&item);
                let body = body(self, &inner);
                format!(
                    "let mut {at} = Some({object});\nwhile let Some({item}) = {at} {{\n{body}{at} = {item}.next()?;\n}}"
                )
            }
            8 => {
                let at = self.name("at");
                let body = body(self, &inner.with_object(&item));
                format!(
                    "let mut {at} = {object}.next()?;\n{head}while let Some({item}) = {at} {{\n{at} = {item}.next()?;\n{body}}}"
                )
            }
            9 => {
                let at = self.name("at");
                let counted = scope.in_counted_loop().with_number(&at);
                let body = body(self, &counted);
                let condition = self.condition(scope);
                scope.add_place(&at);
                format!(
                    "let mut {at} = {object}.num({field})? % 8;\nlet mut {number} = 0;\nloop {{\n{body}if {condition} {{ break; }}\n{at} = {object}.num({at} % 8)?;\n{number} += 1; if {number} > 2 {{ break; }}\n}}"
                )
            }
            _ => {
                let body = body(self, &inner.with_number(&number));
                let count = self.name("n");
                format!(
                    "let mut {count} = 0_u64;\n{head}while let Ok({number}) = {object}.try_num({count}) {{\n{count} += 1; if {count} > 3 {{ break; }}\n{body}}}"
                )
            }
        }
    }
}
