//! `SuppressedPages`: single pages, ranges, and what clones share.

use indexmap::IndexSet;
use prober::SuppressedPages;
use vmi_core::{AddressContext, Va};

use crate::{KERNEL, OTHER_ROOT, ROOT, fault, other};

#[test]
fn a_new_set_holds_what_no_guest_can_serve() {
    let (new, empty) = (SuppressedPages::new(), SuppressedPages::empty());
    for va in [
        0,
        0x18,
        0xffff,
        0x8000_0000_0000,
        KERNEL - 1,
        KERNEL >> 1,
        !0xfff,
        !0,
    ] {
        assert!(
            new.contains(&fault(va)) && new.contains(&other(va)),
            "{va:#x}"
        );
        assert!(!empty.contains(&fault(va)), "{va:#x}");
    }
    for va in [0x1_0000, 0x7fff_ffff_ffff, KERNEL, !0x1000] {
        assert!(!new.contains(&fault(va)), "{va:#x}");
    }
    assert_eq!(new.iter().len(), 0);
    assert!(SuppressedPages::default().contains(&fault(0)));
}

#[test]
fn a_page_is_in_under_its_root() {
    let mut set = SuppressedPages::empty();
    assert!(set.insert(fault(0x40_0123)));
    assert!(!set.insert(fault(0x40_0000)));
    assert!(set.contains(&fault(0x40_0fff)));
    assert!(!set.contains(&fault(0x40_1000)) && !set.contains(&fault(0x3f_ffff)));
    assert!(!set.contains(&other(0x40_0123)));
    assert!(set.insert(other(0x40_0123)));
    assert!(set.iter().eq(&[fault(0x40_0123), other(0x40_0123)]));
}

#[test]
fn a_page_of_the_kernel_half_is_in_under_its_root() {
    let mut set = SuppressedPages::empty();
    assert!(set.insert(fault(KERNEL)));
    // Session space differs from root to root.
    assert!(!set.contains(&other(KERNEL + 8)));
    assert!(set.insert(other(KERNEL)));
    assert!(set.remove(&other(KERNEL + 16)));
    assert!(set.contains(&fault(KERNEL)) && !set.contains(&other(KERNEL)));
}

#[test]
fn a_range_holds_each_page_that_it_touches() {
    let mut set = SuppressedPages::empty();
    set.insert_range(Va(0x40_0fff)..Va(0x40_2001));
    for (va, held) in [
        (0x3f_ffff, false),
        (0x40_0000, true),
        (0x40_1000, true),
        (0x40_2fff, true),
        (0x40_3000, false),
    ] {
        assert_eq!(set.contains(&fault(va)), held, "{va:#x}");
        assert_eq!(set.contains(&other(va)), held, "{va:#x}");
    }
    set.insert_range(Va(0x50_0000)..Va(0x50_0000));
    set.insert_range(Va(0x60_0000)..Va(0x5f_0000));
    assert!(!set.contains(&fault(0x50_0000)) && !set.contains(&fault(0x5f_8000)));
    set.insert_range(Va(!0 - 1)..Va(!0));
    assert!(set.contains(&fault(!0)) && !set.contains(&fault(!0xfff - 1)));
}

/// The number of the page in a small space, so that all of it can be looked at.
fn held(set: &SuppressedPages) -> Vec<u64> {
    (0..64)
        .filter(|page| set.contains(&fault(page << 12)))
        .collect()
}

#[test]
fn ranges_in_any_order_hold_what_each_of_them_holds() {
    // Apart, next to each other, overlapping, within one another.
    let ranges = [
        (10, 20),
        (30, 40),
        (20, 22),
        (25, 35),
        (12, 15),
        (5, 6),
        (0, 64),
        (41, 42),
    ];
    for skip in 0..ranges.len() {
        let mut set = SuppressedPages::empty();
        let mut expected = IndexSet::new();
        for step in 0..ranges.len() - 1 {
            let (start, end) = ranges[(skip + step * 3) % ranges.len()];
            set.insert_range(Va(start << 12)..Va(end << 12));
            expected.extend(start..end);
            expected.sort();
            assert!(held(&set).iter().eq(&expected), "{:?}", held(&set));
        }
    }
}

#[test]
fn a_page_is_taken_out_of_a_range() {
    let mut set = SuppressedPages::empty();
    set.insert_range(Va(4 << 12)..Va(8 << 12));
    set.insert(fault(9 << 12));
    for (page, left) in [
        (5, vec![4, 6, 7, 9]),
        (4, vec![6, 7, 9]),
        (7, vec![6, 9]),
        (6, vec![9]),
        (9, vec![]),
    ] {
        // Under whichever root: a range has none.
        assert!(set.remove(&fault((page << 12) + 1)));
        assert!(!set.remove(&fault(page << 12)));
        assert_eq!(held(&set), left);
    }
    set.insert(fault(5 << 12));
    assert_eq!(held(&set), [5]);
}

#[test]
fn a_page_that_was_inserted_before_a_range_goes_out_with_it() {
    let mut set = SuppressedPages::empty();
    set.insert(fault(5 << 12));
    set.insert_range(Va(4 << 12)..Va(7 << 12));
    assert!(set.remove(&fault(5 << 12)));
    assert_eq!(held(&set), [4, 6]);
}

#[test]
fn the_pages_of_a_root_are_forgotten() {
    let pages = [
        fault(0x40_0000),
        other(0x40_0000),
        fault(0x50_0000),
        fault(KERNEL),
    ];
    let mut set = SuppressedPages::from_iter(pages);
    set.insert_range(Va(0x60_0000)..Va(0x61_0000));
    // With the bits of a process-context identifier.
    set.forget_root(ROOT + 3);
    assert!(set.iter().eq(&[pages[1]]));
    assert!(set.contains(&fault(0x60_0000)) && set.contains(&fault(0)));
    set.forget_root(ROOT);
    set.forget_root(OTHER_ROOT);
    assert_eq!(set.iter().len(), 0);
    assert!(set.contains(&fault(0x60_0000)));
}

#[test]
fn clones_change_by_themselves() {
    let first = SuppressedPages::from_iter([fault(0x40_0000)]);
    let mut second = first.clone();
    let mut third = second.clone();
    assert!(second.insert(fault(0x50_0000)));
    assert!(third.remove(&fault(0x40_0000)));
    third.insert_range(Va(0x60_0000)..Va(0x60_1000));
    let mut fourth = second.clone();
    fourth.forget_root(ROOT);

    let holds = |set: &SuppressedPages| {
        [0x40_0000, 0x50_0000, 0x60_0000].map(|va| set.contains(&fault(va)))
    };
    assert_eq!(holds(&first), [true, false, false]);
    assert_eq!(holds(&second), [true, true, false]);
    assert_eq!(holds(&third), [false, false, true]);
    assert_eq!(holds(&fourth), [false, false, false]);
}

#[test]
fn sets_are_made_of_vmi_cores() {
    let pages = IndexSet::from([fault(0x40_0000), other(0x40_0008), fault(0x40_0010)]);
    let kept = [fault(0x40_0000), other(0x40_0008)];
    let mut extended = SuppressedPages::empty();
    extended.extend(pages.iter().copied());
    assert!(extended.iter().eq(&kept) && !extended.contains(&fault(0)));
    for set in [
        SuppressedPages::from(&pages),
        SuppressedPages::from(pages.clone()),
        pages.iter().copied().collect(),
    ] {
        assert!(set.iter().eq(&kept));
        assert!(set.contains(&fault(0)));
    }
}

#[test]
fn nothing_is_in_twice() {
    let mut set = SuppressedPages::new();
    // Already in a range.
    assert!(!set.insert(fault(0x10)));
    assert_eq!(
        set.iter().collect::<Vec<&AddressContext>>(),
        Vec::<&AddressContext>::new()
    );
}

#[test]
fn ranges_that_touch_are_one() {
    let mut set = SuppressedPages::empty();
    set.insert(fault(0x40_0008));
    set.insert_range(Va(0x60_0000)..Va(0x60_1000));
    set.insert_range(Va(0x60_2000)..Va(0x60_3000));
    let apart = set.clone();
    // Before, behind and between the others.
    set.insert_range(Va(0x60_1000)..Va(0x60_1001));
    set.insert_range(Va(0x60_3000)..Va(0x60_4000));
    set.insert_range(Va(0x5f_f000)..Va(0x60_0000));

    let ranges = |text: String| {
        let (pages, ranges) = text.split_once("ranges").expect("the ranges");
        assert!(pages.contains("400008"), "{text}");
        ranges.to_owned()
    };
    assert_eq!(
        ranges(format!("{set:?}")),
        format!(": {:?} }}", [Va(0x5f_f000)..=Va(0x60_3fff)])
    );
    assert_eq!(
        ranges(format!("{apart:?}")),
        format!(
            ": {:?} }}",
            [Va(0x60_0000)..=Va(0x60_0fff), Va(0x60_2000)..=Va(0x60_2fff)]
        )
    );
}

#[test]
fn pages_are_listed_by_root_and_address() {
    let pages = [other(0x40_0000), fault(0x50_0000), fault(KERNEL), fault(8)];
    let mut set = SuppressedPages::empty();
    set.extend(pages);
    let listed: Vec<_> = (&set).into_iter().copied().collect();
    assert_eq!(listed, [pages[3], pages[1], pages[2], pages[0]]);
}

/// Many changes while clones are alive: each clone stays as it was.
#[test]
fn a_change_does_not_show_in_clones() {
    let mut set = SuppressedPages::empty();
    let mut clones = Vec::new();
    for page in 0..2_000_u64 {
        clones.push(set.clone());
        set.insert(fault(page << 12));
        set.insert_range(Va(page << 13 | 1 << 40)..Va((page << 13 | 1 << 40) + 0x1000));
    }
    for (index, clone) in clones.iter().enumerate() {
        let index = index as u64;
        assert_eq!(clone.iter().len() as u64, index);
        assert!(!clone.contains(&fault(index << 12)));
        assert!(!clone.contains(&fault(index << 13 | 1 << 40)));
    }
    set.remove(&fault(7 << 12));
    assert_eq!(set.iter().len(), 1_999);
    assert!(clones[8].contains(&fault(7 << 12)));
}
