//! A small machine that runs a function by its tokens: the plain one, and what
//! `#[probed]` makes of it. So a test says what a body asks and does in a state
//! of memory, and needs neither rustc nor the runtime.
//!
//! Names mean something here. What has a name of one letter, or one that begins
//! with `read`, is an accessor, whose value lies on a page of its own: `x.a()`
//! on the page `a`, `x.d(1)` on `d(1)`, `x.a()?.b()` on `a.b`. So is a call that
//! is handed `suppressed`: a nested probed function. Other calls act, and so do
//! macros that print, and assignments.

mod eval;
mod methods;
mod patterns;
mod runtime;
mod value;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use syn::{FnArg, ItemFn, Pat};

use self::{
    eval::Scopes,
    value::{Slot, Value, variant},
};

/// What becomes of a read of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Missing,
    /// Missing for good.
    Suppressed,
    /// Its read fails otherwise.
    Failing,
}

/// The pages that are not resident.
pub(crate) type Memory = BTreeMap<String, Page>;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Asked(String),
    Acted(String),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Done(String),
    /// With the pages that are missing.
    Batch(Vec<String>),
    Unavailable,
    Failed(String),
}

/// A machine in one state of memory.
pub(crate) struct Machine<'m> {
    memory: &'m Memory,
    events: RefCell<Vec<Event>>,
    steps: Cell<usize>,

    /// Faults that were recorded by the function itself.
    faults: RefCell<Vec<String>>,
    doomed: Cell<bool>,
    /// Whether callees inherit the doom.
    shares: Cell<bool>,
}

/// Runs a function.
pub(crate) fn run(function: &ItemFn, memory: &Memory) -> (Vec<Event>, End) {
    let machine = Machine {
        memory,
        events: RefCell::default(),
        steps: Cell::new(0),
        faults: RefCell::default(),
        doomed: Cell::new(false),
        shares: Cell::new(false),
    };
    let mut scopes = Scopes::default();
    scopes.bind("suppressed", Value::Set);
    for input in &function.sig.inputs {
        match input {
            FnArg::Receiver(_) => scopes.bind("self", Value::Thing("self".to_owned())),
            FnArg::Typed(param) => {
                if let Pat::Ident(name) = &*param.pat {
                    let name = name.ident.to_string();
                    if name != "suppressed" {
                        scopes.bind(&name, Value::argument(&name, &param.ty));
                    }
                }
            }
        }
    }
    let result = machine.body(&function.block, &mut scopes);
    (machine.events.take(), end(&result))
}

fn end(result: &Value) -> End {
    match result {
        Value::Variant(name, values) if name == "Ok" => End::Done(values[0].to_string()),
        Value::Variant(name, values) if name == "Err" => match &values[0] {
            Value::Fault(page) => End::Batch(vec![page.clone()]),
            Value::Batch(pages) => End::Batch(pages.clone()),
            Value::Unavailable => End::Unavailable,
            error => End::Failed(error.to_string()),
        },
        value => End::Done(value.to_string()),
    }
}

impl Machine<'_> {
    fn acted(&self, act: String) {
        self.events.borrow_mut().push(Event::Acted(act));
    }

    /// Reads a page.
    fn asked(&self, page: String, value: Value) -> Value {
        self.events.borrow_mut().push(Event::Asked(page.clone()));
        match self.memory.get(&page) {
            None => variant("Ok", [value]),
            Some(Page::Failing) => variant("Err", [Value::Thing(format!("wrong {page}"))]),
            Some(Page::Missing | Page::Suppressed) => variant("Err", [Value::Fault(page)]),
        }
    }

    fn is_suppressed(&self, page: &str) -> bool {
        self.memory.get(page) == Some(&Page::Suppressed)
    }

    /// A loop that does not end is a mistake of ours.
    fn step(&self) {
        self.steps.set(self.steps.get() + 1);
        assert!(self.steps.get() < 100_000, "it goes on for ever");
    }
}

/// The slot of a new variable.
fn slot(value: Value) -> Slot {
    std::rc::Rc::new(RefCell::new(value))
}
