//! What a notifier leaves behind of a message that it delivered.

use serde::{Deserialize, Serialize};

use super::record::Stored;

/// Where a message lies, or what stands in its place. Stored as `{place, message}`; the places `storm` and `said` are no
/// notifier's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OnDisk", into = "OnDisk")]
pub enum Receipt {
    /// A message that can be edited. Both are opaque to all but the notifier that wrote them: a chat, and a number in it.
    Message { place: String, message: String },
    /// The incident is told in the message of the storm with that id.
    Storm(String),
    /// The digest, in hexadecimal, of what was said last by a notifier whose messages cannot be edited.
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
    /// The storm whose message tells of the incident, if one does.
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
