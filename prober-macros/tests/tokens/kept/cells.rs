//! What changes behind a shared reference.

use super::{check, check_in};

/// A `let` that is skipped changes it no more than a statement does.
#[test]
fn changes_in_lets() {
    check(
        r#"
        let t = Cell::new(0); let a = x.a()?; let o = t.replace(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let r = &t; let a = x.a()?; let o = r.replace(a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; if t.replace(a) { act(1); } let d = x.d(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; let o = (a, t.get()); let d = x.d(t.get())?; Ok(x.b()?) // a: a! d(0) b
        let t = Cell::new(0); let a = x.a()?; let o = Cell::replace(&t, a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; let o = t.compare_exchange(a, 1); let d = x.d(t.get())?; Ok(x.b()?) // a: a! b
        let t = Cell::new(0); let a = x.a()?; let o = Other::replace(&t, a); let d = x.d(t.get())?; Ok(x.b()?) // a: a! d(0) b
        let a = x.a()?; let o = COUNT.replace(a); let d = x.d(COUNT)?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// What belongs to the caller does not change in a doomed run.
#[test]
fn effects_in_lets() {
    check_in(
        "fn f(&self, x: &X, list: &RefCell<Vec<u8>>)",
        r#"
        let a = x.a()?; let n = list.borrow_mut().pop(); Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = list.borrow_mut().pop().unwrap_or(3); let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let q = list; let a = x.a()?; let n = q.borrow_mut().pop(); Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.count.set(1); Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.count.replace(1); let d = x.d(self.count)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = list.replace(1); let d = x.d(list.len())?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = COUNT.set(1); Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = list.borrow_mut().len(); let d = x.d(n)?; Ok(x.b()?) // a: a! d(0) b
        let a = x.a()?; let n = self.lock().c()?; Ok(x.b()?) // a: a! c b
    "#,
    );
}

/// Another name of it, and an `Rc` that was moved.
#[test]
fn other_names() {
    check_in(
        "fn f(x: &X, list: &RefCell<Vec<u8>>)",
        r#"
        let q = list; let a = x.a()?; q.borrow_mut().push(a); let d = x.d(list.borrow().len())?; Ok(x.b()?) // a: a! b
        let q = (list, 1); let a = x.a()?; q.0.borrow_mut().push(a); let d = x.d(list.borrow().len())?; Ok(x.b()?) // a: a! b
        let q = list; let a = x.a()?; list.borrow_mut().push(a); let d = x.d(q.borrow().len())?; Ok(x.b()?) // a: a! b
    "#,
    );
}
