
fn f(vmi: &Vmi, a: Va) -> Result<Option<u8>, E> { place!(vmi.read_u8(a) => x) = 3; vmi.read_u8(a) }
