//! Calls: accessors, what the standard library has, and acts.

use std::{cell::RefCell, fmt, rc::Rc};

use super::{
    Machine, slot,
    value::{Items, Slot, Value, truth, variant},
};

/// Items that are there.
struct Ready<I>(I);

impl<I> fmt::Debug for Ready<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready")
    }
}

impl<I: Iterator<Item = Value>> Items for Ready<I> {
    fn next(&mut self, _: &Machine<'_>) -> Option<Value> {
        self.0.next()
    }
}

/// Items each of which lies on a page of its own: two of them.
#[derive(Debug)]
struct Pages {
    of: String,
    next: usize,
}

impl Items for Pages {
    fn next(&mut self, machine: &Machine<'_>) -> Option<Value> {
        self.next += 1;
        let page = format!("{}{}", self.of, self.next);
        (self.next <= 2).then(|| machine.asked(page.clone(), Value::Thing(page)))
    }
}

/// Items of the caller's: to take one is an act.
#[derive(Debug)]
struct Given(usize);

impl Items for Given {
    fn next(&mut self, machine: &Machine<'_>) -> Option<Value> {
        self.0 += 1;
        machine.acted("next".to_owned());
        (self.0 <= 2).then(|| Value::Thing(format!("i{}", self.0)))
    }
}

/// The items of one iterator, then those of another.
#[derive(Debug)]
struct Chained(Value, Value);

impl Items for Chained {
    fn next(&mut self, machine: &Machine<'_>) -> Option<Value> {
        machine.next(&self.0).or_else(|| machine.next(&self.1))
    }
}

/// Items that an adapter gives.
#[derive(Debug)]
struct Adapted {
    by: String,
    items: Value,
    function: Option<Value>,
    count: i64,
}

impl Items for Adapted {
    fn next(&mut self, machine: &Machine<'_>) -> Option<Value> {
        loop {
            let item = machine.next(&self.items)?;
            self.count += 1;
            let call =
                |value| machine.call(self.function.as_ref().expect("a function"), vec![value]);
            let found = match self.by.as_str() {
                "map" => Some(call(item)),
                "filter" => call(item.clone()).truth().then_some(item),
                "filter_map" | "flat_map" => call(item).within("Some"),
                "map_while" => return call(item).within("Some"),
                "watched" => return call(item.clone()).truth().then_some(item),
                "enumerate" => Some(variant("", [Value::Number(self.count - 1), item])),
                "flatten" => item.within("Ok").or_else(|| item.within("Some")),
                _ => Some(item),
            };
            if found.is_some() {
                return found;
            }
        }
    }
}

impl Value {
    pub(super) fn items(items: impl Iterator<Item = Self> + 'static) -> Self {
        Self::Items(Rc::new(RefCell::new(Ready(items))))
    }

    pub(super) fn given_items() -> Self {
        Self::Items(Rc::new(RefCell::new(Given(0))))
    }

    pub(super) fn list(values: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(values)))
    }

    pub(super) fn adapted(self, by: &str, function: Option<Self>) -> Self {
        Self::Items(Rc::new(RefCell::new(Adapted {
            by: by.to_owned(),
            items: self.into_items(),
            function,
            count: 0,
        })))
    }

    pub(super) fn into_items(self) -> Self {
        match self.plain() {
            items @ Self::Items(_) => items,
            Self::List(values) => Self::items(values.borrow().clone().into_iter()),
            Self::Thing(name) => {
                let items = [0, 1].map(|index| Self::Thing(format!("{name}.{index}")));
                Self::items(items.into_iter())
            }
            option @ Self::Variant(..) => Self::items(option.within("Some").into_iter()),
            value => panic!("no items: {value}"),
        }
    }
}

/// Whether a name is that of an accessor.
fn is_accessor(name: &str) -> bool {
    name.len() == 1 || name.starts_with("read")
}

fn text(args: &[Value]) -> String {
    let args = args
        .iter()
        .filter(|arg| !matches!(arg, Value::Reference(_) | Value::Set));
    let args = args.map(ToString::to_string).collect::<Vec<_>>();
    if args.is_empty() {
        String::new()
    } else {
        format!("({})", args.join(","))
    }
}

impl Machine<'_> {
    pub(super) fn next(&self, items: &Value) -> Option<Value> {
        let Value::Items(items) = items else {
            panic!("no items: {items}")
        };
        items.borrow_mut().next(self)
    }

    /// A call that asks, if it is one.
    fn ask(&self, of: &str, name: &str, args: &[Value]) -> Option<Value> {
        let page = format!("{of}{name}{}", text(args));
        if args
            .iter()
            .any(|arg| matches!(arg.clone().plain(), Value::Set))
        {
            return Some(self.nested(&page, args));
        }
        if !is_accessor(name) {
            return None;
        }
        let result = self.asked(page.clone(), Value::Thing(page.clone()));
        // A read into a buffer.
        if name == "read"
            && result.within("Ok").is_some()
            && let Some(Value::Reference(buffer)) = args.last()
        {
            *buffer.borrow_mut() = Value::Thing(page);
        }
        Some(result)
    }

    /// A nested probed function. It acts only in a run that is not doomed, and
    /// adds what it finds to the list that it is handed.
    fn nested(&self, page: &str, args: &[Value]) -> Value {
        let doomed = self.shares.get() && self.doomed.get();
        if !doomed {
            self.acted(page.to_owned());
        }
        let result = self.asked(page.to_owned(), Value::Thing(page.to_owned()));
        if result.within("Ok").is_none() {
            return result;
        }
        if doomed {
            return variant("Err", [Value::Doomed]);
        }
        for arg in args {
            if let Value::List(list) = arg.clone().plain() {
                list.borrow_mut().push(Value::Thing(page.to_owned()));
            }
        }
        result
    }

    /// A call of a function by its name.
    pub(super) fn function(&self, name: &str, mut args: Vec<Value>) -> Value {
        if name == "ok" {
            return self.method(&slot(args[0].clone()), "ok", Vec::new());
        }
        if name == "through" {
            return args.remove(0);
        }
        if name == "mapped" {
            let function = args.pop();
            return args.remove(0).adapted("map", function);
        }
        if name == "items" {
            return Value::Items(Rc::new(RefCell::new(Pages {
                of: "i".to_owned(),
                next: 0,
            })));
        }
        if name.starts_with(char::is_uppercase) {
            return Value::Variant(name.to_owned(), args);
        }
        self.ask("", name, &args).unwrap_or_else(|| {
            self.acted(format!("{name}{}", text(&args)));
            variant("Ok", [Value::UNIT])
        })
    }

    /// `Vec::new()`, `Cell::new(0)`, `VmiState::write_u8(vmi, 1)`
    pub(super) fn constructor(&self, ty: &str, name: &str, mut args: Vec<Value>) -> Value {
        match (ty, name) {
            ("Vec" | "String", _) => Value::list(Vec::new()),
            ("mpsc", "channel") => {
                variant("", ["tx", "rx"].map(|end| Value::Thing(end.to_owned())))
            }
            ("Cell" | "RefCell" | "Rc" | "Sink", "new") => match args.remove(0) {
                reference @ Value::Reference(_) => reference,
                value => Value::Reference(slot(value)),
            },
            _ => self.function(name, args),
        }
    }

    pub(super) fn method(&self, receiver: &Slot, name: &str, mut args: Vec<Value>) -> Value {
        let value = receiver.borrow().clone().plain();
        match (&value, name) {
            (_, "note" | "note_result") => return self.note(value),
            (_, "seen") => {
                self.note(value);
                return truth(true);
            }
            (_, "through_gate") => return self.through_gate(value),
            (_, "known") => return Value::UNIT,
            (_, "get" | "borrow" | "as_ref" | "iter_of" | "as_mut" | "borrow_mut" | "lock") => {
                return match receiver.borrow().clone() {
                    reference @ Value::Reference(_) if name != "get" => reference,
                    _ if name != "get" => Value::Reference(receiver.clone()),
                    value => value.plain(),
                };
            }
            (_, "clone" | "by_ref") => return receiver.borrow().clone(),
            (_, "set" | "replace") => {
                self.acted(format!("{name}{}", text(&args)));
                let mut slot = receiver.clone();
                loop {
                    let inner = match &*slot.borrow() {
                        Value::Reference(inner) => inner.clone(),
                        _ => break,
                    };
                    slot = inner;
                }
                *slot.borrow_mut() = args.remove(0);
                return Value::UNIT;
            }
            (Value::Variant(..), "iter_mut") => return value.into_items(),
            (Value::Variant(of, _), _) if matches!(of.as_str(), "Ok" | "Err" | "Some" | "None") => {
                return self.method_of_result(&value, name, args);
            }
            (Value::List(list), "push" | "insert" | "extend") => {
                self.acted(format!("{name}{}", text(&args)));
                list.borrow_mut().push(args.remove(0));
                return Value::UNIT;
            }
            (Value::List(list), "drain") => {
                self.acted(name.to_owned());
                return Value::items(list.take().into_iter());
            }
            (Value::List(list), "pop") => {
                self.acted(name.to_owned());
                return Value::option(list.borrow_mut().pop());
            }
            (Value::List(list), "len") => {
                return Value::Number(i64::try_from(list.borrow().len()).expect("short"));
            }
            (Value::List(_) | Value::Items(_), "iter" | "iter_mut" | "into_iter" | "collect")
                if !matches!((&value, name), (Value::Items(_), "collect")) =>
            {
                return value.into_items();
            }
            (
                Value::List(_) | Value::Items(_),
                "map" | "filter" | "filter_map" | "flat_map" | "map_while" | "enumerate"
                | "flatten",
            ) => return value.adapted(name, args.pop()),
            (Value::Items(_), "chain") => {
                let chained = Chained(value, args.remove(0).into_items());
                return Value::Items(Rc::new(RefCell::new(chained)));
            }
            // Those of the caller, from their far end.
            (Value::Items(_), "rev") => return value.adapted(name, None),
            (Value::Items(_), "next") => return Value::option(self.next(&value)),
            (Value::Items(_), "collect") => return self.collect(&value),
            (Value::Items(_), "count") => {
                return Value::Number(std::iter::from_fn(|| self.next(&value)).map(|_| 1).sum());
            }
            (Value::Items(_), "sum") => {
                return Value::Number(
                    std::iter::from_fn(|| self.next(&value))
                        .map(Value::number)
                        .sum(),
                );
            }
            (Value::Number(_) | Value::Text(_), "to_string" | "unwrap_or" | "max" | "min") => {
                return value;
            }
            _ => {}
        }
        let of = match &value {
            Value::Thing(name) if !matches!(name.as_str(), "x" | "y" | "vmi" | "self") => {
                format!("{name}.")
            }
            _ => String::new(),
        };
        self.ask(&of, name, &args).unwrap_or_else(|| {
            self.acted(format!("{of}{name}{}", text(&args)));
            variant("Ok", [Value::UNIT])
        })
    }

    fn collect(&self, items: &Value) -> Value {
        let mut found = Vec::new();
        let mut fallible = false;
        while let Some(item) = self.next(items) {
            if item.within("Err").is_some() {
                return item;
            }
            fallible |= item.within("Ok").is_some();
            found.push(item.within("Ok").unwrap_or(item));
        }
        let list = Value::list(found);
        if fallible {
            variant("Ok", [list])
        } else {
            list
        }
    }

    /// A method of a `Result` or an `Option`.
    fn method_of_result(&self, value: &Value, name: &str, mut args: Vec<Value>) -> Value {
        let good = value.within("Ok").or_else(|| value.within("Some"));
        let is_option = value.within("Ok").is_none() && value.within("Err").is_none();
        match (name, good) {
            ("is_ok" | "is_some", good) => truth(good.is_some()),
            ("is_err" | "is_none", good) => truth(good.is_none()),
            ("is_ok_and" | "is_some_and" | "and_then", Some(good)) => {
                self.call(&args[0], vec![good])
            }
            ("is_ok_and" | "is_some_and", None) => truth(false),
            ("ok", good) => Value::option(good),
            ("err", _) => Value::option(value.within("Err")),
            (
                "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default" | "unwrap_or_else",
                Some(good),
            ) => good,
            ("unwrap_or" | "map_or" | "or", None) => args.remove(0),
            ("unwrap_or_default", None) => Value::Number(0),
            ("unwrap_or_else", None) if is_option => self.call(&args[0], Vec::new()),
            ("unwrap_or_else", None) => {
                self.call(&args[0], vec![value.within("Err").expect("an error")])
            }
            ("map", Some(good)) => {
                let mapped = self.call(&args[0], vec![good]);
                variant(if is_option { "Some" } else { "Ok" }, [mapped])
            }
            ("map_or", Some(good)) => self.call(&args[1], vec![good]),
            ("map_err", None) => {
                let error = value.within("Err").expect("an error");
                variant("Err", [self.call(&args[0], vec![error])])
            }
            ("context" | "with_context", None) => {
                self.acted(format!("{name}{}", text(&args)));
                value.clone()
            }
            ("or_else", None) => self.call(&args[0], vec![value.within("Err").expect("an error")]),
            ("ok_or", Some(good)) => variant("Ok", [good]),
            ("ok_or", None) => variant("Err", [args.remove(0)]),
            ("or" | "or_else", Some(_))
            | (
                "map" | "map_err" | "inspect" | "and_then" | "context" | "with_context" | "copied",
                _,
            ) => value.clone(),
            (name, _) => panic!("the machine does not know `{name}` of a result"),
        }
    }
}
