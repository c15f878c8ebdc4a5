//! What a message's button asks for. An action is written as the callback data of a Telegram button, e.g.
//! `take:SC-2026-0412`. The callback data of every message ever sent must stay readable.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use super::{IncidentId, plan::PlanId, registration::RequestId};

/// What one tap on a button asks for. The sender can forge its content, so the code that carries it out checks the
/// permissions of its actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Incident(IncidentAction, IncidentId),
    /// Takes all incidents that a common message names.
    TakeAll(Group),
    /// Answers all questions that a common message asks: whether the agency made the changes.
    AnswerAll(bool, Group),
    /// Shows a page of the list of open incidents, counted from 0.
    Page(usize),
    /// Confirms that an officer is present for the shift that begins at this time.
    Present(Timestamp),
    Request(RequestAction, RequestId),
    Plan(PlanAction, PlanId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// What a button of an incident's message asks for.
pub enum IncidentAction {
    Take,
    Mute(Silence),
    Unmute,
    /// Sends the lines that changed on the page.
    Diff,
    /// Sends the page before the incident and the page now.
    Pages,
    /// Declares the change legitimate.
    Change,
    /// Answers a question: whether the agency made the change.
    Answer(bool),
}

impl IncidentAction {
    /// All actions on incidents.
    pub const ALL: [Self; 10] = [
        Self::Take,
        Self::Mute(Silence::Hour),
        Self::Mute(Silence::Morning),
        Self::Mute(Silence::Window),
        Self::Unmute,
        Self::Diff,
        Self::Pages,
        Self::Change,
        Self::Answer(true),
        Self::Answer(false),
    ];

    /// The verb in callback data; `button-VERB` is the key of its label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Mute(Silence::Hour) => "mute",
            Self::Mute(Silence::Morning) => "morning",
            Self::Mute(Silence::Window) => "window",
            Self::Unmute => "unmute",
            Self::Diff => "diff",
            Self::Pages => "pages",
            Self::Change => "change",
            Self::Answer(true) => "yes",
            Self::Answer(false) => "not",
        }
    }
}

/// How long an incident is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    Hour,
    /// Until 7:00, when the working day begins.
    Morning,
    /// Until the open watch window ends.
    Window,
}

/// The incidents that one tap on *take all* takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// The members of the storm with this id.
    Storm(String),
    /// The incidents that a common call up to this second rang for.
    Called(Timestamp),
    /// The incidents that a common reminder up to this second rang for, because they last or keep coming back.
    Lasting(Timestamp),
}

const YES_ALL: &str = "yesall";
const NOT_ALL: &str = "notall";
const CALLED: &str = "calls";
const LASTING: &str = "lasting";

#[derive(Clone, Debug, PartialEq, Eq)]
/// What a button of a registration request's message asks for.
pub enum RequestAction {
    /// Approves the request in the state that its message showed: `state` is [`super::registration::Request::state`].
    /// `None` in messages of earlier versions.
    Approve {
        state: Option<String>,
    },
    /// Approves the request until a watch window ends.
    ApproveUntil {
        until: Timestamp,
        state: String,
    },
    Refuse,
    /// Refuses all requests without proof by the asker of this one.
    RefuseAll,
    /// Shows one of several requests that share a message.
    See,
    /// Looks again, because the asker has published the proof.
    Prove,
    Withdraw,
}

impl RequestAction {
    /// The verb in callback data; `button-VERB` is the key of its label.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "ok",
            Self::ApproveUntil { .. } => "okw",
            Self::Refuse => "no",
            Self::RefuseAll => "nall",
            Self::See => "see",
            Self::Prove => "prove",
            Self::Withdraw => "undo",
        }
    }

    fn read(verb: &str, rest: Option<&str>) -> Option<Self> {
        Some(match verb {
            "ok" => Self::Approve {
                state: rest.map(str::to_owned),
            },
            "okw" => {
                let rest = rest?;
                let (until, state) = rest.split_once(':').unwrap_or((rest, ""));
                Self::ApproveUntil {
                    until: second(until)?,
                    state: state.to_owned(),
                }
            }
            "no" => Self::Refuse,
            "nall" => Self::RefuseAll,
            "see" => Self::See,
            "prove" => Self::Prove,
            "undo" => Self::Withdraw,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// What a button of a plan's message asks for.
pub enum PlanAction {
    /// The agency made the changes that were seen.
    Ours,
    /// The agency did not make them.
    Theirs,
    Cancel,
}

impl PlanAction {
    /// All actions on plans.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Theirs, Self::Cancel];

    /// The verb in callback data; `button-VERB` is the key of its label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Cancel => "unplan",
        }
    }
}

/// The error for callback data that is no action of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAction;

impl Action {
    /// The verb in callback data; `button-VERB` is the key of most labels.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Incident(verb, _) => verb.as_str(),
            Self::TakeAll(_) => "all",
            Self::AnswerAll(true, _) => YES_ALL,
            Self::AnswerAll(false, _) => NOT_ALL,
            Self::Page(_) => "page",
            Self::Present(_) => "here",
            Self::Request(verb, _) => verb.as_str(),
            Self::Plan(verb, _) => verb.as_str(),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.verb())?;
        match self {
            Self::Incident(_, id) => id.fmt(f),
            Self::TakeAll(group) | Self::AnswerAll(_, group) => group.fmt(f),
            Self::Page(at) => at.fmt(f),
            Self::Present(at) => at.as_second().fmt(f),
            Self::Request(verb, id) => {
                id.fmt(f)?;
                match verb {
                    RequestAction::Approve { state: Some(state) } => write!(f, ":{state}"),
                    RequestAction::ApproveUntil { until, state } => {
                        write!(f, ":{}:{state}", until.as_second())
                    }
                    _ => Ok(()),
                }
            }
            Self::Plan(_, id) => id.fmt(f),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storm(id) => f.write_str(id),
            Self::Called(at) => write!(f, "{CALLED}-{}", at.as_second()),
            Self::Lasting(at) => write!(f, "{LASTING}-{}", at.as_second()),
        }
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        read(text).ok_or(UnknownAction)
    }
}

fn read(text: &str) -> Option<Action> {
    let (verb, rest) = text.split_once(':')?;
    match verb {
        "all" => return Some(Action::TakeAll(group(rest)?)),
        YES_ALL => return Some(Action::AnswerAll(true, group(rest)?)),
        NOT_ALL => return Some(Action::AnswerAll(false, group(rest)?)),
        "page" => return Some(Action::Page(rest.parse().ok()?)),
        "here" => return Some(Action::Present(second(rest)?)),
        _ => (),
    }
    if let Some(verb) = IncidentAction::ALL.iter().find(|it| it.as_str() == verb) {
        return Some(Action::Incident(*verb, id(rest)?));
    }
    if let Some(verb) = PlanAction::ALL.iter().find(|it| it.as_str() == verb) {
        return Some(Action::Plan(*verb, id(rest)?));
    }
    let (of, rest) = match rest.split_once(':') {
        Some((of, rest)) => (of, Some(rest)),
        None => (rest, None),
    };
    Some(Action::Request(RequestAction::read(verb, rest)?, id(of)?))
}

fn id<T: TryFrom<String>>(text: &str) -> Option<T> {
    T::try_from(text.to_uppercase()).ok()
}

fn second(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// Parses the text of a group: `calls-1764370000`, `lasting-1764370000`, or a storm's id.
fn group(text: &str) -> Option<Group> {
    match text.split_once('-') {
        Some((CALLED, at)) => Some(Group::Called(second(at)?)),
        Some((LASTING, at)) => Some(Group::Lasting(second(at)?)),
        Some(_) => Some(Group::Storm(text.to_owned())),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Telegram refuses a message with longer callback data, in bytes.
    const LONGEST: usize = 64;

    /// One action of each kind, with ids and times of the given size.
    fn all(year: i16, number: u64, at: Timestamp) -> Vec<Action> {
        let incident = IncidentId::new(year, number);
        let storm = incident.0.replacen("SC", "DR", 1);
        let request = |verb| Action::Request(verb, RequestId::new(year, number));
        let state = "0f1e2d3c".to_owned();
        let mut all = vec![
            Action::TakeAll(Group::Storm(storm.clone())),
            Action::AnswerAll(true, Group::Storm(storm.clone())),
            Action::AnswerAll(false, Group::Storm(storm)),
            Action::TakeAll(Group::Called(at)),
            Action::TakeAll(Group::Lasting(at)),
            Action::Page(usize::try_from(number).unwrap()),
            Action::Present(at),
            request(RequestAction::Approve { state: None }),
            request(RequestAction::Approve {
                state: Some(state.clone()),
            }),
            request(RequestAction::ApproveUntil { until: at, state }),
            request(RequestAction::Refuse),
            request(RequestAction::RefuseAll),
            request(RequestAction::See),
            request(RequestAction::Prove),
            request(RequestAction::Withdraw),
        ];
        let verbs = IncidentAction::ALL.into_iter();
        all.extend(verbs.map(|it| Action::Incident(it, incident.clone())));
        let verbs = PlanAction::ALL.into_iter();
        all.extend(verbs.map(|it| Action::Plan(it, PlanId::new(year, number))));
        all
    }

    #[test]
    fn every_action_survives_text_and_back_within_the_limit() {
        let mut random = fastrand::Rng::with_seed(15);
        let second = |it: i64| Timestamp::from_second(it).unwrap();
        let mut cases = vec![
            all(i16::MIN, u64::MAX, second(Timestamp::MIN.as_second())),
            all(i16::MAX, u64::MAX, second(Timestamp::MAX.as_second())),
            all(0, 0, second(0)),
        ];
        for _ in 0..200 {
            let at = random.i64(Timestamp::MIN.as_second()..Timestamp::MAX.as_second());
            cases.push(all(random.i16(..), random.u64(..), second(at)));
        }
        for action in cases.concat() {
            let text = action.to_string();
            assert!(text.len() <= LONGEST, "{text} has {} bytes", text.len());
            assert_eq!(text.parse(), Ok(action), "{text}");
        }
    }

    #[test]
    fn verbs_are_told_apart() {
        let mut verbs: Vec<&str> = all(2026, 1, Timestamp::UNIX_EPOCH)
            .iter()
            .map(Action::verb)
            .collect();
        verbs.sort_unstable();
        verbs.dedup();
        assert_eq!(verbs.len(), 25, "{verbs:?}");
    }

    #[test]
    fn texts_of_earlier_versions_are_understood() {
        let request = RequestId::new(2026, 7);
        assert_eq!(
            "ok:DK-2026-0007".parse(),
            Ok(Action::Request(
                RequestAction::Approve { state: None },
                request.clone()
            ))
        );
        // without the state that the officer saw: an empty text is no request's state
        let until = Timestamp::from_second(1_764_370_000).unwrap();
        let state = String::new();
        assert_eq!(
            "okw:DK-2026-0007:1764370000".parse(),
            Ok(Action::Request(
                RequestAction::ApproveUntil { until, state },
                request
            ))
        );
        for wrong in [
            "",
            "take",
            "take:",
            "take:../x",
            "all:x",
            "page:-1",
            "here:x",
            "hm:SC-1",
        ] {
            assert_eq!(wrong.parse::<Action>(), Err(UnknownAction), "{wrong}");
        }
    }
}
