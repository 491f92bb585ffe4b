//! The `#[probed]` attribute.
use proc_macro::TokenStream;
/// Probes.
#[proc_macro_attribute]
pub fn probed(_args: TokenStream, item: TokenStream) -> TokenStream {
    item
}
