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
        if self.random.one_in(2)
            && let Some(changer) = self.any(&scope.changers)
        {
            return changer.replace("ARG", &self.leaf(&calm));
        }
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

    /// A list that can change: one that is there or, behind the statements that
    /// come first, a new one.
    pub(crate) fn some_list(&mut self, scope: &mut Scope) -> (String, String) {
        match self.any(&scope.lists) {
            Some(list) if !self.random.one_in(4) => (String::new(), list),
            _ => {
                let [a, b] = [(); 2].map(|()| self.leaf(scope));
                let list = self.name("list");
                scope.lists.push(list.clone());
                scope.own.push(list.clone());
                (format!("let mut {list} = vec![{a}, {b}, 6_u64];\n"), list)
            }
        }
    }

    /// The same for a list of this block, which can be moved.
    pub(crate) fn own_list(&mut self, scope: &mut Scope) -> (String, String) {
        if let Some(list) = self.any(&scope.own) {
            return (String::new(), list);
        }
        let lists = std::mem::take(&mut scope.lists);
        let found = self.some_list(scope);
        scope.lists.extend(lists);
        found
    }

    /// The same for a place of type `u64`.
    pub(crate) fn some_place(&mut self, scope: &mut Scope) -> (String, String) {
        match self.any(&scope.places) {
            Some(place) if !self.random.one_in(4) => (String::new(), place),
            _ => {
                let a = self.number(scope);
                let place = self.name("n");
                scope.add_place(&place);
                (format!("let mut {place}: u64 = {a};\n"), place)
            }
        }
    }

    /// A `let` whose value changes something.
    pub(crate) fn let_changes(&mut self, scope: &mut Scope) -> String {
        let name = self.name("n");
        let text = match self.random.below(14) {
            0 => format!("let _ = {};", self.change_within(scope)),
            1 | 2 => {
                let (first, list) = self.some_list(scope);
                match self.random.below(3) {
                    0 => format!("{first}let _ = {list}.pop();"),
                    1 => {
                        scope.numbers.push(name.clone());
                        format!("{first}let {name} = {list}.pop().unwrap_or(1);")
                    }
                    _ => {
                        let exit = self.exit(scope);
                        scope.numbers.push(name.clone());
                        format!("{first}let Some({name}) = {list}.pop() else {{ {exit} }};")
                    }
                }
            }
            3 | 4 => {
                let (first, place) = self.some_place(scope);
                let a = self.number(&scope.without(&place));
                scope.numbers.push(name.clone());
                match self.random.below(3) {
                    0 => format!("{first}let {name} = std::mem::take(&mut {place});"),
                    _ => format!("{first}let {name} = std::mem::replace(&mut {place}, {a});"),
                }
            }
            5 => {
                let (first, at) = self.some_at(scope);
                let inner = scope.without(&at);
                let object = self.object(&inner);
                let field = self.field(&inner);
                let old = self.name("o");
                scope.objects.push(old.clone());
                format!("{first}let {old} = std::mem::replace(&mut {at}, {object}.obj({field})?);")
            }
            6 => {
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
            7 => {
                let other = self.name("n");
                let [a, b] = [self.change_within(scope), self.question(scope)];
                scope.numbers.extend([name.clone(), other.clone()]);
                format!("let ({name}, {other}) = ({a}, {b});")
            }
            8 => {
                let (first, place) = self.some_place(scope);
                let body = self.statements(&scope.deeper(), 2);
                scope.numbers.push(name.clone());
                format!("{first}let {name} = {{ {body} {place} ^= 5; {place} }};")
            }
            9 => {
                let (first, list) = self.some_list(scope);
                let condition = self.condition(scope);
                let body = self.statements(&scope.deeper().with_number(&name), 2);
                format!("{first}if {condition} && let Some({name}) = {list}.pop() {{\n{body}}}")
            }
            10 => {
                let [a, b] = [self.change_within(scope), self.question(scope)];
                format!("w.act2({a}, {b});")
            }
            _ => {
                let change = self.change_within(scope);
                scope.numbers.push(name.clone());
                format!("let {name} = {change};")
            }
        };
        text + &self.follow(scope)
    }

    /// An object that can be replaced by another.
    fn some_at(&mut self, scope: &mut Scope) -> (String, String) {
        if let Some(at) = self.any(&scope.ats) {
            (String::new(), at)
        } else {
            let at = self.name("at");
            let object = self.object(scope);
            scope.ats.push(at.clone());
            scope.objects.push(at.clone());
            (format!("let mut {at} = {object};\n"), at)
        }
    }

    /// A statement that changes such a variable.
    pub(crate) fn moves_on(&mut self, scope: &mut Scope) -> String {
        let (mut first, place) = self.some_place(scope);
        let [a, b] = [(); 2].map(|()| self.number(&scope.calm()));
        let object = self.object(scope);
        let field = self.field(&scope.calm());
        let text = match self.random.below(8) {
            0 => {
                let (new, list) = self.some_list(scope);
                first += &new;
                let a = self.number(&scope.without(&list));
                match self.random.below(2) {
                    0 if scope.has_set => format!("fill(w, {object}, &mut {list}, suppressed)?;"),
                    _ => format!("{list}.push({a});"),
                }
            }
            1 => {
                let (new, at) = self.some_at(scope);
                first += &new;
                match self.random.below(2) {
                    0 => format!("{at} = {object}.obj({field})?;"),
                    _ => format!("if let Some(next) = {at}.next()? {{ {at} = next; }}"),
                }
            }
            2 if scope.has_set => format!("walk(w, {object}, &mut {place}, suppressed)?;"),
            3 => {
                let other = self.random.pick(&scope.places).clone();
                match self.random.below(2) {
                    0 => format!("({place}, {other}) = ({a}, {b});"),
                    _ => format!("[{place}, _, {other}] = [{a}, 1, {b}];"),
                }
            }
            4 => format!("{place} %= 1000; {place} += {a} % 9;"),
            _ => self.held(scope),
        };
        first + &text + &self.follow(scope)
    }

    /// A change of what [`Self::holder`] declares.
    fn held(&mut self, scope: &mut Scope) -> String {
        let calm = scope.calm();
        let [a, b] = [(); 2].map(|()| self.number(&calm));
        let mut all = Vec::new();
        for cursor in &scope.cursors {
            let a = self.number(&scope.without(cursor));
            all.push(format!("{cursor}.skip({a});"));
            all.push(format!("{cursor}.step();"));
            all.push(format!(
                "{{ let step = stepped(&mut {cursor}); w.act(\"step\", step); }}"
            ));
        }
        for row in &scope.rows {
            all.push(format!("{row} = Row {{ b: {a}, ..{row} }};"));
            all.push(format!(
                "Row {{ a: {row}.a, b: {row}.c, .. }} = Row {{ a: {a}, b: {b}, c: 1 }};"
            ));
        }
        for slots in &scope.slots {
            let index = self.leaf(&scope.without(slots));
            all.push(format!("{slots}[({index} % 4) as usize] = {a};"));
            all.push(format!("{slots}[({index} % 4) as usize] ^= {a};"));
            all.push(format!("{slots}.swap(0, ({index} % 4) as usize);"));
        }
        match self.any(&all) {
            Some(text) => text,
            None => self.holder(scope),
        }
    }
}
