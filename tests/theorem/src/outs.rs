use std::cell::{Cell, RefCell};

/// What a function can change besides the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outs {
    /// Grows.
    pub out: Vec<u64>,
    /// Is written to.
    pub text: String,
    /// Is added to.
    pub total: u64,
    /// Is taken from, too.
    pub queue: Vec<u64>,
    /// Grows behind a shared reference.
    pub log: RefCell<Vec<u64>>,
    /// The `self` of methods.
    pub me: Me,
}

/// The `self` of methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// A number that changes.
    pub count: u64,
    /// A list that grows.
    pub list: Vec<u64>,
    /// A number that changes behind a shared reference.
    pub seen: Cell<u64>,
}

impl Me {
    /// Changes `self`.
    pub fn bump(&mut self, value: u64) {
        self.count = self.count.wrapping_mul(5) ^ value;
    }
}

impl Default for Outs {
    fn default() -> Self {
        Self {
            out: vec![1],
            text: String::new(),
            total: 5,
            queue: vec![4, 7, 2],
            log: RefCell::default(),
            me: Me {
                count: 3,
                list: vec![2],
                seen: Cell::new(6),
            },
        }
    }
}
