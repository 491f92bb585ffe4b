//! Bodies of which the compiler has nothing to say.
#![deny(warnings)]

use prober::probed;
use prober_tests::{Vmi, block_on, none};

// The block of such a body stands in one of the expansion's.
#[rustfmt::skip]
#[probed]
fn one_line(vmi: &Vmi, _list: Vec<u8>) -> prober::Result<u8> { Ok(vmi.read_u8(1)??) }

#[rustfmt::skip]
#[probed]
async fn one_line_async(vmi: &Vmi) -> prober::Result<u8> { Ok(vmi.read_u8(2)??) }

#[test]
fn one_expression_on_one_line() {
    let vmi = Vmi::default();
    assert_eq!(one_line(&vmi, Vec::new(), &none()).unwrap(), 1);
    assert_eq!(block_on(one_line_async(&vmi, &none())).unwrap(), 2);
}
