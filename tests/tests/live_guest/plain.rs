//! The survey without `#[probed]`: with plain `?`, and with vmi-core's own prober.

use indexmap::IndexSet;
use vmi_core::{AddressContext, Va, VmiError, VmiProber, vmi_probe};

use crate::{
    guest::Vmi,
    layout::{Account, BUFFER_SIZE, Identity, Node, Owner, Set, Survey},
};

/// The survey, which fails at the first missing page.
pub(crate) fn survey(
    vmi: &Vmi,
    set: &Set,
    suppressed: &IndexSet<AddressContext>,
) -> Result<Survey, VmiError> {
    let mut words = [None; 8];
    for (word, address) in words.iter_mut().zip(set.words) {
        *word = match vmi.read_u64(Va(address)) {
            Err(VmiError::Translation(fault)) if suppressed.contains(&fault) => None,
            other => Some(other?),
        };
    }
    let mut chain = Vec::new();
    let mut next = set.chain;
    while next != 0 {
        let node: Node = vmi.read_struct(Va(next))?;
        chain.push(node.value);
        next = node.next;
    }
    let title = vmi.read_string(Va(set.title))?;
    let mut buffer = vec![0; BUFFER_SIZE];
    vmi.read(Va(set.buffer), &mut buffer)?;
    Ok(Survey {
        words,
        chain,
        title,
        buffer,
        account: account(vmi, set)?,
    })
}

fn account(vmi: &Vmi, set: &Set) -> Result<Identity, VmiError> {
    let account: Account = vmi.read_struct(Va(set.account))?;
    let owner: Owner = vmi.read_struct(Va(account.owner))?;
    let name = vmi.read_string(Va(owner.name))?;
    Ok(Identity {
        id: account.id,
        uid: owner.uid,
        name,
    })
}

/// The survey, whose every read goes through vmi-core's prober. That one collects the missing pages
/// too, and then reports the first.
pub(crate) fn survey_with_prober(
    vmi: &Vmi,
    set: &Set,
    suppressed: &IndexSet<AddressContext>,
) -> Result<Survey, VmiError> {
    let prober = VmiProber::new(suppressed);
    let mut words = [None; 8];
    for (word, address) in words.iter_mut().zip(set.words) {
        *word = vmi_probe!(prober, vmi.read_u64(Va(address)))?;
    }
    let mut chain = Vec::new();
    let mut next = set.chain;
    while next != 0
        && let Some(node) = vmi_probe!(prober, vmi.read_struct::<Node>(Va(next)))?
    {
        chain.push(node.value);
        next = node.next;
    }
    let title = vmi_probe!(prober, vmi.read_string(Va(set.title)))?;
    let mut buffer = vec![0; BUFFER_SIZE];
    vmi_probe!(prober, vmi.read(Va(set.buffer), &mut buffer))?;
    let account = account_with_prober(vmi, set, &prober)?;

    prober.error_for_page_faults()?;
    let (Some(title), Some(account)) = (title, account) else {
        return Err(VmiError::Other("needs a page that is suppressed"));
    };
    Ok(Survey {
        words,
        chain,
        title,
        buffer,
        account,
    })
}

fn account_with_prober(
    vmi: &Vmi,
    set: &Set,
    prober: &VmiProber,
) -> Result<Option<Identity>, VmiError> {
    let Some(account) = vmi_probe!(prober, vmi.read_struct::<Account>(Va(set.account)))? else {
        return Ok(None);
    };
    let Some(owner) = vmi_probe!(prober, vmi.read_struct::<Owner>(Va(account.owner)))? else {
        return Ok(None);
    };
    let Some(name) = vmi_probe!(prober, vmi.read_string(Va(owner.name)))? else {
        return Ok(None);
    };
    Ok(Some(Identity {
        id: account.id,
        uid: owner.uid,
        name,
    }))
}
