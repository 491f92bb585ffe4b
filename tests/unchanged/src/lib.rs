//! The world that the generated functions ask and change: objects whose
//! accessors each lie on a page of their own.

use std::{cell::RefCell, collections::HashSet};

use vmi_core::{AddressContext, Pa, Va, VmiError};

/// How many pages there are.
pub const PAGES: u64 = 509;

/// Where every page is.
pub const ROOT: Pa = Pa(0x1000);

/// Memory, and what happened.
#[derive(Debug, Default)]
pub struct World {
    /// Pages that are not resident; all are without it.
    missing: RefCell<Option<HashSet<u64>>>,
    effects: RefCell<Vec<(&'static str, u64)>>,
    drops: RefCell<Vec<u64>>,
    asked: RefCell<Vec<u64>>,
    faults: RefCell<Vec<u64>>,
}

/// What happened in a run.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the function did, in order.
    pub effects: Vec<(&'static str, u64)>,
    /// What was dropped, in order.
    pub drops: Vec<u64>,
    /// The pages that were asked for.
    pub asked: Vec<u64>,
    /// The pages that were missing, in order.
    pub faults: Vec<u64>,
}

impl World {
    /// A world in which these pages are missing.
    #[must_use]
    pub fn without(missing: &HashSet<u64>) -> Self {
        Self {
            missing: RefCell::new(Some(missing.clone())),
            ..Self::default()
        }
    }

    /// Has an effect.
    pub fn act(&self, what: &'static str, value: u64) {
        self.effects.borrow_mut().push((what, value));
    }

    /// Has an effect, and may fail.
    ///
    /// # Errors
    ///
    /// For some values.
    pub fn check(&self, value: u64) -> Result<u64, VmiError> {
        self.act("check", value);
        if value % 31 == 7 {
            Err(VmiError::Timeout)
        } else {
            Ok(value)
        }
    }

    /// Something that logs its drop.
    #[must_use]
    pub fn guard(&self, number: u64) -> Guard<'_> {
        Guard {
            world: self,
            number,
        }
    }

    /// What happened since it was made.
    #[must_use]
    pub fn record(&self) -> Record {
        Record {
            effects: self.effects.take(),
            drops: self.drops.take(),
            asked: self.asked.take(),
            faults: self.faults.take(),
        }
    }

    fn page(&self, page: u64) -> Result<(), VmiError> {
        self.asked.borrow_mut().push(page);
        let missing = self.missing.borrow();
        if missing
            .as_ref()
            .is_some_and(|missing| missing.contains(&page))
        {
            self.faults.borrow_mut().push(page);
            return Err(VmiError::Translation(fault(page)));
        }
        Ok(())
    }
}

/// The fault of a page.
#[must_use]
pub fn fault(page: u64) -> AddressContext {
    AddressContext::new(Va(0x10_0000 + page * 0x1000), ROOT)
}

/// The page of a fault.
#[must_use]
pub fn page(fault: &AddressContext) -> u64 {
    (fault.va.0 - 0x10_0000) / 0x1000
}

/// Logs its drop.
#[derive(Debug)]
pub struct Guard<'w> {
    world: &'w World,
    number: u64,
}

impl Guard<'_> {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.world.drops.borrow_mut().push(self.number);
    }
}

/// An object of the guest.
#[derive(Debug, Clone)]
pub struct Object<'w> {
    world: &'w World,
    id: u64,
}

/// Several values.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// One.
    pub a: u64,
    /// Another.
    pub b: u64,
    /// A third.
    pub c: u64,
}

impl Row {
    /// All of them.
    #[must_use]
    pub fn sum(self) -> u64 {
        self.a.wrapping_mul(3) ^ self.b.wrapping_mul(5) ^ self.c
    }
}

fn mix(id: u64, field: u64) -> u64 {
    let mut value =
        id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ field.wrapping_mul(0xd1b5_4a32_d192_ed03);
    value ^= value >> 29;
    value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value ^ (value >> 32)
}

impl<'w> Object<'w> {
    /// The first object.
    #[must_use]
    pub fn root(world: &'w World) -> Self {
        Self { world, id: 1 }
    }

    fn ask(&self, field: u64) -> Result<u64, VmiError> {
        let value = mix(self.id, field);
        self.world.page(value % PAGES)?;
        Ok(value >> 12)
    }

    /// A number.
    ///
    /// # Errors
    ///
    /// Its page is missing.
    pub fn num(&self, field: u64) -> Result<u64, VmiError> {
        Ok(self.ask(field)? % 97)
    }

    /// A number, which is broken in some objects.
    ///
    /// # Errors
    ///
    /// Its page is missing, or it is broken.
    pub fn hard(&self, field: u64) -> Result<u64, VmiError> {
        let value = self.ask(field)? % 97;
        if value % 13 == 3 {
            Err(VmiError::NotSupported)
        } else {
            Ok(value)
        }
    }

    /// A number that may not be there.
    ///
    /// # Errors
    ///
    /// Its page is missing.
    pub fn opt(&self, field: u64) -> Result<Option<u64>, VmiError> {
        let value = self.ask(field)?;
        Ok((value % 3 != 0).then_some(value % 97))
    }

    /// Another object.
    ///
    /// # Errors
    ///
    /// Its page is missing.
    pub fn obj(&self, field: u64) -> Result<Self, VmiError> {
        let value = self.ask(field)?;
        Ok(Self {
            world: self.world,
            id: 2 + value % 1000,
        })
    }

    /// A few objects, each of which has to be asked for.
    ///
    /// # Errors
    ///
    /// The page of the list is missing.
    pub fn list(
        &self,
        field: u64,
    ) -> Result<impl Iterator<Item = Result<Self, VmiError>> + use<'w>, VmiError> {
        let count = self.ask(field)? % 4;
        let this = self.clone();
        Ok((0..count).map(move |index| this.obj(100 + index)))
    }

    /// A few objects.
    ///
    /// # Errors
    ///
    /// The page of the list is missing.
    pub fn items(&self, field: u64) -> Result<Vec<Self>, VmiError> {
        let value = self.ask(field)?;
        let object = |index| Self {
            world: self.world,
            id: 2 + (value + index) % 1000,
        };
        Ok((0..value % 4).map(object).collect())
    }

    /// Reads into a buffer, as `vmi.read` does.
    ///
    /// # Errors
    ///
    /// Its page is missing.
    pub fn read(&self, field: u64, buffer: &mut [u64]) -> Result<(), VmiError> {
        let value = self.ask(field)?;
        buffer.fill(value % 97);
        Ok(())
    }
}

/// The shape of a generated function.
pub type Program =
    fn(&World, &Object<'_>, &mut Vec<u64>, &prober::SuppressedPages) -> prober::Result<u64>;
