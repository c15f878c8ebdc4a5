//! The outcome of one look.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    detect::shown::Shown,
    diff::Features,
    model::{
        Class, Digest, Level, Localized, LookRef, Mask, Observation, Seen, SiteFacts, Standing,
        Verdict,
        incident::{ChangeLine, Evidence, Trace},
        lead::Lead,
        portal_hosts::ShownHost,
    },
};

/// What one look came to.
#[derive(Clone, Debug)]
pub struct Look {
    pub observation: Observation,
    pub class: Class,
    pub verdict: Verdict,
    /// One sentence for people, where the class alone does not say enough.
    pub cause: Option<Localized>,
    pub title: Option<String>,
    /// Lines that came and went; only where the page is tampered with.
    pub changes: Vec<ChangeLine>,
    pub decided_by: DecidedBy,
    /// Whether the page was read to its end, within its time and all limits.
    pub is_whole: bool,
    /// A mask that the page matches.
    pub mask: Option<Arc<Mask>>,
    /// The mask with what this look taught of where the page varies: for the store.
    pub mask_update: Option<Box<Mask>>,
    /// What the page would add to the norm, where it may become part of it.
    pub features: Option<Arc<Features>>,
    /// The page's identity, where a page was read.
    pub seen: Option<LookRef>,
    pub body: Option<Bytes>,
    /// What a sitemap or robots.txt says.
    pub site: Option<SiteFacts>,
    /// When the baseline was approved that the page was judged against: one that was moved meanwhile makes the verdict
    /// void.
    pub baseline_at: Option<Timestamp>,
    /// What the visitor was shown, where the page was read and other visitors are compared with it.
    pub shown: Option<Arc<Shown>>,
    /// Places that the page newly leads to, worth a look before an alarm; only of doubtful pages.
    pub leads: Vec<Lead>,
    /// What was fetched at such places, where the page is tampered with.
    pub led: Vec<Evidence>,
    /// Addresses of style sheets of the portal that the page links, where it was read.
    pub sheets: Vec<String>,
    /// Uses of foreign hosts, where the page may become part of the norm.
    pub hosts: Vec<ShownHost>,
    /// Strangers that the page newly uses, where it is tampered with or asked about.
    pub traces: Vec<Trace>,
}

/// The rung of the ladder that decided a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// No page was read: the portal was silent, or the body broke off.
    Silent,
    NotModified,
    /// The bytes are those of a known look.
    Equal,
    /// The bytes differ from a known look only where the page varies.
    Masked,
    /// These bytes were judged against this norm a while ago.
    Cached,
    Judged,
}

impl DecidedBy {
    /// The label `path` of the metric `gaccong_paths_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::NotModified => "not_modified",
            Self::Equal => "equal",
            Self::Masked => "masked",
            Self::Cached => "recalled",
            Self::Judged => "judged",
        }
    }
}

impl Look {
    /// A look with a class and a verdict, and nothing else.
    pub(super) fn bare(observation: Observation, class: Class, verdict: Verdict) -> Self {
        Self {
            observation,
            class,
            verdict,
            cause: None,
            title: None,
            changes: Vec::new(),
            decided_by: DecidedBy::Judged,
            is_whole: false,
            mask: None,
            mask_update: None,
            features: None,
            seen: None,
            body: None,
            site: None,
            baseline_at: None,
            shown: None,
            leads: Vec::new(),
            led: Vec::new(),
            sheets: Vec::new(),
            hosts: Vec::new(),
            traces: Vec::new(),
        }
    }

    /// What other visitors are compared with; `None` unless the portal is up for this one.
    pub fn to_compare(&self) -> Option<Arc<Shown>> {
        let is_up = self.class.standing() == Standing::Up;
        is_up.then(|| self.shown.clone().unwrap_or_default())
    }

    /// The look of a visit that brought no body: silence, or "not modified".
    pub(super) fn without_body(observation: Observation) -> Self {
        let silence = match &observation.seen {
            Seen::Silent(silence) => Some((silence.class, silence.cause.clone())),
            Seen::Answered(_) => None,
        };
        let (class, level, decided_by) = match &silence {
            Some((class, _)) => (*class, Level::Unknown, DecidedBy::Silent),
            None => (Class::Unchanged, Level::Normal, DecidedBy::NotModified),
        };
        let verdict = Verdict {
            level,
            ..Verdict::default()
        };
        let mut out = Self::bare(observation, class, verdict);
        out.decided_by = decided_by;
        out.cause = silence.map(|it| it.1);
        out
    }
}

/// The identity of bytes that were not read as a page: the digest of the bytes stands for content and shape, too.
pub(super) fn unread_page(body: &[u8], url: url::Url, at: Timestamp) -> LookRef {
    let digest = Digest::of(body);
    LookRef {
        digest,
        content: digest,
        shape: digest,
        content_type: None,
        url,
        at,
        presentation: None,
    }
}
