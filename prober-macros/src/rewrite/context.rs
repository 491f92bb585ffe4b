//! Where an expression is.

use syn::Lifetime;

/// Where an expression is: what a `?` there leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// The function.
    Function,

    /// A closure or an async block, whose `?` and `return` are its own.
    Closure,

    /// A probe.
    Probe {
        /// Whether a `?` ends it early.
        ends_early: bool,
        /// How many loops there were around it.
        loops: usize,
    },

    /// A closure in a probe: a `?` in it cannot end the probe.
    ClosureInProbe,
}

impl Context {
    pub(super) fn is_in_probe(self) -> bool {
        matches!(self, Self::Probe { .. } | Self::ClosureInProbe)
    }

    /// The context in a probe that begins here.
    pub(super) fn probe(loops: usize) -> Self {
        Self::Probe {
            ends_early: false,
            loops,
        }
    }

    /// The context in a closure or an async block that begins here.
    pub(super) fn nested(self) -> Self {
        match self {
            Self::Function | Self::Closure => Self::Closure,
            Self::Probe { .. } | Self::ClosureInProbe => Self::ClosureInProbe,
        }
    }

    /// Whether a `?` ends this probe early.
    pub(super) fn ends_early(self) -> bool {
        matches!(
            self,
            Self::Probe {
                ends_early: true,
                ..
            }
        )
    }
}

/// What an unlabelled `break` could leave.
pub(super) enum Loop {
    /// A loop, and the label that leaves it from inside a probe.
    Seen(Option<Lifetime>),

    /// The arguments of a macro that may put them into a loop of its own.
    Macro,
}
