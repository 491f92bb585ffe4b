//! What the guest program (`tests/live/init.c`) lays out, and what it holds.

use anyhow::{Result, ensure};
use vmi_core::Va;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

pub(crate) const PAGE: u64 = 4096;
/// The pages of a set. The survey reads all before the text.
pub(crate) const PAGES: usize = SURVEY_PAGES + TEXT_PAGES;
pub(crate) const SURVEY_PAGES: usize = 29;
pub(crate) const TEXT_PAGES: usize = 4;

pub(crate) const BUFFER_SIZE: usize = 16 * 4096;
const TITLE_LENGTH: u64 = 250;
const NAME_LENGTH: u64 = 40;
const TEXT_LENGTH: u64 = 2048 + 2 * PAGE;

pub(crate) const TOUCH_MAX: usize = 256;
const SIGNAL_LOG: usize = 32;
pub(crate) const SETS: usize = 8;

pub(crate) const WORKERS: u64 = 4;
const ARGUMENTS: u64 = 8;

/// `struct info`.
#[repr(C)]
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub(crate) struct Info {
    pub(crate) size: u64,
    pub(crate) heartbeat: u64,
    pub(crate) mismatches: u64,
    pub(crate) registers: [u64; 16],
    pub(crate) spin_start: u64,
    pub(crate) spin_end: u64,
    pub(crate) touch_start: u64,
    pub(crate) touch_wait: u64,
    pub(crate) touch_end: u64,
    pub(crate) fatal: u64,
    pub(crate) worker: u64,
    pub(crate) arguments: u64,
    pub(crate) arguments_size: u64,
    pub(crate) swap_out: u64,
    pub(crate) touch: [u64; TOUCH_MAX],
    pub(crate) signals: u64,
    pub(crate) signal: [Signal; SIGNAL_LOG],
    pub(crate) set: [Set; SETS],
}

/// A SIGSEGV that the guest program met.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub(crate) struct Signal {
    pub(crate) address: u64,
    pub(crate) error_code: u64,
    pub(crate) rip: u64,
}

/// Where the structures are. Each set is the same, at another place.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub(crate) struct Set {
    pub(crate) base: u64,
    pub(crate) words: [u64; 8],
    pub(crate) chain: u64,
    pub(crate) title: u64,
    pub(crate) buffer: u64,
    pub(crate) account: u64,
    pub(crate) text: u64,
}

#[repr(C)]
#[derive(Clone, Copy, FromBytes, IntoBytes)]
pub(crate) struct Node {
    pub(crate) next: u64,
    pub(crate) value: u64,
}

#[repr(C)]
#[derive(Clone, Copy, FromBytes, IntoBytes)]
pub(crate) struct Account {
    pub(crate) owner: u64,
    pub(crate) id: u64,
}

#[repr(C)]
#[derive(Clone, Copy, FromBytes, IntoBytes)]
pub(crate) struct Owner {
    pub(crate) name: u64,
    pub(crate) uid: u64,
}

/// All that is read of a set but for the text.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) words: [Option<u64>; 8],
    pub(crate) chain: Vec<u64>,
    pub(crate) title: String,
    pub(crate) buffer: Vec<u8>,
    pub(crate) account: Identity,
}

/// An account, and its owner.
#[derive(Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) id: u64,
    pub(crate) uid: u64,
    pub(crate) name: String,
}

impl Set {
    pub(crate) fn pages(&self) -> impl Iterator<Item = Va> {
        (self.base..).step_by(4096).take(PAGES).map(Va)
    }

    /// The word on the page that nothing backs.
    pub(crate) fn hole(&self) -> Va {
        Va(self.words[7])
    }

    /// Compares every byte.
    pub(crate) fn check(&self, survey: &Survey) -> Result<()> {
        let at = |page, offset| self.base + page * PAGE + offset;

        // The fourth of the pages was never touched, and nothing backs the last one.
        let mut words = self.words.map(|address| Some(pattern(address)));
        words[3] = Some(0);
        words[7] = None;
        ensure!(survey.words == words, "words: {survey:x?}");

        let values = [at(24, 0x28), at(1, 0x208), at(25, 0x28)].map(pattern);
        ensure!(
            survey.chain == [&values[..], &[0]].concat(),
            "chain: {:x?}",
            survey.chain
        );

        ensure!(
            survey.title == letters(self.title, TITLE_LENGTH),
            "title: {}",
            survey.title
        );

        ensure!(survey.buffer.len() == BUFFER_SIZE, "the buffer's size");
        let (words, []) = survey.buffer.as_chunks::<8>() else {
            unreachable!("a whole number of words");
        };
        for (address, word) in (self.buffer..).step_by(8).zip(words) {
            let is_untouched = (address - self.buffer) / PAGE % 4 == 3;
            let expected = if is_untouched { 0 } else { pattern(address) };
            let found = u64::from_le_bytes(*word);
            ensure!(
                found == expected,
                "buffer at {address:#x}: {found:#x} for {expected:#x}"
            );
        }

        let expected = Identity {
            id: pattern(self.account + 8),
            uid: pattern(at(27, 0x48)),
            name: letters(at(28, 0x80), NAME_LENGTH),
        };
        ensure!(survey.account == expected, "account: {:x?}", survey.account);
        Ok(())
    }

    pub(crate) fn check_text(&self, text: &str) -> Result<()> {
        ensure!(text == letters(self.text, TEXT_LENGTH), "text: {text}");
        Ok(())
    }
}

/// The content of a word, wherever nothing else is: a hash of its address.
fn pattern(address: u64) -> u64 {
    let hash = address.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The content of a string.
fn letters(address: u64, length: u64) -> String {
    (address..address + length)
        .map(|address| char::from(b"abcdefghijklmnopqrstuvwxyz"[(pattern(address) % 26) as usize]))
        .collect()
}

/// The command line of a worker, as `init.c` composes it.
pub(crate) fn arguments(worker: u64) -> String {
    (0..ARGUMENTS).fold(format!("/worker-{worker}\0"), |line, index| {
        let length = 2400 + 300 * worker + 17 * index;
        line + &letters(worker * 1_000_000 + index * 10_000, length) + "\0"
    })
}
