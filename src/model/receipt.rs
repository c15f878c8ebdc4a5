//! Receipts: what a notifier returns for a delivered message, so that it can be edited later.

use serde::{Deserialize, Serialize};

use super::record::Stored;

/// Where a message is, or what replaces it. Stored as `{place, message}`; no notifier uses the places `storm` and
/// `said`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OnDisk", into = "OnDisk")]
pub enum Receipt {
    /// A message that can be edited. Only the notifier that wrote the two texts can read them: a chat, and a number
    /// within it.
    Message { place: String, message: String },
    /// The message of the storm with this id reports the incident.
    Storm(String),
    /// Digest, in hexadecimal, of the last text sent by a notifier that cannot edit messages.
    Said(String),
}

const STORM: &str = "storm";
const SAID: &str = "said";

#[derive(Serialize, Deserialize)]
struct OnDisk {
    place: String,
    message: String,
}

impl Receipt {
    /// The storm that reports the incident in its message, if any.
    pub fn storm(&self) -> Option<&str> {
        match self {
            Self::Storm(id) => Some(id),
            _ => None,
        }
    }
}

impl From<OnDisk> for Receipt {
    fn from(OnDisk { place, message }: OnDisk) -> Self {
        match place.as_str() {
            STORM => Self::Storm(message),
            SAID => Self::Said(message),
            _ => Self::Message { place, message },
        }
    }
}

impl From<Receipt> for OnDisk {
    fn from(it: Receipt) -> Self {
        let (place, message) = match it {
            Receipt::Message { place, message } => (place, message),
            Receipt::Storm(id) => (STORM.to_owned(), id),
            Receipt::Said(digest) => (SAID.to_owned(), digest),
        };
        Self { place, message }
    }
}

impl Stored for Receipt {}

#[cfg(test)]
mod tests {
    use super::Receipt;

    #[test]
    fn receipts_keep_the_form_that_they_were_written_in() {
        for (receipt, record) in [
            (
                Receipt::Message {
                    place: "-1001/7".to_owned(),
                    message: "42".to_owned(),
                },
                r#"{"place":"-1001/7","message":"42"}"#,
            ),
            (
                Receipt::Storm("DR-2026-0007".to_owned()),
                r#"{"place":"storm","message":"DR-2026-0007"}"#,
            ),
            (
                Receipt::Said("ab12".to_owned()),
                r#"{"place":"said","message":"ab12"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&receipt).unwrap(), record);
            assert_eq!(serde_json::from_str::<Receipt>(record).unwrap(), receipt);
        }
    }
}
