//! Shapes of published crates that talk over a network: what compiles there
//! without the attribute compiles with it, without a warning.

#![deny(warnings)]

use prober::probed;
use prober_tests::{Vmi, block_on, faults, none};
use vmi_core::VmiError;

#[derive(Debug, PartialEq)]
struct Login {
    id: u64,
    #[cfg(not(test))]
    domain: u64,
    roles: u64,
}

/// What tells types in an arm that is left out is left out with it.
#[probed]
async fn login(vmi: &Vmi, method: u64, out: &mut Vec<u64>) -> prober::Result<u64> {
    let first = vmi.read_async(0).await?;
    match method {
        #[cfg(not(test))]
        0 => {
            let mut tokens = Vec::new();
            let context = Builder::new().build()?;
            tokens.push(context.step(None)?);
            out.extend(tokens);
            out.push(Context::parse(vmi.read_u64(1)?)?);
        }
        #[cfg(test)]
        1 => {
            let mut tokens = Vec::new();
            let last = vmi.read_async(first + 1).await?;
            tokens.push(last);
            let next = vmi.read_async(2).await?;
            out.extend(tokens);
            out.push(next);
        }
        _ => out.push(vmi.read_async(3).await?),
    }
    let second = vmi.read_async(4).await?;
    Ok(second)
}

/// A field and an element that are left out.
#[probed]
async fn fields(vmi: &Vmi) -> prober::Result<(Login, Vec<u64>)> {
    let all = Vec::from([
        vmi.read_async(0).await?,
        #[cfg(not(test))]
        vmi.read_domain(1).await?,
        vmi.read_async(2).await?,
    ]);
    let login = Login {
        id: vmi.read_async(3).await?,
        #[cfg(not(test))]
        domain: vmi.read_domain(1).await?,
        roles: vmi.read_async(4).await?,
    };
    Ok((login, all))
}

/// The same of patterns.
#[probed]
async fn patterns(
    vmi: &Vmi,
    Login {
        id,
        #[cfg(not(test))]
        domain,
        mut roles,
    }: Login,
) -> prober::Result<u64> {
    #[cfg(not(test))]
    vmi.read_async(domain).await?;
    roles += vmi.read_async(id).await?;
    let Login {
        id,
        #[cfg(not(test))]
        domain,
        ..
    } = fields(vmi, suppressed).await?.0;
    let last = vmi.read_async(5).await?;
    #[cfg(not(test))]
    vmi.read_async(domain).await?;
    Ok(roles + id + last)
}

/// Of the blocks at the end only one is there.
#[probed]
async fn settings(vmi: &Vmi, keep_alive: Option<u64>) -> prober::Result<u64> {
    let first = vmi.read_async(0).await?;
    #[cfg(test)]
    {
        let second = vmi.read_async(1).await?;
        if let Some(time) = keep_alive {
            vmi.write_u64(time, second)?;
        }
        #[cfg(test)]
        vmi.write_u64(2, vmi.read_async(2).await?)?;
        Ok(first + second)
    }
    #[cfg(not(test))]
    {
        vmi.write_u64(2, first)?;
        Ok(first)
    }
}

/// The same, where it is the last one.
#[probed]
async fn settings_of_others(vmi: &Vmi) -> prober::Result<u64> {
    let first = vmi.read_async(0).await?;
    #[cfg(not(test))]
    {
        let second = vmi.read_async(1).await?;
        Ok(first + second)
    }
    #[cfg(test)]
    {
        let second = vmi.read_async(2).await?;
        vmi.write_u64(first, second)?;
        Ok(second)
    }
}

trait Convert: Sized {
    fn from_text(text: &str) -> Option<Vec<Self>>;
    fn from_number(number: u64) -> Self;
}

impl Convert for u64 {
    fn from_text(text: &str) -> Option<Vec<Self>> {
        text.bytes()
            .map(|byte| char::from(byte).to_digit(10).map(Self::from))
            .collect()
    }
    fn from_number(number: u64) -> Self {
        number
    }
}

struct Value<'v>(&'v Vmi, u64);

impl Value<'_> {
    fn value_as<T: Convert>(&self) -> prober::Result<T> {
        Ok(T::from_number(self.0.read_u64(self.1)?))
    }

    fn convert<T: Convert>(self) -> prober::Result<T> {
        self.value_as()
    }
}

/// Only a branch tells what a function gives that is not asked, and only the
/// result what an accessor does.
#[probed]
fn convert<A: Convert, B: Convert>(vmi: &Vmi, text: Option<&str>) -> prober::Result<(A, B)> {
    let first = vmi.read_u64(0)?;
    vmi.write_u64(first, 0)?;
    let keep = |items: Vec<A>, length| items.into_iter().nth(length);
    match text {
        Some(text) => match Convert::from_text(text) {
            Some(items) => {
                let length = usize::try_from(vmi.read_u64(1)?).unwrap_or(0);
                let found = keep(items, length).ok_or(VmiError::NotSupported)?;
                Ok((found, Value(vmi, 2).value_as()?))
            }
            None => Err(VmiError::NotSupported.into()),
        },
        None => Ok((Value(vmi, 3).convert()?, Value(vmi, 4).convert()?)),
    }
}

/// A macro of the function's own leaves the item at the end of a loop's body.
#[probed]
async fn route(vmi: &Vmi, mut attempts: u64) -> prober::Result<u64> {
    macro_rules! again {
        ($server:expr) => {{
            attempts -= 1;
            vmi.write_u64($server, attempts)?;
            continue;
        }};
    }
    let mut server = 0;
    loop {
        if attempts == 0 {
            return Err(VmiError::NotSupported.into());
        }
        server += 1;
        let state = vmi.read_async(server).await?;
        if let Err(_error) = vmi.read_async(10).await {
            again!(server);
        }
        if state < 3 {
            again!(server);
        } else {
            break;
        }
    }
    Ok(server)
}

/// What a closure collects is told by the variable that it is for.
#[probed]
fn collected(vmi: &Vmi, text: Option<&str>) -> prober::Result<Vec<u32>> {
    let first = vmi.read_u32(0)?;
    let mut digits: Vec<u32> = text
        .and_then(|text| text.chars().map(|digit| digit.to_digit(10)).collect())
        .unwrap_or_default();
    digits.push(first);
    digits.push(vmi.read_u32(1)?);
    Ok(digits)
}

#[test]
fn loops_that_macros_leave() {
    let vmi = Vmi::default();
    assert_eq!(block_on(route(&vmi, 5, &none())).ok(), Some(3));
    assert_eq!(vmi.written(), [(1, 4), (2, 3)]);
    assert!(block_on(route(&vmi, 2, &none())).is_err());
    let missing = Vmi::with(&[2, 10]);
    assert_eq!(faults(block_on(route(&missing, 5, &none()))), [10]);
}

#[test]
fn arms_that_may_be_left_out() {
    let vmi = Vmi::default();
    let mut out = Vec::new();
    let last = block_on(login(&vmi, 1, &mut out, &none()));
    assert_eq!((last.ok(), &out[..]), (Some(4), &[1, 2][..]));
    let missing = Vmi::with(&[1, 2, 4]);
    let found = block_on(login(&missing, 1, &mut out, &none()));
    assert_eq!(faults(found), [1, 2, 4]);
    assert_eq!(out, [1, 2]);
}

#[test]
fn fields_that_may_be_left_out() {
    let vmi = Vmi::default();
    let none = none();
    let expected = (Login { id: 3, roles: 4 }, vec![0, 2]);
    assert_eq!(block_on(fields(&vmi, &none)).ok(), Some(expected));
    let missing = Vmi::with(&[0, 2, 3, 4]);
    assert_eq!(faults(block_on(fields(&missing, &none))), [0, 2, 3, 4]);

    let login = || Login { id: 1, roles: 6 };
    assert_eq!(block_on(patterns(&vmi, login(), &none)).ok(), Some(15));
    let missing = Vmi::with(&[1, 3, 5]);
    let found = block_on(patterns(&missing, login(), &none));
    assert_eq!(faults(found), [1, 3, 5]);
}

#[test]
fn ends_that_may_be_left_out() {
    let vmi = Vmi::default();
    assert_eq!(block_on(settings(&vmi, Some(3), &none())).ok(), Some(1));
    assert_eq!(vmi.written(), [(3, 1), (2, 2)]);
    assert_eq!(block_on(settings_of_others(&vmi, &none())).ok(), Some(2));
    let missing = Vmi::with(&[1]);
    let found = block_on(settings(&missing, Some(3), &none()));
    assert_eq!(faults(found), [1]);
    let missing = Vmi::with(&[2]);
    assert_eq!(faults(block_on(settings_of_others(&missing, &none()))), [2]);
    assert_eq!(missing.written(), []);
}

#[test]
fn types_that_are_told_later() {
    let vmi = Vmi::default();
    let none = none();
    assert_eq!(convert::<u64, u64>(&vmi, None, &none).ok(), Some((3, 4)));
    let found = convert::<u64, u64>(&vmi, Some("789"), &none);
    assert_eq!(found.ok(), Some((8, 2)));
    let missing = Vmi::with(&[0, 3, 4]);
    let found = convert::<u64, u64>(&missing, None, &none);
    assert_eq!(faults(found), [0, 3, 4]);
    let missing = Vmi::with(&[0, 1, 2]);
    let found = convert::<u64, u64>(&missing, Some("789"), &none);
    assert_eq!(faults(found), [0, 1, 2]);
    let found = collected(&vmi, Some("78"), &none);
    assert_eq!(found.ok(), Some(vec![7, 8, 0, 1]));
    let missing = Vmi::with(&[0, 1]);
    assert_eq!(faults(collected(&missing, None, &none)), [0, 1]);
}
