//! The guide: one module per chapter.

#[doc = include_str!("../docs/ordinary.md")]
pub mod ordinary {}

#[doc = include_str!("../docs/options.md")]
pub mod options {}

#[doc = include_str!("../docs/expansion.md")]
pub mod expansion {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/event_loop.md")]
pub mod event_loop {}

#[doc = include_str!("../docs/pager.md")]
pub mod pager {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/numbers.md")]
pub mod numbers {}

#[doc = include_str!("../docs/live_guest.md")]
pub mod live_guest {}

#[doc = include_str!("../docs/os_layers.md")]
pub mod os_layers {}
