//! What is told of a request to be watched: to officers who decide, and to who asked.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Words,
    model::{
        Standing,
        excerpt::{defang, defang_text, excerpt, marked, named, quoted},
        registration::{DISPLACED, Proof, Request, Stage, View},
    },
    notify::{
        Button, Gravity, Message,
        text::{Text, said},
    },
};

/// A watch window that is open or comes soon, with its end: a registration may end with it.
pub type Window<'a> = (&'a str, Timestamp);

/// Lines of the page and signals, the gravest, that are shown: as many as a message holds.
const SHOWN: [(usize, usize); 4] = [(6, 4), (4, 2), (2, 1), (0, 0)];

/// What officers are to know besides the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// A watch window that is open or comes soon: the registration may end with it.
    pub window: Option<Window<'a>>,
    /// Nobody knows that agency yet.
    pub new_agency: bool,
    /// The known agency for which its name may be taken.
    pub alike: Option<&'a str>,
    /// The officer that the asker's name resembles.
    pub asker_alike: Option<&'a str>,
}

/// To officers: who asks, whose the portal is, what it looks like. One message, edited until it is decided.
pub fn to_officers(it: &Request, beside: Beside, words: &Words, tz: &TimeZone) -> Message {
    let mut message = Message::default();
    for (lines, signals) in SHOWN {
        let text = card(it, beside, lines, signals, words, tz);
        let fits = text.fits();
        message = finished(text, it);
        if fits {
            break;
        }
    }
    if it.stage.is_open() && it.view.is_some() {
        message.buttons = for_officers(it, beside.window, words, tz);
    }
    message
}

fn card(
    it: &Request,
    beside: Beside,
    lines: usize,
    signals: usize,
    words: &Words,
    tz: &TimeZone,
) -> Text {
    let mut text = head(it, "head-request", words);
    let key = match (beside.new_agency, &it.proof) {
        (true, _) => "request-agency-new",
        // the asker has chosen this name themselves
        (false, None) => "request-agency-claimed",
        (false, Some(_)) => "request-agency-known",
    };
    if it.stage.is_open() {
        text.push(&words.plain(key)).line();
        if let Some(alike) = beside.alike {
            let name = named(alike, 120);
            text.bold(&words.text("request-agency-alike", &[("name", &name)]))
                .line();
        }
    }
    let when = words.moment(it.at, tz);
    text.push(&words.text("request-by", &[("by", &asker(it)), ("when", &when)]))
        .line();
    if let Some(officer) = beside.asker_alike {
        let name = named(officer, 60);
        text.bold(&words.text("request-asker-alike", &[("name", &name)]))
            .line();
    }
    if let Some(place) = &it.asker.place {
        let place = named(place, 80);
        text.push(&words.text("request-place", &[("place", &place)]))
            .line();
    }
    text.push(&owner(it, words)).line();
    match &it.view {
        Some(view) => shown(&mut text, view, lines, signals, words, tz),
        None => {
            text.line().push(&words.plain("request-looking")).line();
        }
    }
    decided(&mut text, it, words, tz);
    text
}

/// Names can be anything: the account's number stands behind.
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

/// To who asked: what was found, what is still wanted of him, what was decided. `None` where there is nothing yet.
pub fn to_asker(it: &Request, words: &Words, tz: &TimeZone) -> Option<Message> {
    let mut text = head(it, "head-request", words);
    let mut buttons = Vec::new();
    match (&it.stage, &it.view) {
        (Stage::Open, None) => return None,
        (Stage::Open, Some(view)) => {
            text.push(&found(view, words, tz)).line();
            if view.suspicious {
                text.push(&words.plain("request-suspicious-asker")).line();
            }
            text.push(&owner(it, words)).line();
            if it.proof.is_none() {
                let host = it.url.host_str().unwrap_or_default();
                text.line().push(&words.plain("request-prove")).line();
                places_of_proof(&mut text, host, &it.token, words);
                text.push(&words.plain("request-or-vouched")).line();
                if it.stranger {
                    text.push(&words.plain("request-two-days")).line();
                }
                buttons.push(button("prove", it, words));
            } else {
                text.push(&words.plain("request-waits")).line();
            }
            buttons.push(button("undo", it, words));
        }
        _ => decided(&mut text, it, words, tz),
    }
    if matches!(it.stage, Stage::Approved { .. }) {
        text.push(&words.plain("request-begins")).line();
    }
    Some(Message {
        buttons,
        ..finished(text, it)
    })
}

fn head(it: &Request, key: &str, words: &Words) -> Text {
    let icon = match &it.stage {
        Stage::Open => "📝",
        Stage::Approved { .. } => "✅",
        Stage::Refused { .. } => "⛔",
        Stage::Withdrawn { .. } | Stage::Expired { .. } => "⚪",
    };
    let mut text = Text::default();
    text.push(icon)
        .push(" ")
        .bold(&words.plain(key))
        .push(&format!(" · {}", it.id))
        .line();
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

fn owner(it: &Request, words: &Words) -> String {
    match &it.proof {
        None => words.plain("request-unproved"),
        Some(Proof::Vouched(by)) => words.text("request-vouched", &[("by", &named(by, 60))]),
        Some(proof) => words.plain(&format!("request-proved-{}", proof.as_str())),
    }
}

fn found(view: &View, words: &Words, tz: &TimeZone) -> String {
    let when = words.moment(view.at, tz);
    // nothing is known yet that it could have changed from
    let class = if view.class.standing() == Standing::Up {
        words.plain("request-up")
    } else {
        words.plain(&view.class.key())
    };
    words.text("request-found", &[("when", &when), ("class", &class)])
}

/// What somebody would see who opened the page.
fn shown(text: &mut Text, view: &View, lines: usize, signals: usize, words: &Words, tz: &TimeZone) {
    text.line().push(&found(view, words, tz)).line();
    for cause in view.cause.iter().chain(&view.certificate_fault) {
        text.push("• ").push(&said(cause, words)).line();
    }
    if let Some(title) = &view.title {
        let title = quoted(title, 120);
        text.push(&words.text("request-title", &[("title", &title)]))
            .line();
    }
    for line in view.lines.iter().take(lines) {
        text.push("  │ ").push(&quoted(line, 120)).line();
    }
    if view.suspicious {
        text.bold(&words.plain("request-suspicious")).line();
        for it in view
            .signals
            .iter()
            .filter(|it| it.weight > 0.3)
            .take(signals)
        {
            text.push("• ").push(&said(&it.say, words)).line();
        }
    }
    if let Some(same) = &view.same_as {
        text.bold(&words.text("request-same", &[("id", same.as_str())]))
            .line();
    }
}

/// The three places where a token proves a request, then the token.
pub fn places_of_proof(text: &mut Text, host: &str, token: &str, words: &Words) {
    text.push("1. ")
        .push(&words.plain("request-prove-file"))
        .push(" ")
        .code("/.well-known/gaccong.txt")
        .line();
    text.push("2. ")
        .push(&words.plain("request-prove-meta"))
        .push(" ")
        .code(&format!("<meta name=\"gaccong\" content=\"{token}\">"))
        .line();
    text.push("3. ")
        .push(&words.plain("request-prove-dns"))
        .push(" ")
        .push(&marked(&format!("_gaccong.{host}")))
        .line();
    text.push(&words.plain("request-token"))
        .push(" ")
        .code(token)
        .line();
}

fn decided(text: &mut Text, it: &Request, words: &Words, tz: &TimeZone) {
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
        ("when", words.moment(at, tz)),
        // a reason of the service's own is the key of a sentence, not a text
        (
            "reason",
            if reason == DISPLACED {
                words.plain(reason)
            } else {
                quoted(reason, 500)
            },
        ),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.line().push(&words.text(key, &args)).line();
}

fn for_officers(it: &Request, window: Option<Window>, words: &Words, tz: &TimeZone) -> Vec<Button> {
    let doubtful = it.view.as_ref().is_some_and(|it| {
        it.suspicious || it.same_as.is_some() || it.class.standing() != Standing::Up
    });
    let key = match (doubtful, it.proof.is_some()) {
        (true, _) => "button-approve-doubtful",
        (false, true) => "button-approve",
        (false, false) => "button-vouch",
    };
    let mut out = vec![
        Button {
            label: words.plain(key),
            action: format!("ok:{}:{}", it.id, it.state()),
        },
        Button {
            label: words.plain("button-refuse"),
            action: format!("no:{}", it.id),
        },
    ];
    if let Some((name, end)) = window {
        // it ends before that moment
        let last = end.checked_sub(jiff::SignedDuration::from_secs(1));
        let end_day = words.date(last.unwrap_or(end).to_zoned(tz.clone()).date());
        let name = excerpt(name, 30);
        out.push(Button {
            label: words.text(
                "button-approve-until",
                &[("name", &name), ("day", &end_day)],
            ),
            action: format!("okw:{}:{}:{}", it.id, end.as_second(), it.state()),
        });
    }
    out
}

fn button(verb: &str, it: &Request, words: &Words) -> Button {
    Button {
        label: words.plain(&format!("button-{verb}")),
        action: format!("{verb}:{}", it.id),
    }
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
