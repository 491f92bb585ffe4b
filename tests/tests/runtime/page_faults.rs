//! `PageFaults`: order, and one entry a page.

use prober::PageFaults;
use vmi_core::AddressContext;

use crate::{KERNEL, OTHER_ROOT, fault, other};

fn batch(faults: &[AddressContext]) -> PageFaults {
    faults.iter().copied().collect()
}

#[test]
fn the_first_address_on_each_page_is_kept_in_order() {
    let faults = [
        fault(0x50_0ff8),
        fault(0x40_0000),
        fault(0x50_0000),
        other(0x50_0000),
        fault(0x40_0fff),
        fault(0x40_1000),
    ];
    let batch = batch(&faults);
    let kept: Vec<_> = batch.iter().copied().collect();
    assert_eq!(kept, [faults[0], faults[1], faults[3], faults[5]]);
    assert_eq!(batch.first(), Some(&faults[0]));
    assert_eq!(batch.len(), kept.len());
    assert_eq!(batch.iter().len(), kept.len());
    assert!((&batch).into_iter().eq(&kept));
}

#[test]
fn a_page_is_one_under_its_root() {
    let batch = batch(&[fault(KERNEL + 8), fault(KERNEL), other(KERNEL), other(!0)]);
    assert_eq!(batch.len(), 3);
    assert!(batch.contains(&other(KERNEL + 0xfff)));
    assert!(batch.contains(&fault(KERNEL)));
    assert!(!batch.contains(&fault(!0)));
    assert!(!batch.contains(&fault(KERNEL + 0x1000)));
    // The last page of the lower half is not of it.
    let lower = self::batch(&[fault(!0 >> 1), other(!0 >> 1)]);
    assert_eq!(lower.len(), 2);
}

#[test]
fn the_lower_bits_of_a_root_do_not_count() {
    let mut with_pcid = other(0x40_0000);
    with_pcid.root = OTHER_ROOT + 5;
    let batch = batch(&[other(0x40_0000)]);
    assert!(batch.contains(&with_pcid));
    assert!(!batch.contains(&fault(0x40_0000)));
}

#[test]
fn an_insert_says_whether_the_page_is_new() {
    let mut batch = PageFaults::new();
    assert!(batch.is_empty() && batch.first().is_none());
    assert!(batch.insert(fault(0x40_0000)));
    assert!(!batch.insert(fault(0x40_0008)));
    assert!(batch.insert(other(0x40_0008)));
    assert!(!batch.is_empty());
    batch.extend([fault(0x40_0010), fault(0x60_0000)]);
    assert_eq!(batch.len(), 3);
}

#[test]
fn what_is_retained_keeps_its_order() {
    let mut batch = batch(&[4, 1, 3, 2].map(|number| fault(number << 12)));
    batch.retain(|fault| fault.va.0 != 1 << 12);
    let left: Vec<_> = batch.iter().map(|fault| fault.va.0 >> 12).collect();
    assert_eq!(left, [4, 3, 2]);
    batch.retain(|_| false);
    assert!(batch.is_empty());
    assert_eq!(batch, PageFaults::new());
}

#[test]
fn equal_are_batches_of_the_same_addresses_in_the_same_order() {
    let (a, b) = (fault(0x40_0000), fault(0x50_0000));
    assert_eq!(batch(&[a, b, a]), batch(&[a, b]));
    assert_ne!(batch(&[a, b]), batch(&[b, a]));
    assert_ne!(batch(&[a]), batch(&[fault(0x40_0008)]));
}

#[test]
fn the_text_names_the_first_and_how_many() {
    let (a, b) = (fault(0x40_0000), fault(0x50_0000));
    assert!(batch(&[a]).to_string().contains(&a.to_string()));
    let text = batch(&[b, a]).to_string();
    assert!(
        text.contains(&b.to_string()) && text.contains("2 pages"),
        "{text}"
    );
}
