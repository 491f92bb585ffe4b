crate = ::my_prober
fn macros(vmi: &Vmi, a: Va) -> Result<String, E> {
    assert!(vmi.read_u8(a)?.is_some());
    debug_assert_eq!(vmi.read_u8(a)?, Some(1), "{}", a);
    let v = vec![vmi.read_u8(a)?; 2];
    let m = matches!(vmi.read_u8(a)?, Some(1 | 2) if v.len() > 1);
    info!(target: "x", value = ?vmi.read_u8(a)?, %a, "text {}", vmi.read_u8(a)??);
    let s = stringify!(vmi.read_u8(a)?);
    let u = unprobed!(vmi.read_u8(a)).is_ok();
    ensure!(m, "no {s}");
    Ok(format!("{m} {:?} {x}", vmi.read_u8(a)?, x = vmi.read_u8(a + 1)?.unwrap_or(3)))
}
