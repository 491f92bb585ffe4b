//! A program that makes system calls, and what it has swapped out.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use prober::probed;
use vmi_core::{Pa, Va};

use crate::{
    driver::root,
    guest::Vmi,
    layout::{self, PAGE, WORKERS},
    linux_guest::LinuxGuest,
};

pub(crate) struct Worker {
    number: u64,
    pub(crate) root: Pa,
    arguments: Va,
    size: usize,
}

impl Worker {
    /// Has all of them show up.
    pub(crate) fn find(guest: &LinuxGuest) -> Result<Vec<Self>> {
        let mut found = HashMap::new();
        while found.len() < usize::try_from(WORKERS)? {
            guest.stop_in_user_mode(|root| !found.contains_key(&root))?;
            let root = guest.kernel_root(root(&guest.driver().raw_registers()?));
            let info = guest.info(root)?;
            let worker = Self {
                number: info.worker,
                root,
                arguments: Va(info.arguments),
                size: usize::try_from(info.arguments_size)?,
            };
            found.insert(root, worker);
        }
        Ok(found.into_values().collect())
    }

    /// How many pages it swaps out: all but the first.
    pub(crate) fn pages(&self) -> usize {
        let end = self.arguments.0 + self.size as u64 - 1;
        let first = self.arguments.0.next_multiple_of(PAGE);
        (first..end).step_by(4096).count()
    }

    /// Compares every byte.
    pub(crate) fn check(&self, found: &[u8]) -> Result<()> {
        ensure!(
            found == layout::arguments(self.number).as_bytes(),
            "arguments of {}: {}",
            self.number,
            String::from_utf8_lossy(found)
        );
        Ok(())
    }
}

#[probed]
pub(crate) fn arguments(vmi: &Vmi<'_>, worker: &Worker) -> prober::Result<Vec<u8>> {
    let mut bytes = vec![0; worker.size];
    vmi.read(worker.arguments, &mut bytes)?;
    Ok(bytes)
}
