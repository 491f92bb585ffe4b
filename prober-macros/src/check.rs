//! Checks that do not need the body.

use proc_macro2::Span;
use syn::{Attribute, FnArg, Pat, PatIdent, ReturnType, Type, visit::Visit};

use crate::{error::Errors, item::ProbedFn, signature::SUPPRESSED};

/// What the rules found, beside errors.
pub(crate) struct Checked {
    /// Whether the body can be rewritten. If not, it stays as it is, beside
    /// the error.
    pub(crate) rewrite: bool,

    /// Whether the signature can take the added parameter.
    pub(crate) add_parameter: bool,

    /// Whether a parameter has the name of the added one already.
    pub(crate) taken: bool,
}

/// Checks what the attribute was put on, and strips what would cause follow-up
/// errors.
pub(crate) fn check(item: &mut ProbedFn, own_set: bool, errors: &mut Errors) -> Checked {
    let mut checked = Checked {
        rewrite: true,
        add_parameter: !own_set,
        taken: false,
    };
    check_const(item, &mut checked, errors);
    check_attributes(item, &mut checked, errors);
    check_result(item, &mut checked, errors);
    if checked.add_parameter {
        check_name_is_free(item, &mut checked, errors);
    }
    checked
}

/// Guest memory is not read at compile time.
fn check_const(item: &mut ProbedFn, checked: &mut Checked, errors: &mut Errors) {
    if let Some(constness) = item.sig.constness.take() {
        errors.at(
            constness.span,
            "`#[probed]` is not for a `const fn`, which cannot read guest memory; take `const` away",
        );
        checked.rewrite = false;
    }
}

fn check_attributes(item: &mut ProbedFn, checked: &mut Checked, errors: &mut Errors) {
    let is_program =
        item.sig.ident == "main" && item.sig.inputs.is_empty() && checked.add_parameter;
    if is_program {
        errors.at(
            item.sig.ident.span(),
            "`main` takes no parameters, and `#[probed]` adds one; \
             name the suppressed set instead: `#[probed(suppressed = ...)]`",
        );
        checked.add_parameter = false;
        checked.rewrite = false;
    }

    item.attrs.retain(|attr| match last_name(attr).as_deref() {
        Some("probed") => {
            errors.on(attr, "`#[probed]` stands twice on this function");
            false
        }
        Some("track_caller") => {
            errors.on(
                attr,
                "`#[track_caller]` has no effect on the body of a `#[probed]` function, \
                 which runs in a closure; take the location in a function around it",
            );
            true
        }
        Some(name @ ("test" | "bench" | "main")) if checked.add_parameter => {
            errors.on(
                attr,
                format!(
                    "`#[{name}]` takes a function without parameters, and `#[probed]` adds one; \
                     name the suppressed set instead: `#[probed(suppressed = ...)]`"
                ),
            );
            checked.add_parameter = false;
            checked.rewrite = false;
            true
        }
        _ => true,
    });
}

fn last_name(attr: &Attribute) -> Option<String> {
    Some(attr.path().segments.last()?.ident.to_string())
}

/// Page faults leave the function as its error. Types that may be an
/// alias of `Result` are left to the runtime's traits.
fn check_result(item: &ProbedFn, checked: &mut Checked, errors: &mut Errors) {
    const NEEDS: &str = "`#[probed]` needs a function that returns a `Result`";
    const WRITE: &str = "page faults leave it as its error, so return `prober::Result<..>`";

    match &item.sig.output {
        ReturnType::Default => errors.at(item.sig.ident.span(), format!("{NEEDS}; {WRITE}")),
        ReturnType::Type(_, ty) if is_boxed_future(ty) => errors.on(
            ty,
            format!(
                "{NEEDS}; an attribute that makes a boxed future of an `async fn` (such as \
                 `#[async_trait]`) ran first; put the body into a `#[probed]` function of its own"
            ),
        ),
        ReturnType::Type(_, ty) if is_no_result(ty) => errors.on(ty, format!("{NEEDS}; {WRITE}")),
        ReturnType::Type(..) => return,
    }
    checked.rewrite = false;
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

/// `Pin<Box<..>>`.
fn is_boxed_future(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Pin"
            && matches!(&last.arguments, syn::PathArguments::AngleBracketed(arguments)
                if matches!(arguments.args.first(), Some(syn::GenericArgument::Type(Type::Path(inner)))
                    if inner.path.segments.last().is_some_and(|last| last.ident == "Box")))
    })
}

/// The added parameter needs its name.
fn check_name_is_free(item: &ProbedFn, checked: &mut Checked, errors: &mut Errors) {
    struct Find(Option<Span>);

    impl<'ast> Visit<'ast> for Find {
        fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
            if pat.ident == SUPPRESSED {
                self.0 = Some(pat.ident.span());
            }
        }
    }

    let mut find = Find(None);
    for input in &item.sig.inputs {
        if let FnArg::Typed(param) = input {
            find.visit_pat(&param.pat);
        }
    }
    let Some(span) = find.0 else { return };
    if item.sig.inputs.iter().any(is_the_added_one) {
        errors.at(
            span,
            "`#[probed]` adds this parameter; take it away here, callers pass it as the last argument",
        );
        checked.add_parameter = false;
        checked.rewrite = false;
    } else {
        errors.at(
            span,
            "`#[probed]` adds a parameter called `suppressed`; rename this one, \
             or take the set from it: `#[probed(suppressed = suppressed)]`",
        );
        checked.taken = true;
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
