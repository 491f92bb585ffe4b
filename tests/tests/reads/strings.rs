//! Strings: as bytes, as UTF-8 and UTF-16, with and without a limit.

use prober::{SuppressedPages, probed, testing::Guest};
use vmi_core::{AddressContext, Va};

use super::{Outcome, PAGE, State, faults, none, outcome, page_in, page_out};

#[probed(options)]
fn bytes(vmi: &State<'_>, at: Va, limit: usize) -> prober::Result<Option<Vec<u8>>> {
    Ok(vmi.read_string_bytes_limited(at, limit)?)
}

#[probed(options)]
fn units(vmi: &State<'_>, at: Va, limit: usize) -> prober::Result<Option<Vec<u16>>> {
    Ok(vmi.read_string_utf16_bytes_limited(at, limit)?)
}

/// A string in the guest: `content` from `at` on, the null included.
struct Text {
    at: Va,
    content: Vec<u8>,
}

impl Text {
    /// The first page.
    fn page(&self) -> Va {
        Va(self.at.0 & !(PAGE - 1))
    }

    /// Whether the pages of a bit mask are pages of the string, or all of them.
    fn spans(&self, subset: u64) -> bool {
        let pages = (self.at.0 - self.page().0 + self.content.len() as u64).div_ceil(PAGE);
        subset < 1 << pages || subset == 63
    }

    /// Byte by byte, as the contract has it: the bytes before the null and the limit, or the first page that is needed
    /// and missing.
    fn reference<const UNIT: usize>(&self, limit: usize, subset: u64) -> Result<Vec<u8>, Va> {
        let mut bytes = Vec::new();
        let mut unit = Vec::new();
        // A half character does not count.
        let limit = limit / UNIT * UNIT;
        for (index, byte) in (0..).zip(&self.content).take(limit) {
            let va = self.at + index;
            if subset >> ((va.0 - self.page().0) / PAGE) & 1 == 1 {
                return Err(va);
            }
            unit.push(*byte);
            if unit.len() == UNIT {
                if unit.iter().all(|byte| *byte == 0) {
                    break;
                }
                bytes.append(&mut unit);
            }
        }
        Ok(bytes)
    }
}

/// Strings that begin at several places of their first page and end on each of five pages.
fn texts<const UNIT: usize>(guest: &Guest, first: Va) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut page = first;
    for begin in [0, 0x7f2, PAGE - 1] {
        for last in 0..5 {
            // The null is the first of its page, the last, or lies on the end of it.
            for null in [0, 1, PAGE - 1] {
                let Some(length) = (last * PAGE + null).checked_sub(begin) else {
                    continue;
                };
                let length = usize::try_from(length).unwrap() / UNIT * UNIT;
                let mut content: Vec<u8> = (0..length)
                    .map(|byte| u8::try_from(byte % 250).unwrap() + 1)
                    .collect();
                content.extend([0; UNIT]);
                let at = page + begin;
                // What follows a string is not a part of it.
                guest.write(page, &vec![0xcc; 0x6000]);
                guest.write(at, &content);
                texts.push(Text { at, content });
                page += 8 * PAGE;
            }
        }
    }
    texts
}

/// From one byte below to one above the end of each page.
fn limits(text: &Text) -> impl Iterator<Item = usize> {
    let to_end = usize::try_from(PAGE - (text.at.0 - text.page().0)).unwrap();
    let ends = (0..6).map(move |page| to_end + page * 0x1000);
    let near_ends = ends.flat_map(|end| end - 1..=end + 1);
    [0, 1, 2, 3, usize::MAX - 1, usize::MAX]
        .into_iter()
        .chain(near_ends)
}

#[test]
fn every_subset_of_the_pages_with_every_limit() {
    let guest = Guest::new();
    let narrow = texts::<1>(&guest, Va(0x1000_0000));
    let wide = texts::<2>(&guest, Va(0x2000_0000));
    let vm = guest.vm();
    for subset in 0..64 {
        let spans = |text: &&Text| text.spans(subset);
        for text in narrow.iter().chain(&wide).filter(spans) {
            page_out(&guest, text.page(), subset);
        }
        vm.with(|vmi| {
            for text in narrow.iter().filter(spans) {
                for limit in limits(text) {
                    let result = outcome(bytes(vmi, text.at, limit, &none()));
                    let expected = expected(&guest, text.reference::<1>(limit, subset));
                    assert_eq!(result, expected, "{} {limit:#x} {subset:06b}", text.at);
                }
            }
            for text in wide.iter().filter(spans) {
                for limit in limits(text) {
                    let result = outcome(units(vmi, text.at, limit, &none()));
                    let reference = text.reference::<2>(limit, subset).map(|bytes| {
                        let (units, _) = bytes.as_chunks();
                        units.iter().copied().map(u16::from_le_bytes).collect()
                    });
                    let expected = expected(&guest, reference);
                    assert_eq!(result, expected, "{} {limit:#x} {subset:06b}", text.at);
                }
            }
        });
        for text in narrow.iter().chain(&wide).filter(spans) {
            page_in(&guest, text.page(), subset);
        }
    }
}

fn expected<T>(guest: &Guest, reference: Result<T, Va>) -> Outcome<T> {
    match reference {
        Ok(value) => Outcome::Value(value),
        Err(va) => Outcome::Faults(faults(guest, [va])),
    }
}

/// vmi-core's own reads agree where they are right: strings on one page, and on two that are both there.
#[test]
fn plain_reads_agree_on_two_pages() {
    let guest = Guest::new();
    let narrow = texts::<1>(&guest, Va(0x1000_0000));
    let wide = texts::<2>(&guest, Va(0x2000_0000));
    guest.vm().with(|vmi| {
        let on_two =
            |text: &&Text| text.at.0 - text.page().0 + text.content.len() as u64 <= 2 * PAGE;
        for text in narrow.iter().filter(on_two) {
            for limit in limits(text) {
                let plain = vmi.read_string_bytes_limited(text.at, limit).unwrap();
                assert_eq!(
                    outcome(bytes(vmi, text.at, limit, &none())),
                    Outcome::Value(plain)
                );
            }
        }
        // A character across two pages is beyond it.
        let even = |text: &&Text| text.at.0.is_multiple_of(2);
        for text in wide.iter().filter(on_two).filter(even) {
            for limit in limits(text) {
                let plain = vmi.read_string_utf16_bytes_limited(text.at, limit).unwrap();
                assert_eq!(
                    outcome(units(vmi, text.at, limit, &none())),
                    Outcome::Value(plain)
                );
            }
        }
    });
}

/// Why strings are not left to vmi-core 0.13. When this fails, it has learnt it.
#[test]
fn plain_reads_go_wrong_on_three_pages() {
    let guest = Guest::new();
    let at = Va(0x1000_0800);
    let text = "x".repeat(0x1900) + "y";
    guest.write_str(at, &text);
    guest.write(Va(0x1000_3000), &[b'z'; 0x4000]);
    guest.vm().with(|vmi| {
        let plain = vmi.read_string_limited(at, 0x4000);
        assert!(plain.is_ok_and(|plain| plain != text));
        let probed = bytes(vmi, at, 0x4000, &none()).unwrap().unwrap();
        assert_eq!(probed, text.as_bytes());
        // It touches a page that the limit rules out.
        guest.page_out(Va(0x1000_1000));
        vmi.core().flush_v2p_cache();
        assert!(vmi.read_string_limited(at, 0x800).is_err());
        let probed = bytes(vmi, at, 0x800, &none()).unwrap().unwrap();
        assert_eq!(probed, [b'x'; 0x800]);
    });
}

#[test]
fn a_suppressed_page_ends_a_string() {
    let guest = Guest::new();
    let at = Va(0x1000_0800);
    guest.write_str(at, &"x".repeat(0x3000));
    guest.page_out(at);
    guest.page_out(at + 0x1000);
    let vm = guest.vm();
    let page = |page: u64| AddressContext::new(at + page * PAGE, guest.root());
    let run = |suppressed: &[AddressContext]| {
        let suppressed: SuppressedPages = suppressed.iter().copied().collect();
        outcome(vm.with(|vmi| bytes(vmi, at, usize::MAX, &suppressed)))
    };
    assert_eq!(run(&[]), Outcome::Faults(vec![page(0)]));
    assert_eq!(run(&[page(0)]), Outcome::Missing);
    // That a later page is needed is not known before the first is there.
    assert_eq!(run(&[page(1)]), Outcome::Faults(vec![page(0)]));
    guest.page_in(at);
    assert_eq!(run(&[page(1)]), Outcome::Missing);
}

#[test]
fn the_limit_of_the_core() {
    #[probed(options)]
    fn all(vmi: &State<'_>, at: Va) -> prober::Result<[Option<usize>; 4]> {
        Ok([
            vmi.read_string_bytes(at)?.map(|text| text.len()),
            vmi.read_string(at)?.map(|text| text.len()),
            vmi.read_string_utf16_bytes(at)?.map(|text| text.len()),
            vmi.read_string_utf16(at)?.map(|text| text.len()),
        ])
    }
    let guest = Guest::new();
    let at = Va(0x1000_0ff0);
    guest.write(at, &[b'x'; 0x2ff0]);
    guest.write(at + 0x2ff0, &[0; 32]);
    let vm = guest.vm();
    let read = || vm.with(|vmi| all(vmi, at, &none())).unwrap();
    // "\u{7878}" is three bytes of UTF-8.
    assert_eq!(read(), [0x2ff0, 0x2ff0, 0x17f8, 0x17f8 * 3].map(Some));
    vm.core().set_read_string_length_limit(0x1011);
    assert_eq!(read(), [0x1011, 0x1011, 0x808, 0x808 * 3].map(Some));
    // It stops before the third page.
    guest.page_out(at + 0x1010);
    vm.core().set_read_string_length_limit(0x1010);
    assert_eq!(read(), [0x1010, 0x1010, 0x808, 0x808 * 3].map(Some));
}

#[test]
fn what_is_no_text_is_replaced() {
    #[probed(options)]
    fn texts(vmi: &State<'_>, at: Va) -> prober::Result<(Option<String>, Option<String>)> {
        let narrow = vmi.read_string_limited(at, 16)?;
        let wide = vmi.read_string_utf16_limited(at + 16, 16)?;
        Ok((narrow, wide))
    }
    let guest = Guest::new();
    let at = Va(0x1000_0ff8);
    guest.write(at, b"a\xffb\0");
    // An unpaired surrogate.
    guest.write(at + 16, &[0x61, 0, 0, 0xd8, 0x62, 0, 0, 0]);
    let read = guest.vm().with(|vmi| texts(vmi, at, &none())).unwrap();
    assert_eq!(read, (Some("a\u{fffd}b".into()), Some("a\u{fffd}b".into())));
}

/// The units of a pair, and the bytes of a unit, may lie on both sides of it.
#[test]
fn surrogates_over_a_boundary() {
    #[probed(options)]
    fn text(vmi: &State<'_>, at: Va) -> prober::Result<Option<String>> {
        Ok(vmi.read_string_utf16(at)?)
    }
    for (units, expected) in [
        (&[0x61, 0xd83e, 0xdd8b, 0x62][..], "a\u{1f98b}b"),
        (&[0xdc00, 0xdc00], "\u{fffd}\u{fffd}"),
        (&[0xd800, 0x20], "\u{fffd} "),
        (&[0xd83e, 0xd83e, 0xdd8b], "\u{fffd}\u{1f98b}"),
    ] {
        let content: Vec<u8> = units
            .iter()
            .chain(&[0])
            .flat_map(|unit: &u16| unit.to_le_bytes())
            .collect();
        for at in (0x1000_0ff7..0x1000_1000).map(Va) {
            let guest = Guest::new();
            guest.write(at, &content);
            let read = guest.vm().with(|vmi| text(vmi, at, &none())).unwrap();
            assert_eq!(read.as_deref(), Some(expected), "{at}");
        }
    }
}

#[test]
fn a_string_that_runs_into_the_top_is_not_to_be_had() {
    let guest = Guest::new();
    let at = Va(0xffff_ffff_ffff_fff0);
    guest.write(at, &[b'x'; 16]);
    let vm = guest.vm();
    let run = |limit| outcome(vm.with(|vmi| bytes(vmi, at, limit, &none())));
    assert_eq!(run(15), Outcome::Value(vec![b'x'; 15]));
    assert_eq!(run(16), Outcome::Value(vec![b'x'; 16]));
    assert_eq!(run(17), Outcome::Missing);
    assert_eq!(run(usize::MAX), Outcome::Missing);
}

/// A guest that maps one frame everywhere makes a string as long as it likes.
#[test]
fn a_string_without_an_end_is_an_error_at_16_mib() {
    const MAX: usize = 16 << 20;

    #[probed]
    fn unlimited(vmi: &State<'_>, at: Va) -> prober::Result<Vec<u8>> {
        Ok(vmi.read_string_bytes(at)?)
    }
    #[probed]
    fn unlimited_wide(vmi: &State<'_>, at: Va) -> prober::Result<String> {
        Ok(vmi.read_string_utf16(at)?)
    }

    let (guest, first) = (Guest::new(), Va(0x7000_0000));
    guest.write(first, &[b'a'; 0x1000]);
    let frame = guest.frame(first).unwrap();
    for page in 1..=MAX as u64 / PAGE {
        guest.map_frame(first + page * PAGE, frame);
    }
    let vm = guest.vm();
    for at in [first, first + 1] {
        let error = vm.with(|vmi| unlimited(vmi, at, &none())).unwrap_err();
        assert!(error.to_string().contains("16 MiB"), "{error}");
        let error = vm.with(|vmi| unlimited_wide(vmi, at, &none())).unwrap_err();
        assert!(error.to_string().contains("16 MiB"), "{error}");
    }
    // With a limit, of the caller's or of vmi-core's, it is cut off there.
    let limited = vm.with(|vmi| bytes(vmi, first, MAX + 8, &none()));
    assert_eq!(limited.unwrap().unwrap().len(), MAX + 8);
    vm.core().set_read_string_length_limit(100);
    let limited = vm.with(|vmi| unlimited(vmi, first, &none()));
    assert_eq!(limited.unwrap().len(), 100);
}

#[test]
fn a_string_that_ends_before_16_mib_is_read() {
    #[probed]
    fn unlimited(vmi: &State<'_>, at: Va) -> prober::Result<Vec<u8>> {
        Ok(vmi.read_string_bytes(at)?)
    }
    let (guest, first) = (Guest::new(), Va(0x7000_0000));
    let text = vec![b'x'; (16 << 20) - 1];
    guest.write(first, &text);
    guest.map(first + text.len() as u64);
    let read = guest.vm().with(|vmi| unlimited(vmi, first, &none()));
    assert_eq!(read.unwrap(), text);
}

/// The user half ends before the hole; the string does not go on in the kernel half.
#[test]
fn a_string_over_the_end_of_the_user_half() {
    let (guest, last) = (Guest::new(), Va(0x7fff_ffff_fff8));
    guest.write(last, b"abcdefgh");
    guest.write(Va(0xffff_8000_0000_0000), b"kernel\0");
    let vm = guest.vm();
    let read = |limit| outcome(vm.with(|vmi| bytes(vmi, last, limit, &none())));
    assert_eq!(read(8), Outcome::Value(b"abcdefgh".to_vec()));
    assert_eq!(read(9), Outcome::Missing);
}
