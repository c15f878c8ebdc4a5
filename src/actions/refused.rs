//! Why an action was refused: one type for all actions, which each front end translates into words in one place.

use crate::{
    evidence::bodies::EvidenceError,
    model::{Class, Localized, incident::Taken},
    store::StoreError,
};

/// Why an action was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It does not exist, or the caller may not see it. The caller cannot tell the two apart.
    #[error("there is no such {}", .0.as_str())]
    NotFound(Noun),
    /// The caller may see it, but may not do this with it.
    #[error("{}", .0.key)]
    Forbidden(Localized),
    /// The present state does not allow the action.
    #[error("{}", .0.key)]
    Because(Localized),
    /// Another person has already taken the incident.
    #[error("it was taken by {} already", .0.by)]
    Taken(Box<Taken>),
    #[error("the portal does not show a page now ({0}); nothing was approved")]
    NoPage(Class),
    /// The page is not what the approval is about.
    #[error("the page is doubtful ({0}); a person may approve it: gaccong approve ID --by NAME")]
    Doubtful(Class),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the page cannot be kept: {0}")]
    Evidence(#[from] EvidenceError),
}

impl From<Localized> for Refused {
    fn from(say: Localized) -> Self {
        Self::Because(say)
    }
}

impl Refused {
    /// A refusal with a locale key that takes no arguments.
    pub(crate) fn because(key: &str) -> Self {
        Self::Because(Localized::new(key))
    }
}

/// The kind of object that was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    Incident,
    Request,
    Plan,
    Target,
}

impl Noun {
    /// The English noun, as used in error texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Request => "request",
            Self::Plan => "plan",
            Self::Target => "target",
        }
    }

    /// The locale key of the sentence for chats.
    pub fn key(self) -> &'static str {
        match self {
            Self::Incident => "bot-no-incident",
            Self::Request => "register-none",
            Self::Plan => "plan-none",
            Self::Target => "bot-no-target",
        }
    }
}
