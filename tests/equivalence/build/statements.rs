//! Statements.

use crate::{
    code::Code,
    functions::{Generator, Scope},
};

impl Generator {
    /// A few statements. What they declare is not known behind them.
    pub(crate) fn stmts(&mut self, scope: &Scope, most: usize) -> Code {
        let mut scope = scope.clone();
        let mut code = Code::same("");
        for _ in 0..=self.random.below(most) {
            let stmt = self.stmt(&mut scope);
            code = Code::same("$0 $1\n").fill(&[&code, &stmt]);
        }
        code
    }

    /// A statement. What it declares is added to the scope.
    pub(crate) fn stmt(&mut self, scope: &mut Scope) -> Code {
        let number = self.random.below(1000);
        match self.random.below(16) {
            0..3 => {
                let value = self.expr(scope);
                let name = self.name(scope);
                let mutable = self.random.one_in(2);
                let code = if mutable {
                    scope.muts.push(name.clone());
                    format!("let mut {name}: u64 = $0;")
                } else {
                    format!("let {name} = $0;")
                };
                if !scope.vars.contains(&name) {
                    scope.vars.push(name);
                }
                Code::same(code).fill(&[&value])
            }
            3 if !scope.muts.is_empty() => {
                let name = self.random.pick(&scope.muts).clone();
                let operator = *self.random.pick(&["=", "^=", "|="]);
                // A value that is read before its own variable is borrowed.
                let value = self.expr(scope);
                Code::same(format!("{name} {operator} $0;")).fill(&[&value])
            }
            4 => {
                let value = self.expr(scope);
                Code::same(format!("log.add(\"note\", $0 ^ {number});")).fill(&[&value])
            }
            5 => Code::same(format!("let _guard = Guard::new(log, {number});")),
            6 => {
                let value = self.expr(scope);
                let name = self.name(scope);
                let code = Code::same(format!(
                    "let Some({name}) = odd($0) else {{ return {}; }};",
                    if scope.in_closure {
                        "Ok(3)"
                    } else {
                        self.early
                    }
                ));
                let code = code.fill(&[&value]);
                scope.muts.retain(|other| *other != name);
                if !scope.vars.contains(&name) {
                    scope.vars.push(name);
                }
                code
            }
            7 => self.for_loop(scope),
            8 => self.while_loop(scope),
            9 => {
                let condition = self.expr(scope);
                let inner = scope.deeper();
                let (then, other) = (self.stmts(&inner, 2), self.stmts(&inner, 2));
                Code::same("if $0 % 2 == 0 { $1 } else { $2 }").fill(&[&condition, &then, &other])
            }
            10 if !scope.in_probe && !scope.in_closure => {
                let (address, value) = (self.expr(scope), self.expr(scope));
                Code::same("vmi.write_u64(at($0), $1)?;").fill(&[&address, &value])
            }
            11 if !scope.in_probe && !scope.in_closure => Code::two("", "settle!();"),
            12 => Code::same(
                "{ fn item(x: Option<u64>) -> Option<u64> { if x.is_none() { return None; } Some(x? + 1) }\n\
                 const ITEM: fn(Option<u64>) -> Option<u64> = item; let _ = ITEM(Some(1)); }",
            ),
            13 => {
                let value = self.expr(scope);
                Code::same("#[allow(unused)] let _ = $0;").fill(&[&value])
            }
            14 => {
                let value = self.expr(scope);
                Code::same(format!(
                    "match Guard::new(log, {number}).pass($0) % 3 {{ 0 => log.add(\"zero\", 0), 1 => {{}} _ => drop(Guard::new(log, 1)) }}"
                ))
                .fill(&[&value])
            }
            _ => {
                let value = self.expr(scope);
                Code::same("drop($0);").fill(&[&value])
            }
        }
    }

    fn for_loop(&mut self, scope: &Scope) -> Code {
        let count = self.expr(scope);
        let label = self.label();
        let mut inner = scope.deeper().with_var("index");
        inner.in_loop = true;
        let labelled = self.random.one_in(2);
        if labelled {
            inner = inner.with_label(&label, true);
        }
        let body = self.stmts(&inner, 3);
        let label = if labelled {
            format!("{label}: ")
        } else {
            String::new()
        };
        Code::same(format!("{label}for index in 0..$0 % 4 {{ $1 }}")).fill(&[&count, &body])
    }

    fn while_loop(&mut self, scope: &Scope) -> Code {
        let label = self.label();
        let mut inner = scope.deeper();
        inner.in_loop = true;
        let inner = inner.with_label(&label, true);
        let body = self.stmts(&inner, 2);
        // Counted first, so that a `continue` does not make it endless.
        let counter = format!("count_{}", &label[1..]);
        let more = if scope.in_probe {
            Code::same("vmi.read_u8(at($0))?")
        } else if scope.in_closure {
            return Code::same("");
        } else {
            Code::two("vmi.read_u8(at($0))?", "vmi.read_u8(at($0))??")
        };
        let more = more.fill(&[&Code::same(counter.clone())]);
        let code = Code::same(format!(
            "let mut {counter} = 0_u64; {label}: while {counter} < 3 && $0 != 7 {{ {counter} += 1; $1 }}"
        ));
        code.fill(&[&more, &body])
    }
}
