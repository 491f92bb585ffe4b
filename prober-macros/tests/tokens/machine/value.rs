//! Values of the machine.

use std::{cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

use quote::ToTokens;
use syn::{ExprClosure, Type};

use super::eval::Scopes;

/// Where a value is.
pub(super) type Slot = Rc<RefCell<Value>>;

#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(i64),
    Text(String),
    /// What an accessor gave; as a number it is 1.
    Thing(String),
    /// `Some(1)`, `Row { .. }`, a tuple.
    Variant(String, Vec<Value>),
    Fields(Rc<RefCell<BTreeMap<String, Slot>>>),
    List(Rc<RefCell<Vec<Value>>>),
    Reference(Slot),
    Items(Rc<RefCell<dyn Items>>),
    Closure(Rc<Closure>),
    /// A function by its name.
    Function(String),
    /// The suppressed set.
    Set,
    /// A variable without a value.
    Unset,

    // Errors.
    Fault(String),
    Batch(Vec<String>),
    Unavailable,
    Doomed,
}

pub(super) struct Closure {
    pub(super) code: ExprClosure,
    pub(super) scopes: Scopes,
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closure")
    }
}

/// An iterator.
pub(super) trait Items: fmt::Debug {
    fn next(&mut self, machine: &super::Machine<'_>) -> Option<Value>;
}

pub(super) fn variant<const N: usize>(name: &str, values: [Value; N]) -> Value {
    Value::Variant(name.to_owned(), values.into())
}

pub(super) fn truth(value: bool) -> Value {
    Value::Number(value.into())
}

impl Value {
    pub(super) const UNIT: Self = Self::Variant(String::new(), Vec::new());

    /// What a parameter is handed.
    pub(super) fn argument(name: &str, ty: &Type) -> Self {
        let words = ty.to_token_stream().to_string();
        let value = if words.contains("& mut impl Iterator") {
            Self::given_items()
        } else if words.contains("Vec") {
            Self::List(Rc::default())
        } else if words.contains("u8") || words.contains("Cell") {
            Self::Number(0)
        } else {
            return Self::Thing(name.to_owned());
        };
        Self::Reference(super::slot(value))
    }

    /// The value behind references.
    pub(super) fn plain(self) -> Self {
        match self {
            Self::Reference(slot) => {
                let value = slot.borrow().clone();
                value.plain()
            }
            value => value,
        }
    }

    pub(super) fn number(self) -> i64 {
        match self.plain() {
            Self::Number(number) => number,
            Self::Thing(_) => 1,
            // A static.
            Self::Variant(_, values) if values.is_empty() => 1,
            value => panic!("no number: {value}"),
        }
    }

    pub(super) fn truth(self) -> bool {
        self.number() != 0
    }

    pub(super) fn option(value: Option<Self>) -> Self {
        match value {
            Some(value) => variant("Some", [value]),
            None => variant("None", []),
        }
    }

    /// The payload of a variant.
    pub(super) fn within(&self, name: &str) -> Option<Self> {
        match self {
            Self::Variant(of, values) if of == name => values.first().cloned(),
            Self::Reference(slot) => slot.borrow().within(name),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, values: &[Self]| {
            for (index, value) in values.iter().enumerate() {
                write!(f, "{}{value}", if index == 0 { "" } else { "," })?;
            }
            Ok(())
        };
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Thing(text) | Self::Function(text) => f.write_str(text),
            Self::Variant(name, values) => {
                f.write_str(name)?;
                if !values.is_empty() || name.is_empty() {
                    f.write_str("(")?;
                    list(f, values)?;
                    f.write_str(")")?;
                }
                Ok(())
            }
            Self::Fields(fields) => {
                for (name, field) in &*fields.borrow() {
                    write!(f, "{name}:{} ", field.borrow())?;
                }
                Ok(())
            }
            Self::List(values) => {
                f.write_str("[")?;
                list(f, &values.borrow())?;
                f.write_str("]")
            }
            Self::Reference(slot) => write!(f, "{}", slot.borrow()),
            Self::Items(_) => f.write_str("items"),
            Self::Closure(_) => f.write_str("closure"),
            Self::Set => f.write_str("suppressed"),
            Self::Unset => panic!("a variable without a value"),
            Self::Fault(page) => write!(f, "fault {page}"),
            Self::Batch(pages) => write!(f, "batch {pages:?}"),
            Self::Unavailable => f.write_str("unavailable"),
            Self::Doomed => f.write_str("doomed"),
        }
    }
}
