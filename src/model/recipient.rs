//! Recipients of alerts: a notifier of targets.yaml, or its bot in another chat.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `duty-room`, or `duty-room@-1001234`: the bot of the notifier `duty-room`, in another chat than its own. The
/// second form needs no line in targets.yaml; it reaches the chat of a registered agency. Written and stored as this
/// text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Recipient {
    pub notifier: String,
    /// The chat number; `None` for the notifier's own chat or address.
    pub chat: Option<i64>,
}

impl Recipient {
    /// The bot of a notifier, in another chat.
    pub fn in_chat(notifier: &str, chat: i64) -> Self {
        Self {
            notifier: notifier.to_owned(),
            chat: Some(chat),
        }
    }

    /// The notifier's name without anything after `@`: safe to show where chat numbers must stay hidden.
    pub fn base(&self) -> &str {
        self.notifier.split('@').next().unwrap_or_default()
    }
}

impl From<&str> for Recipient {
    /// Parses a name. If the part after `@` is no chat number, the whole text is a notifier's name.
    fn from(name: &str) -> Self {
        let parts = name.rsplit_once('@');
        match parts.and_then(|(notifier, chat)| Some((notifier, chat.parse().ok()?))) {
            Some((notifier, chat)) => Self::in_chat(notifier, chat),
            None => Self {
                notifier: name.to_owned(),
                chat: None,
            },
        }
    }
}

impl From<String> for Recipient {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl From<Recipient> for String {
    fn from(it: Recipient) -> Self {
        it.to_string()
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.notifier)?;
        match self.chat {
            Some(chat) => write!(f, "@{chat}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recipient;

    #[test]
    fn names_survive_text_and_back() {
        for (name, notifier, chat, base) in [
            ("duty-room", "duty-room", None, "duty-room"),
            (
                "duty-room@-1001234",
                "duty-room",
                Some(-1_001_234),
                "duty-room",
            ),
            ("@-1", "", Some(-1), ""),
            ("duty-room@there", "duty-room@there", None, "duty-room"),
        ] {
            let recipient = Recipient::from(name);
            assert_eq!(
                (recipient.notifier.as_str(), recipient.chat),
                (notifier, chat)
            );
            assert_eq!(recipient.base(), base);
            assert_eq!(recipient.to_string(), name);
            let record = serde_json::to_string(&recipient).unwrap();
            assert_eq!(record, format!("{name:?}"));
            assert_eq!(
                serde_json::from_str::<Recipient>(&record).unwrap(),
                recipient
            );
        }
    }
}
