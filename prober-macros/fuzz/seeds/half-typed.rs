
fn half(vmi: &Vmi) -> Result<u64, E> { let x = vmi.read_u64(1)?; Ok(x.) }
