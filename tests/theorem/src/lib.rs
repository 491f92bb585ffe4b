//! What the generated functions read and change, and what must hold of each
//! of them in its two forms: plain, and with `#[probed]`.

mod app;
mod check;
mod guard;
mod object;
mod outcome;
mod outs;
mod reads;
mod report;
mod run;
mod small;
mod state;
mod world;

pub use self::{
    app::App,
    check::{Broken, check},
    guard::Guard,
    object::Object,
    outcome::{Outcome, outcome},
    outs::{Me, Outs},
    reads::Reads,
    report::{Tally, cold_runs},
    run::{Call, Program},
    small::{Cursor, Pack, Row, block_on, later, mixed, popped, ready, stepped},
    state::State,
    world::{Event, World, page_of},
};
