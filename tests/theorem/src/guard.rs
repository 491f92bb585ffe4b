use crate::{Event, World};

/// Logs that it is made, and its drop.
#[derive(Debug)]
pub struct Guard<'w> {
    world: &'w World<'w>,
    number: u64,
}

impl<'w> Guard<'w> {
    pub(crate) fn new(world: &'w World<'w>, number: u64) -> Self {
        world.note(Event::Make(number));
        Self { world, number }
    }

    /// Gives a value back, changed.
    #[must_use]
    pub fn pass(&self, value: u64) -> u64 {
        value ^ self.number
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.world.note(Event::Drop(self.number));
    }
}
