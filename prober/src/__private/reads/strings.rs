//! Strings, page by page, up to their null character.

use std::{error::Error, fmt};

use vmi_core::{AccessContext, VmiCore, VmiError, VmiRead};

use super::ranges::{next_page, page, wraps};

/// The length in bytes at which a string without a limit ends with an error. A
/// guest that maps one frame everywhere makes a string as long as it likes.
const MAX_STRING: usize = 16 << 20;

/// Where a string without a null character ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// After so many bytes, which the caller or vmi-core has set.
    Caller(usize),

    /// Nobody set a limit: [`MAX_STRING`] bytes without an end are an error.
    None,
}

impl Limit {
    pub(super) fn of<D: VmiRead>(core: &VmiCore<D>) -> Self {
        core.read_string_length_limit()
            .map_or(Self::None, Self::Caller)
    }

    fn bytes(self) -> usize {
        match self {
            Self::Caller(limit) => limit,
            Self::None => MAX_STRING,
        }
    }
}

/// A string without a limit that does not end.
#[derive(Debug)]
struct EndlessString;

impl fmt::Display for EndlessString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a string does not end within 16 MiB; read it with a limit, \
             or set one for all with `set_read_string_length_limit`",
        )
    }
}

impl Error for EndlessString {}

/// Reads a string page by page: up to the null character, which is `UNIT`
/// bytes wide, and at most `limit` bytes. No page is touched that holds no
/// byte of it.
pub(super) fn string<D: VmiRead, const UNIT: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    limit: Limit,
) -> Result<Vec<u8>, VmiError> {
    let ends = limit;
    let limit = limit.bytes() - limit.bytes() % UNIT;
    let mut context = context;
    let mut bytes = Vec::new();
    while bytes.len() < limit {
        let (page, offset) = page(core, context)?;
        let there = &page[offset..];
        let there = &there[..there.len().min(limit - bytes.len())];

        // A character may lie across two pages.
        let begun = bytes.len() % UNIT;
        let (end, there) = there.split_at(if begun == 0 { 0 } else { UNIT - begun });
        bytes.extend_from_slice(end);
        if begun != 0 && bytes.ends_with(&[0; UNIT]) {
            bytes.truncate(bytes.len() - UNIT);
            return Ok(bytes);
        }

        let (units, _) = there.as_chunks::<UNIT>();
        if let Some(null) = units.iter().position(|unit| *unit == [0; UNIT]) {
            bytes.extend_from_slice(units[..null].as_flattened());
            return Ok(bytes);
        }
        bytes.extend_from_slice(there);
        if bytes.len() < limit {
            context = next_page::<D>(context).ok_or_else(|| wraps(context))?;
        }
    }
    match ends {
        Limit::Caller(_) => Ok(bytes),
        Limit::None => Err(VmiError::os(EndlessString)),
    }
}

/// The UTF-16 units of a string.
#[allow(clippy::needless_pass_by_value)] // For `map`.
pub(super) fn units(bytes: Vec<u8>) -> Vec<u16> {
    let (units, _) = bytes.as_chunks();
    units.iter().copied().map(u16::from_le_bytes).collect()
}
