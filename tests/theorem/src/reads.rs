use vmi_core::VmiError;

use crate::World;

/// Reads of a world that a function may take apart.
#[derive(Debug, Clone, Copy)]
pub struct Reads<'w>(pub &'w World<'w>);

#[allow(clippy::missing_errors_doc, reason = "a page that is out, in each")]
impl Reads<'_> {
    /// A number.
    pub fn read_u64(&self, at: u64) -> Result<u64, VmiError> {
        self.0.try_read(at)
    }

    /// Fills a buffer.
    pub fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), VmiError> {
        buffer.fill(self.0.try_read(at)?.to_le_bytes()[0]);
        Ok(())
    }
}
