//! Writes the calls to the runtime, with the spans that rustc's errors point at:
//! the one place that names the functions of `prober::__private`.
//!
//! Stable Rust cannot make a span that covers one of the user's expressions. But
//! rustc takes the span of a call from its first token to its last. So a call
//! whose name has the span of the expression's first token, and whose
//! parentheses have that of its last, is blamed as the expression itself.

use std::cell::Cell;

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::{
    Attribute, Expr, Lifetime, MacroDelimiter, Member, Pat, Path, Signature, Token, Type,
    spanned::Spanned, token::Paren,
};

/// The name under which a function imports the runtime.
const RUNTIME: &str = "__probed";

/// The receiver that is put beside the prober once.
const SERVED: &str = "__probed_served";

/// The names of one expansion, and the calls that use them.
pub(crate) struct Names {
    /// The runtime: `__probed`.
    runtime: Ident,

    /// The prober of this call: `__probed_run`.
    prober: Ident,

    /// The span of the error type, or of what is blamed in its place.
    error: Cell<Span>,

    /// Whether a result is taken apart.
    takes: Cell<bool>,

    /// The block around the expression of a probe that may miss: `'__probed`.
    block: Lifetime,
}

/// What the call of a probe does besides looking at the result.
#[derive(Clone, Copy, Default)]
pub(crate) struct ProbeForm {
    /// Whether a `?` in it may end it early.
    pub(crate) ends_early: bool,

    /// Whether its value is needed: `PROBE??`.
    pub(crate) needed: bool,
}

/// What a `let` binds: `ATTRS let PAT: TY`.
#[derive(Clone)]
pub(crate) struct Bind<'p> {
    pub(crate) attrs: &'p [Attribute],
    pub(crate) pat: Bound<'p>,
    pub(crate) ty: Option<&'p Type>,
}

/// The pattern of a `let`, as it is written or in another form.
#[derive(Clone)]
pub(crate) enum Bound<'p> {
    Pat(&'p Pat),
    Parts(TokenStream),
}

impl ToTokens for Bound<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Pat(pat) => pat.to_tokens(tokens),
            Self::Parts(parts) => parts.to_tokens(tokens),
        }
    }
}

/// `OPERAND?` of an ordinary function.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) operand: &'a Expr,

    /// Where the operand stood.
    pub(crate) place: Place,

    pub(crate) mark: Token![?],

    /// `.map_err(..)` and its like.
    pub(crate) adapter: Option<&'a TokenStream>,

    /// Whether it is the `?` of a `probe!(..)`.
    pub(crate) is_probe: bool,
}

/// The frame of a function.
impl Names {
    pub(crate) fn new() -> Self {
        Self {
            runtime: hygienic(RUNTIME, Span::call_site()),
            prober: hygienic("__probed_run", Span::call_site()),
            error: Cell::new(Span::call_site()),
            takes: Cell::new(false),
            block: Lifetime::new("'__probed", Span::mixed_site()),
        }
    }

    /// Sets the span of the function's error type.
    pub(crate) fn set_error(&self, at: Span) {
        self.error.set(at);
    }

    /// What the function imports: the runtime, and the gate of opaque errors.
    pub(crate) fn imports(&self, krate: &Path) -> TokenStream {
        let runtime = self.runtime_at(krate.span());
        let glue = runtime.span();
        quote_spanned!(glue=> use #krate::__private::{self as #runtime, PageFaultGate as _};)
    }

    /// [`imports`](Self::imports) of a function that keeps types: also the
    /// traits for values and errors of other types, if they are used.
    pub(crate) fn imports_of_kept(&self, krate: &Path, declares_error: bool) -> TokenStream {
        let runtime = self.runtime_at(krate.span());
        let glue = runtime.span();
        let note = self.takes.get().then(|| quote_spanned!(glue=> , Note as _));
        let opaque = declares_error.then(|| quote_spanned!(glue=> , Opaque as _));
        quote_spanned! {glue=>
            use #krate::__private::{self as #runtime, PageFaultGate as _ #note #opaque};
        }
    }

    /// The set that the user names: `__probed::AsSuppressedPages::clone_set(&EXPR)`.
    pub(crate) fn clone_set(set: &Expr) -> Expr {
        let place = Place::of(set);
        call(
            "AsSuppressedPages::clone_set",
            place,
            quote_spanned!(place.start=> &#set),
        )
    }

    /// `let __probed_run = &__probed::start(SET, LIMIT);`
    pub(crate) fn start(&self, set: &Ident, limit: Option<&Expr>) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let limit = limit.map_or_else(|| quote!(#runtime::LIMIT), |limit| quote!(#limit));
        quote!(let #prober = &#runtime::start(#set, #limit);)
    }

    /// [`start`](Self::start) of a function that keeps types. If it passes its
    /// set on, callees inherit the doom through it. If its error type is known,
    /// faults are found in such errors.
    pub(crate) fn start_kept(
        &self,
        set: &Ident,
        limit: Option<&Expr>,
        shares: bool,
        error: Option<&TokenStream>,
    ) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let limit = limit.map_or_else(|| quote!(#runtime::LIMIT), |limit| quote!(#limit));
        let start = if shares {
            quote!(#runtime::start_sharing(#set, #limit))
        } else {
            quote!(#runtime::start(#set, #limit))
        };
        let start = match error {
            Some(error) => {
                // Blamed as the type itself, like the gate: errors at one place are
                // reported once.
                let at = self.error.get();
                let declared = Ident::new(RUNTIME, at);
                let declared = quote_spanned!(at=> #declared::DeclaredError::<#error>::default());
                quote!(#runtime::with_declared_error(#start, #declared.known()))
            }
            None => start,
        };
        quote!(let #prober = &#start;)
    }

    /// A clone of the caller's set, which the function can doom for itself:
    /// `let SET = &__probed::AsSuppressedPages::clone_set(SET);`
    pub(crate) fn share(&self, set: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(let #set = &#runtime::AsSuppressedPages::clone_set(#set);)
    }

    /// Has rustc say how to write the lifetime that a type hides: only rustc
    /// knows whether it hides one. Where it does it is an error elsewhere, but
    /// if it would be that of the added parameter.
    pub(crate) fn show_lifetimes(&self, types: &[Path], own_lifetime: bool) -> TokenStream {
        let runtime = &self.runtime;
        let level = Ident::new(
            if own_lifetime { "deny" } else { "warn" },
            Span::call_site(),
        );
        quote! {
            #(#[#level(elided_lifetimes_in_paths)] let _: #runtime::Option<#types> = #runtime::None;)*
        }
    }

    /// The error of a result whose type is an alias. If it is none of a result,
    /// the type is blamed: at one place rustc reports an error once.
    pub(crate) fn error_of(output: &Type) -> TokenStream {
        let runtime = Ident::new(RUNTIME, output.span());
        quote_spanned!(output.span()=> <#output as #runtime::ReturnedResult>::Error)
    }

    /// Runs the body: `__probed::run(..)`, or `outcome` for an async one.
    pub(crate) fn run(
        &self,
        sig: &Signature,
        moves: bool,
        output: &Type,
        body: &TokenStream,
    ) -> TokenStream {
        // What is wrong with all of the body is said at the result.
        let at = glue(output.span());
        let runtime = self.runtime_at(output.span());
        let prober = &self.prober;
        // rustc names captured variables in borrow errors only if `move` and
        // `async` have the user's span.
        let capture = moves.then(|| Token![move](sig.fn_token.span));
        if let Some(future) = &sig.asyncness {
            let capture = moves.then(|| quote!(move));
            // What makes the function one that is not async must not do it behind
            // our back: its `return` would go past the gate.
            quote_spanned!(at=> #runtime::outcome(#prober, #runtime::async_body(#future #capture #body).await))
        } else {
            quote_spanned!(at=> #runtime::run(#prober, #capture || -> #output #body))
        }
    }

    /// Gives an async block its type, which can be written only in a value that
    /// it returns: `if false { return __probed::unreachable_value::<OUTPUT>(); }`.
    pub(crate) fn type_of_async_body(&self, output: &Type) -> TokenStream {
        let glue = glue(output.span());
        let runtime = self.runtime_at(output.span());
        quote_spanned!(glue=> if false { return #runtime::unreachable_value::<#output>(); })
    }
}

/// `CRATE::__private::unreachable_value()`, where nothing is imported.
pub(crate) fn unreachable_value_of_crate(krate: &Path) -> TokenStream {
    quote!(#krate::__private::unreachable_value())
}

/// What replaces the user's expressions.
impl Names {
    /// A probe: `read`, `read_if`, `need` or `need_if`.
    pub(crate) fn probe(&self, expr: &TokenStream, form: ProbeForm, place: Place) -> Expr {
        let glue = place.glue();
        let prober = self.prober_at(place.start);
        let runtime = self.runtime_at(place.start);
        let block = Lifetime::new("'__probed", glue);
        let value = if form.ends_early {
            quote_spanned!(glue=> #block: { #runtime::Some(#expr) }, #prober)
        } else {
            quote_spanned!(glue=> #expr, #prober)
        };
        let name = match (form.needed, form.ends_early) {
            (false, false) => "read",
            (false, true) => "read_if",
            (true, false) => "need",
            (true, true) => "need_if",
        };
        call(name, place, value)
    }

    /// Puts the prober beside the receiver of a read that the runtime serves:
    /// `served(&RECEIVER, prober)`.
    pub(crate) fn served(&self, receiver: &Expr) -> Expr {
        let place = Place::of(receiver);
        let prober = self.prober_at(place.start);
        call(
            "served",
            place,
            quote_spanned!(place.glue()=> &#receiver, #prober),
        )
    }

    /// [`served`](Self::served) for all reads on a variable:
    /// `let __probed_served = served(&RECEIVER, prober);`
    pub(crate) fn bind_served(&self, receiver: &Ident) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        let name = hygienic(SERVED, Span::call_site());
        quote!(let #name = #runtime::served(&#receiver, #prober);)
    }

    /// The variable that [`bind_served`](Self::bind_served) makes.
    pub(crate) fn served_once(at: Span) -> Expr {
        Expr::Path(syn::ExprPath {
            attrs: Vec::new(),
            qself: None,
            path: hygienic(SERVED, at).into(),
        })
    }

    /// What `probe!` takes, which must be a `Result`: `can_be_probed(EXPR)`.
    ///
    /// Where the expression ends with `?`, another error says so.
    pub(crate) fn can_be_probed(expr: &Expr, place: Place, answered: bool) -> Expr {
        let name = if answered {
            "AnswerCanBeProbed::can_be_probed"
        } else {
            "CanBeProbed::can_be_probed"
        };
        call(name, place.around(expr), quote!(#expr))
    }

    /// The operand of a `?` outside a probe: `question_mark(OPERAND, prober)`.
    pub(crate) fn value(&self, operand: &Expr, place: Place, question: Span) -> Expr {
        let prober = self.prober_at(place.start);
        let args = quote_spanned!(glue(question)=> #operand, #prober);
        call("OptionOrResult::question_mark", place.around(operand), args)
    }

    /// `OPERAND?` inside a probe: `as_operand(match
    /// question_mark_in_probe(OPERAND, prober) { .. })`.
    pub(crate) fn value_or_exit(&self, operand: &Expr, place: Place, question: Span) -> Expr {
        let glue = glue(question);
        let prober = self.prober_at(place.start);
        let runtime = self.runtime_at(question);
        let block = &self.block;
        let mark = Place {
            start: question,
            end: question,
        };
        // With the user's span, as the call: else rustc blames the attribute.
        let error = Ident::new("probed_error", question);
        let leave = call("LeaveWith::leave_with", mark, quote!(#error));
        let part = call(
            "OptionOrResult::question_mark_in_probe",
            place.around(operand),
            quote_spanned!(glue=> #operand, #prober),
        );
        let part = quote_spanned! {glue=>
            match #part {
                #runtime::Part::Value(__probed_value) => __probed_value,
                #runtime::Part::Missing => break #block #runtime::None,
                #runtime::Part::Failed(#error) => return #leave,
            }
        };
        call("as_operand", place.to(question), part)
    }

    /// [`value_or_exit`](Self::value_or_exit) of a name that holds an `Option`:
    /// `as_operand(match NAME { .. })`.
    pub(crate) fn some_or_exit(&self, name: &Expr, place: Place, question: Span) -> Expr {
        let glue = glue(question);
        let runtime = self.runtime_at(question);
        let block = &self.block;
        let value = quote_spanned! {glue=>
            match #name {
                #runtime::Some(__probed_value) => __probed_value,
                #runtime::None => break #block #runtime::None,
            }
        };
        call("as_operand", place.to(question), value)
    }

    /// `value_of_a_probe(VALUE)`: warns that a statement discards it.
    pub(crate) fn value_of_a_probe(value: &Expr, place: Place) -> Expr {
        call("value_of_a_probe", place, quote!(#value))
    }

    /// `settle(prober)?`, in the place of `settle!()`.
    pub(crate) fn settle(&self) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        quote!(#runtime::settle(#prober)?)
    }

    /// `settle(prober)?`, for an act at a place.
    fn settle_at(&self, act: Place) -> TokenStream {
        let prober = self.prober_at(act.start);
        let runtime = &self.runtime;
        quote_spanned!(act.glue()=> #runtime::settle(#prober)?)
    }

    /// The last argument of an act: `settled(ARGUMENT, settle(prober)?)`.
    pub(crate) fn settled(&self, argument: &Expr, act: Place) -> Expr {
        let settle = self.settle_at(act);
        let args = quote_spanned!(act.glue()=> #argument, #settle);
        call("settled", Place::of(argument), args)
    }

    /// An act without arguments: `settle_then(settle(prober)?, ACT)`.
    pub(crate) fn settle_then(&self, expr: &Expr, act: Place) -> Expr {
        let settle = self.settle_at(act);
        let args = quote_spanned!(act.glue()=> #settle, #expr);
        call("settle_then", act, args)
    }

    /// `OPERAND?` that keeps its type: `as_operand(match ask(OPERAND, prober)? { .. })`.
    ///
    /// What fails leaves by rustc's own `?`, through the adapter (`.map_err(..)`)
    /// that stands before it.
    pub(crate) fn question(&self, question: Question<'_>, missed: &TokenStream) -> Expr {
        let Question { place, mark, .. } = question;
        let at = glue(mark.span);
        let runtime = self.runtime_at(mark.span);
        let name = match question.adapter {
            Some(_) => "ask_before",
            None if question.is_probe => "ask_probe",
            None => "ask",
        };
        let mut ask = TokenStream::new();
        self.left_by_mark(name, question, &mut ask);
        // rustc takes the span of `value.0` from the one to the other, so it
        // blames the user's whole expression for a wrong type.
        let value = Ident::new("probed_value", place.start);
        // At the operand itself rustc would say to write `ref` before it.
        let bound = Ident::new("probed_value", mark.span.resolved_at(place.start));
        let mut field = Literal::usize_unsuffixed(0);
        field.set_span(mark.span);
        let outcome = quote_spanned! {at=>
            match #ask {
                #runtime::Some(#bound) => #value.#field,
                #runtime::None => #missed,
            }
        };
        call("as_operand", place.to(mark.span), outcome)
    }

    /// A question that leaves the function where the data is missing:
    /// `ask_or_leave(OPERAND, prober)?`.
    pub(crate) fn question_or_leave(&self, question: Question<'_>) -> Expr {
        let name = match question.adapter {
            Some(_) => "ask_or_leave_before",
            None => "ask_or_leave",
        };
        let mut tokens = TokenStream::new();
        self.left_by_mark(name, question, &mut tokens);
        Expr::Verbatim(tokens)
    }

    /// A question whose value waits: `wait(OPERAND, prober)?`.
    pub(crate) fn question_that_waits(&self, question: Question<'_>, tokens: &mut TokenStream) {
        let name = match question.adapter {
            Some(_) => "wait_before",
            None => "wait",
        };
        self.left_by_mark(name, question, tokens);
    }

    /// A question of a search, whose answer nobody needs, as a condition under
    /// which the search ends: `sought(OPERAND, prober)`.
    pub(crate) fn sought(&self, operand: &Expr, place: Place, mark: Span) -> Expr {
        let prober = self.prober_at(place.start);
        let args = quote_spanned!(glue(mark)=> #operand, #prober);
        call("ResultOrOption::sought", place.around(operand), args)
    }

    /// `NAME(OPERAND, prober)ADAPTER?`
    fn left_by_mark(&self, name: &str, question: Question<'_>, tokens: &mut TokenStream) {
        let Question {
            operand,
            place,
            mark,
            adapter,
            ..
        } = question;
        let at = glue(mark.span);
        let prober = self.prober_at(place.start);
        let name = format!("ResultOrOption::{name}");
        let args = quote_spanned!(at=> #operand, #prober);
        write_call(&name, place.around(operand), args, tokens);
        adapter.to_tokens(tokens);
        mark.to_tokens(tokens);
    }

    /// A result that the body takes apart: `as_operand(Taken(OPERAND).note(prober))`.
    pub(crate) fn taken(&self, operand: &Expr, place: Place) -> Expr {
        let noted = self.note(operand, place);
        call("as_operand", place, noted)
    }

    /// The items of a loop whose body takes them apart: `watched(ITEMS, |item|
    /// Taken(item).seen(prober))`, as a call that may still ask.
    pub(crate) fn watched(&self, items: Expr) -> Expr {
        let place = Place::of(&items);
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        let item = hygienic("__probed_item", place.start);
        self.takes.set(true);
        let at = place.glue();
        let seen = quote_spanned!(at=> #runtime::Taken(#item).seen(#prober));
        let seen = Expr::Verbatim(seen);
        let function: Expr = syn::parse_quote_spanned!(at=> #runtime::watched);
        let mut closure: syn::ExprClosure = syn::parse_quote_spanned!(at=> |#item| ());
        *closure.body = seen;
        Expr::Call(syn::ExprCall {
            attrs: Vec::new(),
            func: Box::new(function),
            paren_token: Paren(at),
            args: [items, Expr::Closure(closure)].into_iter().collect(),
        })
    }

    /// [`taken`](Self::taken) before an act, which must not run after a fault.
    pub(crate) fn taken_or(&self, operand: &Expr, place: Place, missed: &TokenStream) -> Expr {
        let noted = self.note(operand, place);
        self.unless_doomed(&Expr::Verbatim(noted), place, missed)
    }

    /// [`taken`](Self::taken) before an `unwrap`: it must not panic in a run that
    /// the plain one would have left before.
    pub(crate) fn unwrapped(&self, operand: &Expr, place: Place, missed: &TokenStream) -> Expr {
        let noted = Expr::Verbatim(self.note(operand, place));
        let runtime = self.runtime_at(place.start);
        let panics = quote_spanned!(place.glue()=> && #runtime::Taken(&__probed_value).panics());
        self.unless_doomed_and(&noted, &panics, place, missed)
    }

    /// A value before an act, which must not run if a fault was met on the way to
    /// the value.
    pub(crate) fn unless_doomed(&self, value: &Expr, place: Place, missed: &TokenStream) -> Expr {
        self.unless_doomed_and(value, &TokenStream::new(), place, missed)
    }

    /// [`unless_doomed`](Self::unless_doomed), with a further condition.
    fn unless_doomed_and(
        &self,
        value: &Expr,
        condition: &TokenStream,
        place: Place,
        missed: &TokenStream,
    ) -> Expr {
        let at = place.glue();
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        let outcome = quote_spanned! {at=>
            match (#value) {
                __probed_value => {
                    if #runtime::doomed(#prober) #condition { #missed }
                    __probed_value
                }
            }
        };
        call("as_operand", place, outcome)
    }

    fn note(&self, operand: &Expr, place: Place) -> TokenStream {
        self.takes.set(true);
        let runtime = self.runtime_at(place.start);
        let prober = self.prober_at(place.start);
        quote_spanned!(place.glue()=> #runtime::Taken(#operand).note(#prober))
    }

    /// A question whose answer is discarded: `asked(QUESTION);`
    pub(crate) fn asked(&self, question: &Expr, at: Span) -> TokenStream {
        let runtime = &self.runtime;
        quote_spanned!(glue(at)=> #runtime::asked(#question);)
    }

    /// [`asked`](Self::asked) for a result on which there is no `?`.
    pub(crate) fn noted(&self, result: &Expr, at: Span) -> TokenStream {
        let noted = self.note(result, Place { start: at, end: at });
        quote_spanned!(glue(at)=> let _ = #noted;)
    }

    /// `doomed(prober)`
    pub(crate) fn doomed(&self) -> TokenStream {
        let Self {
            runtime, prober, ..
        } = self;
        quote!(#runtime::doomed(#prober))
    }

    /// `return leave_doomed(prober)`
    pub(crate) fn leave_doomed(&self) -> TokenStream {
        // An error type that cannot carry faults is blamed there for the gate,
        // too: errors at one place are reported once.
        let at = self.error.get();
        let prober = self.prober_at(at);
        let leave = call(
            "leave_doomed",
            Place { start: at, end: at },
            quote!(#prober),
        );
        quote!(return #leave)
    }

    /// A value that waits in a slot.
    pub(crate) fn some(&self, value: &impl ToTokens) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::Some(#value))
    }

    /// An empty slot.
    pub(crate) fn none(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::None)
    }

    /// The type of a slot for values of a type.
    pub(crate) fn option_of(&self, ty: &Type) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#runtime::Option<#ty>)
    }

    /// Binds what waits in a slot, in a run that is not doomed:
    /// `let PAT = filled(SLOT);`
    pub(crate) fn bind_filled(&self, bind: &Bind<'_>, slot: &Ident, tokens: &mut TokenStream) {
        let Bind { attrs, pat, ty } = bind;
        let at = Span::mixed_site();
        tokens.append_all(*attrs);
        Token![let](at).to_tokens(tokens);
        pat.to_tokens(tokens);
        if let Some(ty) = ty {
            Token![:](at).to_tokens(tokens);
            ty.to_tokens(tokens);
        }
        Token![=](at).to_tokens(tokens);
        self.runtime.to_tokens(tokens);
        Token![::](at).to_tokens(tokens);
        Ident::new("filled", at).to_tokens(tokens);
        Paren(at).surround(tokens, |tokens| slot.to_tokens(tokens));
        Token![;](at).to_tokens(tokens);
    }

    /// Binds what waits in a slot, or goes elsewhere:
    /// `let Some(PAT) = SLOT else { .. };`
    pub(crate) fn bind_slot(
        &self,
        bind: &Bind<'_>,
        slot: &Ident,
        otherwise: &TokenStream,
    ) -> TokenStream {
        let runtime = &self.runtime;
        let Bind { attrs, pat, ty } = bind;
        let Some(ty) = ty else {
            return quote_spanned! {Span::mixed_site()=>
                #(#attrs)* let #runtime::Some(#pat) = #slot else { #otherwise };
            };
        };
        // The value may be of another type, and become this one.
        quote_spanned! {Span::mixed_site()=>
            #(#attrs)* let #pat: #ty = match #slot {
                #runtime::Some(__probed_value) => __probed_value,
                #runtime::None => { #otherwise }
            };
        }
    }

    /// Says that a variable has the type of another: `TIE = type_of(&NAME);`
    pub(crate) fn type_of(&self, tie: &Ident, name: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#tie = #runtime::type_of(&#name);)
    }

    /// The same of a value that waits in a slot.
    pub(crate) fn type_of_slot(&self, tie: &Ident, slot: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        quote!(#tie = #runtime::type_of_slot(&#slot);)
    }

    /// The runtime, in glue beside an expression of the user's.
    fn runtime_at(&self, span: Span) -> Ident {
        located(&self.runtime, span)
    }

    /// The prober as an argument beside an expression of the user's.
    fn prober_at(&self, span: Span) -> Ident {
        located(&self.prober, span)
    }
}

fn located(name: &Ident, span: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(name.span().located_at(span));
    name
}

/// A call to the runtime that replaces an expression of the user's:
/// `__probed::NAME(ARGS)`, where the name may be a path.
///
/// The path begins with the span of the expression's first token and ends with
/// that of its last, and so do the parentheses: rustc blames one and the same
/// place for the function, for its argument and for the call.
fn call(name: &str, place: Place, args: TokenStream) -> Expr {
    let mut tokens = TokenStream::new();
    write_call(name, place, args, &mut tokens);
    Expr::Verbatim(tokens)
}

fn write_call(name: &str, place: Place, args: TokenStream, tokens: &mut TokenStream) {
    let mut args = Group::new(Delimiter::Parenthesis, args);
    args.set_span(place.end);
    Ident::new(RUNTIME, place.start).to_tokens(tokens);
    for word in name.split("::") {
        Token![::](place.start).to_tokens(tokens);
        Ident::new(word, place.end).to_tokens(tokens);
    }
    args.to_tokens(tokens);
}

/// An identifier of the expansion that cannot clash with a name in the function.
pub(crate) fn hygienic(name: &str, at: Span) -> Ident {
    Ident::new(name, glue(at))
}

/// The first and the last token of an expression of the user's.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: Span,
    pub(crate) end: Span,
}

impl Place {
    pub(crate) fn of(mut expr: &Expr) -> Self {
        // Parentheses are left out where an expression becomes an argument.
        while let Expr::Paren(paren) = expr {
            expr = &paren.expr;
        }
        Self {
            start: start(expr),
            end: end(expr),
        }
    }

    /// The same place up to a later token.
    fn to(self, end: Span) -> Self {
        Self { end, ..self }
    }

    /// The span of what the expansion writes there.
    pub(crate) fn glue(self) -> Span {
        glue(self.start)
    }

    /// The same place for a call with this operand. The braces of a block are
    /// glue, so that no lint sees them. Where only one of a call and its argument
    /// is glue, rustc blames the attribute.
    fn around(self, operand: &Expr) -> Self {
        match operand {
            Expr::Block(_) => Self {
                start: glue(self.start),
                end: glue(self.end),
            },
            _ => self,
        }
    }
}

/// The span of what the expansion writes beside a token of the user's: rustc
/// blames that token, and names do not clash with the user's.
pub(crate) fn glue(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// The span of the first token.
pub(crate) fn start(expr: &Expr) -> Span {
    match expr {
        Expr::Await(expr) => start(&expr.base),
        Expr::Binary(expr) => start(&expr.left),
        Expr::Call(expr) => start(&expr.func),
        Expr::Cast(expr) => start(&expr.expr),
        Expr::Field(expr) => start(&expr.base),
        Expr::Group(expr) => start(&expr.expr),
        Expr::Index(expr) => start(&expr.expr),
        Expr::MethodCall(expr) => start(&expr.receiver),
        Expr::Paren(expr) => expr.paren_token.span.open(),
        Expr::Reference(expr) => expr.and_token.span,
        Expr::Try(expr) => start(&expr.expr),
        Expr::Macro(expr) => first(&expr.mac.path),
        Expr::Path(expr) if expr.qself.is_none() && expr.path.leading_colon.is_none() => {
            expr.path.segments[0].ident.span()
        }
        expr => first(expr),
    }
}

/// The span of the last token.
fn end(expr: &Expr) -> Span {
    match expr {
        Expr::Await(expr) => expr.await_token.span,
        Expr::Block(expr) => expr.block.brace_token.span.close(),
        Expr::Call(expr) => expr.paren_token.span.close(),
        Expr::Field(expr) => match &expr.member {
            Member::Named(ident) => ident.span(),
            Member::Unnamed(index) => index.span,
        },
        Expr::Group(expr) => end(&expr.expr),
        Expr::Index(expr) => expr.bracket_token.span.close(),
        Expr::Macro(expr) => match &expr.mac.delimiter {
            MacroDelimiter::Paren(token) => token.span.close(),
            MacroDelimiter::Brace(token) => token.span.close(),
            MacroDelimiter::Bracket(token) => token.span.close(),
        },
        Expr::MethodCall(expr) => expr.paren_token.span.close(),
        Expr::Paren(expr) => expr.paren_token.span.close(),
        Expr::Reference(expr) => end(&expr.expr),
        Expr::Try(expr) => expr.question_token.span,
        Expr::Unary(expr) => end(&expr.expr),
        Expr::Unsafe(expr) => expr.block.brace_token.span.close(),
        Expr::Path(expr) if expr.path.get_ident().is_some() => expr.path.segments[0].ident.span(),
        expr => last(expr),
    }
}

fn first(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().next() {
        Some(TokenTree::Group(group)) => group.span_open(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

fn last(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}
