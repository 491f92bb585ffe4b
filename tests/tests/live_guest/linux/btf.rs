//! The kernel's own description of its types (BTF), as far as offsets of members need it.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

const MAGIC: u16 = 0xeb9f;

/// The types, by their number.
pub(crate) struct Btf {
    types: Vec<Type>,
    structs: HashMap<String, u32>,
}

/// A member, with what lies in anonymous structures as a member of the outer one.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

enum Type {
    /// Of a known size: integers, enumerations, floats, pointers.
    Sized(u64),
    Array {
        element: u32,
        count: u64,
    },
    Composite {
        size: u64,
        members: Vec<RawMember>,
    },
    /// A typedef, or a qualifier.
    Alias(u32),
    /// Nothing that a member can be.
    Other,
}

struct RawMember {
    name: String,
    of: u32,
    offset: u64,
}

impl Btf {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let magic = bytes.get(..2).context("no header")?;
        ensure!(magic == MAGIC.to_le_bytes(), "no BTF: {magic:x?}");
        let header = |index: usize| word(bytes, 4 + 4 * index);
        let start = header(0)?;
        let section = |at: u32, length: u32| {
            let first = (start as usize).checked_add(at as usize)?;
            bytes.get(first..first.checked_add(length as usize)?)
        };
        let mut types = section(header(1)?, header(2)?).context("the types are cut off")?;
        let strings = section(header(3)?, header(4)?).context("the strings are cut off")?;

        let mut btf = Self {
            // Number 0 is `void`.
            types: vec![Type::Sized(0)],
            structs: HashMap::new(),
        };
        while !types.is_empty() {
            let (name, info, size_or_type) = (word(types, 0)?, word(types, 4)?, word(types, 8)?);
            let (kind, count) = (info >> 24 & 0x1f, (info & 0xffff) as usize);
            let is_bitfield_coded = info >> 31 == 1;
            let rest = &types[12..];
            let (parsed, used) = match kind {
                1 => (Type::Sized(size_or_type.into()), 4),
                2 => (Type::Sized(8), 0),
                3 => {
                    let array = Type::Array {
                        element: word(rest, 0)?,
                        count: word(rest, 8)?.into(),
                    };
                    (array, 12)
                }
                4 | 5 => {
                    let members = (0..count)
                        .map(|index| member(rest, index, strings, is_bitfield_coded))
                        .collect::<Result<_>>()?;
                    let composite = Type::Composite {
                        size: size_or_type.into(),
                        members,
                    };
                    (composite, 12 * count)
                }
                6 => (Type::Sized(size_or_type.into()), 8 * count),
                8..=11 | 18 => (Type::Alias(size_or_type), 0),
                7 | 12 => (Type::Other, 0),
                13 => (Type::Other, 8 * count),
                14 | 17 => (Type::Other, 4),
                15 => (Type::Other, 12 * count),
                16 => (Type::Sized(size_or_type.into()), 0),
                19 => (Type::Sized(size_or_type.into()), 12 * count),
                _ => anyhow::bail!("a type of the unknown kind {kind}"),
            };
            if kind == 4 && name != 0 {
                let number = u32::try_from(btf.types.len())?;
                btf.structs.entry(string(strings, name)?).or_insert(number);
            }
            btf.types.push(parsed);
            types = rest.get(used..).context("a type is cut off")?;
        }
        Ok(btf)
    }

    /// The size of a structure in bytes, and its members.
    pub(crate) fn structure(&self, name: &str) -> Result<(u64, Vec<Member>)> {
        let number = *self
            .structs
            .get(name)
            .with_context(|| format!("the kernel has no struct {name}"))?;
        let mut members = Vec::new();
        self.flatten(number, 0, &mut members)?;
        Ok((self.size(number)?, members))
    }

    fn flatten(&self, number: u32, base: u64, into: &mut Vec<Member>) -> Result<()> {
        if let Type::Composite { members, .. } = self.get(number)? {
            for member in members {
                let offset = base + member.offset;
                if member.name.is_empty() {
                    self.flatten(member.of, offset, into)?;
                } else {
                    into.push(Member {
                        name: member.name.clone(),
                        offset,
                        size: self.size(member.of)?,
                    });
                }
            }
        }
        Ok(())
    }

    fn size(&self, number: u32) -> Result<u64> {
        match self.get(number)? {
            Type::Sized(size) | Type::Composite { size, .. } => Ok(*size),
            Type::Array { element, count } => Ok(self.size(*element)? * count),
            Type::Other => Ok(0),
            Type::Alias(of) => self.size(*of),
        }
    }

    fn get(&self, number: u32) -> Result<&Type> {
        self.types
            .get(number as usize)
            .with_context(|| format!("no type {number}"))
    }
}

fn member(
    bytes: &[u8],
    index: usize,
    strings: &[u8],
    is_bitfield_coded: bool,
) -> Result<RawMember> {
    let at = 12 * index;
    let mut bits = word(bytes, at + 8)?;
    if is_bitfield_coded {
        // The upper byte is the width of a bit field.
        bits &= 0x00ff_ffff;
    }
    Ok(RawMember {
        name: string(strings, word(bytes, at)?)?,
        of: word(bytes, at + 4)?,
        offset: u64::from(bits / 8),
    })
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    Ok(u32::from_le_bytes(*bytes.context("a word is cut off")?))
}

fn string(strings: &[u8], at: u32) -> Result<String> {
    let rest = strings.get(at as usize..).context("no such string")?;
    let end = rest.iter().position(|byte| *byte == 0);
    Ok(String::from_utf8_lossy(&rest[..end.context("a string is cut off")?]).into_owned())
}
