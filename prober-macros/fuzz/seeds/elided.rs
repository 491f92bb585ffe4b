
pub fn name(names: &Names, vmi: VmiState<'_, Os>) -> Result<Cow<'_, str>, E> where for<'x> F: Fn(&'x u8) -> &'x u8 {
    Ok(Cow::from((&vmi).read_string(((names.at)))?.unwrap_or_default()))
}
