//! Questions of the bot, which people answer with a reply. The bot stores no state of a conversation: a question
//! begins with a mark and its subject, and is read again together with the answer.

/// The kind of a question. The marks never change, because sent messages keep theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// For the reason why a change is legitimate; followed by an incident's id.
    Reason,
    /// For the name of the agency that runs a portal; followed by the portal's URL.
    Agency,
    /// For the reason to refuse a request; followed by the request's id.
    Refusal,
}

impl Prompt {
    const ALL: [Self; 3] = [Self::Reason, Self::Agency, Self::Refusal];

    /// The mark at the beginning of the question.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Reason => "✏️",
            Self::Agency => "🏛",
            Self::Refusal => "🚫",
        }
    }

    /// The question in the first line of a message, and the text after its mark; `None` if it is no question.
    pub fn read(first_line: &str) -> Option<(Self, &str)> {
        let read = |it: Self| Some((it, first_line.strip_prefix(it.mark())?.trim()));
        Self::ALL.into_iter().find_map(read)
    }
}

#[cfg(test)]
mod tests {
    use super::Prompt;

    #[test]
    fn questions_are_known_by_their_marks() {
        for prompt in Prompt::ALL {
            let line = format!("{} SC-2026-0001: why?", prompt.mark());
            assert_eq!(Prompt::read(&line), Some((prompt, "SC-2026-0001: why?")));
        }
        assert_eq!(Prompt::read("SC-2026-0001: defaced"), None);
    }
}
