//! What an expansion calls of the runtime.

use super::{
    Machine,
    value::{Value, truth, variant},
};

impl Machine<'_> {
    pub(super) fn runtime(&self, name: &str, mut args: Vec<Value>) -> Value {
        match name {
            "start_sharing" => {
                self.shares.set(true);
                Value::UNIT
            }
            "start" | "with_declared_error" | "new" | "type_of" | "type_of_slot" | "asked" => {
                Value::UNIT
            }
            "clone_set" => Value::Set,
            "run" => self.call(&args[1], Vec::new()),
            "served" | "as_operand" | "Taken" | "settled" => args.remove(0),
            "outcome" | "settle_then" => args.remove(1),
            "Some" => variant("Some", [args.remove(0)]),
            "doomed" => truth(self.doomed.get()),
            "leave_doomed" => variant("Err", [Value::Doomed]),
            "settle" if self.doomed.get() => variant("Err", [Value::Doomed]),
            "settle" => variant("Ok", [Value::UNIT]),
            "filled" => args[0]
                .within("Some")
                .expect("a run that is not doomed has all its values"),
            "watched" => {
                let function = args.pop();
                args.remove(0).adapted("watched", function)
            }
            "ask" | "ask_probe" | "wait" | "wait_before" | "ask_before" => {
                let before = name.ends_with("before");
                match self.question(args.remove(0), before) {
                    Ok(Some(value)) if before && value.1 => {
                        variant("Some", [variant("Some", [value.0])])
                    }
                    Ok(value) => variant("Ok", [Value::option(value.map(|value| value.0))]),
                    Err(error) => error,
                }
            }
            "sought" => truth(self.question(args.remove(0), false).is_err()),
            "ask_or_leave" | "ask_or_leave_before" => match self.question(args[0].clone(), false) {
                Ok(Some((value, _))) => variant("Ok", [value]),
                Ok(None) => args.remove(0),
                Err(error) => error,
            },
            "read" => match self.question(args.remove(0), false) {
                Ok(value) => variant("Ok", [Value::option(value.map(|value| value.0))]),
                // What cannot be had is optional.
                Err(error) if matches!(error.within("Err"), Some(Value::Unavailable)) => {
                    variant("Ok", [Value::option(None)])
                }
                Err(error) => error,
            },
            name => panic!("the machine does not know `{name}` of the runtime"),
        }
    }

    /// The value of an operand of `?`, and whether it was an `Option`; nothing
    /// where a page can be brought in; else the error.
    fn question(&self, operand: Value, before: bool) -> Result<Option<(Value, bool)>, Value> {
        let Value::Variant(name, mut values) = operand else {
            panic!("`?` on {operand}");
        };
        match name.as_str() {
            "Ok" => Ok(Some((values.remove(0), false))),
            "Some" => Ok(Some((values.remove(0), true))),
            "None" if before => Err(variant("None", [])),
            "None" => Err(variant("Err", [Value::Unavailable])),
            _ => match &values[0] {
                Value::Fault(page) if self.is_suppressed(page) => {
                    Err(variant("Err", [Value::Unavailable]))
                }
                Value::Fault(page) => {
                    self.record(page);
                    Ok(None)
                }
                Value::Doomed if self.doomed.get() => Ok(None),
                _ => Err(Value::Variant(name, values)),
            },
        }
    }

    fn record(&self, page: &str) {
        let mut faults = self.faults.borrow_mut();
        if !self.is_suppressed(page) {
            if !faults.iter().any(|fault| fault == page) {
                faults.push(page.to_owned());
            }
            self.doomed.set(true);
        }
    }

    /// Records the fault of a result that the body takes apart.
    pub(super) fn note(&self, result: Value) -> Value {
        let inner = result.within("Some").unwrap_or_else(|| result.clone());
        if let Some(Value::Fault(page)) = inner.within("Err") {
            self.record(&page);
        }
        result
    }

    /// The gate.
    pub(super) fn through_gate(&self, result: Value) -> Value {
        let result = self.note(result);
        let faults = self.faults.take();
        if !faults.is_empty() {
            return variant("Err", [Value::Batch(faults)]);
        }
        match result.within("Err") {
            Some(Value::Fault(_)) => variant("Err", [Value::Unavailable]),
            _ => result,
        }
    }
}
