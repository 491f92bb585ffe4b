//! Eight reads of which none needs another, all paged out, one for good.

use indexmap::IndexSet;
use prober::{SuppressedPages, probed, testing::Guest};
use prober_tests::measured::State;
use vmi_core::{AddressContext, Va, VmiError, VmiProber, vmi_probe};

use super::{Row, Ways, of_one_space};

fn addresses() -> impl Iterator<Item = Va> {
    (0..8).map(|index| Va(0x40_0000 + index * 0x1000))
}

fn guest() -> Guest {
    let guest = Guest::new();
    for address in addresses() {
        guest.write_u64(address, address.0);
    }
    guest.page_out_all();
    guest.unbacked(Va(0x40_3000));
    guest
}

fn plain(vmi: &State<'_>, suppressed: &SuppressedPages) -> Result<Vec<Option<u64>>, VmiError> {
    let mut numbers = Vec::new();
    for address in addresses() {
        numbers.push(match vmi.read_u64(address) {
            Ok(number) => Some(number),
            Err(VmiError::Translation(fault)) if suppressed.contains(&fault) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(numbers)
}

fn by_hand(
    vmi: &State<'_>,
    suppressed: &IndexSet<AddressContext>,
) -> Result<Vec<Option<u64>>, VmiError> {
    let prober = VmiProber::new(suppressed);
    let mut numbers = Vec::new();
    for address in addresses() {
        numbers.push(vmi_probe!(prober, vmi.read_u64(address))?);
    }
    prober.error_for_page_faults()?;
    Ok(numbers)
}

#[probed(options)]
fn probed(vmi: &State<'_>) -> prober::Result<Vec<Option<u64>>> {
    let mut numbers = Vec::new();
    for address in addresses() {
        numbers.push(vmi.read_u64(address)?);
    }
    Ok(numbers)
}

pub(crate) fn row() -> Row {
    Ways {
        plain,
        by_hand,
        probed,
    }
    .row("8 reads, one unserviceable".to_owned(), 1, || {
        of_one_space(guest())
    })
}
