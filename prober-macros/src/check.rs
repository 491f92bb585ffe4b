//! Checks that do not need the body.

use syn::{Attribute, Expr, FnArg, Pat, ReturnType, Stmt, Type};

use crate::{
    args::Args,
    error::Errors,
    future,
    item::{Body, ProbedFn},
    signature::{self, SUPPRESSED},
    wrapper,
};

/// Where the suppressed set comes from, and so whether the body can be
/// rewritten.
pub(crate) enum Checked<'a> {
    /// From the argument `suppressed = EXPR`.
    Given(&'a Expr),

    /// From a parameter that the attribute adds.
    Added,

    /// An error was reported after which the body cannot be rewritten.
    Unusable {
        /// Whether the parameter is added all the same: callers pass it.
        add_parameter: bool,
    },
}

impl Checked<'_> {
    /// Whether the attribute adds a parameter.
    fn adds_parameter(&self) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Added => true,
            Self::Unusable { add_parameter } => *add_parameter,
        }
    }

    /// The body cannot be rewritten.
    fn give_up(&mut self) {
        let add_parameter = self.adds_parameter();
        *self = Self::Unusable { add_parameter };
    }

    /// The signature cannot take the added parameter either.
    fn give_up_parameter(&mut self) {
        let add_parameter = false;
        *self = Self::Unusable { add_parameter };
    }
}

/// Checks what the attribute was put on, and strips what would cause follow-up
/// errors.
pub(crate) fn check<'a>(item: &mut ProbedFn, args: &'a Args, errors: &mut Errors) -> Checked<'a> {
    let mut checked = match &args.suppressed {
        Some(set) => Checked::Given(set),
        None => Checked::Added,
    };
    if is_test_case(item) {
        errors.at(
            item.sig.ident.span(),
            "`#[test_case]` takes `#[probed]` off the function, for the tests that call it; \
             put `#[probed]` above it",
        );
        checked.give_up_parameter();
        return checked;
    }
    check_const(item, &mut checked, errors);
    check_main(item, &mut checked, errors);
    check_attributes(item, &mut checked, errors);
    check_result(item, &mut checked, errors);
    check_name_is_free(item, &mut checked, errors);
    checked
}

/// Whether it is one of the tests that `#[test_case]` and `#[test_matrix]` write:
/// `fn test_case_1_name() { let _result = super::NAME(..); .. }`.
fn is_test_case(item: &ProbedFn) -> bool {
    let Body::Parsed(body) = &item.body else {
        return false;
    };
    let Some(Stmt::Local(first)) = body.block.stmts.first() else {
        return false;
    };
    let calls_super = |mut expr: &Expr| {
        if let Expr::Await(future) = expr {
            expr = &future.base;
        }
        matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Path(path)
            if path.path.segments[0].ident == "super"))
    };
    item.sig.ident.to_string().starts_with("test_case_")
        && item.sig.inputs.is_empty()
        && matches!(&first.pat, Pat::Ident(name) if name.ident == "_result")
        && first
            .init
            .as_ref()
            .is_some_and(|init| calls_super(&init.expr))
}

/// Guest memory is not read at compile time.
fn check_const(item: &mut ProbedFn, checked: &mut Checked<'_>, errors: &mut Errors) {
    if let Some(constness) = item.sig.constness.take() {
        errors.at(
            constness.span,
            "`#[probed]` cannot be used on a `const fn`, which cannot read guest memory; \
             remove `const`",
        );
        checked.give_up();
    }
}

/// Nobody passes a parameter to the function that a program begins with.
fn check_main(item: &ProbedFn, checked: &mut Checked<'_>, errors: &mut Errors) {
    let is_program = item.sig.ident == "main" && item.sig.inputs.is_empty();
    if is_program && checked.adds_parameter() {
        errors.at(
            item.sig.ident.span(),
            "`main` takes no parameters, and `#[probed]` adds one; \
             name the suppressed set instead: `#[probed(suppressed = EXPR)]`",
        );
        checked.give_up_parameter();
    }
}

/// Some attributes do not work together with this one.
fn check_attributes(item: &mut ProbedFn, checked: &mut Checked<'_>, errors: &mut Errors) {
    item.attrs.retain(|attr| match last_name(attr).as_deref() {
        Some("probed") => {
            errors.on(attr, "duplicate `#[probed]` attribute");
            false
        }
        Some("track_caller") => {
            errors.on(
                attr,
                "`#[track_caller]` has no effect on the body of a `#[probed]` function, \
                 which runs in a closure; remove it, or put it on a function that calls this one",
            );
            true
        }
        Some(name @ ("test" | "bench" | "main")) if checked.adds_parameter() => {
            errors.on(
                attr,
                format!(
                    "`#[{name}]` takes a function without parameters, and `#[probed]` adds one; \
                     name the suppressed set instead: `#[probed(suppressed = EXPR)]`"
                ),
            );
            checked.give_up_parameter();
            true
        }
        _ => true,
    });
}

/// Whether a function is a test.
pub(crate) fn is_test(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| last_name(attr).as_deref() == Some("test"))
}

fn last_name(attr: &Attribute) -> Option<String> {
    Some(attr.path().segments.last()?.ident.to_string())
}

/// Page faults leave the function as its error. Types that may be an
/// alias of `Result` are left to the runtime's traits.
fn check_result(item: &ProbedFn, checked: &mut Checked<'_>, errors: &mut Errors) {
    const NEEDS: &str = "`#[probed]` needs a function that returns a `Result`";
    const WRITE: &str = "page faults are returned as its error, so return `prober::Result<..>`";

    let future = future::output(&item.sig);
    match (&item.sig.output, future) {
        (ReturnType::Default, _) => errors.at(item.sig.ident.span(), format!("{NEEDS}; {WRITE}")),
        (ReturnType::Type(_, ty), Some(_)) if !is_wrapped(&item.body) => errors.on(
            ty,
            format!(
                "{NEEDS}; the whole body of one that returns a future must be `async move {{ .. }}` or \
                 `Box::pin(async move {{ .. }})`"
            ),
        ),
        (ReturnType::Type(_, ty), future) if is_no_result(future.unwrap_or(ty)) => {
            errors.on(future.unwrap_or(ty), format!("{NEEDS}; {WRITE}"));
        }
        (ReturnType::Type(..), _) => return,
    }
    checked.give_up();
}

fn is_no_result(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_no_result(&group.elem),
        Type::Paren(paren) => is_no_result(&paren.elem),
        Type::Path(path) => path.path.get_ident().map_or_else(
            || {
                path.path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "Option")
            },
            |ident| {
                matches!(
                    ident.to_string().as_str(),
                    "bool"
                        | "char"
                        | "String"
                        | "u8"
                        | "u16"
                        | "u32"
                        | "u64"
                        | "usize"
                        | "i32"
                        | "i64"
                )
            },
        ),
        Type::Infer(_) | Type::Macro(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Whether a body is in an async block, as far as it was parsed.
fn is_wrapped(body: &Body) -> bool {
    match body {
        Body::Parsed(body) => wrapper::is_wrapped(&body.block),
        Body::Raw(..) | Body::None(_) => true,
    }
}

/// The added parameter needs its name.
fn check_name_is_free(item: &ProbedFn, checked: &mut Checked<'_>, errors: &mut Errors) {
    if !checked.adds_parameter() {
        return;
    }
    let Some(span) = signature::taken_name(&item.sig) else {
        return;
    };
    if item.sig.inputs.iter().any(is_the_added_one) {
        errors.at(
            span,
            "`#[probed]` adds this parameter; remove it, callers pass it as the last argument",
        );
        checked.give_up_parameter();
    } else {
        errors.at(
            span,
            "`#[probed]` adds a parameter called `suppressed`; rename this one, \
             or take the set from it: `#[probed(suppressed = suppressed)]`",
        );
    }
}

/// Whether a parameter is what the attribute would add.
fn is_the_added_one(input: &FnArg) -> bool {
    let FnArg::Typed(param) = input else {
        return false;
    };
    let Type::Reference(reference) = &*param.ty else {
        return false;
    };
    matches!(&*param.pat, Pat::Ident(name) if name.ident == SUPPRESSED)
        && matches!(&*reference.elem, Type::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "SuppressedPages"))
}
