//! Why a verb did nothing: one type for all verbs, which each front end puts into its own words once.

use crate::{
    evidence::bodies::EvidenceError,
    model::{Class, Say, incident::Taken},
    store::StoreError,
};

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is none, or none that the caller may know of: the two are not told apart.
    #[error("there is no such {}", .0.as_str())]
    NotFound(Noun),
    /// The caller may know of it and not do this with it.
    #[error("{}", .0.key)]
    Forbidden(Say),
    /// It cannot be as things are now.
    #[error("{}", .0.key)]
    Because(Say),
    /// The incident was taken before.
    #[error("it was taken by {} already", .0.by)]
    Taken(Box<Taken>),
    #[error("the portal does not show a page now ({0}); nothing was approved")]
    NoPage(Class),
    /// The page is not what the approval was about.
    #[error("the page is doubtful ({0}); a person may approve it: gaccong approve ID --by NAME")]
    Doubtful(Class),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the page cannot be kept: {0}")]
    Evidence(#[from] EvidenceError),
}

impl From<Say> for Refused {
    fn from(say: Say) -> Self {
        Self::Because(say)
    }
}

impl Refused {
    /// For the reason with that key of the locales, which has no arguments.
    pub(crate) fn because(key: &str) -> Self {
        Self::Because(Say::new(key))
    }
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    Incident,
    Request,
    Plan,
    Target,
}

impl Noun {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Request => "request",
            Self::Plan => "plan",
            Self::Target => "target",
        }
    }

    /// The sentence for people in a chat.
    pub fn key(self) -> &'static str {
        match self {
            Self::Incident => "bot-no-incident",
            Self::Request => "register-none",
            Self::Plan => "plan-none",
            Self::Target => "bot-no-target",
        }
    }
}
