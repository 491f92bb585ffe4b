use prober::probed;

#[probed]
struct Process {
    pid: u32,
}

fn main() {
    let _ = Process { pid: 4 }.pid;
}
