#![deny(warnings)]

use prober::{SuppressedPages, probe, probed};
use prober_ui_tests::Vmi;
use vmi_core::{AddressContext, Va, VmiError, VmiOs, VmiRead, VmiState, VmiWrite};

/// Documented.
#[probed(options)]
pub fn tail_alone(vmi: &Vmi, process: Va) -> Result<Option<u32>, VmiError> {
    vmi.read_u32(process)
}

#[probed(options)]
pub fn early_return(vmi: &Vmi, process: Va) -> prober::Result<u32> {
    if vmi.read_u8(process)?.is_none() {
        return Ok(1);
    } else {
        return Ok(2);
    }
}

#[probed(options)]
pub fn late_init(vmi: &Vmi, process: Va) -> prober::Result<u64> {
    let (mut first, second);
    first = 1;
    second = vmi.read_u64(process + first)?;
    first += 1;
    Ok(first + second.unwrap_or(0))
}

#[probed(options)]
pub fn unused_value(vmi: &Vmi, process: Va, buffer: &mut [u8]) -> prober::Result<()> {
    let _ = vmi.read(process, buffer)?;
    vmi.read(process, buffer)??;
    Ok(())
}

#[probed(options)]
pub fn in_macros(vmi: &Vmi, process: Va) -> prober::Result<Vec<u32>> {
    println!("{:?} {process}", vmi.read_u8(process)?);
    assert!(vmi.read_u8(process)?.is_none());
    assert_eq!(vmi.read_u8(process)?, None, "of {process}");
    Ok(vec![vmi.read_u32(process)??; 2])
}

#[probed(options)]
pub async fn in_async(vmi: &Vmi, process: Option<Va>) -> prober::Result<Option<u32>> {
    std::future::ready(()).await;
    Ok(vmi.read_u32(process? + 8)?)
}

#[probed(options)]
pub fn unmoved(vmi: &Vmi, process: Va, mut pids: Vec<u32>, _: String) -> prober::Result<Vec<u32>> {
    pids.extend(vmi.read_u32(process)?);
    Ok(pids)
}

#[probed(options)]
pub fn borrowed<'n>(vmi: &Vmi, name: &'n mut String, process: Va) -> prober::Result<&'n mut String> {
    name.push_str(&vmi.read_string(process)??);
    Ok(name)
}

#[probed(options)]
pub fn many(vmi: &Vmi, a: Va, b: Va, c: Va, d: Va, e: Va, f: Va) -> prober::Result<Option<u8>> {
    let _ = (a, b, c, d, e);
    Ok(vmi.read_u8(f)?)
}

#[probed(options)]
pub fn write<Os>(vmi: &VmiState<'_, Os>, from: Va, to: Va) -> Result<(), VmiError>
where
    Os: VmiOs,
    Os::Driver: VmiRead + VmiWrite,
{
    let value = vmi.read_u64(from)??;
    vmi.write_u64(to, value)
}

#[probed(options)]
pub fn nested(vmi: &Vmi, process: Va) -> prober::Result<Option<Option<u32>>> {
    Ok(probe!(tail_alone(vmi, process, suppressed))?)
}

pub struct Scan {
    pub vmi: Vmi,
    pub suppressed: SuppressedPages,
    pub pids: Vec<u32>,
}

impl Scan {
    #[probed(options, vmi = self.vmi, suppressed = self.suppressed)]
    pub fn push(&mut self, process: Va) -> prober::Result<()> {
        let pid = self.vmi.read_u32(process)??;
        self.pids.push(pid);
        Ok(())
    }

    #[probed(options, vmi = self.vmi, limit = 16)]
    pub fn last(&self, list: Va) -> prober::Result<Option<Va>> {
        let mut last = None;
        let mut entry = list;
        while let Some(next) = self.vmi.read_va(entry)? {
            if next == list {
                break;
            }
            last = Some(next);
            entry = next;
        }
        Ok(last)
    }
}

pub trait Object {
    #[probed(options)]
    fn pid(&self, vmi: &Vmi) -> prober::Result<Option<u32>>;

    #[probed(options)]
    fn is_system(&self, vmi: &Vmi) -> prober::Result<bool> {
        let pid = probe!(self.pid(vmi, suppressed))?;
        Ok(pid.flatten() == Some(4))
    }
}

impl Object for AddressContext {
    #[probed(options)]
    fn pid(&self, vmi: &Vmi) -> prober::Result<Option<u32>> {
        Ok(vmi.read_u32_in(*self)?)
    }
}

fn main() {}
