//! A client of the emulator's gdbstub: the part of the remote protocol that we need.
//!
//! The stub has habits of its own. On attaching it stops the machine and says so unasked. It knows no
//! mode without acknowledgements, but takes the next `$` for one; a `+` sent while the machine runs
//! would stop it, so we never send any. And it has registers only for those who asked for their
//! description.

use std::{
    fmt::Write as _,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Gdb {
    stream: BufReader<UnixStream>,
}

impl Gdb {
    /// Attaches to the machine, which stops.
    pub(crate) fn attach(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        let mut gdb = Self {
            stream: BufReader::new(stream),
        };
        gdb.receive_stop()?;
        gdb.request("qXfer:features:read:target.xml:0,ffb")?;
        Ok(gdb)
    }

    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.send("c")
    }

    /// Stops the machine.
    pub(crate) fn interrupt(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(&[3])?;
        self.receive_stop()
    }

    pub(crate) fn registers(&mut self) -> io::Result<RawRegisters> {
        let answer = self.request("g")?;
        let bytes = from_hex(&answer).ok_or_else(|| unexpected("registers", &answer))?;
        if bytes.len() < RawRegisters::LENGTH {
            return Err(unexpected("more registers", &answer));
        }
        Ok(RawRegisters(bytes))
    }

    pub(crate) fn set_registers(&mut self, registers: &RawRegisters) -> io::Result<()> {
        let packet = format!("G{}", to_hex(&registers.0[..RawRegisters::WRITTEN]));
        match self.request(&packet)?.as_str() {
            "OK" => Ok(()),
            answer => Err(unexpected("OK", answer)),
        }
    }

    /// Runs a command of the emulator's monitor.
    pub(crate) fn monitor(&mut self, command: &str) -> io::Result<String> {
        self.send(&format!("qRcmd,{}", to_hex(command.as_bytes())))?;
        let mut output = Vec::new();
        loop {
            let answer = self.receive()?;
            match answer.strip_prefix('O').and_then(from_hex) {
                Some(part) => output.extend(part),
                None if answer == "OK" => return Ok(String::from_utf8_lossy(&output).into()),
                None => return Err(unexpected("the monitor's output", &answer)),
            }
        }
    }

    fn request(&mut self, packet: &str) -> io::Result<String> {
        self.send(packet)?;
        self.receive()
    }

    fn send(&mut self, packet: &str) -> io::Result<()> {
        let packet = format!("${packet}#{:02x}", checksum(packet.as_bytes()));
        self.stream.get_mut().write_all(packet.as_bytes())
    }

    fn receive(&mut self) -> io::Result<String> {
        self.receive_packet().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer from the gdbstub within {LIMIT:?}"),
            ),
            _ => error,
        })
    }

    fn receive_packet(&mut self) -> io::Result<String> {
        let mut skipped = Vec::new();
        self.stream.read_until(b'$', &mut skipped)?;
        let mut packet = Vec::new();
        self.stream.read_until(b'#', &mut packet)?;
        if packet.pop() != Some(b'#') {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the gdbstub closed the connection",
            ));
        }
        let mut sum = [0; 2];
        self.stream.read_exact(&mut sum)?;
        let packet = String::from_utf8_lossy(&packet).into_owned();
        if sum != *format!("{:02x}", checksum(packet.as_bytes())).as_bytes() {
            return Err(unexpected("a right checksum", &packet));
        }
        Ok(packet)
    }

    fn receive_stop(&mut self) -> io::Result<()> {
        let answer = self.receive()?;
        if answer.starts_with('T') {
            Ok(())
        } else {
            Err(unexpected("that the machine stopped", &answer))
        }
    }
}

/// The registers as the stub gives them: up to `fs` in gdb's own order, then QEMU's.
#[derive(Clone)]
pub(crate) struct RawRegisters(Vec<u8>);

/// A register: its offset there, and its size.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize, usize);

impl Register {
    pub(crate) const RAX: Self = Self::general(0);
    pub(crate) const RBX: Self = Self::general(1);
    pub(crate) const RCX: Self = Self::general(2);
    pub(crate) const RDX: Self = Self::general(3);
    pub(crate) const RSI: Self = Self::general(4);
    pub(crate) const RDI: Self = Self::general(5);
    pub(crate) const RBP: Self = Self::general(6);
    pub(crate) const RSP: Self = Self::general(7);
    pub(crate) const RIP: Self = Self::general(16);
    pub(crate) const RFLAGS: Self = Self(136, 4);
    pub(crate) const CS: Self = Self(140, 4);
    pub(crate) const SS: Self = Self(144, 4);
    pub(crate) const GS_BASE: Self = Self(172, 8);
    pub(crate) const KERNEL_GS_BASE: Self = Self(180, 8);
    pub(crate) const CR0: Self = Self(188, 8);
    pub(crate) const CR2: Self = Self(196, 8);
    pub(crate) const CR3: Self = Self(204, 8);
    pub(crate) const CR4: Self = Self(212, 8);
    pub(crate) const EFER: Self = Self(228, 8);

    /// `rax` to `rip`, with `r8` to `r15` as 8 to 15.
    pub(crate) const fn general(index: usize) -> Self {
        Self(8 * index, 8)
    }
}

impl RawRegisters {
    /// How much of them we know.
    const LENGTH: usize = 236;
    /// How much of them is written back: all before `cr3`.
    const WRITTEN: usize = 204;

    pub(crate) fn get(&self, Register(offset, size): Register) -> u64 {
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&self.0[offset..offset + size]);
        u64::from_le_bytes(bytes)
    }

    pub(crate) fn set(&mut self, Register(offset, size): Register, value: u64) {
        self.0[offset..offset + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn unexpected(what: &str, answer: &str) -> io::Error {
    io::Error::other(format!("expected {what}, the gdbstub said `{answer}`"))
}
