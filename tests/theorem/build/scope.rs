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
    /// A `Cursor` each.
    pub(crate) cursors: Vec<String>,
    /// Objects that can be replaced by others. They are among the objects, too.
    pub(crate) ats: Vec<String>,
    /// A `Row` each that can change.
    pub(crate) rows: Vec<String>,
    /// A `[u64; 4]` each that can change.
    pub(crate) slots: Vec<String>,
    /// Calls that change something and give a `u64`, with `ARG` for a number.
    pub(crate) changers: Vec<String>,
    /// Lists of this block, which may be moved.
    pub(crate) own: Vec<String>,
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
            own: Vec::new(),
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
        // It would hold what it changes.
        inner.calm = true;
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

    /// The same in an operand, while a place is borrowed.
    pub(crate) fn without(&self, place: &str) -> Self {
        let mut inner = self.calm();
        inner.hide(place);
        inner
    }

    /// Hides all that a place is a part of: from here on it is borrowed.
    pub(crate) fn hide(&mut self, place: &str) {
        let name = match place.strip_prefix("self.") {
            Some(_) => place,
            None => place.split(['.', '[']).next().unwrap_or(place),
        };
        for names in [
            &mut self.numbers,
            &mut self.places,
            &mut self.objects,
            &mut self.lists,
            &mut self.cells,
            &mut self.books,
            &mut self.closures,
            &mut self.cursors,
            &mut self.ats,
            &mut self.rows,
            &mut self.slots,
            &mut self.changers,
            &mut self.own,
        ] {
            names.retain(|other| !other.contains(name));
        }
    }

    /// Adds a place of type `u64` that can change.
    pub(crate) fn add_place(&mut self, place: &str) {
        self.places.push(place.to_owned());
        self.numbers.push(place.to_owned());
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
