//! Functions that the programs call, and that are themselves probed.

/// Their source, with `ATTRIBUTE` and ` SET` for what the forms differ in.
pub(crate) const CALLED: &str = r#"
ATTRIBUTE
fn inner(w: &World<'_>, o: Object<'_>, x: u64 SET) -> prober::Result<u64> {
    let a = o.num(x % 8)?;
    let b = o.num(x % 7 + 1)?;
    w.act("inner", a);
    let c = o.obj(a % 4)?.num(2)?;
    w.act("inner again", c);
    Ok(a ^ b ^ c)
}

ATTRIBUTE
fn deep(w: &World<'_>, o: Object<'_>, x: u64 SET) -> Result<u64, VmiError> {
    let mut sum = 0;
    for item in o.items(x % 8)? {
        sum ^= inner(w, item, x, suppressed)?;
        w.act("deep", sum);
    }
    Ok(sum)
}

ATTRIBUTE
fn pure(_: &World<'_>, o: Object<'_>, x: u64 SET) -> prober::Result<u64> {
    Ok(o.num(x % 8)? ^ o.hard(x % 5)? ^ o.num(6)?)
}

ATTRIBUTE
fn fill(w: &World<'_>, o: Object<'_>, out: &mut Vec<u64> SET) -> prober::Result<u64> {
    let a = o.num(1)?;
    out.push(a);
    w.check(a)?;
    let b = o.num(2)?;
    out.push(b);
    Ok(out.len() as u64)
}

ATTRIBUTE
fn walk(w: &World<'_>, o: Object<'_>, at: &mut u64 SET) -> prober::Result<u64> {
    let a = o.num(*at % 8)?;
    *at ^= a;
    w.act("walk", *at);
    let b = o.num(*at)?;
    Ok(a ^ b)
}

ATTRIBUTE
fn try_inner(w: &World<'_>, o: Object<'_>, x: u64 SET) -> prober::Result<u64> {
    let a = o.try_num(x % 8)?;
    w.act("try", a);
    Ok(a ^ o.try_num(x % 6)?)
}
"#;
