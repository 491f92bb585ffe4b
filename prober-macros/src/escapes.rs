//! Reads in what a function returns to be called later: a closure, or an iterator
//! that is lazy. By then the function has returned its faults.

use syn::{
    Block, Expr, ExprMacro, ExprMethodCall, GenericArgument, Path, PathArguments, ReturnType,
    Signature, Stmt, Type, TypeParamBound,
    visit::{self, Visit},
};

use crate::{classify, error::Errors, marker::Marker, receiver::Receiver};

/// Methods of an iterator that give another one. Where an `Option` or an array has
/// one of them, it gives no iterator.
const LAZY: &[&str] = &[
    "chain",
    "cloned",
    "copied",
    "enumerate",
    "filter",
    "filter_map",
    "flat_map",
    "flatten",
    "fuse",
    "inspect",
    "map",
    "map_while",
    "peekable",
    "rev",
    "scan",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "zip",
];

/// Reports a read in what the last expression of a body keeps for later. Returns
/// whether there is one.
///
/// Not all of them are seen. For the others rustc says that something is dropped
/// too early.
pub(crate) fn report(
    body: &Block,
    sig: &Signature,
    receivers: &[Receiver],
    krate: &Path,
    errors: &mut Errors,
) -> bool {
    let Some(Stmt::Expr(tail, None)) = body.stmts.last() else {
        return false;
    };
    let mut find = Find {
        receivers,
        krate,
        found: None,
    };
    match held(tail) {
        value @ Expr::Closure(_) => find.visit_expr(value),
        value if is_iterator(&sig.output) => find.visit_lazy(value),
        _ => {}
    }
    let Some(read) = find.found else {
        return false;
    };
    errors.on(
        read,
        "a closure that the function returns cannot probe: it is called when the function has \
         returned its faults; collect the values here, or leave this as it is with `unprobed!(..)`",
    );
    true
}

/// The value in `Ok(..)` and `Box::new(..)`.
fn held(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => held(&group.expr),
        Expr::Paren(paren) => held(&paren.expr),
        Expr::Call(call) => match (&*call.func, call.args.first()) {
            (Expr::Path(path), Some(value))
                if path.path.is_ident("Ok") || is(&path.path, &["Box", "new"]) =>
            {
                held(value)
            }
            _ => value,
        },
        value => value,
    }
}

/// Whether a path ends with these names.
fn is(path: &Path, names: &[&str]) -> bool {
    let mut last = path.segments.iter().rev();
    let mut names = names.iter().rev();
    names.all(|name| last.next().is_some_and(|segment| segment.ident == name))
}

/// Whether a type is `Result<impl Iterator<..>, ..>`, or the same with a
/// `Box<dyn Iterator<..>>`.
fn is_iterator(output: &ReturnType) -> bool {
    let ReturnType::Type(_, output) = output else {
        return false;
    };
    let bounds = match first_argument(output) {
        Some(Type::ImplTrait(ty)) => &ty.bounds,
        Some(ty @ Type::Path(path)) if is(&path.path, &["Box"]) => match first_argument(ty) {
            Some(Type::TraitObject(ty)) => &ty.bounds,
            _ => return false,
        },
        _ => return false,
    };
    bounds.iter().any(|bound| {
        matches!(bound, TypeParamBound::Trait(bound) if ["Iterator", "DoubleEndedIterator", "ExactSizeIterator"]
            .iter()
            .any(|name| is(&bound.path, &[name])))
    })
}

/// The first type in the angle brackets of a path.
fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Finds the first probe.
struct Find<'a> {
    receivers: &'a [Receiver],
    krate: &'a Path,
    found: Option<Expr>,
}

impl Find<'_> {
    /// Looks into the closures that an iterator calls.
    fn visit_lazy(&mut self, value: &Expr) {
        if let Expr::MethodCall(call) = value
            && LAZY.iter().any(|name| call.method == name)
        {
            self.visit_lazy(&call.receiver);
            for argument in &call.args {
                if let Expr::Closure(_) = argument {
                    self.visit_expr(argument);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if classify::is_read(call, self.receivers) {
            self.found
                .get_or_insert_with(|| Expr::MethodCall(call.clone()));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_macro(&mut self, call: &'ast ExprMacro) {
        if Marker::of(&call.mac.path, self.krate) == Some(Marker::Probe) {
            self.found.get_or_insert_with(|| Expr::Macro(call.clone()));
        }
    }
}
