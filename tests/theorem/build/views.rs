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
        let row = self.any(&scope.rows);
        let slots = self.any(&scope.slots);
        match (self.random.below(8), row, slots) {
            (0, ..) => {
                let (first, list) = self.some_list(scope);
                let exit = self.exit(scope);
                scope.hide(&list);
                scope.add_place(&target);
                format!("{first}let Some({name}) = {list}.last_mut() else {{ {exit} }};")
            }
            (1 | 2, ..) => {
                let (first, list) = self.some_list(scope);
                let a = self.number(&scope.without(&list));
                scope.hide(&list);
                for number in ["len() as u64", "iter().fold(0_u64, |x, y| x ^ y)"] {
                    scope.numbers.push(format!("({name}.{number})"));
                }
                format!(
                    "{first}let {name} = &mut {list}[..]; {name}.iter_mut().for_each(|x| *x ^= 3); \
                     if let Some(head) = {name}.first_mut() {{ *head ^= {a}; }}"
                )
            }
            (3 | 4, Some(row), _) => {
                scope.hide(&row);
                scope.add_place(&target);
                format!("let Row {{ a: {name}, .. }} = &mut {row};")
            }
            (3..6, _, Some(slots)) => {
                scope.hide(&slots);
                let other = self.name("r");
                scope.add_place(&format!("{name}[0]"));
                scope.add_place(&format!("{other}[1]"));
                format!("let ({name}, {other}) = {slots}.split_at_mut(2);")
            }
            (kind, ..) => {
                let (first, place) = self.some_place(scope);
                scope.hide(&place);
                scope.add_place(&target);
                match kind {
                    3 | 4 => format!("{first}let ref mut {name} = {place};"),
                    _ => format!("{first}let {name} = &mut {place};"),
                }
            }
        }
    }

    /// Code with a reference to what can change.
    pub(crate) fn view(&mut self, scope: &mut Scope) -> String {
        if self.without.contains("view") {
            return self.act(scope);
        }
        let name = self.name("r");
        let of_list = !self.random.one_in(3);
        let (first, place) = if of_list {
            self.some_list(scope)
        } else {
            self.some_place(scope)
        };
        let outside = scope.without(&place);
        let [a, index] = [self.number(&outside), self.leaf(&outside)];
        let kind = self.random.below(5);
        let mut inner = match (of_list, kind) {
            (true, 4) => scope.in_loop(None),
            _ => scope.deeper(),
        };
        inner.hide(&place);
        let other = self.statements(&inner, 2);
        inner.add_place(&format!("(*{name})"));
        let body = self.statements(&inner, 2);
        let body = format!("{{\n*{name} ^= {a};\n{body}}}");
        let text = match (of_list, kind) {
            (false, 0..3) => format!("match {place} {{ ref mut {name} => {body} }}"),
            (false, _) => format!("{{ let {name} = &mut {place};\n{body} }}"),
            (true, 0) => format!("if let Some({name}) = {place}.last_mut() {body}"),
            (true, 1) => format!(
                "match {place}.first_mut() {{ Some({name}) => {body} None => {{\n{other}}} }}"
            ),
            (true, 2) => {
                format!("if let Some({name}) = {place}.get_mut(({index} % 3) as usize) {body}")
            }
            (true, 3) => format!("if let [{name}, ..] = &mut {place}[..] {body}"),
            (true, _) => format!("for {name} in {place}.iter_mut().take(3) {body}"),
        };
        first + &text
    }

    /// A closure that holds what it changes, for the rest of the block, or what
    /// a value was moved into.
    pub(crate) fn capture(&mut self, scope: &mut Scope) -> String {
        let name = self.name("f");
        match self.random.below(10) {
            0 | 1 => {
                let (first, list) = self.some_list(scope);
                scope.hide(&list);
                scope.changers.push(format!("{name}(ARG)"));
                format!(
                    "{first}let mut {name} = |x: u64| {{ {list}.push(x); {list}.len() as u64 }};"
                )
            }
            2 if !scope.cursors.is_empty() => {
                let cursor = self.random.pick(&scope.cursors).clone();
                scope.hide(&cursor);
                scope.changers.push(format!("{name}()"));
                format!("let mut {name} = || {cursor}.step();")
            }
            3 | 4 => {
                // It asks, too. What it asks stays the same.
                let fixed = |object: &&String| !scope.ats.contains(object);
                let fixed = scope.objects.iter().filter(fixed).cloned();
                let fixed = fixed.collect::<Vec<_>>();
                let object = self.random.pick(&fixed).clone();
                let (first, place) = self.some_place(scope);
                scope.hide(&place);
                scope.changers.push(format!("{name}(ARG)?"));
                format!(
                    "{first}let mut {name} = |x: u64| -> Result<u64, VmiError> {{ \
                     {place} ^= {object}.num(x)?; Ok({place}) }};"
                )
            }
            5 => {
                let (first, own) = self.own_list(scope);
                scope.hide(&own);
                scope.changers.push(format!("{name}()"));
                format!("{first}let mut {name} = move || {own}.pop().unwrap_or(7);")
            }
            6 => {
                let (first, own) = self.own_list(scope);
                let a = self.number(&scope.without(&own));
                let name = self.name("pack");
                scope.hide(&own);
                scope.add_place(&format!("{name}.mark"));
                scope.lists.push(format!("{name}.list"));
                scope.own.push(format!("{name}.list"));
                format!("{first}let mut {name} = Pack {{ mark: {a}, list: {own} }};")
            }
            7 => {
                let (first, own) = self.own_list(scope);
                let list = self.name("list");
                scope.hide(&own);
                scope.lists.push(list.clone());
                scope.own.push(list.clone());
                format!("{first}let mut {list} = {own};")
            }
            8 if !scope.strings.is_empty() => {
                let string = scope.strings.pop().unwrap_or_default();
                scope.numbers.push(format!("{name}()"));
                format!("let {name} = move || {string}.len() as u64;")
            }
            _ => {
                let (first, place) = self.some_place(scope);
                scope.hide(&place);
                scope.changers.push(format!("{name}(ARG)"));
                format!("{first}let mut {name} = |x: u64| {{ {place} ^= x; {place} }};")
            }
        }
    }
}
