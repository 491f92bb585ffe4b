
fn walk(vmi: &Vmi, list: &[u64], x: Option<u64>) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut out = Vec::new();
    'row: for &a in list {
        out.push(match vmi.read_u64(match a { 0 => continue 'row, 1 => break, a => a })? {
            Some(v) if v > x? => v,
            Some(_) => { continue }
            None => return Ok(out),
        });
        while let Some(n) = vmi.read_u64(a)? { if n == 0 { break; } }
        while vmi.read_u16(a)?? != 7 { out.clear(); }
        let Some(y) = x else { break 'row };
        let z = loop { break vmi.read_u8(y)?; };
        out[0] += u64::from(z?) << 2;
    }
    Ok(out)
}
