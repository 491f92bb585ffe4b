//! Expressions of the type `u64`.

use crate::{
    code::Code,
    functions::{Generator, Label, Scope},
};

impl Generator {
    pub(crate) fn expr(&mut self, scope: &Scope) -> Code {
        if scope.depth == 0 {
            return self.leaf(scope);
        }
        let scope = &scope.deeper();
        if scope.quiet {
            return self.wrapped(scope);
        }
        match self.random.below(24) {
            0..6 => self.read(scope),
            6 => self.leaf(scope),
            7 => {
                let operator = *self.random.pick(&["^", "|", "&"]);
                let parts = [self.expr(scope), self.expr(scope)];
                let code = Code::same(format!("($0 {operator} $1)"));
                code.fill(&[&parts[0], &parts[1]])
            }
            8 => self.call(scope),
            9 => self.branch(scope),
            10 => self.block(scope),
            11 => self.closure(scope),
            12 => self.in_macro(scope),
            13 => self.exit(scope),
            14 => self.many(scope),
            _ => self.wrapped(scope),
        }
    }

    fn leaf(&mut self, scope: &Scope) -> Code {
        if scope.vars.is_empty() || self.random.one_in(4) {
            Code::same(format!("{}_u64", self.random.below(100)))
        } else {
            Code::same(self.random.pick(&scope.vars).clone())
        }
    }

    /// A read, and ways to have its value.
    fn read(&mut self, scope: &Scope) -> Code {
        let mut inner = scope.in_probe();
        inner.quiet = self.random.one_in(4);
        let address = self.expr(&inner);
        if self.random.one_in(6) {
            return self.range(scope, &address);
        }
        let (read, convert) = *self.random.pick(&[
            ("vmi.read_u64(at($0))", "$0"),
            ("vmi.read_u64(at($0))", "$0"),
            ("vmi.read_u32(at($0))", "u64::from($0)"),
            ("vmi.read_u16(at($0))", "u64::from($0)"),
            ("vmi.read_u8(at($0))", "u64::from($0)"),
            ("(&vmi).read_u8((at($0)))", "u64::from($0)"),
            ("vmi.read_va(at($0))", "$0.0"),
        ]);
        let read = Code::same(read).fill(&[&address]);
        let value = self.value(scope).fill(&[&read]);
        Code::same(convert).fill(&[&value])
    }

    /// How the value of a read is had. The plain form has the same blocks, for
    /// temporaries are dropped at their ends.
    fn value(&mut self, scope: &Scope) -> Code {
        let ways: &[(&str, &str)] = if scope.in_probe {
            &[("$0?", "$0?")]
        } else if scope.in_closure {
            &[
                ("$0?", "$0?.unwrap_or_default()"),
                ("$0?", "$0.map(Option::unwrap_or_default)?"),
                (
                    "(match Some($0?) { Some(value) => value, None => Default::default() })",
                    "(match $0? { Some(value) => value, None => Default::default() })",
                ),
            ]
        } else {
            &[
                ("$0?", "$0??"),
                ("$0?", "$0??"),
                ("$0?", "$0?.unwrap_or_default()"),
                ("$0?", "$0.map(Option::unwrap_or_default)?"),
                ("$0?", "$0?.ok_or(VmiError::Timeout)?"),
                (
                    "(match $0 { Ok(value) => value, Err(error) => return Err(error.into()) })",
                    "(match $0? { Some(value) => value, None => return Err(VmiError::Timeout.into()) })",
                ),
                (
                    "(if let value = $0? { value } else { return Err(VmiError::Timeout.into()) })",
                    "(if let Some(value) = $0? { value } else { return Err(VmiError::Timeout.into()) })",
                ),
                (
                    "({ let value = $0? else { panic!() }; value })",
                    "({ let Some(value) = $0? else { panic!() }; value })",
                ),
            ]
        };
        let (plain, probed) = *self.random.pick(ways);
        Code::two(plain, probed)
    }

    /// Reads of several bytes, which the runtime may serve.
    fn range(&mut self, scope: &Scope, address: &Code) -> Code {
        let (needs, method) = match (scope.in_probe, scope.in_closure) {
            (true, _) => ("?", "?"),
            (false, true) => ("?.unwrap_or_default()", "?;"),
            (false, false) => ("??", "??;"),
        };
        let text = |plain: &str| Code::two(format!("$0{plain}"), format!("$0{needs}"));
        match self.random.below(3) {
            0 => {
                let read = Code::same("vmi.read_struct::<[u64; 2]>(at($0))").fill(&[address]);
                let value = text("?").fill(&[&read]);
                Code::same("$0[1]").fill(&[&value])
            }
            1 => {
                let read = Code::same("vmi.read_string_limited(at($0), 9)").fill(&[address]);
                let value = text("?").fill(&[&read]);
                Code::same("($0.len() as u64)").fill(&[&value])
            }
            _ => {
                let method = method.trim_end_matches(';');
                let read = Code::two(
                    "{ let mut buffer = [1_u8; 5]; vmi.read(at($0), &mut buffer)?; u64::from(buffer[4]) }",
                    format!(
                        "{{ let mut buffer = [1_u8; 5]; vmi.read(at($0), &mut buffer){method}; u64::from(buffer[4]) }}"
                    ),
                );
                Code::same("($0)").fill(&[&read.fill(&[address])])
            }
        }
    }

    /// Calls of other functions that read.
    fn call(&mut self, scope: &Scope) -> Code {
        let probe = !scope.in_probe && self.random.one_in(3);
        let argument = self.expr(&if probe {
            scope.in_probe()
        } else {
            scope.clone()
        });
        let code = if probe && !scope.in_closure {
            Code::two("helper(vmi, $0)?", "probe!(helper(vmi, $0))??")
        } else if probe {
            Code::two("helper(vmi, $0)?", "probe!(helper(vmi, $0))?.unwrap_or(0)")
        } else if scope.has_set && self.random.one_in(2) {
            Code::two("callee_plain(vmi, $0)?", "callee(vmi, $0, suppressed)?")
        } else {
            Code::same(*self.random.pick(&[
                "helper(vmi, $0)?",
                "fail($0)?",
                "Some($0).filter(|value| value % 5 != 0).ok_or(VmiError::Timeout)?",
            ]))
        };
        code.fill(&[&argument])
    }

    fn branch(&mut self, scope: &Scope) -> Code {
        let parts = [
            self.expr(scope),
            self.expr(scope),
            self.expr(scope),
            self.expr(scope),
        ];
        let code = Code::same(*self.random.pick(&[
            "(if $0 % 3 == 0 { $1 } else if $2 > 9 { $3 } else { 7_u64 })",
            "(match $0 % 4 { 0 => $1, 1 | 2 if $2 % 2 == 0 => 3, _ => $3 })",
            "(if let Some(found) = odd($0) { found ^ $1 } else { $2 })",
            "(if let Some(found) = odd($0) && found > $1 { $2 } else { $3 })",
            "(match odd($0) { Some(found) if $1 > found => found, Some(_) => $2, None => $3 })",
        ]));
        code.fill(&[&parts[0], &parts[1], &parts[2], &parts[3]])
    }

    fn block(&mut self, scope: &Scope) -> Code {
        let labelled = self.random.one_in(2);
        let mut within = scope.clone();
        // Without a label a `break` cannot leave a block that has one.
        within.in_loop &= !labelled;
        let body = self.stmts(&within, 2);
        let value = self.expr(&within);
        let unlabelled = *self.random.pick(&["{", "unsafe {"]);
        if !labelled {
            return Code::same(format!("({unlabelled} $0 $1 }})")).fill(&[&body, &value]);
        }
        let label = self.label();
        let inner = within.with_label(&label, false);
        let condition = self.expr(&inner);
        let early = self.expr(&inner);
        let code = Code::same(format!(
            "({label}: {{ $0 if $1 % 2 == 0 {{ break {label} $2; }} $3 }})"
        ));
        code.fill(&[&body, &condition, &early, &value])
    }

    /// A closure, whose `?` and `return` are its own.
    fn closure(&mut self, scope: &Scope) -> Code {
        let inner = &scope.in_closure();
        let value = self.expr(&inner.with_var("inner"));
        let argument = self.expr(scope);
        let code = Code::same(*self.random.pick(&[
            "(|inner: u64| -> Result<u64, VmiError> { Ok($0) })($1)?",
            "(|inner: u64| -> Result<u64, VmiError> { if inner > 40 { return Ok(inner); } Ok($0) })($1)?",
            "(0..$1 % 3).map(|inner| -> Result<u64, VmiError> { Ok($0) }).collect::<Result<Vec<u64>, VmiError>>()?.into_iter().fold(0_u64, |a, b| a ^ b)",
            "(|inner: u64| -> Result<u64, VmiError> { Ok($0) })($1).unwrap_or(6)",
        ]));
        code.fill(&[&value, &argument])
    }

    fn in_macro(&mut self, scope: &Scope) -> Code {
        let parts = [self.expr(scope), self.expr(scope)];
        let code = Code::same(*self.random.pick(&[
            "vec![$0; 2][1]",
            "vec![$0, $1].into_iter().fold(0_u64, |a, b| a ^ b)",
            "(format!(\"{} {value:?}\", $0, value = $1).len() as u64)",
            "u64::from(matches!($0, 1..50 if $1 > 3))",
            "id!($0)",
            "({ assert!($0 != u64::MAX, \"{}\", $1); 4_u64 })",
            "({ let mut text = String::new(); let _ = std::fmt::Write::write_fmt(&mut text, format_args!(\"{}\", $0)); text.len() as u64 ^ $1 })",
        ]));
        code.fill(&[&parts[0], &parts[1]])
    }

    /// Ways out in the middle of an expression.
    fn exit(&mut self, scope: &Scope) -> Code {
        let parts = [self.expr(scope), self.expr(scope), self.leaf(scope)];
        let mut ways = vec!["(if $0 % 4 == 1 { return Ok($2) } else { $1 })".to_owned()];
        if !scope.in_closure {
            ways.push("({ ensure!($0 % 6 != 1, VmiError::OutOfBounds); $1 })".to_owned());
        }
        for Label { name, is_loop } in &scope.labels {
            if *is_loop {
                ways.push(format!(
                    "(if $0 % 4 == 1 {{ continue {name} }} else {{ $1 }})"
                ));
                ways.push(format!("(match $0 % 4 {{ 1 => break {name}, _ => $1 }})"));
            } else {
                ways.push(format!(
                    "(if $0 % 4 == 1 {{ break {name} $2 }} else {{ $1 }})"
                ));
            }
        }
        if scope.in_loop {
            ways.push("(if $0 % 4 == 1 { continue } else { $1 })".to_owned());
            ways.push("(if $0 % 4 == 1 { break } else { $1 })".to_owned());
        }
        let way = self.random.pick(&ways).clone();
        // The value of an early `return` is that of the function.
        let way = if scope.in_closure {
            way
        } else {
            way.replace("return Ok($2)", &format!("return {}", self.tail))
        };
        Code::same(way).fill(&[&parts[0], &parts[1], &parts[2]])
    }

    /// Several reads by an iterator.
    fn many(&mut self, scope: &Scope) -> Code {
        let code = if scope.in_probe {
            Code::same(
                "(0..3_u64).filter_map(|i| vmi.read_u64(at(i)).ok()).fold($0, |a: u64, b| a ^ b)",
            )
        } else {
            Code::two(
                "(0..3_u64).filter_map(|i| vmi.read_u64(at(i)).ok()).fold($0, |a: u64, b| a ^ b)",
                "(0..3_u64).filter_map(|i| vmi.read_u64(at(i)).ok().flatten()).fold($0, |a: u64, b| a ^ b)",
            )
        };
        let start = self.expr(scope);
        code.fill(&[&start])
    }

    /// All other expressions that have an expression in them.
    fn wrapped(&mut self, scope: &Scope) -> Code {
        let number = self.random.below(1000);
        let parts = [self.expr(scope), self.expr(scope)];
        let mut ways = vec![
            "(!$0)".to_owned(),
            "(*&$0)".to_owned(),
            "($0 as u32 as u64)".to_owned(),
            "[$0, $1][1]".to_owned(),
            "($0, $1).0".to_owned(),
            "(Pair { a: $0, b: $1 }).b".to_owned(),
            "$0.wrapping_add($1)".to_owned(),
            "((0..$0 % 5).count() as u64)".to_owned(),
            "Some($0).map(|x| x ^ 1).unwrap_or(0)".to_owned(),
        ];
        // Temporaries with a drop. Those of a probe with a `?` in it are
        // dropped with the probe, and not with the statement.
        if !scope.in_probe || scope.quiet {
            ways.extend([
                format!("Guard::new(log, {number}).pass($0)"),
                format!("(match Guard::new(log, {number}).pass($0) {{ taken => taken ^ $1 }})"),
                format!("(if Guard::new(log, {number}).pass($0) % 2 == 0 {{ $1 }} else {{ 2 }})"),
                format!("({{ Guard::new(log, {number}).pass($0) }} ^ $1)"),
            ]);
        }
        Code::same(self.random.pick(&ways).clone()).fill(&[&parts[0], &parts[1]])
    }
}
