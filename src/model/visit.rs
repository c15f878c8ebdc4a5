//! What a visit brings back, before anything is concluded of it.

use std::{any::Any, fmt, sync::Arc};

use bytes::Bytes;

use super::{Class, Observation, Seen, observation::Silence};

/// The answer of one visit: the facts of the connection, and the body as far as it came.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub observation: Observation,
    /// `None` when the portal was silent, or answered that nothing has changed.
    pub body: Option<Bytes>,
    /// The part of a body that came before the transfer broke off.
    pub partial: Option<Bytes>,
    /// The bytes that came over HTTP/2 before it broke, if the answer over HTTP/1.1 (`body` or `partial`) begins
    /// otherwise.
    pub broken: Option<Broken>,
    /// Held as long as the body is used.
    pub held: Option<Held>,
}

/// The part of a page that came before its transfer broke off, and the failure that ended it.
#[derive(Clone, Debug)]
pub struct Broken {
    pub loss: Silence,
    pub beginning: Bytes,
}

/// Anything that must live as long as a body is in memory, such as one of the few places for large bodies.
#[derive(Clone)]
pub struct Held(Arc<dyn Any + Send + Sync>);

impl Held {
    pub fn new(what: impl Any + Send + Sync) -> Self {
        Self(Arc::new(what))
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", Arc::strong_count(&self.0))
    }
}

impl Fetched {
    /// Whether the body was longer than the limit, so that only its beginning (`partial`) was read.
    pub fn is_too_large(&self) -> bool {
        let silence = self.observation.silence();
        silence.is_some_and(|it| it.class == Class::TooLarge)
    }

    /// The visit as if HTTP/2 alone had been tried: `broken` is all that came. `None` if nothing broke.
    #[must_use]
    pub fn as_broken(&self) -> Option<Self> {
        let broken = self.broken.clone()?;
        let mut first = Self {
            body: None,
            partial: Some(broken.beginning),
            broken: None,
            ..self.clone()
        };
        first.observation.seen = Seen::Silent(broken.loss);
        Some(first)
    }
}
