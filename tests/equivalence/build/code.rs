//! A piece of code in both of its forms.

/// The same code, plain and for a function with the attribute.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) plain: String,
    pub(crate) probed: String,
}

impl Code {
    /// Code that is the same in both.
    pub(crate) fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            plain: text.clone(),
            probed: text,
        }
    }

    /// Code that differs.
    pub(crate) fn two(plain: impl Into<String>, probed: impl Into<String>) -> Self {
        Self {
            plain: plain.into(),
            probed: probed.into(),
        }
    }

    /// Fills the places `$0`, `$1` .. of this code.
    pub(crate) fn fill(self, parts: &[&Self]) -> Self {
        // All at once: what is filled in has no places of its own left.
        let fill = |text: &str, part: fn(&Self) -> &str| {
            let mut filled = String::new();
            let mut rest = text;
            while let Some(place) = rest.find('$') {
                filled.push_str(&rest[..place]);
                let index: usize = rest[place + 1..=place + 1].parse().expect("a digit");
                filled.push_str(part(parts[index]));
                rest = &rest[place + 2..];
            }
            filled + rest
        };
        Self {
            plain: fill(&self.plain, |part| &part.plain),
            probed: fill(&self.probed, |part| &part.probed),
        }
    }
}

/// Random numbers, the same each time.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
