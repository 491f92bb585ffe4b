//! What the calls of a program share: the memory, and what is suppressed.

use crate::{
    interpreter::{Failure, Outcome},
    memory::{Fault, Found, Memory, page_of},
};

/// The first address that is not canonical.
const HOLE: u64 = 1 << 47;

/// The half of the address space that an address lies in.
fn half(va: u64) -> Option<u64> {
    match va >> 47 {
        half @ (0 | 0x1_ffff) => Some(half),
        _ => None,
    }
}

/// There is no page where a range or a string from `va` on ends.
fn no_page((va, root): Fault) -> Failure {
    let va = match half(va) {
        Some(0) => HOLE,
        Some(_) => u64::MAX,
        None => va,
    };
    Failure::Unavailable(vec![(va, root)], None)
}

/// The byte behind the first `index` of a range or a string.
fn behind(at: Fault, index: u64) -> Outcome<u64> {
    let (va, root) = at;
    match va.checked_add(index) {
        Some(HOLE) if index > 0 => Err(no_page((HOLE - 1, root))),
        Some(va) => Ok(va),
        None => Err(no_page((u64::MAX, root))),
    }
}

/// A suppressed set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suppressed {
    /// Whether the lowest pages and addresses that are not canonical are in.
    pub(crate) hopeless: bool,
    pub(crate) pages: Vec<Fault>,
}

impl Suppressed {
    pub(crate) fn contains(&self, fault: Fault) -> bool {
        let hopeless =
            fault.0 < 0x1_0000 || (HOLE..!0 << 47).contains(&fault.0) || fault.0 >= !0xfff;
        self.hopeless && hopeless || holds(&self.pages, fault)
    }

    pub(crate) fn insert(&mut self, fault: Fault) {
        if !self.contains(fault) {
            self.pages.push(fault);
        }
    }
}

fn holds(faults: &[Fault], fault: Fault) -> bool {
    faults.iter().any(|other| page_of(*other) == page_of(fault))
}

pub(crate) fn insert(faults: &mut Vec<Fault>, fault: Fault) {
    if !holds(faults, fault) {
        faults.push(fault);
    }
}

/// What all calls share.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) memory: Memory,
    /// The side effects so far.
    pub(crate) log: Vec<u64>,
    /// How many probes may miss in a row.
    pub(crate) limit: u32,
}

impl World {
    fn pages(
        &self,
        (va, root): Fault,
        length: usize,
    ) -> impl Iterator<Item = Outcome<(usize, u64)>> {
        (0..length as u64).map(move |index| {
            let va = va.wrapping_add(index);
            match self.memory.find(va, root) {
                Found::Content(page) => Ok((page, va)),
                Found::Fault => Err(Failure::Faults(vec![(va, root)])),
                Found::NoFrame => Err(Failure::Hard("the guest has no frame 0xfffff".to_owned())),
            }
        })
    }

    /// A plain read: it ends at the first page that is missing.
    fn read(&self, at: Fault, length: usize) -> Outcome<Vec<u8>> {
        self.pages(at, length)
            .map(|byte| byte.map(|(page, va)| self.memory.byte(page, va)))
            .collect()
    }

    pub(crate) fn write(&mut self, at: Fault, bytes: &[u8]) -> Outcome<()> {
        let places = self
            .pages(at, bytes.len())
            .collect::<Outcome<Vec<(usize, u64)>>>()?;
        for ((page, va), byte) in places.into_iter().zip(bytes) {
            self.memory.set_byte(page, va, *byte);
        }
        Ok(())
    }

    pub(crate) fn read_u64(&self, at: Fault) -> Outcome<u64> {
        let bytes = self.read(at, 8)?;
        Ok(u64::from_le_bytes(bytes.try_into().unwrap()))
    }

    /// [`read_u64`](Self::read_u64) as a probe.
    pub(crate) fn probe_u64(&self, at: Fault, suppressed: &Suppressed) -> Outcome<u64> {
        let bytes = self.read_range(at, 8, suppressed)?;
        Ok(u64::from_le_bytes(bytes.try_into().unwrap()))
    }

    /// A read of known length: it reports every missing page of the range, or
    /// none when one of them is suppressed.
    pub(crate) fn read_range(
        &self,
        at: Fault,
        length: usize,
        suppressed: &Suppressed,
    ) -> Outcome<Vec<u8>> {
        let root = at.1;
        let mut bytes = Vec::new();
        let (first, last) = loop {
            let index = bytes.len() as u64;
            if bytes.len() == length {
                return Ok(bytes);
            }
            let va = behind(at, index)?;
            match self.memory.find(va, root) {
                Found::Content(page) => bytes.push(self.memory.byte(page, va)),
                found => {
                    let last = va.checked_add(length as u64 - index - 1);
                    match last.filter(|last| half(va).is_some() && half(va) == half(*last)) {
                        None => return Err(no_page((va, root))),
                        Some(_) if matches!(found, Found::NoFrame) => {
                            return Err(self.read((va, root), 1).unwrap_err());
                        }
                        Some(last) => break ((va, root), last),
                    }
                }
            }
        };
        let mut faults = vec![first];
        let mut page = (first.0 | 0xfff).wrapping_add(1);
        while page != 0 && page <= last {
            match self.memory.find(page, root) {
                Found::Fault => insert(&mut faults, (page, root)),
                Found::Content(_) | Found::NoFrame => {}
            }
            page = page.wrapping_add(0x1000);
        }
        if faults.iter().any(|fault| suppressed.contains(*fault)) {
            faults.retain(|fault| suppressed.contains(*fault));
            return Err(Failure::Unavailable(faults, None));
        }
        Err(Failure::Faults(faults))
    }

    /// A string: it ends before its null character or at the limit, and
    /// touches no page beyond.
    pub(crate) fn read_text(&self, at: Fault, limit: usize) -> Outcome<u64> {
        for length in 0..limit {
            let va = behind(at, length as u64)?;
            if self.read((va, at.1), 1)? == [0] {
                return Ok(length as u64);
            }
        }
        Ok(limit as u64)
    }
}

/// The first 8 bytes as a number, or as many as there are.
pub(crate) fn first_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let length = bytes.len().min(8);
    word[..length].copy_from_slice(&bytes[..length]);
    u64::from_le_bytes(word)
}
