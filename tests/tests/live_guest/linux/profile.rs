//! What vmi-os-linux must know of a kernel, made from the running kernel's own memory.

use std::collections::HashMap;

use anyhow::{Context, Result};
use isr_core::{
    Profile,
    schema::{self, Architecture, ArchivedProfile, Array, Base, Field, Struct, StructKind, Type},
};
use vmi_arch_amd64::Amd64;
use vmi_core::VmiRead;
use vmi_os_linux::LinuxOs;

use super::btf::Btf;
use crate::linux_guest::LinuxGuest;

/// The structures that vmi-os-linux asks for, but for `pcpu_hot`.
const STRUCTS: [&str; 14] = [
    "fs_struct",
    "mm_struct",
    "vm_area_struct",
    "task_struct",
    "dentry",
    "file",
    "path",
    "vfsmount",
    "qstr",
    "list_head",
    "maple_tree",
    "maple_node",
    "maple_range_64",
    "maple_arange_64",
];
const SYMBOLS: [&str; 4] = [
    "_text",
    "init_task",
    "entry_SYSCALL_64",
    "__bad_area_nosemaphore",
];

/// A profile as vmi-os-linux takes it, in the form in which it is stored.
pub(crate) struct LinuxProfile {
    bytes: rkyv::util::AlignedVec,
    pub(crate) fields: Fields,
}

/// Offsets of what vmi-os-linux has no accessor for, or a wrong one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    pub(crate) comm: u64,
    pub(crate) arg_start: u64,
    pub(crate) arg_end: u64,
}

impl LinuxProfile {
    /// Makes the profile out of the type descriptions in the kernel's memory.
    pub(crate) fn of(guest: &LinuxGuest) -> Result<Self> {
        let range = guest.symbol("__start_BTF")?..guest.symbol("__stop_BTF")?;
        Self::new(&Btf::parse(&guest.read_kernel(range)?)?, guest.symbols())
    }

    fn new(btf: &Btf, symbols: &HashMap<String, u64>) -> Result<Self> {
        let symbol = |name: &str| {
            let address = symbols.get(name).copied();
            address.with_context(|| format!("the guest did not say where {name} is"))
        };
        let mut profile = schema::Profile {
            architecture: Architecture::Amd64,
            ..schema::Profile::default()
        };
        for name in SYMBOLS {
            profile.symbols.insert(name.to_owned(), symbol(name)?);
        }
        for name in STRUCTS {
            profile
                .structs
                .insert(name.to_owned(), structure(btf, name)?);
        }
        // Only kernels 6.2 to 6.14 have it. On others the variable stands alone.
        let hot = if symbols.contains_key("pcpu_hot") {
            profile
                .symbols
                .insert("pcpu_hot".to_owned(), symbol("pcpu_hot")?);
            structure(btf, "pcpu_hot")?
        } else {
            profile
                .symbols
                .insert("pcpu_hot".to_owned(), symbol("current_task")?);
            let field = ("current_task".to_owned(), field(0, 8));
            Struct {
                kind: StructKind::Struct,
                size: 8,
                fields: std::iter::once(field).collect(),
            }
        };
        profile.structs.insert("pcpu_hot".to_owned(), hot);
        Ok(Self {
            bytes: rkyv::to_bytes::<rkyv::rancor::Error>(&profile)?,
            fields: Fields {
                comm: offset(btf, "task_struct", "comm")?,
                arg_start: offset(btf, "mm_struct", "arg_start")?,
                arg_end: offset(btf, "mm_struct", "arg_end")?,
            },
        })
    }

    pub(crate) fn os<Driver>(&self) -> Result<LinuxOs<Driver>>
    where
        Driver: VmiRead<Architecture = Amd64>,
    {
        let archived = rkyv::access::<ArchivedProfile, rkyv::rancor::Error>(&self.bytes)?;
        Ok(LinuxOs::new(&Profile::from_archived(archived))?)
    }
}

fn structure(btf: &Btf, name: &str) -> Result<Struct> {
    let (size, members) = btf.structure(name)?;
    let fields = members
        .into_iter()
        .map(|member| (member.name, field(member.offset, member.size)));
    Ok(Struct {
        kind: StructKind::Struct,
        size,
        fields: fields.collect(),
    })
}

/// vmi-os-linux looks at offsets and sizes only, so bytes do for a type.
fn field(offset: u64, size: u64) -> Field {
    let bytes = Array {
        subtype: Box::new(Type::Base(Base::U8)),
        dims: vec![size],
    };
    Field {
        offset,
        ty: Type::Array(bytes),
    }
}

fn offset(btf: &Btf, structure: &str, member: &str) -> Result<u64> {
    let (_, members) = btf.structure(structure)?;
    let found = members.into_iter().find(|found| found.name == member);
    Ok(found
        .with_context(|| format!("struct {structure} has no {member}"))?
        .offset)
}
