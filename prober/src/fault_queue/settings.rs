//! The settings of a queue, and their defaults.

/// The limits of a queue, which all of its clones and jobs share.
#[derive(Debug)]
pub(super) struct Settings {
    /// How often a page is injected in vain before it is suppressed.
    pub(super) max_injections: u32,

    /// How often a page is injected in all before it is suppressed.
    pub(super) max_injections_in_all: u32,

    /// For how many runs a page stays suppressed.
    pub(super) suppress_for: u64,

    /// For how many runs a thread is waited for.
    pub(super) forget_after: u64,

    /// For how many steps a job waits for an address space.
    pub(super) wait_for_space: u64,

    /// How many pages may be pending, in all threads and jobs.
    pub(super) max_pending: usize,

    /// How many threads may wait.
    pub(super) max_threads: usize,

    /// How many injections are remembered.
    pub(super) max_hand_outs: usize,

    /// How many pages of its own the queue suppresses.
    pub(super) max_suppressed: usize,

    /// How often one run calls its operation.
    pub(super) max_calls: u32,

    /// Whether the OS layer is asked about pages and translation roots.
    pub(super) ask_os: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_injections: 3,
            max_injections_in_all: 64,
            suppress_for: 100_000,
            forget_after: 10_000,
            wait_for_space: 10_000,
            max_pending: 65_536,
            max_threads: 10_000,
            max_hand_outs: 65_536,
            max_suppressed: 65_536,
            max_calls: 16,
            ask_os: false,
        }
    }
}
