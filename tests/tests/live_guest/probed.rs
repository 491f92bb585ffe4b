//! The survey with `#[probed]`: the plain one, but for a `?` where a value is needed.

use prober::{probe, probed};
use vmi_core::{Va, VmiError};

use crate::{
    guest::Vmi,
    layout::{Account, BUFFER_SIZE, Identity, Node, Owner, Set, Survey},
};

#[probed(options)]
pub(crate) fn survey(vmi: &Vmi<'_>, set: &Set) -> prober::Result<Survey> {
    let mut words = [None; 8];
    for (word, address) in words.iter_mut().zip(set.words) {
        *word = vmi.read_u64(Va(address))?;
    }
    let chain = probe!(chain(vmi, Va(set.chain), suppressed))?;
    let title = vmi.read_string(Va(set.title))?;
    let mut buffer = vec![0; BUFFER_SIZE];
    let filled = vmi.read(Va(set.buffer), &mut buffer)?;
    let account = probe!(account(vmi, Va(set.account), suppressed))?;
    filled?;
    Ok(Survey {
        words,
        chain: chain?,
        title: title?,
        buffer,
        account: account?,
    })
}

#[probed(options)]
fn chain(vmi: &Vmi<'_>, first: Va) -> prober::Result<Vec<u64>> {
    let mut values = Vec::new();
    let mut next = first;
    while next != Va(0) {
        let node: Node = vmi.read_struct(next)??;
        values.push(node.value);
        next = Va(node.next);
    }
    Ok(values)
}

#[probed(options)]
fn account(vmi: &Vmi<'_>, address: Va) -> prober::Result<Identity> {
    let account = vmi.read_struct::<Account>(address)?;
    let owner = vmi.read_struct::<Owner>(Va(account?.owner))?;
    let name = vmi.read_string(Va(owner?.name))?;
    Ok(Identity {
        id: account?.id,
        uid: owner?.uid,
        name: name?,
    })
}

/// A string that vmi-core 0.13 reads wrong, plain: it goes astray on the third page.
#[probed(options)]
pub(crate) fn text(vmi: &Vmi<'_>, set: &Set) -> Result<String, VmiError> {
    Ok(vmi.read_string_limited(Va(set.text), 1 << 16)??)
}

/// Cannot do without the page that nothing backs.
#[probed(options)]
pub(crate) fn word_in_hole(vmi: &Vmi<'_>, set: &Set) -> Result<u64, VmiError> {
    Ok(vmi.read_u64(Va(set.words[7]))??)
}
