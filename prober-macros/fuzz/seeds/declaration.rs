suppressed = set()
fn declared(&self, vmi: &Vmi) -> Result<(), E>;
