//! What a doomed run may know of when it goes on with the next item.

use super::check;

/// What an item before would have changed is missing, also to what follows
/// from it.
#[test]
fn what_items_hand_on() {
    check(
        r#"
        let mut n = 0; let c = x.c()?; for k in x.k()? { let at = (n, k); let d = x.d(at)?; n += 1; } Ok(c) // c: c! k d((0,k.0))
        let mut n = 0; let c = x.c()?; for k in x.k()? { let m = n; let at = (m, k); act(x.d(at)?); n += 1; } Ok(c) // c: c! k d((0,k.0))
        let mut n = 0; let c = x.c()?; for k in x.k()? { let at = (1, k); let d = x.d(at)?; n += 1; } Ok(c) // c: c! k d((1,k.0)) d((1,k.1))
    "#,
    );
}
