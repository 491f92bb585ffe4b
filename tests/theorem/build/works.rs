//! Worklists, and macros of the program's own.

use crate::{programs::Writer, scope::Scope};

impl Writer {
    /// A loop that takes from a list, and adds to it behind questions.
    pub(crate) fn worklist(&mut self, scope: &mut Scope) -> String {
        if self.without.contains("work") {
            return self.act(scope);
        }
        let object = self.object(scope);
        let work = self.name("work");
        let turn = self.name("turn");
        let counts = format!("{turn} += 1; if {turn} > 4 {{ break; }}");
        match self.random.below(6) {
            0..3 => {
                let item = self.name("o");
                let mut inner = scope.in_loop(None).with_object(&item);
                inner.numbers.push(format!("({work}.len() as u64)"));
                let body = self.statements(&inner, 2);
                let field = self.field(&inner);
                let more = match self.random.below(4) {
                    0 => format!("if let Some(next) = {item}.next()? {{ {work}.push(next); }}"),
                    1 => format!("{work}.extend({item}.items({field})?);"),
                    2 => format!("for next in {item}.list({field})? {{ {work}.push(next?); }}"),
                    _ => format!("let next = {item}.obj({field})?; {work}.push(next);"),
                };
                let body = if self.random.one_in(2) {
                    format!("{body}{more}")
                } else {
                    format!("{more}\n{body}")
                };
                let head = match self.random.below(3) {
                    0 => format!("while !{work}.is_empty() {{\nlet {item} = {work}.remove(0);"),
                    _ => format!("while let Some({item}) = {work}.pop() {{"),
                };
                format!(
                    "let mut {work} = vec![{object}];\nlet mut {turn} = 0;\n{head}\n{counts}\n{body}\n}}"
                )
            }
            3 => {
                let number = self.name("n");
                let a = self.number(scope);
                let mut inner = scope.in_loop(None).with_number(&number);
                inner.lists.push(work.clone());
                let body = self.statements(&inner, 2);
                let more = format!("{work}.push({object}.num({number})?);");
                scope.lists.push(work.clone());
                format!(
                    "let mut {work} = vec![{a}, 2];\nlet mut {turn} = 0;\n\
                     while let Some({number}) = {work}.pop() && {turn} < 4 {{\n{turn} += 1;\n{body}{more}\n}}"
                )
            }
            4 => {
                let number = self.name("n");
                let inner = scope.in_loop(None).with_number(&number);
                let body = self.statements(&inner, 2);
                let body = without_queue(body, &number);
                format!(
                    "let mut {turn} = 0;\nwhile let Some({number}) = queue.pop() {{\n{counts}\n\
                     {body}queue.push({object}.num({number})?);\n}}"
                )
            }
            _ => {
                let cursor = self.name("cursor");
                let number = self.name("n");
                let mut inner = scope.in_loop(None).with_number(&number);
                inner.cursors.push(cursor.clone());
                let body = self.statements(&inner, 2);
                let condition = self.condition(&inner);
                scope.cursors.push(cursor.clone());
                format!(
                    "let mut {cursor} = Cursor::new(3);\nlet mut {turn} = 0;\n\
                     loop {{\n{counts}\nlet {number} = vmi.read_u64({cursor}.step())?;\n\
                     {body}if {condition} {{ break; }}\n}}"
                )
            }
        }
    }

    /// A macro of the program's own, which asks, changes or both.
    pub(crate) fn own_macro(&mut self, scope: &mut Scope) -> String {
        let object = self.object(scope);
        let field = self.field(scope);
        let name = self.name("n");
        match self.random.below(3) {
            0 => {
                let (first, list) = self.some_list(scope);
                let field = self.random.below(8);
                format!(
                    "{first}macro_rules! put_{name} {{ ($list:expr, $expr:expr) => {{ $list.push($expr?) }} }} \
                     put_{name}!({list}, {object}.num({field}));"
                )
            }
            1 => {
                let (first, place) = self.some_place(scope);
                scope.numbers.push(name.clone());
                format!(
                    "{first}macro_rules! next_{name} {{ ($at:expr) => {{ {{ $at = $at / 3 + 1; $at }} }} }} \
                     let {name} = next_{name}!({place});"
                )
            }
            _ => {
                scope.numbers.push(name.clone());
                format!(
                    "macro_rules! both_{name} {{ ($o:expr, $at:expr) => {{ $o.num($at)? ^ $o.num(2)? }} }} \
                     let {name} = both_{name}!({object}, {field});"
                )
            }
        }
    }
}

/// A body, unless it takes from the queue itself.
pub(crate) fn without_queue(body: String, item: &str) -> String {
    if body.contains("queue") {
        return format!("w.act(\"taken\", {item});\n");
    }
    body
}
