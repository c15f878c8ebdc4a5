//! Writes a [`Config`] and the store's registrations as a valid targets.yaml.

use std::fmt::Write;

use jiff::civil::{Time, Weekday};

use super::{Config, duration_text};
use crate::{
    calendar::Days,
    model::{
        Agency, Target,
        duty::{Contact, Duty, Person, Shift, Step},
        question::AnswerTimes,
        target::Settings,
    },
};

/// The targets.yaml. Texts are written as JSON strings, which are valid YAML.
pub fn yaml(config: &Config, agencies: &[Agency], targets: &[Target]) -> String {
    let mut out = String::new();
    service(&mut out, config);
    out.push_str("\ndefaults:\n");
    settings(&mut out, "  ", &config.defaults, None);
    out.push_str("\nnotifiers:\n");
    for (name, spec) in &config.notifiers {
        let with = if spec.with.is_null() {
            String::new()
        } else {
            format!(", with: {}", spec.with)
        };
        let fallback = match &spec.fallback {
            Some(name) => format!(", fallback: {name}"),
            None => String::new(),
        };
        let kind = text(&spec.kind);
        let _ = writeln!(out, "  {name}: {{ kind: {kind}{with}{fallback} }}");
    }
    windows(&mut out, config);
    duty(&mut out, config);
    questions(&mut out, config);
    out.push_str("\nagencies:\n");
    for agency in agencies {
        let _ = writeln!(
            out,
            "  - id: {}\n    name: {}",
            agency.id,
            text(&agency.name)
        );
        if let Some(province) = &agency.province {
            let _ = writeln!(out, "    province: {}", text(province));
        }
        if !agency.notify.is_empty() {
            let _ = writeln!(out, "    notify: {}", list(&agency.notify));
        }
        if let Some(head) = &agency.head {
            let _ = writeln!(out, "    head: {{ {} }}", person(head));
        }
        if !agency.escalation.is_empty() {
            out.push_str("    escalation:\n");
        }
        for it in &agency.escalation {
            let _ = writeln!(out, "      - {{ {} }}", step(it));
        }
        let own: Vec<&Target> = targets.iter().filter(|it| it.agency == agency.id).collect();
        if !own.is_empty() {
            out.push_str("    targets:\n");
        }
        for it in own {
            target(&mut out, it, &config.defaults, agency);
        }
    }
    out
}

fn questions(out: &mut String, config: &Config) {
    let it = config.questions;
    if it != AnswerTimes::default() {
        let texts = [it.answer_within, it.at_night, it.in_window].map(duration_text);
        let [within, night, window] = texts;
        let _ = writeln!(
            out,
            "\nquestions: {{ answer_within: {within}, at_night: {night}, in_window: {window} }}"
        );
    }
}

fn duty(out: &mut String, config: &Config) {
    let duty = &config.duty;
    if *duty == Duty::default() {
        return;
    }
    out.push_str("\nduty:\n");
    let mut list = |name: &str, items: Vec<String>| {
        if !items.is_empty() {
            let _ = writeln!(out, "  {name}:");
        }
        for it in items {
            let _ = writeln!(out, "    - {{ {it} }}");
        }
    };
    list("officers", duty.officers.iter().map(person).collect());
    list("roster", duty.roster.iter().map(shift).collect());
    list("escalation", duty.escalation.iter().map(step).collect());
    list("contacts", duty.contacts.iter().map(contact).collect());
    let usual = Duty::default();
    for (name, value, usual) in [
        ("remind_taken", duty.remind_taken, usual.remind_taken),
        ("test_call", duty.test_call, usual.test_call),
    ] {
        if value != usual {
            let value = value.map_or("\"off\"".to_owned(), duration_text);
            let _ = writeln!(out, "  {name}: {value}");
        }
    }
}

fn shift(it: &Shift) -> String {
    let mut out = format!(
        "{}, from: \"{}\", to: \"{}\"",
        person(&it.who),
        hour(it.from),
        hour(it.to)
    );
    if !it.weekdays.is_empty() {
        let days = it.weekdays.iter().map(|it| weekday(*it));
        let _ = write!(out, ", weekdays: {}", days.collect::<Vec<_>>().join(" "));
    }
    if let Some((first, last)) = it.dates {
        let _ = write!(out, ", dates: {first}..{last}");
    }
    out
}

fn hour(at: Time) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

fn step(it: &Step) -> String {
    let after = duration_text(it.after);
    format!("after: {after}, to: {}", it.to.as_str())
}

fn contact(it: &Contact) -> String {
    let mut out = format!("tier: {}, name: {}", it.tier.as_str(), text(&it.name));
    if let Some(phone) = &it.phone {
        let _ = write!(out, ", phone: {}", text(phone));
    }
    if let Some(email) = &it.email {
        let _ = write!(out, ", email: {}", text(email));
    }
    if let Some(province) = &it.province {
        let _ = write!(out, ", province: {}", text(province));
    }
    if !it.agencies.is_empty() {
        let _ = write!(out, ", agencies: {}", list(&it.agencies));
    }
    let _ = write!(out, ", confirmed: {}", it.confirmed);
    out
}

fn person(it: &Person) -> String {
    let mut out = format!("name: {}", text(&it.name));
    if let Some(id) = it.telegram {
        let _ = write!(out, ", telegram: {id}");
    }
    if let Some(phone) = &it.phone {
        let _ = write!(out, ", phone: {}", text(phone));
    }
    out
}

fn service(out: &mut String, config: &Config) {
    let service = &config.service;
    let _ = writeln!(out, "service:\n  name: {}", text(&service.name));
    let _ = writeln!(out, "  language: {}", service.language.as_str());
    let _ = writeln!(
        out,
        "  timezone: {}",
        service.timezone.iana_name().unwrap_or("UTC")
    );
    if !service.contact.is_empty() {
        let _ = writeln!(out, "  contact: {}", text(&service.contact));
    }
    let _ = writeln!(
        out,
        "  data_dir: {}",
        text(&service.data_dir.display().to_string())
    );
    let _ = writeln!(
        out,
        "  snapshots_dir: {}",
        text(&service.snapshots_dir.display().to_string())
    );
    let _ = writeln!(out, "  vantage: {}", text(&service.vantage));
    let _ = writeln!(out, "  store: {{ kind: {} }}", service.store);
    let _ = writeln!(
        out,
        "  listen: {}",
        service
            .listen
            .map_or("\"off\"".to_owned(), |it| text(&it.to_string()))
    );
    let _ = writeln!(out, "  allow_networks: {}", list(&service.allow_networks));
    let ports: Vec<String> = service.allow_ports.iter().map(u16::to_string).collect();
    let _ = writeln!(out, "  allow_ports: [{}]", ports.join(", "));
    if !service.own_addresses.is_empty() {
        let _ = writeln!(out, "  own_addresses: {}", list(&service.own_addresses));
    }
    let paths: Vec<String> = service
        .extra_ca
        .iter()
        .map(|it| it.display().to_string())
        .collect();
    let _ = writeln!(out, "  extra_ca: {}", list(&paths));
    if service.resolver.is_empty() {
        out.push_str("  resolver: system\n");
    } else {
        let _ = writeln!(out, "  resolver: {}", list(&service.resolver));
    }
    let _ = writeln!(out, "  connectivity: {}", list(&service.connectivity));
    if let Some(url) = &service.heartbeat {
        let _ = writeln!(out, "  heartbeat: {}", text(url.as_str()));
    }
}

/// Writes the settings that differ from `base`.
fn settings(out: &mut String, indent: &str, it: &Settings, base: Option<&Settings>) {
    let differs = |same: fn(&Settings, &Settings) -> bool| base.is_none_or(|base| !same(it, base));
    if differs(|a, b| a.every == b.every) {
        let _ = writeln!(out, "{indent}every: {}", duration_text(it.every));
    }
    if differs(|a, b| a.timeout == b.timeout) {
        let _ = writeln!(out, "{indent}timeout: {}", duration_text(it.timeout));
    }
    if differs(|a, b| a.max_body == b.max_body) {
        let _ = writeln!(out, "{indent}max_body: {}", it.max_body);
    }
    if differs(|a, b| a.confirm == b.confirm) {
        let confirm = it.confirm;
        let within = duration_text(confirm.within);
        let _ = writeln!(
            out,
            "{indent}confirm: {{ looks: {}, within: {within}, agree: {} }}",
            confirm.looks, confirm.agree
        );
    }
    if differs(|a, b| a.learn == b.learn) {
        let _ = writeln!(
            out,
            "{indent}learn: {{ looks: {}, every: {} }}",
            it.learn.looks,
            duration_text(it.learn.every)
        );
    }
    if differs(|a, b| a.pages == b.pages) {
        let _ = writeln!(out, "{indent}pages: {}", it.pages);
    }
    if differs(|a, b| a.profiles == b.profiles) {
        let profiles: Vec<&str> = it.profiles.iter().map(|it| it.as_str()).collect();
        let _ = writeln!(out, "{indent}profiles: [{}]", profiles.join(", "));
    }
    if differs(|a, b| a.notify == b.notify) {
        let _ = writeln!(out, "{indent}notify: {}", list(&it.notify));
    }
    if it.alone != base.is_some_and(|base| base.alone) {
        let _ = writeln!(out, "{indent}alone: {}", it.alone);
    }
}

fn windows(out: &mut String, config: &Config) {
    if config.windows.is_empty() {
        return;
    }
    out.push_str("\nwatch_windows:\n");
    for rule in &config.windows {
        let mut parts = Vec::new();
        parts.extend(rule.name.as_ref().map(|it| format!("name: {}", text(it))));
        match &rule.days {
            Days::Holiday(name) => parts.push(format!("holiday: {name}")),
            Days::Range(from, to) => parts.push(format!("from: {from}, to: {to}")),
        }
        for (name, length) in [("before", rule.before), ("after", rule.after)] {
            if !length.is_zero() {
                parts.push(format!("{name}: {}", duration_text(length)));
            }
        }
        parts.extend(rule.every.map(|it| format!("every: {}", duration_text(it))));
        parts.extend(rule.digest.map(|it| format!("digest: \"{}\"", hour(it))));
        let _ = writeln!(out, "  - {{ {} }}", parts.join(", "));
    }
}

fn target(out: &mut String, it: &Target, defaults: &Settings, agency: &Agency) {
    let _ = writeln!(
        out,
        "      - id: {}\n        name: {}\n        url: {}",
        it.id,
        text(&it.name),
        text(it.url.as_str())
    );
    let mut base = defaults.clone();
    if !agency.notify.is_empty() {
        base.notify.clone_from(&agency.notify);
    }
    settings(out, "        ", &it.settings, Some(&base));
    for (name, values) in [
        ("ignore", &it.ignore),
        ("must_contain", &it.must_contain),
        ("allow_hosts", &it.allow_hosts),
    ] {
        if !values.is_empty() {
            let _ = writeln!(out, "        {name}: {}", list(values));
        }
    }
}

fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

fn list<T: ToString>(values: &[T]) -> String {
    let shown: Vec<String> = values.iter().map(|it| text(&it.to_string())).collect();
    format!("[{}]", shown.join(", "))
}
