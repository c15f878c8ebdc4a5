//! A portal's sitemap or robots.txt, in numbers.

use serde::{Deserialize, Serialize};

/// Facts about one file; small for a file of any size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// Number of addresses in the file.
    pub count: u32,
    /// Of these, addresses on hosts of other registrable domains.
    pub foreign: u32,
    /// With words of gambling, loans, pills and the like in their path.
    pub sold: u32,
    /// With letters of a writing system that addresses of Vietnamese portals do not use.
    pub alien: u32,
    /// A few of the foreign, sold or alien addresses, for people.
    pub odd: Vec<String>,
    /// The first addresses of the file; robots.txt names its sitemaps here.
    pub first: Vec<String>,
}
