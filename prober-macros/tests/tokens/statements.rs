//! Statements that are read without syn.

use std::{fs, path::Path};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Block, Expr, Stmt,
    parse::Parser,
    visit::{self, Visit},
};

use super::real_code::rust_files;
use crate::item::{Body, ProbedFn};

/// The expressions of statements, from outside in: what they are, and their
/// text.
#[derive(Default)]
struct Shape(Vec<String>);
impl<'ast> Visit<'ast> for Shape {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let kind = std::mem::discriminant(expr);
        self.0.push(format!("{kind:?} {}", expr.to_token_stream()));
        visit::visit_expr(self, expr);
    }
}
fn shape(stmts: &[Stmt]) -> Vec<String> {
    let mut shape = Shape::default();
    for stmt in stmts {
        let kind = std::mem::discriminant(stmt);
        shape.0.push(format!("{kind:?} {}", stmt.to_token_stream()));
        shape.visit_stmt(stmt);
    }
    shape.0
}

#[test]
fn are_read_as_syn_reads_them() {
    for body in [
        "let a = vmi.read_u64(b + 0x10)?;",
        "let a = b - c.d(e)?.f;",
        "let a = b - c - d;",
        "let a = b + c * d;",
        "let a = &b.c()? + 1;",
        "let a = &mut b;",
        "let a = &&b;",
        "let a = -b;",
        "let a = (b + c, d, (e,), (f));",
        "let a = f()()(1)?;",
        "let a = f((b - 1) - 1, -1, \"c\", 'd', 1.5);",
        "let a = b.0.c(d);",
        "let a = b..c;",
        "let a = b.c..d.e()?;",
        "let a = b.c::<d>()?;",
        "let a = b::c(d);",
        "let a = b as u64;",
        "let a = b < c;",
        "let a = b.await?;",
        "let a = b { c: 1 };",
        "let a = b!(c)?;",
        "let a = b[1];",
        "let a = b.c()? else { return };",
        "let a = |b| b + 1;",
        "let a = self.b.c(self)?;",
        "let a = r#fn.r#let()?;",
        "let a = true;",
        "let a = if b { c } else { d };",
        "let A = b;",
        "let mut a = b;",
        "let ref a = b;",
        "let _ = b;",
        "let a: u64 = b;",
        "let a;",
        "a.b(c)?; a.b = c; a += b; a = b; a",
        "a(b); ; c",
        "f(a)?",
        "Ok((a, b))",
        "Ok(A { b, c })",
        "return a;",
        "break;",
        "union.a(); auto.b(); default(c)",
        "a + b; a - b",
        "macro_rules! a { () => {} } a",
        "unsafe { a }.b(); a",
        "if a { b } c",
        "{ a } (b); a",
        "",
    ] {
        let body = body.parse::<TokenStream>().expect("tokens");
        is_read_as_syn_reads_it(body);
    }
}

/// All code of this repository.
#[test]
fn are_read_as_syn_reads_them_everywhere() {
    struct Blocks(usize);
    impl<'ast> Visit<'ast> for Blocks {
        fn visit_block(&mut self, block: &'ast Block) {
            let Block { stmts, .. } = block;
            is_read_as_syn_reads_it(quote!(#(#stmts)*));
            self.0 += stmts.len();
            visit::visit_block(self, block);
        }
    }
    let mut blocks = Blocks(0);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for folder in ["prober-macros/src", "prober/src", "tests/tests"] {
        for file in rust_files(&Path::new(root).join(folder)) {
            let source = fs::read_to_string(file).expect("readable");
            blocks.visit_file(&syn::parse_file(&source).expect("it parses"));
        }
    }
    assert!(blocks.0 > 5_000, "{} statements", blocks.0);
}

fn is_read_as_syn_reads_it(body: TokenStream) {
    let function = syn::parse2::<ProbedFn>(quote!(fn f() { #body })).expect("a function");
    let Body::Parsed(parsed) = function.body else {
        panic!("does not parse: {body}");
    };
    let expected = Block::parse_within.parse2(body).expect("statements");
    assert_eq!(shape(&parsed.block.stmts), shape(&expected));
}
