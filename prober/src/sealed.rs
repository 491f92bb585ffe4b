//! Keeps others from implementing traits that are public only by need.

use std::{rc::Rc, sync::Arc};

use indexmap::IndexSet;
use vmi_core::{AddressContext, VmiContext, VmiCore, VmiDriver, VmiOs, VmiSession, VmiState};

use crate::SuppressedPages;

/// The supertrait of such a trait. It cannot be named outside of this crate.
pub trait Sealed {}

impl<T> Sealed for Option<T> {}
impl<T, E> Sealed for Result<T, E> {}

impl Sealed for SuppressedPages {}
impl<S> Sealed for IndexSet<AddressContext, S> {}

impl<D: VmiDriver> Sealed for VmiCore<D> {}
impl<Os: VmiOs> Sealed for VmiSession<'_, Os> {}
impl<Os: VmiOs> Sealed for VmiState<'_, Os> {}
impl<Os: VmiOs> Sealed for VmiContext<'_, Os> {}

impl<T: Sealed + ?Sized> Sealed for &T {}
impl<T: Sealed + ?Sized> Sealed for &mut T {}
impl<T: Sealed + ?Sized> Sealed for Box<T> {}
impl<T: Sealed + ?Sized> Sealed for Rc<T> {}
impl<T: Sealed + ?Sized> Sealed for Arc<T> {}
