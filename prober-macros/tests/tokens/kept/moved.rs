//! The order in which a search asks: no group of statements uses what one before
//! it moves. rustc would refuse that, though no run comes to it.

use super::check;

/// What is moved is used before. Else `c` is asked next to `a`, from which it
/// follows.
#[test]
fn what_is_moved_is_used_before() {
    check(
        r#"
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&v)?; let c = x.c(a, v)?; act(b); Ok(c) // p: p! a b c(a,[1])
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&v)?; let c = x.c(a, &v)?; act(b); Ok(c) // p: p! a c(a) b
        # By a reference to it.
        let v = vec![1]; let r = &v; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(r)?; let c = x.c(a, v)?; act(b); Ok(c) // p: p! a b c(a,[1])
        let v = vec![1]; let p = x.p()?; act(p); let r = &v; let a = x.a()?; let b = x.b(r)?; let c = x.c(a, v)?; act(b); Ok(c) // p: p! b a c(a,[1])
        # What is used once more was copied.
        let n = 1; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&n)?; let c = x.c(a, n)?; act(b); Ok(c) // p: p! a c(a,1) b
        let n = y.f; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(n)?; let c = x.c(a, n)?; act(b); Ok(c) // p: p! a c(a,y) b(y)
        # By a method, if its name says so.
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(v.len())?; let c = x.c(a, v.into_iter())?; act(b); Ok(c) // p: p! a b(1) c(a,items)
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(v.len())?; let c = x.c(a, v.iter())?; act(b); Ok(c) // p: p! a c(a,items) b(1)
        # By what captures it.
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&v)?; let f = move |i| x.c(i, &v); let c = f(a)?; act(b); Ok(c) // p: p! a b c(a)
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&v)?; let f = |i| x.c(i, &v); let c = f(a)?; act(b); Ok(c) // p: p! a c(a) b
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a()?; let b = x.b(&v)?; let c = x.c(a, async move { &v }.await)?; act(b); Ok(c) // p: p! a b c(a)
        # A group with an exit is the last one.
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a(&v)?; let b = x.b(v)?; if a { return Ok(1); } act(b); Ok(x.c()?) // p: p! a b([1])
        let v = vec![1]; let p = x.p()?; act(p); let a = x.a(&v)?; let b = x.b(&v)?; if a { return Ok(1); } act(b); Ok(x.c()?) // p: p! b a
    "#,
    );
}
