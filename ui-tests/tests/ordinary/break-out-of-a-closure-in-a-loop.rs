use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[probed]
fn pid(vmi: &Vmi, processes: &[Va]) -> prober::Result<u32> {
    let mut pids = 0;
    for process in processes {
        let add = || vmi.read_u32(if process.0 == 0 { break } else { *process });
        pids += add()?;
    }
    Ok(pids)
}

fn main() {}
