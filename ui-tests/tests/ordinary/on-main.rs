use prober::{probe, probed};
use vmi_core::VmiError;

#[probed]
fn main() -> Result<(), VmiError> {
    let pid: Option<u32> = probe!(Ok::<_, VmiError>(4))?;
    println!("{pid:?}");
    Ok(())
}
