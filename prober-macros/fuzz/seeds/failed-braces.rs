
fn f(vmi: &Vmi, a: Va) -> Result<Option<u8>, E> { select! { vmi.read_u8(a) => x } Ok(vmi.read_u8(a)?) }
