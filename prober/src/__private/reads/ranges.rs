//! Reads of known length, page by page: a fault becomes a batch of all the
//! missing pages.

use isr_macros::Field;
use vmi_core::{
    AccessContext, AddressContext, Architecture, TranslationMechanism, Va, VmiCore, VmiDriver,
    VmiError, VmiMappedPage, VmiRead,
};
use zerocopy::{FromBytes, IntoBytes};

use crate::{PageFaults, Unavailable, VmiProber};

/// How many missing pages of one read are recorded at most.
const MAX_PAGES: usize = 512;

/// The first address that is not canonical with 48 bits.
const HOLE: u64 = 1 << 47;

#[inline]
pub(super) fn read_value<D: VmiRead, T: FromBytes + IntoBytes>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<T, VmiError> {
    let mut value = T::new_zeroed();
    read(core, context, value.as_mut_bytes(), prober)?;
    Ok(value)
}

/// Reads a number of `N` bytes. Within a page it costs what it costs in
/// vmi-core.
#[inline]
pub(super) fn number<D: VmiRead, const N: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<[u8; N], VmiError> {
    match page(core, context) {
        Ok((page, offset)) => match page[offset..].first_chunk() {
            Some(bytes) => Ok(*bytes),
            None => number_across(core, context, prober),
        },
        Err(error) => Err(missing_pages(core, context, N, error, prober)),
    }
}

/// Reads a number that lies on two pages.
#[cold]
fn number_across<D: VmiRead, const N: usize>(
    core: &VmiCore<D>,
    context: AccessContext,
    prober: &VmiProber<'_>,
) -> Result<[u8; N], VmiError> {
    let mut bytes = [0; N];
    read(core, context, &mut bytes, prober)?;
    Ok(bytes)
}

/// Reads a number of `size` bytes.
#[inline]
pub(super) fn uint<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    size: usize,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    match size {
        1 => core.read_u8(context).map(u64::from),
        2 => number(core, context, prober).map(|bytes| u16::from_le_bytes(bytes).into()),
        4 => number(core, context, prober).map(|bytes| u32::from_le_bytes(bytes).into()),
        8 => number(core, context, prober).map(u64::from_le_bytes),
        _ => Err(VmiError::InvalidAddressWidth),
    }
}

/// Reads a field of a structure.
#[inline]
pub(super) fn field<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    field: &Field,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    let Some(address) = context.address.checked_add(field.offset()) else {
        return Err(wraps(context));
    };
    let context = AccessContext { address, ..context };
    #[allow(clippy::cast_possible_truncation)] // As vmi-core does; it is 1 to 8.
    let size = field.size() as usize;
    uint(core, context, size, prober)
}

/// Reads an address of `width` bytes.
#[inline]
pub(super) fn address<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    width: usize,
    prober: &VmiProber<'_>,
) -> Result<u64, VmiError> {
    match width {
        4 | 8 => uint(core, context, width, prober),
        _ => Err(VmiError::InvalidAddressWidth),
    }
}

/// Reads a range. A fault becomes a batch of all missing pages of the range.
pub(super) fn read<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    buffer: &mut [u8],
    prober: &VmiProber<'_>,
) -> Result<(), VmiError> {
    let mut context = context;
    let mut rest = buffer;
    while !rest.is_empty() {
        let (page, offset) = match page(core, context) {
            Ok(found) => found,
            Err(error) => return Err(missing_pages(core, context, rest.len(), error, prober)),
        };
        let there = &page[offset..];
        let (part, behind) = rest.split_at_mut(rest.len().min(there.len()));
        part.copy_from_slice(&there[..part.len()]);
        if behind.is_empty() {
            break;
        }
        context = next_page::<D>(context).ok_or_else(|| wraps(context))?;
        rest = behind;
    }
    Ok(())
}

/// The page of an address, and where in it the address is.
#[inline]
pub(super) fn page<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
) -> Result<(VmiMappedPage, usize), VmiError> {
    let address = core.translate_access_context(context)?;
    let page = core.read_page(D::Architecture::gfn_from_pa(address))?;
    #[allow(clippy::cast_possible_truncation)] // It is less than the size of a page.
    let offset = D::Architecture::pa_offset(address) as usize;
    Ok((page, offset))
}

/// The error for data that would reach past the end of the address space, or
/// into the hole between the halves of 48-bit addresses: no guest can have it,
/// and there is no page to bring in. It names the page at which the data ends.
#[cold]
pub(super) fn wraps(context: AccessContext) -> VmiError {
    let va = match context.address {
        address if is_canonical(address) && address < HOLE => HOLE,
        address if is_canonical(address) => u64::MAX,
        address => address,
    };
    let page = match context.mechanism {
        TranslationMechanism::Paging { root: Some(root) } => {
            Some(AddressContext::new(Va(va), root))
        }
        _ => None,
    };
    VmiError::os(Unavailable::new(page.into_iter().collect(), None))
}

/// Whether an address is canonical with 48 bits.
fn is_canonical(address: u64) -> bool {
    address.wrapping_add(HOLE) < HOLE << 1
}

/// The last address of a range of `length` bytes; `None` where the range wraps
/// or touches addresses that no page can have.
fn last_of(context: AccessContext, length: usize) -> Option<u64> {
    let first = context.address;
    let last = first.checked_add(length as u64 - 1)?;
    let exists = context.mechanism == TranslationMechanism::Direct
        || is_canonical(first) && is_canonical(last) && (first < HOLE) == (last < HOLE);
    exists.then_some(last)
}

/// The error of a read that still has `rest` bytes to go: a fault with all the
/// missing pages from the first one on.
///
/// If one of them is suppressed the read cannot succeed, so none is worth
/// bringing in. All pages are checked for that, even those that are too many to
/// be recorded.
#[cold]
fn missing_pages<D: VmiRead>(
    core: &VmiCore<D>,
    context: AccessContext,
    rest: usize,
    error: VmiError,
    prober: &VmiProber<'_>,
) -> VmiError {
    let Some(last) = last_of(context, rest) else {
        return wraps(context);
    };
    let VmiError::Translation(first) = error else {
        return error;
    };
    let mut page = AccessContext {
        address: first.va.0,
        mechanism: context.mechanism,
    };
    if next_page::<D>(page).is_none_or(|next| next.address > last) {
        return error;
    }

    let (mut faults, mut suppressed) = (PageFaults::new(), PageFaults::new());
    let mut add = |fault| {
        let kind = if prober.is_suppressed(&fault) {
            &mut suppressed
        } else {
            &mut faults
        };
        if kind.len() < MAX_PAGES {
            kind.insert(fault);
        }
    };
    add(first);
    while let Some(next) = next_page::<D>(page)
        && next.address <= last
    {
        page = next;
        match core.translate_access_context(page) {
            Ok(_) => {}
            Err(VmiError::Translation(fault)) => add(fault),
            Err(_) => break,
        }
    }

    if suppressed.is_empty() {
        VmiError::os(faults)
    } else {
        VmiError::os(Unavailable::new(suppressed, None))
    }
}

/// The start of the page after that of an address. The last page has none, nor
/// has the last page of the user half.
pub(super) fn next_page<D: VmiDriver>(context: AccessContext) -> Option<AccessContext> {
    let start = context.address & D::Architecture::PAGE_MASK;
    let address = start.checked_add(D::Architecture::PAGE_SIZE)?;
    let exists = address != HOLE || context.mechanism == TranslationMechanism::Direct;
    exists.then_some(AccessContext { address, ..context })
}
