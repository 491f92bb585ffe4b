//! What the attribute makes of functions, as a reader of `cargo expand` sees
//! it: short, and close to what one would write by hand.
//!
//! `UPDATE_EXPECT=1 cargo test -p prober-macros` writes it anew.

// As `expect-test` writes them.
#![allow(clippy::needless_raw_string_hashes)]

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

fn check(args: &TokenStream, item: &TokenStream, expect: &Expect) {
    let file =
        syn::parse2(expand::probed(quote!(options, #args), item)).expect("the expansion parses");
    expect.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn one_read() {
    let item = quote! {
        fn pid(vmi: &Vmi, process: Va) -> Result<Option<u32>, VmiError> {
            vmi.read_u32(process)
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r#"
            fn pid(
                vmi: &Vmi,
                process: Va,
                suppressed: &::prober::SuppressedPages,
            ) -> Result<Option<u32>, VmiError> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::run(
                        __probed_run,
                        move || -> Result<Option<u32>, VmiError> {
                            let process = process;
                            return {
                                #[deny(no_mangle_const_items)]
                                {
                                    __probed::read(
                                        __probed::served(&vmi, __probed_run).read_u32(process),
                                        __probed_run,
                                    )
                                }
                            };
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn question_in_a_probe() {
    let item = quote! {
        fn pid(vmi: &Vmi, process: Va) -> prober::Result<u32> {
            let peb = vmi.read_va(process)?;
            let pid = vmi.read_u32(peb? + 8)?;
            Ok(pid?)
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r#"
            fn pid(
                vmi: &Vmi,
                process: Va,
                suppressed: &::prober::SuppressedPages,
            ) -> prober::Result<u32> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::run(
                        __probed_run,
                        move || -> prober::Result<u32> {
                            let process = process;
                            return {
                                #[allow(clippy::needless_question_mark)]
                                {
                                    let __probed_served = __probed::served(&vmi, __probed_run);
                                    let peb = __probed::read(
                                        __probed_served.read_va(process),
                                        __probed_run,
                                    )?;
                                    let pid = __probed::read_if(
                                        match peb {
                                            __probed::Some(__probed_value_0) => {
                                                __probed::Some(
                                                    __probed_served.read_u32(__probed_value_0 + 8),
                                                )
                                            }
                                            _ => __probed::None,
                                        },
                                        __probed_run,
                                    )?;
                                    Ok(__probed::OptionOrResult::question_mark(pid, __probed_run)?)
                                }
                            };
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn method_that_changes_self() {
    let item = quote! {
        pub fn push(&mut self, process: Va) -> prober::Result<&mut Vec<u32>> {
            let pid = self.vmi.read_u32(process)??;
            self.pids.push(pid);
            Ok(&mut self.pids)
        }
    };
    check(
        &quote!(vmi = self.vmi),
        &item,
        &expect![[r#"
            pub fn push(
                &mut self,
                process: Va,
                suppressed: &::prober::SuppressedPages,
            ) -> prober::Result<&mut Vec<u32>> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::run(
                        __probed_run,
                        move || -> prober::Result<&mut Vec<u32>> {
                            let process = process;
                            return {
                                #[deny(no_mangle_const_items)]
                                {
                                    let pid = __probed::need(
                                        __probed::served(&self.vmi, __probed_run).read_u32(process),
                                        __probed_run,
                                    )?;
                                    self.pids.push(pid);
                                    Ok(&mut self.pids)
                                }
                            };
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn async_function() {
    let item = quote! {
        async fn pid(vmi: &Vmi, process: Va, name: String) -> prober::Result<Option<u32>> {
            find(&name).await?;
            Ok(vmi.read_u32(process)?)
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r#"
            async fn pid(
                vmi: &Vmi,
                process: Va,
                name: String,
                suppressed: &::prober::SuppressedPages,
            ) -> prober::Result<Option<u32>> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::outcome(
                        __probed_run,
                        __probed::async_body(async move {
                                let process = process;
                                let name = name;
                                if false {
                                    return __probed::unreachable_value::<
                                        prober::Result<Option<u32>>,
                                    >();
                                }
                                #[deny(no_mangle_const_items)]
                                {
                                    __probed::OptionOrResult::question_mark(
                                        find(&name).await,
                                        __probed_run,
                                    )?;
                                    Ok(
                                        __probed::read(
                                            __probed::served(&vmi, __probed_run).read_u32(process),
                                            __probed_run,
                                        )?,
                                    )
                                }
                            })
                            .await,
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn own_set_and_limit() {
    let item = quote! {
        fn pid(&mut self, vmi: &Vmi) -> prober::Result<Option<u32>> {
            Ok(probe!(self.process(vmi)?.pid())?)
        }
    };
    let args = quote!(suppressed = self.suppressed, limit = 16);
    check(
        &args,
        &item,
        &expect![[r#"
            fn pid(&mut self, vmi: &Vmi) -> prober::Result<Option<u32>> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_suppressed = &__probed::AsSuppressedPages::clone_set(&self.suppressed);
                let __probed_run = &__probed::start(__probed_suppressed, 16);
                __probed::run(
                        __probed_run,
                        move || -> prober::Result<Option<u32>> {
                            Ok(
                                __probed::read_if(
                                    '__probed: {
                                        __probed::Some(
                                            probe!(
                                                @ probed
                                                __probed::CanBeProbed::can_be_probed(__probed::as_operand(match
                                                __probed::OptionOrResult::question_mark_in_probe(self
                                                .process(vmi), __probed_run) {
                                                __probed::Part::Value(__probed_value) => __probed_value,
                                                __probed::Part::Missing => break '__probed __probed::None,
                                                __probed::Part::Failed(probed_error) => return
                                                __probed::LeaveWith::leave_with(probed_error), }).pid())
                                            ),
                                        )
                                    },
                                    __probed_run,
                                )?,
                            )
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

/// If the path of the crate may be wrong, the body stands in a macro of it.
#[test]
fn own_path_of_the_crate() {
    let item = quote! {
        fn pid(vmi: &Vmi) -> prober::Result<Option<u32>> {
            vmi.read_u32(PID)
        }
    };
    check(
        &quote!(crate = ::my_prober),
        &item,
        &expect![[r#"
            fn pid(
                vmi: &Vmi,
                suppressed: &::my_prober::SuppressedPages,
            ) -> prober::Result<Option<u32>> {
                ::my_prober::probe!(
                    @ probed { use ::my_prober::__private:: { self as __probed, PageFaultGate as _ };
                    let __probed_run = & __probed::start(suppressed, __probed::LIMIT);
                    __probed::run(__probed_run, move || -> prober::Result < Option < u32 > > {
                    __probed::read(__probed::served(& vmi, __probed_run).read_u32(PID), __probed_run)
                    }).through_gate() }
                )
            }
        "#]],
    );
}

#[test]
fn calls_that_settle() {
    let item = quote! {
        fn copy(vmi: &Vmi, from: Va, to: Va) -> Result<(), VmiError> {
            let mut bytes = [0; 8];
            vmi.read(from, &mut bytes)??;
            vmi.write(to, &bytes)?;
            settle!();
            vmi.flush_v2p_cache();
            Ok(())
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r#"
            fn copy(
                vmi: &Vmi,
                from: Va,
                to: Va,
                suppressed: &::prober::SuppressedPages,
            ) -> Result<(), VmiError> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::run(
                        __probed_run,
                        move || -> Result<(), VmiError> {
                            let from = from;
                            let to = to;
                            return {
                                #[deny(no_mangle_const_items)]
                                {
                                    let mut bytes = [0; 8];
                                    __probed::need(
                                        __probed::served(&vmi, __probed_run).read(from, &mut bytes),
                                        __probed_run,
                                    )?;
                                    __probed::OptionOrResult::question_mark(
                                        vmi
                                            .write(
                                                to,
                                                __probed::settled(&bytes, __probed::settle(__probed_run)?),
                                            ),
                                        __probed_run,
                                    )?;
                                    settle!(@ probed __probed::settle(__probed_run) ?);
                                    vmi.flush_v2p_cache();
                                    Ok(())
                                }
                            };
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn borrow_of_the_only_reference() {
    let item = quote! {
        fn name(process: &Process) -> Result<&str, VmiError> {
            let index = process.vmi.read_u32(INDEX)??;
            Ok(&process.names[index])
        }
    };
    check(
        &quote!(vmi = process.vmi),
        &item,
        &expect![[r#"
            fn name<'__probed>(
                process: &'__probed Process,
                suppressed: &::prober::SuppressedPages,
            ) -> Result<&'__probed str, VmiError> {
                use ::prober::__private::{self as __probed, PageFaultGate as _};
                let __probed_run = &__probed::start(suppressed, __probed::LIMIT);
                __probed::run(
                        __probed_run,
                        move || -> Result<&str, VmiError> {
                            let index = __probed::need(
                                __probed::served(&process.vmi, __probed_run).read_u32(INDEX),
                                __probed_run,
                            )?;
                            Ok(&process.names[index])
                        },
                    )
                    .through_gate()
            }
        "#]],
    );
}

#[test]
fn declaration_in_a_trait() {
    let item = quote! {
        fn pid(&self, vmi: &Vmi) -> prober::Result<Option<u32>>;
    };
    let declaration = expand::probed(quote!(options), &item);
    let file = syn::parse_quote!(trait Process { #declaration });
    expect![[r#"
        trait Process {
            fn pid(
                &self,
                vmi: &Vmi,
                suppressed: &::prober::SuppressedPages,
            ) -> prober::Result<Option<u32>>;
        }
    "#]]
    .assert_eq(&prettyplease::unparse(&file));
}

/// The other attributes stay, and the body gives way to the error.
#[test]
fn test_function() {
    let item = quote! {
        #[test]
        fn pid() -> prober::Result<()> {
            let pid = probe!(process())?;
            prober::settle!();
            assert_eq!(pid, Some(4));
            Ok(())
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r##"
            #[test]
            fn pid() -> prober::Result<()> {
                probe!(@ probed());
                ::core::compile_error! {
                    "`#[test]` takes a function without parameters, and `#[probed]` adds one; name the suppressed set instead: `#[probed(suppressed = EXPR)]`"
                }
            }
        "##]],
    );
}

/// What rustc parses and we do not is never left unprobed: the lint says so.
#[test]
fn syntax_that_is_not_known() {
    let item = quote! {
        fn pid(vmi: &Vmi, process: Va) -> prober::Result<Option<u32>> {
            let pid = vmi.read_u32(process) somehow?;
            Ok(pid)
        }
    };
    check(
        &quote!(),
        &item,
        &expect![[r##"
            #[allow(unused_variables)]
            fn pid(
                vmi: &Vmi,
                process: Va,
                suppressed: &::prober::SuppressedPages,
            ) -> prober::Result<Option<u32>> {
                #[must_use = "`#[probed]` cannot read this body: expected `;`; move this into a function of its own, without the attribute"]
                struct Body {}
                #[deny(unused_must_use)]
                {
                    Body {};
                }
                ::prober::__private::unreachable_value()
            }
        "##]],
    );
}

/// The guide shows an example, and what that expands to.
/// `UPDATE_EXPECT=1 cargo test -p prober-macros` writes it anew.
#[test]
fn guide() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../prober/docs/expansion.md");
    let text = std::fs::read_to_string(path).expect("the chapter on the expansion");
    let mut blocks = text.split("```");
    let (Some(_), Some(example), Some(_), Some(shown)) =
        (blocks.next(), blocks.next(), blocks.next(), blocks.next())
    else {
        panic!("the chapter has an example and its expansion");
    };
    let functions = syn::parse_str::<syn::File>(example.trim_start_matches("rust\n"))
        .expect("an example parses")
        .items;
    let Some(syn::Item::Fn(mut example)) = functions
        .into_iter()
        .find(|item| matches!(item, syn::Item::Fn(_)))
    else {
        panic!("an example has a function");
    };
    example.attrs.retain(|attr| !attr.path().is_ident("probed"));

    let expansion = expand::probed(quote!(), &quote!(#example));
    let expansion = prettyplease::unparse(&syn::parse2(expansion).expect("a function"));
    let used = "use vmi_core::{Va, VmiOs, VmiRead, VmiState};\n\n";
    let written = format!("rust\n{used}{expansion}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, text.replace(shown, &written)).expect("writable");
    } else {
        assert_eq!(shown, written);
    }
}
