//! What changes behind a shared reference.

use super::{SIGNATURE, Said, case, check, check_in};

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
        let a = x.a()?; let n = list.try_borrow_mut().map(|mut l| l.push(1)).unwrap_or(0); let d = x.d(n)?; Ok(x.b()?) // a: a! b
    "#,
    );
}

/// A message that a doomed run takes is lost, and one that it waits for may never
/// come: the request was not sent.
#[test]
fn messages() {
    check_in(
        "fn f(&self, x: &X, tx: &Sender<u8>, rx: &Receiver<u8>)",
        r#"
        let a = x.a()?; let n = rx.recv()?; let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = rx.try_recv().unwrap_or(3); let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.rx.lock().recv_timeout(1)?; let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; tx.send(a)?; let n = rx.recv()?; let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = tx.send(1)?; let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; if let Ok(n) = rx.recv() { let d = x.d(n)?; } Ok(x.b()?) // a: a! b
    "#,
    );
    check_in(
        "fn f(x: &X, rx: &Receiver<Vec<u8>>)",
        "let a = x.a()?; for n in rx { let d = x.d(n)?; } Ok(x.b()?) // a: a! b",
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

/// What a guard lends is changed through it, whatever stands around.
#[test]
fn guards() {
    for (change, asked) in [
        ("*r.lock() = a;", "a! b"),
        ("r.lock().f = a;", "a! b"),
        ("r.lock()[0] = a;", "a! b"),
        ("(&mut r.lock()).act(a);", "a! b"),
    ] {
        let body = format!(
            "let t = y.g()?; let r = &t; let a = x.a()?; {change} let d = x.d(t)?; Ok(x.b()?)"
        );
        check_in(SIGNATURE, &format!("{body} // a: g {asked}"));
    }
    check_in(
        "fn f(&self, x: &X, list: &RefCell<Vec<u8>>)",
        r#"
        let a = x.a()?; let n = list.lock().as_mut().pop(); let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = self.state.lock().queue.pop(); let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = (*list.lock()).pop(); let d = x.d(n)?; Ok(x.b()?) // a: a! b
        let a = x.a()?; let n = list.borrow().iter().next(); let d = x.d(n)?; Ok(x.b()?) // a: a! d(None) b
    "#,
    );
}

/// A value that the body drops itself may be a guard, by whatever name: until
/// then nobody may have what it locks.
#[test]
fn guards_that_are_dropped() {
    check(
        r#"
        let t = y.g()?; let r = t.as_ref(); let a = x.a()?; drop(r); let d = x.d(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let r = (&t, 1); let a = x.a()?; drop(r); let d = x.d(t)?; Ok(x.b()?) // a: g a! b
        let t = y.g()?; let r = t.as_ref(); let a = x.a()?; let d = x.d(t)?; Ok(x.b()?) // a: g a! d(g) b
        let t = y.g()?; let r = t.c()?; let a = x.a()?; drop(r); let d = x.d(t)?; Ok(x.b()?) // a: g g.c a! b
    "#,
    );
}

/// Methods that a cell shares with others are told by what they are called on,
/// and by their arguments.
#[test]
fn methods_of_cells() {
    for (call, asks) in [
        ("self.count.fetch_add(1, SeqCst)", false),
        ("self.count.replace(1)", false),
        ("self.text.replace(1, 2)", true),
        ("self.text().replace(1)", true),
        ("self.count.max(1)", true),
        ("self.len()", true),
    ] {
        let body = format!("let a = x.a()?; let n = {call}; let d = x.d(n)?; Ok(x.b()?)");
        case("fn f(&self, x: &X)", &body, "a", Said::Has(" d(", asks));
    }
}
