//! The result of a fetch, before anything is concluded from it.

use std::{any::Any, fmt, sync::Arc};

use bytes::Bytes;

use super::{Class, Observation, Seen, observation::Silence};

/// The result of one fetch: the facts of the connection, and the body as far as it was received.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub observation: Observation,
    /// The complete body; `None` if the portal was silent, or answered 304 Not Modified.
    pub body: Option<Bytes>,
    /// The beginning of a body after its transfer broke off.
    pub partial: Option<Bytes>,
    /// The bytes received over HTTP/2 before the transfer broke, if the repeated answer over HTTP/1.1 (`body` or
    /// `partial`) begins differently.
    pub broken: Option<Broken>,
    /// A permit that is released when the body is dropped.
    pub held: Option<Held>,
}

/// The beginning of a page after its transfer broke off, and the failure.
#[derive(Clone, Debug)]
pub struct Broken {
    pub loss: Silence,
    pub beginning: Bytes,
}

/// Any value that must live as long as a body is in memory, such as a permit for a large body.
#[derive(Clone)]
pub struct Held(Arc<dyn Any + Send + Sync>);

impl Held {
    /// Holds `what` until the last clone is dropped.
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

    /// The result as if only HTTP/2 had been tried, with `broken` as the body. `None` if nothing broke.
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
