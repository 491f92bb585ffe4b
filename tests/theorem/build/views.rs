//! References, and closures that hold what they change.

use crate::{programs::Writer, scope::Scope};

impl Writer {
    /// Aliases and closures that change what they capture.
    pub(crate) fn borrowed(&mut self, scope: &mut Scope) -> String {
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let name = self.name("r");
        match (self.random.below(7), place, list) {
            (0, Some(place), _) => {
                let [a, b] = [(); 2].map(|()| self.number(&scope.without(&place)));
                format!(
                    "{{ let {name} = &mut {place}; *{name} ^= {a}; *{name} = {name}.wrapping_add({b}); }}"
                )
            }
            (1, Some(place), _) => {
                let [a, b] = [(); 2].map(|()| self.number(&scope.without(&place)));
                let inner = self.name("n");
                scope.numbers.push(inner.clone());
                format!(
                    "let mut {name} = |x: u64| {{ {place} ^= x; {place} }}; let {inner} = {name}({a}) ^ {name}({b});"
                )
            }
            (2, _, Some(list)) => {
                let [a, b] = [(); 2].map(|()| self.number(&scope.without(&list)));
                format!("{{ let mut {name} = |x: u64| {list}.push(x); {name}({a}); {name}({b}); }}")
            }
            (3, _, Some(list)) => {
                let [a, b] = [(); 2].map(|()| self.number(&scope.without(&list)));
                format!("{{ let {name} = &mut {list}; {name}.push({a}); {name}.extend([{b}]); }}")
            }
            (4, Some(place), _) => {
                let a = self.number(&scope.without(&place));
                let inner = self.name("n");
                scope.numbers.push(inner.clone());
                format!("let {name} = &mut {place}; *{name} |= {a}; let {inner} = *{name} ^ 1;")
            }
            (5, _, Some(list)) => {
                let a = self.number(&scope.without(&list));
                let inner = self.name("n");
                scope.numbers.push(inner.clone());
                format!(
                    "for {name} in {list}.iter_mut() {{ *{name} ^= {a}; }} let {inner} = {list}[0];"
                )
                .replace(
                    &format!("{list}[0]"),
                    &format!("{list}.first().copied().unwrap_or(2)"),
                )
            }
            (_, Some(place), _) => {
                let inner = self.name("n");
                let a = self.number(&scope.without(&place));
                scope.numbers.push(inner.clone());
                format!("let {inner} = std::mem::replace(&mut {place}, {a});")
            }
            _ => {
                let list = self.name("list");
                scope.lists.push(list.clone());
                format!("let mut {list} = vec![3_u64, 5];")
            }
        }
    }

    /// A reference to what can change, for the rest of the block.
    pub(crate) fn reference(&mut self, scope: &mut Scope) -> String {
        let name = self.name("r");
        let target = format!("(*{name})");
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let row = self.any(&scope.rows);
        let slots = self.any(&scope.slots);
        match (self.random.below(7), place, list, row, slots) {
            (0, _, Some(list), ..) => {
                let exit = self.exit(scope);
                scope.hide(&list);
                scope.add_place(&target);
                format!("let Some({name}) = {list}.last_mut() else {{ {exit} }};")
            }
            (1, _, Some(list), ..) => {
                let a = self.number(&scope.without(&list));
                scope.hide(&list);
                scope.numbers.push(format!("({name}.len() as u64)"));
                scope
                    .numbers
                    .push(format!("{name}.iter().fold(0_u64, |x, y| x ^ y)"));
                format!(
                    "let {name} = &mut {list}[..]; {name}.iter_mut().for_each(|x| *x ^= 3); \
                     if let Some(head) = {name}.first_mut() {{ *head ^= {a}; }}"
                )
            }
            (2, _, _, Some(row), _) => {
                scope.hide(&row);
                scope.add_place(&target);
                format!("let Row {{ a: {name}, .. }} = &mut {row};")
            }
            (3, .., Some(slots)) => {
                scope.hide(&slots);
                scope.add_place(&format!("{name}[0]"));
                let other = self.name("r");
                scope.add_place(&format!("{other}[1]"));
                format!("let ({name}, {other}) = {slots}.split_at_mut(2);")
            }
            (4, Some(place), ..) => {
                scope.hide(&place);
                scope.add_place(&target);
                format!("let ref mut {name} = {place};")
            }
            (_, Some(place), ..) => {
                scope.hide(&place);
                scope.add_place(&target);
                format!("let {name} = &mut {place};")
            }
            _ => self.holder(scope),
        }
    }

    /// Code with a reference to what can change.
    pub(crate) fn view(&mut self, scope: &mut Scope) -> String {
        if self.without.contains("view") {
            return self.act(scope);
        }
        let name = self.name("r");
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let Some(place) = (if self.random.one_in(3) {
            place
        } else {
            list.clone()
        }) else {
            return self.holder(scope);
        };
        let a = self.number(&scope.without(&place));
        let leaf = self.leaf(&scope.without(&place));
        let body = |writer: &mut Self, mut inner: Scope| {
            inner.hide(&place);
            let other = writer.statements(&inner, 2);
            inner.add_place(&format!("(*{name})"));
            let body = writer.statements(&inner, 2);
            [format!("*{name} ^= {a};\n{body}"), other]
        };
        if list.as_ref() != Some(&place) {
            let [body, _] = body(self, scope.deeper());
            return match self.random.below(2) {
                0 => format!("match {place} {{ ref mut {name} => {{\n{body}}} }}"),
                _ => format!("{{ let {name} = &mut {place};\n{body}}}"),
            };
        }
        match self.random.below(5) {
            0 => {
                let [body, _] = body(self, scope.deeper());
                format!("if let Some({name}) = {place}.last_mut() {{\n{body}}}")
            }
            1 => {
                let [body, other] = body(self, scope.deeper());
                format!(
                    "match {place}.first_mut() {{ Some({name}) => {{\n{body}}} None => {{\n{other}}} }}"
                )
            }
            2 => {
                let [body, _] = body(self, scope.deeper());
                format!("if let Some({name}) = {place}.get_mut(({leaf} % 3) as usize) {{\n{body}}}")
            }
            3 => {
                let [body, _] = body(self, scope.deeper());
                format!("if let [{name}, ..] = &mut {place}[..] {{\n{body}}}")
            }
            _ => {
                let [body, _] = body(self, scope.in_loop(None));
                format!("for {name} in {place}.iter_mut().take(3) {{\n{body}}}")
            }
        }
    }

    /// A closure that holds what it changes, for the rest of the block, or what
    /// a value was moved into.
    pub(crate) fn capture(&mut self, scope: &mut Scope) -> String {
        let name = self.name("f");
        let place = self.any(&scope.places);
        let list = self.any(&scope.lists);
        let cursor = self.any(&scope.cursors);
        let own = self.any(&scope.own);
        let string = scope.strings.pop();
        match (self.random.below(9), place, list, cursor, own, string) {
            (0, _, Some(list), ..) => {
                scope.hide(&list);
                scope.changers.push(format!("{name}(ARG)"));
                format!("let mut {name} = |x: u64| {{ {list}.push(x); {list}.len() as u64 }};")
            }
            (1, _, _, Some(cursor), ..) => {
                scope.hide(&cursor);
                scope.changers.push(format!("{name}()"));
                format!("let mut {name} = || {cursor}.step();")
            }
            (2, Some(place), ..) => {
                // It asks, too.
                let fixed = |object: &&String| !scope.ats.contains(object);
                let fixed = scope.objects.iter().filter(fixed).cloned();
                let fixed = fixed.collect::<Vec<_>>();
                let object = self.random.pick(&fixed).clone();
                scope.hide(&place);
                scope.changers.push(format!("{name}(ARG)?"));
                format!(
                    "let mut {name} = |x: u64| -> Result<u64, VmiError> {{ \
                     {place} ^= {object}.num(x)?; Ok({place}) }};"
                )
            }
            (3 | 4, .., Some(own), _) => {
                scope.hide(&own);
                scope.changers.push(format!("{name}()"));
                format!("let mut {name} = move || {own}.pop().unwrap_or(7);")
            }
            (5 | 6, .., Some(own), _) => {
                let a = self.number(&scope.without(&own));
                let name = self.name("pack");
                scope.hide(&own);
                scope.add_place(&format!("{name}.mark"));
                scope.lists.push(format!("{name}.list"));
                scope.own.push(format!("{name}.list"));
                format!("let mut {name} = Pack {{ mark: {a}, list: {own} }};")
            }
            (7, .., Some(own), _) => {
                // Moved out again.
                let list = self.name("list");
                scope.hide(&own);
                scope.lists.push(list.clone());
                scope.own.push(list.clone());
                format!("let mut {list} = {own};")
            }
            (_, .., Some(string)) => {
                scope.numbers.push(format!("{name}()"));
                format!("let {name} = move || {string}.len() as u64;")
            }
            (_, Some(place), ..) => {
                scope.hide(&place);
                scope.changers.push(format!("{name}(ARG)"));
                format!("let mut {name} = |x: u64| {{ {place} ^= x; {place} }};")
            }
            _ => self.holder(scope),
        }
    }
}
