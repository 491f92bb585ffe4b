//! Expressions and statements.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    BinOp, Block, Expr, Lit, Pat, Stmt, Token, UnOp,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
};

use super::{
    Machine, slot,
    value::{Closure, Slot, Value, truth, variant},
};

/// How code is left.
#[derive(Debug)]
pub(super) enum Exit {
    Break(Option<String>, Value),
    Continue(Option<String>),
    Return(Value),
}

type Result<T = Value> = std::result::Result<T, Exit>;

/// The variables in scope.
#[derive(Debug, Default, Clone)]
pub(super) struct Scopes {
    slots: HashMap<String, Slot>,
    /// Variables of the function itself: what closures bind is not among them.
    own: HashMap<String, Slot>,
    in_closure: bool,
}

impl Scopes {
    pub(super) fn bind(&mut self, name: &str, value: Value) {
        let slot = slot(value);
        if !self.in_closure {
            self.own.insert(name.to_owned(), slot.clone());
        }
        self.slots.insert(name.to_owned(), slot);
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).cloned()
    }

    /// Whether a change of a variable is an effect: not in a closure that has
    /// it for itself.
    fn is_outer(&self, name: &str) -> bool {
        let own = self.own.get(name).map(Rc::as_ptr);
        !self.in_closure || own == self.slots.get(name).map(Rc::as_ptr)
    }
}

impl Machine<'_> {
    /// Runs the body of a function, or of a closure.
    pub(super) fn body(&self, block: &Block, scopes: &mut Scopes) -> Value {
        match self.block(block, scopes) {
            Ok(value) | Err(Exit::Return(value)) => value,
            Err(exit) => panic!("{exit:?} outside of a loop"),
        }
    }

    pub(super) fn call(&self, function: &Value, args: Vec<Value>) -> Value {
        match function.clone().plain() {
            Value::Closure(closure) => {
                let mut scopes = closure.scopes.clone();
                scopes.in_closure |= !args.is_empty();
                for (pat, arg) in closure.code.inputs.iter().zip(args) {
                    let matched = self.matches(pat, &slot(arg), &mut scopes);
                    assert!(
                        matches!(matched, Ok(true)),
                        "a parameter that does not match"
                    );
                }
                match self.eval(&closure.code.body, &mut scopes) {
                    Ok(value) | Err(Exit::Return(value)) => value,
                    Err(exit) => panic!("{exit:?} outside of a loop"),
                }
            }
            Value::Function(name) => self.function(&name, args),
            value => panic!("no function: {value}"),
        }
    }

    pub(super) fn block(&self, block: &Block, scopes: &mut Scopes) -> Result {
        let mut inner = scopes.clone();
        let mut last = Value::UNIT;
        for stmt in &block.stmts {
            self.step();
            last = self.stmt(stmt, &mut inner)?;
        }
        Ok(last)
    }

    fn stmt(&self, stmt: &Stmt, scopes: &mut Scopes) -> Result {
        match stmt {
            Stmt::Local(local) => {
                let Some(init) = &local.init else {
                    let names = local.pat.to_token_stream();
                    scopes.bind(names.to_string().trim_start_matches("mut "), Value::Unset);
                    return Ok(Value::UNIT);
                };
                let place = self.place(&init.expr, scopes)?;
                let mut bound = scopes.clone();
                if self.matches(&local.pat, &place, &mut bound)? {
                    *scopes = bound;
                } else {
                    let (_, diverge) = init.diverge.as_ref().expect("a pattern that matches");
                    self.eval(diverge, scopes)?;
                    panic!("`else` that does not leave");
                }
                Ok(Value::UNIT)
            }
            Stmt::Item(_) => Ok(Value::UNIT),
            Stmt::Expr(expr, semi) => {
                let value = self.eval(expr, scopes)?;
                Ok(if semi.is_some() { Value::UNIT } else { value })
            }
            Stmt::Macro(call) => {
                let value = self.call_macro(&call.mac, scopes)?;
                Ok(if call.semi_token.is_some() {
                    Value::UNIT
                } else {
                    value
                })
            }
        }
    }

    /// The slot that an expression names, or one for its value.
    fn place(&self, expr: &Expr, scopes: &mut Scopes) -> Result<Slot> {
        Ok(match expr {
            Expr::Path(path) => match path.path.get_ident().map(ToString::to_string) {
                Some(name) if scopes.slot(&name).is_some() => {
                    scopes.slot(&name).expect("it is there")
                }
                _ => slot(self.eval(expr, scopes)?),
            },
            Expr::Paren(paren) => self.place(&paren.expr, scopes)?,
            Expr::Group(group) => self.place(&group.expr, scopes)?,
            Expr::Field(field) => {
                let base = self.place(&field.base, scopes)?;
                let name = field.member.to_token_stream().to_string();
                field_of(&base, &name)
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => {
                match self.eval(&unary.expr, scopes)? {
                    Value::Reference(slot) => slot,
                    value => slot(value),
                }
            }
            expr => slot(self.eval(expr, scopes)?),
        })
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each kind of expression")]
    pub(super) fn eval(&self, expr: &Expr, scopes: &mut Scopes) -> Result {
        self.step();
        Ok(match expr {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Int(number) => Value::Number(number.base10_parse().expect("a number")),
                Lit::Bool(is) => truth(is.value),
                lit => Value::Text(lit.to_token_stream().to_string()),
            },
            Expr::Path(path) => {
                let last = path
                    .path
                    .segments
                    .last()
                    .expect("a segment")
                    .ident
                    .to_string();
                match scopes.slot(&last) {
                    Some(slot) if path.path.segments.len() == 1 => {
                        let value = slot.borrow().clone();
                        assert!(!matches!(value, Value::Unset), "{last} has no value");
                        value
                    }
                    _ if last.starts_with(char::is_uppercase) => Value::Variant(last, Vec::new()),
                    _ if path.path.segments.len() > 1 => Value::Function(last),
                    _ => panic!("no variable `{last}`"),
                }
            }
            Expr::Paren(paren) => self.eval(&paren.expr, scopes)?,
            Expr::Group(group) => self.eval(&group.expr, scopes)?,
            Expr::Cast(cast) => self.eval(&cast.expr, scopes)?,
            Expr::Await(future) => match self.eval(&future.base, scopes)? {
                closure @ Value::Closure(_) => self.call(&closure, Vec::new()),
                value => value,
            },
            Expr::Reference(reference) => Value::Reference(self.place(&reference.expr, scopes)?),
            Expr::Field(_) => self.place(expr, scopes)?.borrow().clone(),
            Expr::Unary(unary) => match unary.op {
                UnOp::Deref(_) => self.place(expr, scopes)?.borrow().clone(),
                UnOp::Not(_) => truth(!self.eval(&unary.expr, scopes)?.truth()),
                _ => Value::Number(-self.eval(&unary.expr, scopes)?.number()),
            },
            Expr::Binary(binary) => self.binary(binary, scopes)?,
            Expr::Assign(assign) => {
                let value = self.eval(&assign.right, scopes)?;
                self.assign(&assign.left, value, scopes)?;
                Value::UNIT
            }
            Expr::Index(index) => {
                let list = self.eval(&index.expr, scopes)?.plain();
                let index = self.eval(&index.index, scopes)?;
                match list {
                    // A part of a list is the list.
                    list if matches!(index, Value::Items(_)) => list,
                    Value::List(list) => {
                        let index = usize::try_from(index.number()).expect("no such element");
                        list.borrow()[index].clone()
                    }
                    value => value,
                }
            }
            Expr::Range(range) => {
                let start = match &range.start {
                    Some(start) => self.eval(start, scopes)?.number(),
                    None => 0,
                };
                let end = match &range.end {
                    Some(end) => self.eval(end, scopes)?.number(),
                    None => i64::MAX,
                };
                Value::items((start..end).map(Value::Number))
            }
            Expr::Tuple(tuple) => {
                Value::Variant(String::new(), self.each(tuple.elems.iter(), scopes)?)
            }
            Expr::Array(array) => Value::list(self.each(array.elems.iter(), scopes)?),
            Expr::Repeat(repeat) => {
                let value = self.eval(&repeat.expr, scopes)?;
                let len = usize::try_from(self.eval(&repeat.len, scopes)?.number());
                Value::list(vec![value; len.expect("a length")])
            }
            Expr::Struct(value) => {
                let fields = Rc::<RefCell<BTreeMap<_, _>>>::default();
                for field in &value.fields {
                    let name = field.member.to_token_stream().to_string();
                    let value = self.eval(&field.expr, scopes)?;
                    fields.borrow_mut().insert(name, slot(value));
                }
                if let Some(rest) = &value.rest
                    && let Value::Fields(rest) = self.eval(rest, scopes)?.plain()
                {
                    for (name, value) in &*rest.borrow() {
                        fields
                            .borrow_mut()
                            .entry(name.clone())
                            .or_insert_with(|| value.clone());
                    }
                }
                Value::Fields(fields)
            }
            Expr::Closure(closure) => Value::Closure(Rc::new(Closure {
                code: closure.clone(),
                scopes: scopes.clone(),
            })),
            Expr::Async(block) => {
                let body = &block.block;
                Value::Closure(Rc::new(Closure {
                    code: syn::parse_quote!(|| #body),
                    scopes: scopes.clone(),
                }))
            }
            Expr::Try(question) => {
                let value = self.eval(&question.expr, scopes)?;
                match value {
                    Value::Variant(name, mut values) => match name.as_str() {
                        "Ok" | "Some" => values.remove(0),
                        "Err" | "None" => {
                            return Err(Exit::Return(Value::Variant(name, values)));
                        }
                        _ => Value::Variant(name, values),
                    },
                    // Of what acts nobody asks whether it failed.
                    value => value,
                }
            }
            Expr::If(branch) => {
                let mut inner = scopes.clone();
                if self.eval(&branch.cond, &mut inner)?.truth() {
                    self.block(&branch.then_branch, &mut inner)?
                } else if let Some((_, other)) = &branch.else_branch {
                    self.eval(other, scopes)?
                } else {
                    Value::UNIT
                }
            }
            Expr::Let(condition) => {
                let place = self.place(&condition.expr, scopes)?;
                truth(self.matches(&condition.pat, &place, scopes)?)
            }
            Expr::Match(matched) => {
                let place = self.place(&matched.expr, scopes)?;
                for arm in &matched.arms {
                    let mut inner = scopes.clone();
                    if self.matches(&arm.pat, &place, &mut inner)? {
                        return self.eval(&arm.body, &mut inner);
                    }
                }
                panic!("no arm for {}", place.borrow())
            }
            Expr::Block(block) => {
                let label = block.label.as_ref().map(|label| label.name.to_string());
                match self.block(&block.block, scopes) {
                    Err(Exit::Break(to, value)) if to.is_some() && to == label => value,
                    result => result?,
                }
            }
            Expr::Unsafe(block) => {
                self.acted("unsafe".to_owned());
                self.block(&block.block, scopes)?
            }
            Expr::ForLoop(each) => {
                let items = self.eval(&each.expr, scopes)?.into_items();
                let label = each.label.as_ref();
                self.repeat(label, || {
                    let Some(item) = self.next(&items) else {
                        return Ok(false);
                    };
                    let mut inner = scopes.clone();
                    assert!(self.matches(&each.pat, &slot(item), &mut inner)?);
                    self.block(&each.body, &mut inner).map(|_| true)
                })?
            }
            Expr::While(each) => self.repeat(each.label.as_ref(), || {
                let mut inner = scopes.clone();
                Ok(self.eval(&each.cond, &mut inner)?.truth() && {
                    self.block(&each.body, &mut inner)?;
                    true
                })
            })?,
            Expr::Loop(each) => self.repeat(each.label.as_ref(), || {
                self.block(&each.body, scopes).map(|_| true)
            })?,
            Expr::Break(exit) => {
                let value = match &exit.expr {
                    Some(value) => self.eval(value, scopes)?,
                    None => Value::UNIT,
                };
                let label = exit.label.as_ref().map(ToString::to_string);
                return Err(Exit::Break(label, value));
            }
            Expr::Continue(exit) => {
                return Err(Exit::Continue(exit.label.as_ref().map(ToString::to_string)));
            }
            Expr::Return(exit) => {
                let value = match &exit.expr {
                    Some(value) => self.eval(value, scopes)?,
                    None => Value::UNIT,
                };
                return Err(Exit::Return(value));
            }
            Expr::Call(call) => self.call_expr(call, scopes)?,
            Expr::MethodCall(call) => {
                let receiver = self.place(&call.receiver, scopes)?;
                let args = self.each(call.args.iter(), scopes)?;
                self.method(&receiver, &call.method.to_string(), args)
            }
            Expr::Macro(call) => self.call_macro(&call.mac, scopes)?,
            expr => panic!("the machine does not know {}", expr.to_token_stream()),
        })
    }

    fn call_expr(&self, call: &syn::ExprCall, scopes: &mut Scopes) -> Result {
        if let Expr::Path(path) = &*call.func {
            let segments = &path.path.segments;
            let name = segments.last().expect("a segment").ident.to_string();
            let args = self.each(call.args.iter(), scopes)?;
            return Ok(if segments[0].ident == "__probed" {
                self.runtime(&name, args)
            } else if segments.len() == 1
                && let Some(function) = scopes.slot(&name)
            {
                let function = function.borrow().clone();
                self.call(&function, args)
            } else if segments.len() > 1 && name.starts_with(char::is_lowercase) {
                self.constructor(&segments[segments.len() - 2].ident.to_string(), &name, args)
            } else {
                self.function(&name, args)
            });
        }
        let function = self.eval(&call.func, scopes)?;
        let args = self.each(call.args.iter(), scopes)?;
        Ok(self.call(&function, args))
    }

    /// Goes round as long as an iteration says so.
    fn repeat(
        &self,
        label: Option<&syn::Label>,
        mut iteration: impl FnMut() -> Result<bool>,
    ) -> Result {
        let label = label.map(|label| label.name.to_string());
        loop {
            self.step();
            match iteration() {
                Ok(true) => {}
                Ok(false) => return Ok(Value::UNIT),
                Err(Exit::Break(to, value)) if to.is_none() || to == label => return Ok(value),
                Err(Exit::Continue(to)) if to.is_none() || to == label => {}
                Err(exit) => return Err(exit),
            }
        }
    }

    fn each<'e>(
        &self,
        exprs: impl Iterator<Item = &'e Expr>,
        scopes: &mut Scopes,
    ) -> Result<Vec<Value>> {
        exprs.map(|expr| self.eval(expr, scopes)).collect()
    }

    fn binary(&self, binary: &syn::ExprBinary, scopes: &mut Scopes) -> Result {
        let left = self.eval(&binary.left, scopes)?;
        match binary.op {
            BinOp::And(_) if !left.clone().truth() => return Ok(truth(false)),
            BinOp::Or(_) if left.clone().truth() => return Ok(truth(true)),
            BinOp::And(_) | BinOp::Or(_) => return self.eval(&binary.right, scopes),
            _ => {}
        }
        let right = self.eval(&binary.right, scopes)?;
        if matches!(binary.op, BinOp::Eq(_) | BinOp::Ne(_))
            && let (Value::Variant(..), _) | (_, Value::Variant(..)) = (&left, &right)
        {
            let same = left.to_string() == right.to_string();
            return Ok(truth(same == matches!(binary.op, BinOp::Eq(_))));
        }
        let (a, b) = (left.number(), right.number());
        let value = match binary.op {
            BinOp::Add(_) | BinOp::AddAssign(_) => a + b,
            BinOp::Sub(_) | BinOp::SubAssign(_) => a - b,
            BinOp::Mul(_) | BinOp::MulAssign(_) => a * b,
            BinOp::Div(_) => a / b,
            BinOp::Rem(_) => a % b,
            BinOp::Shl(_) => a << b,
            BinOp::Shr(_) => a >> b,
            BinOp::BitOr(_) | BinOp::BitOrAssign(_) => a | b,
            BinOp::BitAnd(_) => a & b,
            BinOp::BitXor(_) => a ^ b,
            BinOp::Eq(_) => i64::from(a == b),
            BinOp::Ne(_) => i64::from(a != b),
            BinOp::Lt(_) => i64::from(a < b),
            BinOp::Le(_) => i64::from(a <= b),
            BinOp::Gt(_) => i64::from(a > b),
            BinOp::Ge(_) => i64::from(a >= b),
            _ => panic!("an operator that the machine does not know"),
        };
        let assigns = matches!(
            binary.op,
            BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::MulAssign(_) | BinOp::BitOrAssign(_)
        );
        if assigns {
            self.assign(&binary.left, Value::Number(value), scopes)?;
            return Ok(Value::UNIT);
        }
        Ok(Value::Number(value))
    }

    fn assign(&self, place: &Expr, value: Value, scopes: &mut Scopes) -> Result<()> {
        let text = place.to_token_stream().to_string().replace(' ', "");
        let root = text
            .trim_start_matches('*')
            .split(['.', '['])
            .next()
            .unwrap_or_default();
        // The types of variables that searches bind.
        if root.starts_with("__probed_type") || root == "_" {
            return Ok(());
        }
        if scopes.is_outer(root) {
            self.acted(format!("{text}={value}"));
        }
        if let Expr::Index(index) = place {
            let list = self.eval(&index.expr, scopes)?.plain();
            let index = self.eval(&index.index, scopes)?.number();
            if let Value::List(list) = list {
                list.borrow_mut()[usize::try_from(index).expect("an index")] = value;
            }
            return Ok(());
        }
        *self.place(place, scopes)?.borrow_mut() = value;
        Ok(())
    }

    fn call_macro(&self, mac: &syn::Macro, scopes: &mut Scopes) -> Result {
        let name = mac
            .path
            .segments
            .last()
            .expect("a segment")
            .ident
            .to_string();
        if matches!(name.as_str(), "probe" | "settle" | "unprobed") {
            return self.marker(&name, mac.tokens.clone(), scopes);
        }
        if name == "matches" {
            let parse = |input: ParseStream<'_>| {
                let value = input.parse::<Expr>()?;
                input.parse::<Token![,]>()?;
                let pat = Pat::parse_multi_with_leading_vert(input)?;
                input.parse::<TokenStream>()?;
                Ok((value, pat))
            };
            let (value, pat) = parse.parse2(mac.tokens.clone()).expect("`matches!`");
            let place = self.place(&value, scopes)?;
            return Ok(truth(self.matches(&pat, &place, &mut scopes.clone())?));
        }
        let args = parse(
            Punctuated::<Expr, Token![,]>::parse_terminated,
            mac.tokens.clone(),
        );
        let args = self.each(args.iter(), scopes)?;
        let text = Value::Variant(String::new(), args.clone()).to_string();
        Ok(match name.as_str() {
            "vec" => Value::list(args),
            "format" => Value::Text(text),
            "assert" => {
                assert!(args[0].clone().truth(), "an assertion of the body");
                Value::UNIT
            }
            "bail" => return Err(Exit::Return(variant("Err", [Value::Text(text)]))),
            name => {
                self.acted(format!("{name}{text}"));
                if name == "write" {
                    variant("Ok", [Value::UNIT])
                } else {
                    Value::UNIT
                }
            }
        })
    }

    /// A marker: as it is written, or with the tokens of the expansion.
    fn marker(&self, name: &str, tokens: TokenStream, scopes: &mut Scopes) -> Result {
        let probed = |input: ParseStream<'_>| {
            input.parse::<Token![@]>()?;
            input.parse::<syn::Ident>()?;
            input.parse::<Expr>()
        };
        if let Ok(expr) = probed.parse2(tokens.clone()) {
            return self.eval(&expr, scopes);
        }
        if name == "settle" {
            return Ok(Value::UNIT);
        }
        let value = self.eval(&parse(Expr::parse, tokens), scopes)?;
        if name == "unprobed" {
            return Ok(value);
        }
        // Plain code has nothing like it: it would have to ask for what is optional.
        Ok(match value.within("Err") {
            Some(Value::Fault(page)) if self.is_suppressed(&page) => {
                variant("Ok", [Value::option(None)])
            }
            Some(_) => value,
            None => variant(
                "Ok",
                [variant("Some", [value.within("Ok").expect("a result")])],
            ),
        })
    }
}

fn parse<T>(parser: impl Parser<Output = T>, tokens: TokenStream) -> T {
    let text = tokens.to_string();
    parser
        .parse2(tokens)
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The slot of a field.
fn field_of(base: &Slot, name: &str) -> Slot {
    let value = base.borrow().clone();
    match value.plain() {
        Value::Fields(fields) => {
            let mut fields = fields.borrow_mut();
            fields
                .entry(name.to_owned())
                .or_insert_with(|| slot(Value::Number(0)))
                .clone()
        }
        Value::Thing(thing) if thing == "self" => {
            *base.borrow_mut() = Value::Fields(Rc::default());
            field_of(base, name)
        }
        Value::Variant(of, values) if of.is_empty() && !values.is_empty() => {
            slot(values[name.parse::<usize>().expect("a number")].clone())
        }
        // `probed_value.0`
        value => slot(value),
    }
}
