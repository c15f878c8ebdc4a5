//! Registration requests: the message to the officers, and the one to the asker.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Action, Standing,
        action::RequestAction,
        excerpt::{defang, defang_text, excerpt, marked, named, quoted},
        registration::{DISPLACED, Proof, Request, Stage, View},
    },
    notify::{
        Button, Gravity, Message,
        text::{Text, said},
    },
};

/// Name and end of a watch window that is open or opens soon: an officer may let the registration end with it.
pub type Window<'a> = (&'a str, Timestamp);

/// Pairs of limits, tried in turn until the message fits: lines of the page, and signals, strongest first.
const SHOWN: [(usize, usize); 4] = [(6, 4), (4, 2), (2, 1), (0, 0)];

/// Facts that officers see besides the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Background<'a> {
    /// A watch window that is open or opens soon: an officer may let the registration end with it.
    pub window: Option<Window<'a>>,
    /// Whether the agency is not known yet.
    pub new_agency: bool,
    /// The known agency with a name that resembles the given one.
    pub alike: Option<&'a str>,
    /// The officer with a name that the asker's name resembles.
    pub asker_alike: Option<&'a str>,
}

/// The message to officers: the asker, the portal's agency, and what the page shows. It is edited until the request
/// is decided.
pub fn to_officers(it: &Request, beside: Background, locale: &Locale, tz: &TimeZone) -> Message {
    let mut message = Message::default();
    for (lines, signals) in SHOWN {
        let text = card(it, beside, lines, signals, locale, tz);
        let fits = text.fits();
        message = finished(text, it);
        if fits {
            break;
        }
    }
    if it.stage.is_open() && it.view.is_some() {
        message.buttons = for_officers(it, beside.window, locale, tz);
    }
    message
}

fn card(
    it: &Request,
    beside: Background,
    lines: usize,
    signals: usize,
    locale: &Locale,
    tz: &TimeZone,
) -> Text {
    let mut text = head(it, "head-request", locale);
    let key = match (beside.new_agency, &it.proof) {
        (true, _) => "request-agency-new",
        // the asker chose this name
        (false, None) => "request-agency-claimed",
        (false, Some(_)) => "request-agency-known",
    };
    if it.stage.is_open() {
        text.push(&locale.text(key)).line();
        if let Some(alike) = beside.alike {
            let name = named(alike, 120);
            text.bold(&locale.text_with("request-agency-alike", &[("name", &name)]))
                .line();
        }
    }
    let when = locale.moment(it.at, tz);
    text.push(&locale.text_with("request-by", &[("by", &asker(it)), ("when", &when)]))
        .line();
    if let Some(officer) = beside.asker_alike {
        let name = named(officer, 60);
        text.bold(&locale.text_with("request-asker-alike", &[("name", &name)]))
            .line();
    }
    if let Some(place) = &it.asker.place {
        let place = named(place, 80);
        text.push(&locale.text_with("request-place", &[("place", &place)]))
            .line();
    }
    text.push(&owner(it, locale)).line();
    match &it.view {
        Some(view) => shown(&mut text, view, lines, signals, locale, tz),
        None => {
            text.line().push(&locale.text("request-looking")).line();
        }
    }
    decided(&mut text, it, locale, tz);
    text
}

/// The asker's name, and the account number: any account can choose any name.
pub(crate) fn asker(it: &Request) -> String {
    let by = &it.asker;
    let mut out = named(&by.name, 60);
    let username = by
        .username
        .as_ref()
        .map(|it| marked(&format!("@{}", excerpt(it, 40))));
    let account = by.account.map(|it| it.to_string());
    let more: Vec<String> = username.into_iter().chain(account).collect();
    if !more.is_empty() {
        out.push_str(&format!(" ({})", more.join(", ")));
    }
    out
}

/// The message to the asker: what the look found, what the asker still has to do, what was decided. `None` if there
/// is nothing to report yet.
pub fn to_asker(it: &Request, locale: &Locale, tz: &TimeZone) -> Option<Message> {
    let mut text = head(it, "head-request", locale);
    let mut buttons = Vec::new();
    match (&it.stage, &it.view) {
        (Stage::Open, None) => return None,
        (Stage::Open, Some(view)) => {
            text.push(&found(view, locale, tz)).line();
            if view.suspicious {
                text.push(&locale.text("request-suspicious-asker")).line();
            }
            text.push(&owner(it, locale)).line();
            if it.proof.is_none() {
                let host = it.url.host_str().unwrap_or_default();
                text.line().push(&locale.text("request-prove")).line();
                places_of_proof(&mut text, host, &it.token, locale);
                text.push(&locale.text("request-or-vouched")).line();
                if it.stranger {
                    text.push(&locale.text("request-two-days")).line();
                }
                buttons.push(button(RequestAction::Prove, it, locale));
            } else {
                text.push(&locale.text("request-waits")).line();
            }
            buttons.push(button(RequestAction::Withdraw, it, locale));
        }
        _ => decided(&mut text, it, locale, tz),
    }
    if matches!(it.stage, Stage::Approved { .. }) {
        text.push(&locale.text("request-begins")).line();
    }
    Some(Message {
        buttons,
        ..finished(text, it)
    })
}

fn head(it: &Request, key: &str, locale: &Locale) -> Text {
    let icon = match &it.stage {
        Stage::Open => "📝",
        Stage::Approved { .. } => "✅",
        Stage::Refused { .. } => "⛔",
        Stage::Withdrawn { .. } | Stage::Expired { .. } => "⚪",
    };
    let mut text = Text::default();
    text.heading(icon, &locale.text(key), &it.id).line();
    let agency = format!(" ({})", named(&it.agency_name, 120));
    if it.name.is_empty() {
        text.bold(&address(it)).push(&agency).line();
    } else {
        text.bold(&named(&it.name, 120)).push(&agency).line();
        text.push(&address(it)).line();
    }
    text
}

pub(crate) fn address(it: &Request) -> String {
    let (url, host) = (&it.url, it.url.host_str().unwrap_or_default());
    let port = url.port().map(|it| format!(":{it}")).unwrap_or_default();
    let path = if url.path() == "/" { "" } else { url.path() };
    let path = defang_text(&excerpt(path, 60));
    marked(&format!("{}{port}{path}", defang(host)))
}

fn owner(it: &Request, locale: &Locale) -> String {
    match &it.proof {
        None => locale.text("request-unproved"),
        Some(Proof::Vouched(by)) => locale.text_with("request-vouched", &[("by", &named(by, 60))]),
        Some(proof) => locale.text(&format!("request-proved-{}", proof.as_str())),
    }
}

fn found(view: &View, locale: &Locale, tz: &TimeZone) -> String {
    let when = locale.moment(view.at, tz);
    // for a first look, "unchanged" would be wrong: there is nothing to compare with
    let class = if view.class.standing() == Standing::Up {
        locale.text("request-up")
    } else {
        locale.text(&view.class.key())
    };
    locale.text_with("request-found", &[("when", &when), ("class", &class)])
}

/// Appends what a visitor sees on the page.
fn shown(
    text: &mut Text,
    view: &View,
    lines: usize,
    signals: usize,
    locale: &Locale,
    tz: &TimeZone,
) {
    text.line().push(&found(view, locale, tz)).line();
    for cause in view.cause.iter().chain(&view.certificate_fault) {
        text.push("• ").push(&said(cause, locale)).line();
    }
    if let Some(title) = &view.title {
        let title = quoted(title, 120);
        text.push(&locale.text_with("request-title", &[("title", &title)]))
            .line();
    }
    for line in view.lines.iter().take(lines) {
        text.push("  │ ").push(&quoted(line, 120)).line();
    }
    if view.suspicious {
        text.bold(&locale.text("request-suspicious")).line();
        for it in view
            .signals
            .iter()
            .filter(|it| it.weight > 0.3)
            .take(signals)
        {
            text.push("• ").push(&said(&it.say, locale)).line();
        }
    }
    if let Some(same) = &view.same_as {
        text.bold(&locale.text_with("request-same", &[("id", same.as_str())]))
            .line();
    }
}

/// Appends the three places that may hold the token as proof, then the token.
pub fn places_of_proof(text: &mut Text, host: &str, token: &str, locale: &Locale) {
    text.push("1. ")
        .push(&locale.text("request-prove-file"))
        .push(" ")
        .code("/.well-known/gaccong.txt")
        .line();
    text.push("2. ")
        .push(&locale.text("request-prove-meta"))
        .push(" ")
        .code(&format!("<meta name=\"gaccong\" content=\"{token}\">"))
        .line();
    text.push("3. ")
        .push(&locale.text("request-prove-dns"))
        .push(" ")
        .push(&marked(&format!("_gaccong.{host}")))
        .line();
    text.push(&locale.text("request-token"))
        .push(" ")
        .code(token)
        .line();
}

fn decided(text: &mut Text, it: &Request, locale: &Locale, tz: &TimeZone) {
    let (key, by, at, reason) = match &it.stage {
        Stage::Open => return,
        Stage::Approved { by, at } => ("request-approved", by.as_str(), *at, ""),
        Stage::Refused { by, at, reason } => ("request-refused", by.as_str(), *at, reason.as_str()),
        Stage::Withdrawn { by, at } => ("request-withdrawn", by.as_str(), *at, ""),
        Stage::Expired { at } if it.stranger && it.proof.is_none() => {
            ("request-expired-unproved", "", *at, "")
        }
        Stage::Expired { at } => ("request-expired", "", *at, ""),
    };
    let args = [
        ("by", named(by, 60)),
        ("when", locale.moment(at, tz)),
        // a reason by the service itself is a locale key, not a text
        (
            "reason",
            if reason == DISPLACED {
                locale.text(reason)
            } else {
                quoted(reason, 500)
            },
        ),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.line().push(&locale.text_with(key, &args)).line();
}

fn for_officers(
    it: &Request,
    window: Option<Window>,
    locale: &Locale,
    tz: &TimeZone,
) -> Vec<Button> {
    let doubtful = it.view.as_ref().is_some_and(|it| {
        it.suspicious || it.same_as.is_some() || it.class.standing() != Standing::Up
    });
    let key = match (doubtful, it.proof.is_some()) {
        (true, _) => "button-approve-doubtful",
        (false, true) => "button-approve",
        (false, false) => "button-vouch",
    };
    let action = |verb| Action::Request(verb, it.id.clone());
    let mut out = vec![
        Button {
            label: locale.text(key),
            action: action(RequestAction::Approve {
                state: Some(it.state()),
            }),
        },
        Button {
            label: locale.text("button-refuse"),
            action: action(RequestAction::Refuse),
        },
    ];
    if let Some((name, end)) = window {
        // the end is exclusive: name the day before it
        let last = end.checked_sub(jiff::SignedDuration::from_secs(1));
        let end_day = locale.date(last.unwrap_or(end).to_zoned(tz.clone()).date());
        let name = excerpt(name, 30);
        out.push(Button {
            label: locale.text_with(
                "button-approve-until",
                &[("name", &name), ("day", &end_day)],
            ),
            action: action(RequestAction::ApproveUntil {
                until: end,
                state: it.state(),
            }),
        });
    }
    out
}

fn button(verb: RequestAction, it: &Request, locale: &Locale) -> Button {
    Button::new(Action::Request(verb, it.id.clone()), locale)
}

fn finished(text: Text, it: &Request) -> Message {
    Message {
        facts: json!({
            "request": it.id, "url": it.url, "agency": it.agency, "agency_name": it.agency_name, "target": it.target,
            "stage": it.stage, "proof": it.proof, "class": it.view.as_ref().map(|it| it.class),
            "suspicious": it.view.as_ref().map(|it| it.suspicious),
        }),
        gravity: Gravity::Note,
        ..Message::of(it.id.to_string(), text)
    }
}
