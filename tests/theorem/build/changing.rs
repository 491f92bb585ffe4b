//! What changes something where it is evaluated, and what asks with it.

use crate::{programs::Writer, scope::Scope};

impl Writer {
    /// A `u64` that may be another one later on.
    pub(crate) fn changeable(&mut self, scope: &Scope) -> String {
        let mut all = scope.places.clone();
        all.extend(scope.cursors.iter().map(|name| format!("{name}.at()")));
        all.extend(scope.ats.iter().map(|name| format!("{name}.id()")));
        all.extend(scope.rows.iter().map(|name| format!("{name}.sum()")));
        for list in &scope.lists {
            all.push(format!("({list}.len() as u64)"));
            all.push(format!("{list}.last().copied().unwrap_or(3)"));
        }
        let leaf = self.leaf(scope);
        all.extend(
            scope
                .slots
                .iter()
                .map(|name| format!("{name}[({leaf} % 4) as usize]")),
        );
        self.any(&all).unwrap_or(leaf)
    }

    /// A `u64`, by what changes something.
    pub(crate) fn change_within(&mut self, scope: &Scope) -> String {
        if scope.calm || self.without.contains("change") {
            return self.question(scope);
        }
        let mut all = Vec::new();
        let calm = scope.calm();
        for list in &scope.lists {
            all.push(format!("{list}.pop().unwrap_or(2)"));
            all.push(format!(
                "(if {list}.is_empty() {{ 9 }} else {{ {list}.remove(0) }})"
            ));
            let leaf = self.leaf(&calm);
            all.push(format!("({{ {list}.push({leaf}); {list}.len() as u64 }})"));
        }
        for place in &scope.places {
            let inner = scope.without(place);
            let value = if self.random.one_in(3) {
                self.question(&inner)
            } else {
                self.leaf(&inner)
            };
            all.push(format!("std::mem::replace(&mut {place}, {value})"));
            all.push(format!("({{ {place} ^= {value}; {place} }})"));
            all.push(format!("({{ {place} = {place} / 2 + 1; {place} }})"));
        }
        for cursor in &scope.cursors {
            all.push(format!("{cursor}.step()"));
            all.push(format!("stepped(&mut {cursor})"));
        }
        for at in &scope.ats {
            let object = self.object(&scope.without(at));
            all.push(format!("std::mem::replace(&mut {at}, {object}).id()"));
        }
        for changer in &scope.changers {
            let call = changer.replace("ARG", &self.leaf(&calm));
            all.extend([call.clone(), call]);
        }
        match self.any(&all) {
            Some(change) => change,
            None => self.question(scope),
        }
    }

    /// Operands, one of which changes what another may ask with.
    pub(crate) fn change_beside(&mut self, scope: &Scope) -> String {
        let change = self.change_within(scope);
        let with = self.changeable(scope);
        let object = self.object(scope);
        let question = format!("{object}.num({with})?");
        let [a, b] = if self.random.one_in(3) {
            [question, change]
        } else {
            [change, question]
        };
        match self.random.below(7) {
            0 => format!("mixed({a}, {b})"),
            1 => format!("({a} ^ {b})"),
            2 => format!("({a}, {b}).1"),
            3 => format!("[{a}, {b}][0]"),
            4 => format!("Row {{ a: {a}, b: {b}, c: 2 }}.sum()"),
            5 => format!("vec![{a}, {b}].into_iter().fold(1_u64, |x, y| x ^ y)"),
            _ => format!("(format!(\"{{}} {{}}\", {a}, {b}).len() as u64)"),
        }
    }

    /// A question, some of the time, that asks with what may have changed.
    fn follow(&mut self, scope: &mut Scope) -> String {
        if self.random.one_in(2) {
            return String::new();
        }
        let with = self.changeable(scope);
        let object = self.object(scope);
        let name = self.name("n");
        scope.numbers.push(name.clone());
        format!(" let {name} = {object}.num({with})?;")
    }

    /// A variable that questions can move on.
    pub(crate) fn holder(&mut self, scope: &mut Scope) -> String {
        let a = self.number(scope);
        match self.random.below(6) {
            0 | 1 => {
                let name = self.name("cursor");
                scope.cursors.push(name.clone());
                scope.numbers.push(format!("{name}.at()"));
                format!("let mut {name} = Cursor::new({a});")
            }
            2 => {
                let name = self.name("at");
                let object = self.object(scope);
                let field = self.field(scope);
                scope.ats.push(name.clone());
                scope.objects.push(name.clone());
                match self.random.below(2) {
                    0 => format!("let mut {name} = {object};"),
                    _ => format!("let mut {name} = {object}.obj({field})?;"),
                }
            }
            3 => {
                let name = self.name("row");
                let b = self.number(scope);
                scope.add_place(&format!("{name}.a"));
                scope.numbers.push(format!("{name}.sum()"));
                scope.rows.push(name.clone());
                format!("let mut {name} = Row {{ a: {a}, b: {b}, c: 7 }};")
            }
            4 => {
                let name = self.name("slots");
                let b = self.number(scope);
                scope.add_place(&format!("{name}[1]"));
                scope.numbers.push(format!("{name}[2]"));
                scope.slots.push(name.clone());
                format!("let mut {name} = [{a}, {b}, 3, 4_u64];")
            }
            _ => {
                let name = self.name("list");
                let b = self.number(scope);
                scope.lists.push(name.clone());
                scope.own.push(name.clone());
                format!("let mut {name} = vec![{a}, {b}, 6_u64];")
            }
        }
    }

    /// A `let` whose value changes something.
    pub(crate) fn let_changes(&mut self, scope: &mut Scope) -> String {
        let change = self.change_within(scope);
        let name = self.name("n");
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let at = self.any(&scope.ats);
        let text = match (self.random.below(13), place, list, at) {
            (0, ..) => format!("let _ = {change};"),
            (1, _, Some(list), _) => format!("let _ = {list}.pop();"),
            (2, Some(place), ..) => {
                let a = self.number(&scope.without(&place));
                scope.numbers.push(name.clone());
                format!("let {name} = std::mem::replace(&mut {place}, {a});")
            }
            (3, Some(place), ..) => {
                scope.numbers.push(name.clone());
                format!("let {name} = std::mem::take(&mut {place});")
            }
            (4, _, _, Some(at)) => {
                let inner = scope.without(&at);
                let object = self.object(&inner);
                let field = self.field(&inner);
                let old = self.name("o");
                scope.objects.push(old.clone());
                format!("let {old} = std::mem::replace(&mut {at}, {object}.obj({field})?);")
            }
            (5, _, Some(list), _) => {
                let exit = self.exit(scope);
                scope.numbers.push(name.clone());
                format!("let Some({name}) = {list}.pop() else {{ {exit} }};")
            }
            (6, ..) => {
                // It panics where the list lacks what was pushed.
                let list = self.name("list");
                let [a, b] = [(); 2].map(|()| self.number(scope));
                scope.lists.push(list.clone());
                scope.numbers.push(name.clone());
                format!(
                    "let mut {list} = Vec::<u64>::new(); {list}.push({a}); \
                     let {name} = mixed({list}.remove(0), {b});"
                )
            }
            (7, ..) => {
                let other = self.name("n");
                let [a, b] = [change, self.question(scope)];
                scope.numbers.extend([name.clone(), other.clone()]);
                format!("let ({name}, {other}) = ({a}, {b});")
            }
            (8, Some(place), ..) => {
                let inner = scope.deeper();
                let body = self.statements(&inner, 2);
                scope.numbers.push(name.clone());
                format!("let {name} = {{ {body} {place} ^= 5; {place} }};")
            }
            (9, _, Some(list), _) => {
                let condition = self.condition(scope);
                let body = self.statements(&scope.deeper().with_number(&name), 2);
                format!("if {condition} && let Some({name}) = {list}.pop() {{\n{body}}}")
            }
            (10, ..) => format!("w.act2({}, {});", change, self.question(scope)),
            _ => {
                scope.numbers.push(name.clone());
                format!("let {name} = {change};")
            }
        };
        text + &self.follow(scope)
    }

    /// A statement that changes such a variable.
    pub(crate) fn moves_on(&mut self, scope: &mut Scope) -> String {
        let calm = scope.calm();
        let [a, b] = [(); 2].map(|()| self.number(&calm));
        let object = self.object(&calm);
        let field = self.field(&calm);
        let mut all = Vec::new();
        for cursor in &scope.cursors {
            all.push(format!(
                "{cursor}.skip({});",
                self.number(&scope.without(cursor))
            ));
            all.push(format!("{cursor}.step();"));
            all.push(format!(
                "{{ let step = stepped(&mut {cursor}); w.act(\"step\", step); }}"
            ));
        }
        for at in &scope.ats {
            all.push(format!("{at} = {object}.obj({field})?;"));
            all.push(format!(
                "if let Some(next) = {at}.next()? {{ {at} = next; }}"
            ));
        }
        for row in &scope.rows {
            all.push(format!("{row} = Row {{ b: {a}, ..{row} }};"));
            all.push(format!(
                "Row {{ a: {row}.a, b: {row}.c, .. }} = Row {{ a: {a}, b: {b}, c: 1 }};"
            ));
        }
        for slots in &scope.slots {
            let inner = scope.without(slots);
            let index = self.leaf(&inner);
            all.push(format!("{slots}[({index} % 4) as usize] = {a};"));
            all.push(format!("{slots}[({index} % 4) as usize] ^= {a};"));
            all.push(format!("{slots}.swap(0, ({index} % 4) as usize);"));
        }
        for list in &scope.lists {
            let place = format!("{list}.push({});", self.number(&scope.without(list)));
            all.push(place);
            if scope.has_set {
                all.push(format!("fill(w, {object}, &mut {list}, suppressed)?;"));
            }
        }
        for place in &scope.places {
            let other = self.random.pick(&scope.places).clone();
            all.push(format!("({place}, {other}) = ({a}, {b});"));
            all.push(format!("[{place}, _] = [{a}, {b}];"));
            all.push(format!("{place} %= 1000; {place} += {a} % 9;"));
            if scope.has_set {
                all.push(format!("walk(w, {object}, &mut {place}, suppressed)?;"));
            }
        }
        match self.any(&all) {
            Some(text) => text + &self.follow(scope),
            None => self.holder(scope),
        }
    }
}
