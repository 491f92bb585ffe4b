//! The guest itself: roots, and what is paged out.

use vmi_core::{VmiError, os::VmiOsProcess as _};

use super::lists::{PIDS, guest, plain, regions};

#[test]
fn under_kva_shadow_the_two_roots_differ() -> Result<(), VmiError> {
    let guest = prober_tests::windows::builder().kva_shadow().build();
    guest.vm(724).with(|vmi| {
        let process = vmi.os().current_process()?;
        let user = guest.user_space(724).map(prober::testing::Guest::root);
        assert_eq!(process.translation_root()?, guest.space(724).root());
        assert_eq!(Some(process.user_translation_root()?), user);
        assert_ne!(Some(process.translation_root()?), user);
        let rows = plain::regions(vmi).map_err(VmiError::from)?;
        assert_eq!(rows, regions(&guest, 724));
        Ok::<(), VmiError>(())
    })?;
    let user = guest.user_space(724).unwrap();
    assert!(!user.is_resident(guest.eprocess(724)));
    assert!(user.is_resident(guest.user_pages(724)[0]));
    Ok(())
}

#[test]
fn kernel_objects_stay_resident() {
    let guest = guest();
    guest.page_out();
    for pid in PIDS {
        assert!(guest.guest().is_resident(guest.eprocess(pid)));
        for page in guest.user_pages(pid) {
            assert!(!guest.space(pid).is_resident(*page));
        }
    }
    assert!(!guest.paged_pool().is_empty());
    for page in guest.paged_pool() {
        assert!(!guest.guest().is_resident(*page));
    }
}
