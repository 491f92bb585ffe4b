//! Reads the commonest statements sooner than syn does, which looks at each token
//! for everything that an expression can be. Development builds do not optimise
//! macros, and where nothing but the macro runs again this is a third of its
//! time.
//!
//! What is read is what syn would have made of it. Where anything is uncommon
//! nothing is read, and syn does.

use proc_macro2::{Delimiter, Ident, Punct, Spacing, extra::DelimSpan};
use syn::{
    BinOp, Expr, ExprBinary, ExprCall, ExprField, ExprLit, ExprMethodCall, ExprParen, ExprPath,
    ExprReference, ExprTry, ExprTuple, Lit, Local, LocalInit, LocalModifiers, Member, Pat,
    PatIdent, Stmt, Token, buffer::Cursor, punctuated::Punctuated, token::Paren,
};

/// What was read, and what follows it.
type Read<'c, T> = Option<(T, Cursor<'c>)>;

/// `let NAME = EXPR;`, `EXPR;`, or an expression that ends the body.
pub(super) fn statement(start: Cursor<'_>) -> Read<'_, Stmt> {
    let (first, rest) = ident(start)?;
    if first == "let" {
        return simple_let(&first, rest);
    }
    let (expr, rest) = expression(start)?;
    if rest.eof() {
        return Some((Stmt::Expr(expr, None), rest));
    }
    let (semi, rest) = punct(rest, ';')?;
    Some((Stmt::Expr(expr, Some(Token![;](semi.span()))), rest))
}

fn simple_let<'a>(word: &Ident, rest: Cursor<'a>) -> Read<'a, Stmt> {
    let (name, rest) = ident(rest)?;
    if is_keyword(&name) {
        return None;
    }
    let (equals, rest) = alone(rest, '=')?;
    let (expr, rest) = expression(rest)?;
    let (semi, rest) = punct(rest, ';')?;
    let stmt = Stmt::Local(Local {
        attrs: Vec::new(),
        let_token: Token![let](word.span()),
        modifiers: LocalModifiers::default(),
        pat: Pat::Ident(PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: None,
            ident: name,
            subpat: None,
        }),
        init: Some(LocalInit {
            eq_token: Token![=](equals.span()),
            expr: Box::new(expr),
            diverge: None,
        }),
        semi_token: Token![;](semi.span()),
    });
    Some((stmt, rest))
}

/// An operand, or the sum of two. What follows must end an expression.
fn expression(start: Cursor<'_>) -> Read<'_, Expr> {
    let (left, rest) = operand(start)?;
    let (op, after) = if let Some((plus, after)) = alone(rest, '+') {
        (BinOp::Add(Token![+](plus.span())), after)
    } else if let Some((minus, after)) = alone(rest, '-') {
        (BinOp::Sub(Token![-](minus.span())), after)
    } else {
        return ends(rest).then_some((left, rest));
    };
    let (right, rest) = operand(after)?;
    let sum = Expr::Binary(ExprBinary {
        attrs: Vec::new(),
        left: Box::new(left),
        op,
        right: Box::new(right),
    });
    ends(rest).then_some((sum, rest))
}

/// Whether an expression ends here, whatever it is.
fn ends(rest: Cursor<'_>) -> bool {
    let separates = |(punct, _): (Punct, _)| matches!(punct.as_char(), ';' | ',');
    rest.eof() || rest.punct().is_some_and(separates)
}

/// `&EXPR`, or an expression without an operator before it.
fn operand(start: Cursor<'_>) -> Read<'_, Expr> {
    let Some((and, rest)) = alone(start, '&') else {
        return chain(start);
    };
    let (expr, rest) = chain(rest)?;
    let reference = Expr::Reference(ExprReference {
        attrs: Vec::new(),
        and_token: Token![&](and.span()),
        mutability: None,
        expr: Box::new(expr),
    });
    Some((reference, rest))
}

/// A variable, a literal or parentheses, and the calls, fields and `?` behind.
fn chain(start: Cursor<'_>) -> Read<'_, Expr> {
    let (mut expr, mut rest) = atom(start)?;
    loop {
        if let Some((arguments, parens, after)) = group(rest) {
            expr = Expr::Call(ExprCall {
                attrs: Vec::new(),
                func: Box::new(expr),
                paren_token: Paren { span: parens },
                args: list(arguments)?,
            });
            rest = after;
            continue;
        }
        let Some((next, after)) = rest.punct() else {
            return Some((expr, rest));
        };
        match next.as_char() {
            '?' => {
                expr = Expr::Try(ExprTry {
                    attrs: Vec::new(),
                    expr: Box::new(expr),
                    question_token: Token![?](next.span()),
                });
                rest = after;
            }
            '.' if next.spacing() == Spacing::Alone => {
                (expr, rest) = member(expr, &next, after)?;
            }
            // A macro, a path, generic arguments.
            '!' | ':' | '<' | '.' => return None,
            _ => return Some((expr, rest)),
        }
    }
}

/// A method or a field.
fn member<'c>(base: Expr, dot: &Punct, rest: Cursor<'c>) -> Read<'c, Expr> {
    let (name, rest) = ident(rest)?;
    if is_keyword(&name) {
        return None;
    }
    let dot_token = Token![.](dot.span());
    let Some((arguments, parens, rest)) = group(rest) else {
        let field = Expr::Field(ExprField {
            attrs: Vec::new(),
            base: Box::new(base),
            dot_token,
            member: Member::Named(name),
        });
        return Some((field, rest));
    };
    let call = Expr::MethodCall(ExprMethodCall {
        attrs: Vec::new(),
        receiver: Box::new(base),
        dot_token,
        method: name,
        turbofish: None,
        paren_token: Paren { span: parens },
        args: list(arguments)?,
    });
    Some((call, rest))
}

fn atom(start: Cursor<'_>) -> Read<'_, Expr> {
    let attrs = Vec::new();
    if let Some((name, rest)) = ident(start) {
        if name != "self" && is_keyword(&name) {
            return None;
        }
        let path = ExprPath {
            attrs,
            qself: None,
            path: name.into(),
        };
        // Not the fields of a struct, either.
        let is_struct = rest.group(Delimiter::Brace).is_some();
        return (!is_struct).then_some((Expr::Path(path), rest));
    }
    if start.group(Delimiter::None).is_some() {
        return None;
    }
    if let Some((literal, rest)) = start.literal() {
        let lit = Lit::new(literal);
        return Some((Expr::Lit(ExprLit { attrs, lit }), rest));
    }
    let (content, parens, rest) = group(start)?;
    let paren_token = Paren { span: parens };
    let mut elems = list(content)?;
    let expr = if elems.len() == 1 && !elems.trailing_punct() {
        Expr::Paren(ExprParen {
            attrs,
            paren_token,
            expr: Box::new(elems.pop()?),
        })
    } else {
        Expr::Tuple(ExprTuple {
            attrs,
            paren_token,
            elems,
        })
    };
    Some((expr, rest))
}

/// Expressions between commas.
fn list(mut rest: Cursor<'_>) -> Option<Punctuated<Expr, Token![,]>> {
    let mut exprs = Punctuated::new();
    while !rest.eof() {
        let (expr, after) = expression(rest)?;
        exprs.push_value(expr);
        rest = after;
        if !rest.eof() {
            let (comma, after) = punct(rest, ',')?;
            exprs.push_punct(Token![,](comma.span()));
            rest = after;
        }
    }
    Some(exprs)
}

/// An identifier that is not a macro's expression.
fn ident(at: Cursor<'_>) -> Read<'_, Ident> {
    let found = at.ident()?;
    at.group(Delimiter::None).is_none().then_some(found)
}

fn group(at: Cursor<'_>) -> Option<(Cursor<'_>, DelimSpan, Cursor<'_>)> {
    at.group(Delimiter::Parenthesis)
        .filter(|_| at.group(Delimiter::None).is_none())
}

fn punct(at: Cursor<'_>, char: char) -> Read<'_, Punct> {
    at.punct().filter(|(punct, _)| punct.as_char() == char)
}

/// A token that is no part of a longer one.
fn alone(at: Cursor<'_>, char: char) -> Read<'_, Punct> {
    punct(at, char).filter(|(punct, _)| punct.spacing() == Spacing::Alone)
}

/// Whether a word cannot be the name of a variable. By length, as unoptimised code
/// compares one word after the other.
fn is_keyword(word: &Ident) -> bool {
    let word = word.to_string();
    let keywords: &[&str] = match word.len() {
        1 => &["_"],
        2 => &["as", "do", "fn", "if", "in"],
        3 => &[
            "box", "dyn", "for", "gen", "let", "mod", "mut", "pub", "ref", "try", "use",
        ],
        4 => &[
            "Self", "else", "enum", "impl", "loop", "move", "priv", "safe", "self", "true", "type",
        ],
        5 => &[
            "async", "await", "break", "const", "crate", "false", "final", "macro", "match",
            "super", "trait", "union", "where", "while", "yield",
        ],
        6 => &[
            "become", "extern", "return", "static", "struct", "typeof", "unsafe",
        ],
        7 => &["builtin", "unsized", "virtual"],
        8 => &["abstract", "continue", "override"],
        _ => &[],
    };
    keywords.contains(&word.as_str())
}
