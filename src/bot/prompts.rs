//! Questions of the bot that a person answers with a reply. The bot keeps no state of a conversation: a question begins
//! with a mark and what it is about, and the answer is read together with it.

/// What a question asks for. Messages that were sent keep their marks: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// The reason why a change is legitimate; an incident's id follows.
    Reason,
    /// The name of the agency that runs a portal; its address follows.
    Agency,
    /// The reason for the refusal of a request; its id follows.
    Refusal,
}

impl Prompt {
    const ALL: [Self; 3] = [Self::Reason, Self::Agency, Self::Refusal];

    pub fn mark(self) -> &'static str {
        match self {
            Self::Reason => "✏️",
            Self::Agency => "🏛",
            Self::Refusal => "🚫",
        }
    }

    /// The question that the first line of a message asks, and what follows its mark; `None` where it is no question.
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
