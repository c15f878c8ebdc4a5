//! Figures about a portal's sitemap or robots.txt.

use serde::{Deserialize, Serialize};

/// Figures about one file; of small size for a file of any size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// Number of URLs in the file.
    pub count: u32,
    /// Number of these URLs on hosts of other registrable domains.
    pub foreign: u32,
    /// Number of URLs with words of gambling, loans, pills and the like in their path.
    pub sold: u32,
    /// Number of URLs with letters of a script that URLs of Vietnamese portals do not use.
    pub alien: u32,
    /// Examples of the foreign, sold or alien URLs, for people.
    pub odd: Vec<String>,
    /// The first URLs of the file; in robots.txt, those of its sitemaps.
    pub first: Vec<String>,
}
