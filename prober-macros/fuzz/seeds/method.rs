suppressed = self.set, vmi = (self.vmi, ctx), limit = 8
#[inline]
pub(crate) fn next<'a>(&'a mut self, ctx: &mut Ctx, _: Guard, (a, mut b): (u64, Guard)) -> Result<&'a str, Error> {
    #![allow(unused)]
    self.vmi.read(self.at, &mut self.buffer)?;
    let n = 'found: {
        for i in 0..4 {
            if let Some(x) = ctx.read_u8(a + i)? && x > 3 { break 'found x; }
        }
        return Err(Error::None);
    };
    settle!();
    self.vmi.write_u64(a, b.0)?;
    Ok(&self.text[n..])
}
