//! Patterns.

use quote::ToTokens;
use syn::{Expr, Pat};

use super::{
    Machine,
    eval::{Exit, Scopes},
    slot,
    value::{Slot, Value},
};

impl Machine<'_> {
    /// Whether a value matches; binds the names of the pattern.
    pub(super) fn matches(
        &self,
        pat: &Pat,
        place: &Slot,
        scopes: &mut Scopes,
    ) -> Result<bool, Exit> {
        let value = place.borrow().clone();
        Ok(match pat {
            Pat::Wild(_) | Pat::Rest(_) => true,
            Pat::Ident(pat) => {
                let name = pat.ident.to_string();
                if name == "None" {
                    return Ok(value.within("Some").is_none());
                }
                if let Some((_, sub)) = &pat.subpat
                    && !self.matches(sub, place, scopes)?
                {
                    return Ok(false);
                }
                if pat.by_ref.is_some() {
                    scopes.bind(&name, Value::Reference(place.clone()));
                } else {
                    scopes.bind(&name, value);
                }
                true
            }
            Pat::TupleStruct(pat) => {
                let last = pat.path.segments.last().expect("a segment");
                match value.plain() {
                    Value::Variant(name, values) => {
                        last.ident == name && self.all(pat.elems.iter(), values, scopes)?
                    }
                    // An accessor that gives an `Option`.
                    value => self.all(pat.elems.iter(), vec![value], scopes)?,
                }
            }
            Pat::Tuple(pat) => {
                let values = match value.plain() {
                    Value::Variant(_, values) => values,
                    value => (0..pat.elems.len())
                        .map(|index| part(&value, &index))
                        .collect(),
                };
                self.all(pat.elems.iter(), values, scopes)?
            }
            Pat::Slice(pat) => match value.plain() {
                Value::List(values) => {
                    let values = values.borrow().clone();
                    values.len() == pat.elems.len() && self.all(pat.elems.iter(), values, scopes)?
                }
                value => panic!("no list: {value}"),
            },
            Pat::Struct(pat) => {
                let value = value.plain();
                for field in &pat.fields {
                    let name = field.member.to_token_stream().to_string();
                    let place = match &value {
                        Value::Fields(fields) => fields.borrow()[&name].clone(),
                        value => slot(part(value, &name)),
                    };
                    if !self.matches(&field.pat, &place, scopes)? {
                        return Ok(false);
                    }
                }
                true
            }
            Pat::Or(pat) => {
                for case in &pat.cases {
                    if self.matches(case, place, scopes)? {
                        return Ok(true);
                    }
                }
                false
            }
            Pat::Paren(pat) => self.matches(&pat.pat, place, scopes)?,
            Pat::Type(pat) => self.matches(&pat.pat, place, scopes)?,
            Pat::Reference(pat) => self.matches(&pat.pat, place, scopes)?,
            Pat::Guard(pat) => {
                self.matches(&pat.pat, place, scopes)? && self.eval(&pat.guard, scopes)?.truth()
            }
            Pat::Lit(lit) => {
                let lit = self.eval(&Expr::Lit(lit.clone()), scopes)?;
                lit.number() == value.number()
            }
            Pat::Path(path) => {
                let last = path.path.segments.last().expect("a segment");
                last.ident == value.plain().to_string()
            }
            _ => panic!("a pattern that the machine does not know"),
        })
    }

    fn all<'p>(
        &self,
        pats: impl Iterator<Item = &'p Pat>,
        values: Vec<Value>,
        scopes: &mut Scopes,
    ) -> Result<bool, Exit> {
        let mut values = values.into_iter();
        for pat in pats {
            if matches!(pat, Pat::Rest(_)) {
                return Ok(true);
            }
            let value = values.next().expect("as many values as patterns");
            if !self.matches(pat, &slot(value), scopes)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A part of what an accessor gave.
fn part(value: &Value, name: &impl std::fmt::Display) -> Value {
    Value::Thing(format!("{value}.{name}"))
}
