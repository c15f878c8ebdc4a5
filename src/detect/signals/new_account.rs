//! Another bank account, or code to pay by, on a portal that has few: fees go to treasuries, and fraudsters ask for them, too.

use crate::{
    detect::{Detector, Found, View, pins::strangeness, programs},
    diff::pins::{Fact, Pin, bare, names_body, speaks_of_payment},
    model::{Localized, excerpt},
};

/// Strength 0.6 for an account or a payment code beside the name of no body, 1.0 for a code that says a program of a stranger; 0.3 where
/// the words beside it name a treasury, fund or other body. Only beside a baseline, in a page that is kept.
pub struct NewAccount;

/// Share of the page that is kept, below which a new page has new facts.
const KEPT: f64 = 0.75;
/// Accounts and codes of a portal that lists them.
const MANY: usize = 4;
/// Number of texts before and after an account that are searched for the name of its holder, and the longest of them in bytes.
const BESIDE: usize = 2;
const LONGEST: usize = 2000;
const ALONE: f64 = 0.6;
const NAMED: f64 = 0.3;

impl Detector for NewAccount {
    fn name(&self) -> &'static str {
        "new-account"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref().filter(|_| view.kept() >= KEPT)?;
        let kinds = [Fact::Account, Fact::Qr];
        let now: Vec<&Pin> = view
            .pins()
            .iter()
            .filter(|it| kinds.contains(&it.kind))
            .collect();
        // an exchange is a signal of its own, and where many such facts stand, another one is ordinary
        let had: Vec<&Pin> = view.norm.pins.values().map(|it| &it.0).collect();
        let had: Vec<&Pin> = had
            .into_iter()
            .filter(|it| kinds.contains(&it.kind))
            .collect();
        let stand = |it: &&Pin| now.iter().any(|now| now.key() == it.key());
        if had.len() > MANY || !had.iter().all(stand) {
            return None;
        }
        let known: Vec<u64> = had.iter().map(|it| it.key()).collect();
        let (strength, worst) = now
            .into_iter()
            .filter(|it| !known.contains(&it.key()))
            .map(|it| (strength(view, it), it))
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let shown = match worst.kind {
            Fact::Account => &worst.value,
            _ => &worst.shown,
        };
        let shown = excerpt::defang_text(&excerpt::excerpt(shown, 80));
        let say = Localized::new("signal-new-account").with("value", shown.as_str());
        Some(Found::new(
            strength,
            say,
            &format!("{}: {shown}", worst.label),
        ))
    }
}

/// Whether the texts around an account name a body that holds it.
fn is_beside_body(view: &View, pin: &Pin) -> bool {
    if pin.kind != Fact::Account {
        return false;
    }
    let texts: Vec<&str> = view.page.visible().map(|it| it.text.as_str()).collect();
    let digits = |it: &str| -> String { it.chars().filter(char::is_ascii_digit).collect() };
    let holds = |it: &&str| it.len() < LONGEST && digits(it).contains(&pin.value);
    let Some(at) = texts.iter().position(holds) else {
        return false;
    };
    let near = at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(texts.len());
    texts[near]
        .iter()
        .any(|it| it.len() < LONGEST && names_body(&bare(it)))
}

fn strength(view: &View, pin: &Pin) -> f64 {
    let url = url::Url::parse(&pin.value).ok();
    let host = url.as_ref().and_then(|it| it.host_str());
    let leads = host.map_or(0.0, |it| strangeness(view, it));
    let is_named = names_body(&pin.label) || is_beside_body(view, pin);
    match pin.kind {
        Fact::Account if is_named => NAMED,
        Fact::Account => ALONE,
        _ if leads > 0.5 && programs::is_program(&pin.value) => 1.0,
        _ if leads > 0.5 => ALONE,
        // the code of an account, or beside words of payment
        _ if pin.value == pin.shown && host.is_none() && !is_named => ALONE,
        _ if speaks_of_payment(&pin.label) && !is_named => ALONE,
        _ => 0.0,
    }
}
