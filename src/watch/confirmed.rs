//! The looks of one check, and whether they agree.

use jiff::Timestamp;

use crate::judge::Look;

/// The looks of a check.
pub(crate) struct Confirmed {
    /// All looks but the last, in order.
    pub earlier: Vec<Look>,
    /// The look that decides: one of those that agree, where any do.
    pub last: Look,
    /// `None` where the first look is no news, or too few looks agree.
    pub agreed: Option<Agreement>,
    pub first: FirstLook,
}

impl Confirmed {
    /// One look that needs no other, as `agreed`.
    pub fn at_once(last: Look, agreed: Option<Agreement>, first: FirstLook) -> Self {
        Self {
            earlier: Vec::new(),
            last,
            agreed,
            first,
        }
    }

    /// All looks, in order.
    pub fn looks(&self) -> impl Iterator<Item = &Look> {
        self.earlier.iter().chain([&self.last])
    }
}

/// The looks of a check that agree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement {
    /// The first look.
    pub seen_at: Timestamp,
    /// Looks that agree.
    pub agreed: u32,
    /// Looks made.
    pub looked: u32,
}

/// The first look of a check, compared with what is known.
#[derive(Clone, Copy, Default)]
pub(crate) struct FirstLook {
    /// Whether it says something that is worth more looks.
    pub is_news: bool,
    /// The moment of the look, where it showed tampering that was noted.
    pub noted_at: Option<Timestamp>,
}

impl FirstLook {
    /// Whether tampering was noted.
    pub fn is_noted(self) -> bool {
        self.noted_at.is_some()
    }
}
