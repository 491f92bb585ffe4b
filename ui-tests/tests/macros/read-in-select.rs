use prober::probed;
use prober_ui_tests::Vmi;
use vmi_core::Va;

#[allow(unused_macros)]
macro_rules! select {
    ($($pattern:pat = $future:expr => $body:block)*) => { $(let $pattern = $future.await; $body)* };
}

#[probed(options)]
async fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
    let pid;
    select! {
        _ = std::future::ready(()) => {
            pid = vmi.read_u32(process)?;
        }
    }
    Ok(pid)
}

fn main() {}
