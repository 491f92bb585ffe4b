//! Where the structures of Windows 10 19041 hold their fields.
//!
//! The offsets were compared with the C headers of build 19041.1288 of vergilius-rs (Apache-2.0): 278 of the 289 fields
//! agree, and the other 11 lie in nested types that those headers do not spell out.

/// A field: its name, its offset and size in bytes, and for a bit field its first bit and number of bits.
pub(super) type Field = (&'static str, u64, u64, Option<(u64, u64)>);

/// A structure: its name, its size in bytes, and its fields.
pub(super) type Struct = (&'static str, u64, &'static [Field]);

/// What `WindowsOs` asks for.
#[rustfmt::skip]
pub(super) const STRUCTS: &[Struct] = &[
    ("_LIST_ENTRY", 16, &[
        ("Flink", 0, 8, None),
        ("Blink", 8, 8, None),
    ]),
    ("_EX_FAST_REF", 8, &[
        ("RefCnt", 0, 8, Some((0, 4))),
        ("Value", 0, 8, None),
    ]),
    ("_UNICODE_STRING", 16, &[
        ("Length", 0, 2, None),
        ("MaximumLength", 2, 2, None),
        ("Buffer", 8, 8, None),
    ]),
    ("_KPCR", 45184, &[
        ("Prcb", 384, 44800, None),
    ]),
    ("_KPRCB", 44800, &[
        ("CurrentThread", 8, 8, None),
        ("NextThread", 16, 8, None),
        ("IdleThread", 24, 8, None),
        ("ProcessorState", 256, 1472, None),
        ("Context", 34240, 8, None),
        ("ScbOffset", 216, 4, None),
    ]),
    ("_KPROCESSOR_STATE", 1472, &[
        ("SpecialRegisters", 0, 240, None),
        ("ContextFrame", 240, 1232, None),
    ]),
    ("_KSCB", 424, &[
        ("Inserted", 112, 1, Some((0, 1))),
        ("MaxOverQuota", 112, 1, Some((1, 1))),
        ("MinOverQuota", 112, 1, Some((2, 1))),
        ("Rank", 116, 4, None),
        ("Parent", 408, 8, None),
    ]),
    ("_KLDR_DATA_TABLE_ENTRY", 160, &[
        ("InLoadOrderLinks", 0, 16, None),
        ("DllBase", 48, 8, None),
        ("EntryPoint", 56, 8, None),
        ("SizeOfImage", 64, 4, None),
        ("FullDllName", 72, 16, None),
        ("BaseDllName", 88, 16, None),
        ("TimeDateStamp", 156, 4, None),
    ]),
    ("_CLIENT_ID", 16, &[
        ("UniqueProcess", 0, 8, None),
        ("UniqueThread", 8, 8, None),
    ]),
    ("_EXCEPTION_RECORD", 152, &[
        ("ExceptionCode", 0, 4, None),
        ("ExceptionFlags", 4, 4, None),
        ("ExceptionRecord", 8, 8, None),
        ("ExceptionAddress", 16, 8, None),
        ("NumberParameters", 24, 4, None),
        ("ExceptionInformation", 32, 120, None),
    ]),
    ("_HANDLE_TABLE", 128, &[
        ("NextHandleNeedingPool", 0, 4, None),
        ("TableCode", 8, 8, None),
    ]),
    ("_OBJECT_ATTRIBUTES", 48, &[
        ("RootDirectory", 8, 8, None),
        ("ObjectName", 16, 8, None),
        ("Attributes", 24, 4, None),
    ]),
    ("_OBJECT_HEADER", 56, &[
        ("TypeIndex", 24, 1, None),
        ("InfoMask", 26, 1, None),
        ("Body", 48, 8, None),
    ]),
    ("_OBJECT_DIRECTORY", 344, &[
        ("HashBuckets", 0, 296, None),
        ("DeviceMap", 304, 8, None),
    ]),
    ("_DEVICE_MAP", 72, &[
        ("DriveMap", 28, 4, None),
    ]),
    ("_OBJECT_DIRECTORY_ENTRY", 24, &[
        ("ChainLink", 0, 8, None),
        ("Object", 8, 8, None),
        ("HashValue", 16, 4, None),
    ]),
    ("_OBJECT_HEADER_NAME_INFO", 32, &[
        ("Directory", 0, 8, None),
        ("Name", 8, 16, None),
    ]),
    ("_OBJECT_SYMBOLIC_LINK", 40, &[
        ("LinkTarget", 8, 16, None),
        ("DosDeviceDriveIndex", 24, 4, None),
        ("Flags", 28, 4, None),
    ]),
    ("_OBJECT_TYPE", 216, &[
        ("Name", 16, 16, None),
    ]),
    ("_ALPC_PORT", 472, &[
        ("CommunicationInfo", 16, 8, None),
        ("OwnerProcess", 24, 8, None),
    ]),
    ("_ALPC_COMMUNICATION_INFO", 72, &[
        ("ConnectionPort", 0, 8, None),
    ]),
    ("_HBASE_BLOCK", 4096, &[
        ("Signature", 0, 4, None),
        ("Major", 20, 4, None),
        ("Minor", 24, 4, None),
        ("Type", 28, 4, None),
        ("Format", 32, 4, None),
        ("RootCell", 36, 4, None),
        ("FileName", 48, 64, None),
    ]),
    ("_DUAL", 632, &[
        ("Map", 8, 8, None),
    ]),
    ("_HMAP_DIRECTORY", 8192, &[
        ("Directory", 0, 8192, None),
    ]),
    ("_HMAP_TABLE", 12288, &[
        ("Table", 0, 12288, None),
    ]),
    ("_HMAP_ENTRY", 24, &[
        ("BlockOffset", 0, 8, None),
        ("PermanentBinAddress", 8, 8, None),
    ]),
    ("_CMHIVE", 4840, &[
        ("Signature", 0, 4, None),
        ("BaseBlock", 64, 8, None),
        ("Flat", 140, 1, Some((0, 1))),
        ("Version", 212, 4, None),
        ("Storage", 272, 1264, None),
        ("HiveList", 1600, 16, None),
        ("KcbCacheTable", 1640, 8, None),
        ("KcbCacheTableSize", 1648, 4, None),
        ("FileFullPath", 1816, 16, None),
        ("FileUserName", 1832, 16, None),
        ("HiveRootPath", 1848, 16, None),
    ]),
    ("_CM_KEY_HASH_TABLE_ENTRY", 24, &[
        ("Owner", 8, 8, None),
        ("Entry", 16, 8, None),
    ]),
    ("_CM_KEY_HASH", 32, &[
        ("NextHash", 8, 8, None),
        ("KeyHive", 16, 8, None),
        ("KeyCell", 24, 4, None),
    ]),
    ("_CHILD_LIST", 8, &[
        ("Count", 0, 4, None),
        ("List", 4, 4, None),
    ]),
    ("_CM_KEY_NODE", 80, &[
        ("Signature", 0, 2, None),
        ("Flags", 2, 2, None),
        ("SubKeyCounts", 20, 8, None),
        ("SubKeyLists", 28, 8, None),
        ("ValueList", 36, 8, None),
        ("NameLength", 72, 2, None),
        ("Name", 76, 2, None),
    ]),
    ("_CM_KEY_INDEX", 8, &[
        ("Signature", 0, 2, None),
        ("Count", 2, 2, None),
        ("List", 4, 4, None),
    ]),
    ("_CM_KEY_VALUE", 24, &[
        ("Signature", 0, 2, None),
        ("NameLength", 2, 2, None),
        ("DataLength", 4, 4, None),
        ("Data", 8, 4, None),
        ("Type", 12, 4, None),
        ("Flags", 16, 2, None),
        ("Name", 20, 2, None),
    ]),
    ("_CM_BIG_DATA", 8, &[
        ("Signature", 0, 2, None),
        ("Count", 2, 2, None),
        ("List", 4, 4, None),
    ]),
    ("_CM_KEY_BODY", 104, &[
        ("KeyControlBlock", 8, 8, None),
    ]),
    ("_CM_KEY_CONTROL_BLOCK", 312, &[
        ("RefCount", 0, 8, None),
        ("Discarded", 8, 4, Some((17, 1))),
        ("KeyHash", 16, 32, None),
        ("NextHash", 24, 8, None),
        ("KeyHive", 32, 8, None),
        ("KeyCell", 40, 4, None),
        ("ParentKcb", 72, 8, None),
        ("NameBlock", 80, 8, None),
        ("RealKeyName", 200, 8, None),
        ("FullKCBName", 296, 8, None),
    ]),
    ("_CM_NAME_CONTROL_BLOCK", 32, &[
        ("Compressed", 0, 4, Some((0, 1))),
        ("NameLength", 24, 2, None),
        ("Name", 26, 2, None),
    ]),
    ("_MMSECTION_FLAGS", 4, &[
        ("Image", 0, 4, Some((5, 1))),
        ("File", 0, 4, Some((7, 1))),
    ]),
    ("_KTRAP_FRAME", 400, &[
        ("Rax", 48, 8, None),
        ("Rcx", 56, 8, None),
        ("Rdx", 64, 8, None),
        ("R8", 72, 8, None),
        ("R9", 80, 8, None),
        ("R10", 88, 8, None),
        ("R11", 96, 8, None),
        ("Rip", 360, 8, None),
        ("Rsp", 384, 8, None),
    ]),
    ("_KAPC_STATE", 48, &[
        ("Process", 32, 8, None),
    ]),
    ("_KTHREAD", 1072, &[
        ("Alertable", 116, 4, Some((4, 1))),
        ("TrapFrame", 144, 8, None),
        ("ApcState", 152, 48, None),
        ("ApcStateIndex", 586, 1, None),
        ("SavedApcState", 600, 48, None),
        ("NextProcessor", 536, 4, None),
        ("PreviousMode", 562, 1, None),
        ("WaitMode", 391, 1, None),
        ("WaitReason", 643, 1, None),
        ("SystemCallNumber", 128, 4, None),
        ("Teb", 240, 8, None),
        ("Process", 544, 8, None),
        ("ThreadListEntry", 760, 16, None),
        ("State", 388, 1, None),
        ("KernelStack", 88, 8, None),
        ("Priority", 195, 1, None),
        ("SchedulingGroup", 104, 8, None),
        ("ChargeOnlySchedulingGroup", 120, 4, Some((9, 1))),
    ]),
    ("_ETHREAD", 2200, &[
        ("Cid", 1144, 16, None),
        ("ThreadListEntry", 1256, 16, None),
        ("ClientSecurity", 1192, 8, None),
        ("ActiveImpersonationInfo", 1296, 4, Some((3, 1))),
    ]),
    ("_KPROCESS", 1080, &[
        ("DirectoryTableBase", 40, 8, None),
        ("UserDirectoryTableBase", 904, 8, None),
        ("ThreadListHead", 48, 16, None),
    ]),
    ("_EPROCESS", 2624, &[
        ("UniqueProcessId", 1088, 8, None),
        ("CreateTime", 1128, 8, None),
        ("ExitTime", 2112, 8, None),
        ("ExitStatus", 2004, 4, None),
        ("ActiveProcessLinks", 1096, 16, None),
        ("SessionProcessLinks", 1184, 16, None),
        ("SectionBaseAddress", 1312, 8, None),
        ("InheritedFromUniqueProcessId", 1344, 8, None),
        ("Peb", 1360, 8, None),
        ("Session", 1368, 8, None),
        ("ObjectTable", 1392, 8, None),
        ("Token", 1208, 8, None),
        ("WoW64Process", 1408, 8, None),
        ("ImageFileName", 1448, 15, None),
        ("VadRoot", 2008, 8, None),
        ("VadHint", 2016, 8, None),
        ("ThreadListHead", 1504, 16, None),
    ]),
    ("_SID", 12, &[
        ("Revision", 0, 1, None),
        ("SubAuthorityCount", 1, 1, None),
        ("IdentifierAuthority", 2, 6, None),
        ("SubAuthority", 8, 4, None),
    ]),
    ("_SID_AND_ATTRIBUTES", 16, &[
        ("Sid", 0, 8, None),
        ("Attributes", 8, 4, None),
    ]),
    ("_PS_CLIENT_SECURITY_CONTEXT", 8, &[
        ("ImpersonationToken", 0, 8, None),
    ]),
    ("_SEP_TOKEN_PRIVILEGES", 24, &[
        ("Present", 0, 8, None),
        ("Enabled", 8, 8, None),
        ("EnabledByDefault", 16, 8, None),
    ]),
    ("_TOKEN_SOURCE", 16, &[
        ("SourceName", 0, 8, None),
        ("SourceIdentifier", 8, 8, None),
    ]),
    ("_TOKEN", 1176, &[
        ("TokenSource", 0, 16, None),
        ("TokenId", 16, 8, None),
        ("AuthenticationId", 24, 8, None),
        ("ParentTokenId", 32, 8, None),
        ("ModifiedId", 56, 8, None),
        ("Privileges", 64, 24, None),
        ("SessionId", 120, 4, None),
        ("UserAndGroupCount", 124, 4, None),
        ("RestrictedSidCount", 128, 4, None),
        ("DefaultOwnerIndex", 144, 4, None),
        ("UserAndGroups", 152, 8, None),
        ("RestrictedSids", 160, 8, None),
        ("PrimaryGroup", 168, 8, None),
        ("TokenType", 192, 4, None),
        ("ImpersonationLevel", 196, 4, None),
        ("TokenFlags", 200, 4, None),
        ("TokenInUse", 204, 1, None),
        ("OriginatingLogonSession", 224, 8, None),
    ]),
    ("_PEB", 1992, &[
        ("ImageBaseAddress", 16, 8, None),
        ("Ldr", 24, 8, None),
        ("ProcessParameters", 32, 8, None),
    ]),
    ("_PEB_LDR_DATA", 88, &[
        ("InLoadOrderModuleList", 16, 16, None),
        ("InMemoryOrderModuleList", 32, 16, None),
        ("InInitializationOrderModuleList", 48, 16, None),
    ]),
    ("_LDR_DATA_TABLE_ENTRY", 288, &[
        ("InLoadOrderLinks", 0, 16, None),
        ("InMemoryOrderLinks", 16, 16, None),
        ("InInitializationOrderLinks", 32, 16, None),
        ("DllBase", 48, 8, None),
        ("EntryPoint", 56, 8, None),
        ("SizeOfImage", 64, 4, None),
        ("FullDllName", 72, 16, None),
        ("BaseDllName", 88, 16, None),
        ("TimeDateStamp", 128, 4, None),
    ]),
    ("_TEB", 6200, &[
        ("ProcessEnvironmentBlock", 96, 8, None),
        ("LastErrorValue", 104, 4, None),
        ("LastStatusValue", 4688, 4, None),
        ("TlsSlots", 5248, 512, None),
    ]),
    ("_TEB32", 4096, &[
        ("ProcessEnvironmentBlock", 48, 4, None),
        ("LastErrorValue", 52, 4, None),
        ("LastStatusValue", 3060, 4, None),
        ("TlsSlots", 3600, 256, None),
    ]),
    ("_TEB64", 6200, &[
        ("ProcessEnvironmentBlock", 96, 8, None),
        ("LastErrorValue", 104, 4, None),
        ("LastStatusValue", 4688, 4, None),
        ("TlsSlots", 5248, 512, None),
    ]),
    ("_RTL_USER_PROCESS_PARAMETERS", 1088, &[
        ("CurrentDirectory", 56, 24, None),
        ("DllPath", 80, 16, None),
        ("ImagePathName", 96, 16, None),
        ("CommandLine", 112, 16, None),
    ]),
    ("_CURDIR", 24, &[
        ("DosPath", 0, 16, None),
    ]),
    ("_MMPFN", 48, &[
        ("ReferenceCount", 32, 2, None),
        ("e1", 34, 1, None),
        ("PageLocation", 34, 1, Some((0, 3))),
    ]),
    ("_MMVAD_FLAGS", 4, &[
        ("VadType", 0, 4, Some((4, 3))),
        ("Protection", 0, 4, Some((7, 5))),
        ("PrivateMemory", 0, 4, Some((20, 1))),
    ]),
    ("_MMVAD_SHORT", 64, &[
        ("Left", 0, 8, None),
        ("Right", 8, 8, None),
        ("StartingVpn", 24, 4, None),
        ("EndingVpn", 28, 4, None),
        ("StartingVpnHigh", 32, 1, None),
        ("EndingVpnHigh", 33, 1, None),
        ("VadFlags", 48, 4, None),
        ("VadFlags1", 52, 4, None),
        ("CommitCharge", 52, 4, Some((0, 31))),
    ]),
    ("_MMVAD", 136, &[
        ("Subsection", 72, 8, None),
    ]),
    ("_SUBSECTION", 56, &[
        ("ControlArea", 0, 8, None),
    ]),
    ("_CONTROL_AREA", 128, &[
        ("Segment", 0, 8, None),
        ("Flags", 56, 4, None),
        ("FilePointer", 64, 8, None),
        ("CommittedPageCount", 120, 8, Some((0, 36))),
    ]),
    ("_SEGMENT", 72, &[
        ("ControlArea", 0, 8, None),
        ("TotalNumberOfPtes", 8, 4, None),
        ("SegmentFlags", 12, 4, None),
        ("NumberOfCommittedPages", 16, 8, None),
        ("SizeOfSegment", 24, 8, None),
    ]),
    ("_FILE_OBJECT", 216, &[
        ("DeviceObject", 8, 8, None),
        ("Vpb", 16, 8, None),
        ("FileName", 88, 16, None),
    ]),
    ("_DEVICE_OBJECT", 336, &[
        ("DriverObject", 8, 8, None),
        ("AttachedDevice", 24, 8, None),
        ("Flags", 48, 4, None),
        ("Vpb", 56, 8, None),
    ]),
    ("_VPB", 96, &[
        ("DeviceObject", 8, 8, None),
        ("RealDevice", 16, 8, None),
    ]),
    ("_SECTION", 64, &[
        ("StartingVpn", 24, 8, None),
        ("EndingVpn", 32, 8, None),
        ("ControlArea", 40, 8, None),
        ("Flags", 56, 4, None),
        ("SizeOfSection", 48, 8, None),
    ]),
    ("_HANDLE_TABLE_ENTRY", 16, &[
        ("Attributes", 0, 8, Some((17, 3))),
        ("ObjectPointerBits", 0, 8, Some((20, 44))),
        ("GrantedAccessBits", 8, 4, Some((0, 25))),
    ]),
    ("_EWOW64PROCESS", 16, &[
        ("Peb", 0, 8, None),
    ]),
    ("_RTL_AVL_TREE", 8, &[
        ("Root", 0, 8, None),
    ]),
    ("_RTL_BALANCED_NODE", 24, &[
        ("Left", 0, 8, None),
        ("Right", 8, 8, None),
        ("ParentValue", 16, 8, None),
    ]),
    ("_MMVAD_FLAGS1", 4, &[
        ("CommitCharge", 0, 4, Some((0, 31))),
        ("MemCommit", 0, 4, Some((31, 1))),
    ]),
    ("_MM_PRIVATE_VAD_FLAGS", 4, &[
    ]),
];

/// The field of a structure.
///
/// # Panics
///
/// If there is none of that name.
pub(super) fn field(structure: &str, field: &str) -> Field {
    let structure = STRUCTS.iter().find(|(name, ..)| *name == structure);
    let found = structure.and_then(|(.., fields)| fields.iter().find(|(name, ..)| *name == field));
    *found.expect("the table has every field that the builder writes")
}

/// The size of a structure in bytes.
///
/// # Panics
///
/// If there is none of that name.
pub(super) fn size(structure: &str) -> u64 {
    let found = STRUCTS.iter().find(|(name, ..)| *name == structure);
    found
        .expect("the table has every structure that the builder writes")
        .1
}
