
async fn closures<T: Into<u64>, const N: usize>(vmi: &impl Reads, a: T) -> Result<impl Iterator<Item = u64>, E> {
    let read = |at| -> Result<Option<u64>, E> { vmi.read_u64(at? + 1) };
    let f = async move { vmi.read_u64(1).await? };
    let all = (0..N).map(|i| vmi.read_u64(i)).collect::<Result<Vec<_>, _>>()?;
    fn item(x: Option<u64>) -> Option<u64> { Some(x? + 1) }
    let y = vmi.read_u64(read(Some(2))?? as u64).await?;
    let p = probe!(callee(vmi, y?, suppressed).await)?;
    unsafe { vmi.read_raw(&raw const y) }?;
    Ok(all.into_iter().flatten().chain(p))
}
