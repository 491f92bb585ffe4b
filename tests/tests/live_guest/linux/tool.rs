//! A tool's process list: plain, and with both forms of the attribute.

use prober::{probe, probed};
use vmi_arch_amd64::Amd64;
use vmi_core::{
    Pa, Va, VmiError, VmiRead, VmiState, VmiVa as _,
    os::{ProcessId, VmiOsProcess as _},
};
use vmi_os_linux::LinuxOs;

use super::profile::Fields;

/// The kernel's limit of a task's name, with the zero at its end.
const NAME_SIZE: usize = 16;

/// A process with a program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: ProcessId,
    pub(crate) name: String,
    pub(crate) executable: Option<String>,
    pub(crate) root: Pa,
    pub(crate) arguments_at: Va,
    /// As they lie in its memory, with a zero after each.
    pub(crate) arguments: Vec<u8>,
}

/// How many bytes of arguments are read: a guest may claim any number.
fn size(start: Va, end: Va) -> usize {
    const LIMIT: u64 = 1 << 20;
    usize::try_from(end.0.saturating_sub(start.0).min(LIMIT)).unwrap_or_default()
}

fn plain_bytes<D>(
    vmi: &VmiState<LinuxOs<D>>,
    start: Va,
    root: Pa,
    size: usize,
) -> Result<Vec<u8>, VmiError>
where
    D: VmiRead<Architecture = Amd64>,
{
    let mut bytes = vec![0; size];
    vmi.read_in((start, root), &mut bytes)?;
    Ok(bytes)
}

#[probed]
fn bytes<D>(vmi: &VmiState<LinuxOs<D>>, start: Va, root: Pa, size: usize) -> prober::Result<Vec<u8>>
where
    D: VmiRead<Architecture = Amd64>,
{
    let mut bytes = vec![0; size];
    vmi.read_in((start, root), &mut bytes)?;
    Ok(bytes)
}

/// The list, which fails at the first missing page.
pub(crate) fn plain<D>(vmi: &VmiState<LinuxOs<D>>, fields: Fields) -> Result<Vec<Row>, VmiError>
where
    D: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let Some(mm) = process.mm()? else { continue };
        let id = process.id()?;
        let name = vmi.read_string_limited(process.va() + fields.comm, NAME_SIZE)?;
        let executable = process.image_path()?;
        let root = vmi.translate_address(Va(mm.pgd()?))?;
        let start = vmi.read_va64(mm.va() + fields.arg_start)?;
        let end = vmi.read_va64(mm.va() + fields.arg_end)?;
        let arguments = plain_bytes(vmi, start, root, size(start, end))?;
        rows.push(Row {
            id,
            name,
            executable,
            root,
            arguments_at: start,
            arguments,
        });
    }
    Ok(rows)
}

/// The same, but for the argument that hands on what is suppressed.
#[probed]
pub(crate) fn kept<D>(vmi: &VmiState<LinuxOs<D>>, fields: Fields) -> prober::Result<Vec<Row>>
where
    D: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let Some(mm) = process.mm()? else { continue };
        let id = process.id()?;
        let name = vmi.read_string_limited(process.va() + fields.comm, NAME_SIZE)?;
        let executable = process.image_path()?;
        let root = vmi.translate_address(Va(mm.pgd()?))?;
        let start = vmi.read_va64(mm.va() + fields.arg_start)?;
        let end = vmi.read_va64(mm.va() + fields.arg_end)?;
        let arguments = bytes(vmi, start, root, size(start, end), suppressed)?;
        rows.push(Row {
            id,
            name,
            executable,
            root,
            arguments_at: start,
            arguments,
        });
    }
    Ok(rows)
}

/// With an `Option` from each read. A process whose arguments are unavailable is left out.
#[probed(options)]
pub(crate) fn options<D>(vmi: &VmiState<LinuxOs<D>>, fields: Fields) -> prober::Result<Vec<Row>>
where
    D: VmiRead<Architecture = Amd64>,
{
    let mut rows = Vec::new();
    for process in vmi.os().processes()? {
        let process = process?;
        let Some(mm) = process.mm()? else { continue };
        let name = vmi.read_string_limited(process.va() + fields.comm, NAME_SIZE)??;
        let executable = probe!(process.image_path())??;
        let root = vmi.translate_address(Va(mm.pgd()?))?;
        let start = vmi.read_va64(mm.va() + fields.arg_start)??;
        let end = vmi.read_va64(mm.va() + fields.arg_end)??;
        let mut arguments = vec![0; size(start, end)];
        let Some(()) = vmi.read_in((start, root), &mut arguments)? else {
            continue;
        };
        rows.push(Row {
            id: process.id()?,
            name,
            executable,
            root,
            arguments_at: start,
            arguments,
        });
    }
    Ok(rows)
}
