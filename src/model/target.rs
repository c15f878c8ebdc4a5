//! Targets: registered portals with the operator's expectations of them.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{digest::key, subject::Subject};

/// The id of a target: `[a-z0-9-]{1,64}`, unique in the registry. It is validated at every deserialisation, because
/// it is part of keys and file names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TargetId(Arc<str>);

impl TargetId {
    /// An id for a URL that is not registered: readable, and constant for a URL.
    pub fn from_url(url: &Url) -> Self {
        let mut name: String = url
            .host_str()
            .unwrap_or("")
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        name.truncate(40);
        let plain = url.path() == "/" && url.query().is_none() && url.port().is_none();
        if !plain || url.scheme() != "https" {
            name = format!("{name}-{:012x}", key(url.as_str()) >> 16);
        }
        Self(name.trim_matches('-').into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of a part of the portal, such as `nghean-portal~googlebot`. It is not valid for a registration.
    #[must_use]
    pub fn child(&self, part: &str) -> Self {
        let portal = self.portal();
        let part = Some(part);
        Self(Subject { portal, part }.to_string().into())
    }

    /// Whether the id names a part of a portal and not the portal itself.
    pub fn is_part(&self) -> bool {
        Subject::of(&self.0).part.is_some()
    }

    /// The id of the portal that this id belongs to.
    #[must_use]
    pub fn portal(&self) -> &str {
        Subject::of(&self.0).portal
    }
}

/// The rule of [`is_id`], for error messages.
pub const ID_RULE: &str = "an id is 1 to 64 characters of a-z, 0-9 and -";

/// Whether `text` is a valid id.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl FromStr for TargetId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Subject { portal, part } = Subject::of(text);
        if is_id(portal) && part.is_none_or(is_id) {
            Ok(Self(text.into()))
        } else {
            Err(format!("{text:?} is not an id: {ID_RULE}"))
        }
    }
}

impl TryFrom<String> for TargetId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Parses the URL of a portal: http or https, with a host, without user info; a fragment is dropped.
///
/// # Errors
///
/// A sentence for the author of the text.
pub fn portal_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text.trim()).map_err(|error| {
        format!("{text:?} is not a URL: {error}; write it as https://example.gov.vn/")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{text:?}: only http and https can be watched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{}: a user name or password in a URL is refused",
            url.host_str().unwrap_or_default()
        ));
    }
    url.set_fragment(None);
    Ok(url)
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for TargetId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The kind of visitor that a look imitates.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    #[default]
    Desktop,
    Mobile,
    Googlebot,
    FromGoogle,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 4] = [
        Profile::Desktop,
        Profile::Mobile,
        Profile::Googlebot,
        Profile::FromGoogle,
    ];

    /// The name in targets.yaml and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Googlebot => "googlebot",
            Self::FromGoogle => "from-google",
        }
    }
}

/// A verdict counts once `agree` of at most `looks` looks agree within the time `within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    pub looks: u32,
    pub within: Duration,
    pub agree: u32,
}

/// How a first baseline is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learn {
    pub looks: u32,
    pub every: Duration,
}

/// The settings of a target; `defaults:` of targets.yaml has this shape, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub every: Duration,
    /// Limit of one fetch, from connecting to the last byte.
    pub timeout: Duration,
    /// Limit of a body after decompression, in bytes.
    pub max_body: u64,
    pub confirm: Confirm,
    pub learn: Learn,
    pub profiles: Vec<Profile>,
    /// Number of pages that are watched, including the home page. Above 1, sitemap, robots.txt, upload folders and
    /// unlinked paths are watched, too.
    #[serde(default = "one")]
    pub pages: u32,
    /// Names of notifiers.
    pub notify: Vec<String>,
    /// Whether its incidents always get messages of their own instead of a place in a storm's message.
    #[serde(default)]
    pub alone: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            max_body: 8 << 20,
            confirm: Confirm {
                looks: 3,
                within: Duration::from_secs(60),
                agree: 2,
            },
            learn: Learn {
                looks: 5,
                every: Duration::from_secs(30),
            },
            profiles: vec![Profile::Desktop],
            pages: 1,
            notify: vec!["console".to_owned()],
            alone: false,
        }
    }
}

/// A watched portal, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub id: TargetId,
    pub name: String,
    pub url: Url,
    pub agency: String,
    pub agency_name: String,
    pub settings: Settings,
    /// CSS selectors of elements that are not compared.
    pub ignore: Vec<String>,
    /// Texts that the page must show.
    pub must_contain: Vec<String>,
    /// Foreign hosts that the page may refer to.
    pub allow_hosts: Vec<String>,
    /// Which part of the portal this is; `None` for the home page, the registered target itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Whether the operator named the target, in targets.yaml or on the command line: only then do the exceptions of
    /// `allow_networks` hold. Never set for registered targets and requests, which other people write.
    #[serde(skip)]
    pub by_operator: bool,
}

/// Kinds of parts of a portal, besides its home page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A page that the home page always links to.
    Page,
    Sitemap,
    Robots,
    /// A folder of uploads that the server lists.
    Folder,
    /// A path that no page links to.
    Unlinked,
}

fn one() -> u32 {
    1
}

impl Target {
    /// A target for a URL that is not registered, with these settings.
    pub fn unregistered(url: Url, settings: Settings) -> Self {
        Self {
            id: TargetId::from_url(&url),
            name: url.host_str().unwrap_or_default().to_owned(),
            url,
            agency: String::new(),
            agency_name: String::new(),
            settings,
            ignore: Vec::new(),
            must_contain: Vec::new(),
            allow_hosts: Vec::new(),
            part: None,
            by_operator: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_when_they_are_read() {
        let read = |text: &str| serde_json::from_str::<TargetId>(&format!("{text:?}"));
        assert!(read("nghean-portal~sitemap").is_ok());
        for wrong in ["", "../x", "a/b", "A", "a~b~c", "a~", "a b", "é"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(serde_json::from_str::<crate::model::IncidentId>("\"SC-2026-0001\"").is_ok());
        assert!(serde_json::from_str::<crate::model::IncidentId>("\"../../x\"").is_err());
    }

    #[test]
    fn urls_that_can_be_watched() {
        assert!(portal_url("https://cổng.vn/").is_ok());
        for wrong in ["ftp://a.vn/", "https://u:p@a.vn/", "a.vn", "https://"] {
            assert!(portal_url(wrong).is_err(), "{wrong}");
        }
    }
}
