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

/// What is not lost to the next item or behind the loop; but nothing acts there.
#[test]
fn what_items_keep() {
    check(
        r#"
        let mut n = 0; for k in x.k()? { let d = x.d(n)?; let e = k.e()?; } Ok(x.b()?) // d(0): k d(0)! k.0.e d(0)! k.1.e b
        let mut n = 0; for k in x.k()? { n += k.a()?; } let b = x.b()?; let n = b.d()?; Ok(n.e()?) // k.0.a: k k.0.a! k.1.a b b.d b.d.e
        for i in [1, 2] { act(x.a()?) } act(2); Ok(1) // a: a! a!
    "#,
    );
}
