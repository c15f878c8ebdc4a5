//! What a portal says of itself to machines: its sitemap and robots.txt, in numbers.

use serde::{Deserialize, Serialize};

/// Small, whatever the size of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// Addresses named.
    pub count: u32,
    /// Of these: on hosts of other registrable domains.
    pub foreign: u32,
    /// With words of gambling, loans, pills and the like in their path.
    pub sold: u32,
    /// With letters of a writing that a Vietnamese portal's addresses do not have.
    pub alien: u32,
    /// A few that are foreign, sold or alien, for people.
    pub odd: Vec<String>,
    /// The first of all, for those who follow them (sitemaps that robots.txt names).
    pub first: Vec<String>,
}
