/// What code can name where it stands.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a place"
)]
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// Expressions of type `u64`.
    pub(crate) numbers: Vec<String>,
    /// Places of type `u64` that can change.
    pub(crate) places: Vec<String>,
    /// Objects.
    pub(crate) objects: Vec<String>,
    /// Lists of `u64` that can grow.
    pub(crate) lists: Vec<String>,
    /// A `Cell<u64>` each.
    pub(crate) cells: Vec<String>,
    /// A `RefCell<Vec<u64>>` each.
    pub(crate) books: Vec<String>,
    /// Strings of this block, which may be moved.
    pub(crate) strings: Vec<String>,
    /// A `Vec<String>` each.
    pub(crate) names: Vec<String>,
    /// Functions of a `u64`.
    pub(crate) closures: Vec<String>,
    /// Labels of loops.
    pub(crate) labels: Vec<String>,
    /// A `break` has a loop to leave.
    pub(crate) breaks: bool,
    /// A `continue` does not make a loop endless.
    pub(crate) continues: bool,
    /// A suppressed set can be handed on.
    pub(crate) has_set: bool,
    pub(crate) is_async: bool,
    /// Nothing may act or change: something is borrowed.
    pub(crate) calm: bool,
    /// How much deeper code may go.
    pub(crate) depth: usize,
}

impl Scope {
    /// The same one level deeper.
    pub(crate) fn deeper(&self) -> Self {
        Self {
            depth: self.depth.saturating_sub(1),
            strings: Vec::new(),
            ..self.clone()
        }
    }

    /// The same in a loop.
    pub(crate) fn in_loop(&self, label: Option<&String>) -> Self {
        let mut inner = self.deeper();
        inner.breaks = true;
        inner.continues = true;
        inner.labels.extend(label.cloned());
        inner
    }

    /// The same in a loop that counts at its end.
    pub(crate) fn in_counted_loop(&self) -> Self {
        let mut inner = self.deeper();
        inner.breaks = true;
        inner.continues = false;
        inner.labels.clear();
        inner
    }

    /// The same in a closure.
    pub(crate) fn in_closure(&self) -> Self {
        let mut inner = self.deeper();
        inner.breaks = false;
        inner.continues = false;
        inner.is_async = false;
        inner.labels.clear();
        inner
    }

    /// The same where something is borrowed.
    pub(crate) fn calm(&self) -> Self {
        Self {
            calm: true,
            ..self.clone()
        }
    }

    /// The same without a name that is borrowed.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut inner = self.calm();
        let keep = |other: &String| !other.contains(name);
        for names in [
            &mut inner.numbers,
            &mut inner.places,
            &mut inner.lists,
            &mut inner.cells,
            &mut inner.books,
            &mut inner.closures,
        ] {
            names.retain(keep);
        }
        inner
    }

    pub(crate) fn with_number(&self, name: &str) -> Self {
        let mut inner = self.clone();
        inner.numbers.push(name.to_owned());
        inner
    }

    pub(crate) fn with_object(&self, name: &str) -> Self {
        let mut inner = self.clone();
        inner.objects.push(name.to_owned());
        inner
    }
}
