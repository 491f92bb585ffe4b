//! A body as steps: its statements, each with what it mentions, binds,
//! changes and may leave, worked out once.

use syn::{Attribute, Block, Expr, ExprLit, Lifetime, Lit, Stmt, visit::Visit};

use super::{closures::Holds, conditional::Conditional, inner::core, names::Names};

/// A block of a [`Plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockId(usize);

/// The blocks of a body, from inside out.
pub(super) struct Plan {
    blocks: Vec<Planned>,

    /// All that is mentioned anywhere.
    mentioned: Names,

    conditional: Conditional,
}

/// A block, as it is planned.
pub(super) struct Planned {
    pub(super) steps: Vec<Step>,

    /// What it moves and gives another value, of the variables around it.
    pub(super) renews: Names,
}

impl Plan {
    pub(super) fn new(blocks: Vec<Planned>, conditional: Conditional) -> Self {
        let mut mentioned = Names::default();
        for step in blocks.iter().flat_map(|block| &block.steps) {
            // In its blocks it is for their steps to say.
            let names = match step.kind {
                Kind::Compound => &step.head,
                _ => &step.mentions,
            };
            mentioned.extend(names);
        }
        Self {
            blocks,
            mentioned,
            conditional,
        }
    }

    /// Whether a variable is mentioned anywhere but where it is bound.
    pub(super) fn mentions(&self, variable: &str) -> bool {
        self.mentioned.contains(variable)
    }

    /// The conditions under which a call is there, by its key.
    pub(super) fn conditions(&self, key: &str) -> &[Attribute] {
        let mut calls = self.conditional.iter();
        calls
            .find(|(call, _)| call == key)
            .map_or(&[], |(_, conditions)| conditions)
    }

    pub(super) fn steps(&self, block: BlockId) -> &[Step] {
        &self.blocks[block.0].steps
    }

    /// The variables around a block that it leaves without a value in between.
    pub(super) fn renews(&self, block: BlockId) -> &Names {
        &self.blocks[block.0].renews
    }

    pub(super) fn may_end_doomed(&self, block: BlockId) -> bool {
        may_end_doomed(&self.blocks, block)
    }

    /// The blocks of a statement.
    pub(super) fn blocks_of(stmt: &Stmt) -> Vec<BlockId> {
        let mut find = FindBlocks(Vec::new());
        find.visit_stmt(stmt);
        find.0
    }

    /// The blocks of an expression.
    pub(super) fn blocks_in(expr: &Expr) -> Vec<BlockId> {
        let mut find = FindBlocks(Vec::new());
        find.visit_expr(expr);
        find.0
    }

    /// The block that stands for another.
    pub(super) fn block_of(block: &Block) -> Option<BlockId> {
        match &block.stmts[..] {
            [
                Stmt::Expr(
                    Expr::Lit(ExprLit {
                        lit: Lit::Int(number),
                        ..
                    }),
                    None,
                ),
            ] if number.suffix() == "probed" => number.base10_parse().ok().map(BlockId),
            _ => None,
        }
    }
}

/// Whether a run may be doomed in a block and yet come to its end, with its
/// value: not by what the value itself asks, for that is missing then.
pub(super) fn may_end_doomed(blocks: &[Planned], block: BlockId) -> bool {
    let Some((last, before)) = blocks[block.0].steps.split_last() else {
        return false;
    };
    before.iter().any(|step| step.asks) || last.takes || last.asks && !last.is_end()
}

/// Finds the blocks of code that was planned.
struct FindBlocks(Vec<BlockId>);

impl<'ast> Visit<'ast> for FindBlocks {
    fn visit_block(&mut self, block: &'ast Block) {
        self.0.extend(Plan::block_of(block));
    }
    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// A statement.
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Step {
    /// The statement; blocks in it are numbers of the plan.
    pub(super) stmt: Stmt,

    pub(super) kind: Kind,

    /// All that it mentions.
    pub(super) mentions: Names,

    /// What it mentions, without what its calls only write to.
    pub(super) reads: Names,

    /// What it mentions outside of its blocks, if it has any.
    pub(super) head: Names,

    pub(super) binds: Names,

    /// What could have changed if it ran.
    pub(super) changes: Names,

    /// What may be moved in it.
    pub(super) moves: Names,

    /// What its calls might have refused. Where its questions are not answered,
    /// that is no index or size (see `risks`). Only names that are so used
    /// somewhere.
    pub(super) doubts: Names,

    /// Whether there is something to probe in it.
    pub(super) asks: bool,

    /// Whether faults may be recorded in it without leaving it: in a result that
    /// is taken apart, or in a block that goes on to its end.
    pub(super) takes: bool,

    /// Whether it has an effect outside of its blocks. Of no meaning for
    /// `Kind::Act` and `Kind::Exit`, which never run doomed.
    pub(super) effect: bool,

    /// What it may leave.
    pub(super) exits: Vec<Exit>,

    /// Whether its value is a read whose type its name tells.
    pub(super) type_is_known: bool,

    /// What becomes of closures in its initializer.
    pub(super) closures: Option<Holds>,

    /// Whether it is the value of a block that is bound or handed on: a call in
    /// its place asks.
    pub(super) is_value: bool,

    /// Whether it is there only under some `#[cfg]`.
    pub(super) conditional: bool,

    /// The conditions under which it is there, those around it too.
    pub(super) under: Vec<Attribute>,
}

impl Step {
    /// Whether it is the value of a block, or leaves it.
    fn is_end(&self) -> bool {
        match &self.stmt {
            Stmt::Expr(expr, None) => !matches!(
                core(expr),
                Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_)
            ),
            _ => self.kind == Kind::Exit,
        }
    }

    /// Adds what is lost where it is skipped: what it could have changed, and what
    /// its calls might have refused.
    pub(super) fn add_lost(&self, names: &mut Names) {
        names.extend(&self.changes);
        names.extend(&self.doubts);
    }
}

/// What a statement is to a run that is doomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Item,
    /// `let`: asks.
    Let,
    /// A read into a buffer, or a call that inherits the doom.
    Ask,
    /// Acts when it runs.
    Act,
    /// `return`, `break`, `continue`.
    Exit,
    /// `if`, `match`, a loop, a block.
    Compound,
    /// The value of a block.
    Tail,
}

/// Where control goes on leaving a statement.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Exit {
    Function,
    Break(Option<Lifetime>),
    Continue(Option<Lifetime>),
}
