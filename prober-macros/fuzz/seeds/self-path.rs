crate = Self::my_prober
fn f(vmi: &Vmi, a: Va) -> Result<Option<u8>, E> { vmi.read_u8(a) }
