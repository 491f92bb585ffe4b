use prober::probed;

#[probed(options)]
struct Process {
    pid: u32,
}

fn main() {
    let _ = Process { pid: 4 }.pid;
}
