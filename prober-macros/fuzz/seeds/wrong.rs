vmi = 3, limit = 0, unknown, suppressed
#[probed] const fn wrong(suppressed: u8) -> Option<u64> { vmi.read_u64(1)?.unwrap(); vmi.read_u8(2).is_err() }
