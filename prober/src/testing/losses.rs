use std::cell::Cell;

/// Which page-in requests are lost on purpose.
#[derive(Default)]
pub(super) struct Losses {
    every: Cell<u64>,
    requests: Cell<u64>,
}

impl Losses {
    /// Loses every `n`-th request from now on, none for 0.
    pub(super) fn start(&self, n: u64) {
        self.every.set(n);
        self.requests.set(0);
    }

    /// Counts a request. Returns whether to lose it.
    pub(super) fn loses_next(&self) -> bool {
        let request = self.requests.get() + 1;
        self.requests.set(request);
        self.every.get() != 0 && request.is_multiple_of(self.every.get())
    }
}
