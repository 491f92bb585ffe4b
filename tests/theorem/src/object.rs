use vmi_core::VmiError;

use crate::{World, state::mix};

/// An object of the guest. Each of its accessors lies on a page of its own.
#[derive(Debug, Clone, Copy)]
pub struct Object<'w> {
    world: &'w World<'w>,
    id: u64,
    level: u64,
}

impl<'w> Object<'w> {
    /// The first object.
    #[must_use]
    pub fn root(world: &'w World<'w>) -> Self {
        Self {
            world,
            id: 1,
            level: 0,
        }
    }

    fn child(self, id: u64) -> Self {
        Self {
            world: self.world,
            id: mix(id) % 1_000_000,
            level: self.level + 1,
        }
    }

    fn ask(self, what: &'static str, argument: u64) -> Result<u64, VmiError> {
        self.world.ask(what, self.id, argument)
    }

    /// What identifies it. Nothing is read.
    #[must_use]
    pub fn id(self) -> u64 {
        self.id % 40
    }
}

/// What is read.
#[allow(clippy::missing_errors_doc, reason = "a page that is out, in each")]
impl<'w> Object<'w> {
    /// A number.
    pub fn num(self, index: u64) -> Result<u64, VmiError> {
        Ok(self.ask("num", index)? % 60)
    }

    /// A number that cannot always be had, whatever is resident.
    pub fn hard(self, index: u64) -> Result<u64, VmiError> {
        match self.ask("hard", index)? {
            bits if bits % 7 == 3 => Err(VmiError::NotSupported),
            bits => Ok(bits % 60),
        }
    }

    /// A number that is not always there.
    pub fn opt(self, index: u64) -> Result<Option<u64>, VmiError> {
        let bits = self.ask("opt", index)?;
        Ok((bits % 3 != 0).then_some(bits % 60))
    }

    /// A name.
    pub fn name(self, index: u64) -> Result<String, VmiError> {
        let bits = self.ask("name", index)?;
        Ok(format!("{:x}", bits % 0x1_0000))
    }

    /// Another object.
    pub fn obj(self, index: u64) -> Result<Self, VmiError> {
        Ok(self.child(self.ask("obj", index)?))
    }

    /// The next of a list that ends.
    pub fn next(self) -> Result<Option<Self>, VmiError> {
        let bits = self.ask("next", 0)?;
        Ok((bits % 4 != 0 && self.level < 5).then(|| self.child(bits)))
    }

    /// Several objects, which one page lists.
    pub fn items(self, index: u64) -> Result<Vec<Self>, VmiError> {
        let bits = self.ask("items", index)?;
        Ok((0..bits % 4).map(|item| self.child(bits ^ item)).collect())
    }

    /// Several objects, each listed on a page of its own.
    pub fn list(
        self,
        index: u64,
    ) -> Result<impl Iterator<Item = Result<Self, VmiError>> + use<'w>, VmiError> {
        let bits = self.ask("list", index)?;
        Ok((0..bits % 4).map(move |item| Ok(self.child(self.ask("item", index * 4 + item)?))))
    }

    /// Several objects, each of which links to the next: at a fault they end.
    pub fn chain(self) -> impl Iterator<Item = Result<Self, VmiError>> + use<'w> {
        let mut at = Some(self);
        std::iter::from_fn(move || match at.take()?.next() {
            Ok(next) => {
                at = next;
                next.map(Ok)
            }
            Err(error) => Some(Err(error)),
        })
    }

    /// A number, which the function takes apart.
    pub fn try_num(self, index: u64) -> Result<u64, VmiError> {
        Ok(self.ask("try_num", index)? % 60)
    }

    /// A number that cannot always be had, which the function takes apart.
    pub fn try_hard(self, index: u64) -> Result<u64, VmiError> {
        match self.ask("try_hard", index)? {
            bits if bits % 7 == 3 => Err(VmiError::NotSupported),
            bits => Ok(bits % 60),
        }
    }
}
