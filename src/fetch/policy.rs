//! The parts of a page that a Content-Security-Policy keeps browsers from showing.

use crate::model::{digest::key, excerpt::excerpt, presentation::Presentation};

const LONGEST: usize = 300;
/// Kinds of content that a page needs to look as usual.
const KINDS: [&str; 3] = ["img", "script", "style"];

/// Fills in `sandbox`, `policy` and `barred` from the policies in force, in lower case: browsers apply all of them.
pub(super) fn read(policies: &[String], shown: &mut Presentation) {
    let mut rules: Vec<String> = Vec::new();
    for policy in policies.iter().flat_map(|it| it.split(',')) {
        let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
        for rule in policy.split(';') {
            let mut words = rule.split_ascii_whitespace();
            // the first rule of a name holds; later ones of that name do not
            if let Some(name) = words.next()
                && named.iter().all(|it| it.0 != name)
            {
                named.push((name, words.collect()));
            }
        }
        for kind in KINDS.into_iter().filter(|it| is_barred(&named, it)) {
            if !shown.barred.iter().any(|it| it == kind) {
                shown.barred.push(kind.to_owned());
            }
        }
        for (name, mut words) in named {
            words.sort_unstable();
            if name == "sandbox" {
                shown.sandbox = Some(excerpt(&words.join(" "), LONGEST));
            } else if name.ends_with("-src") || name.starts_with("style-src") {
                // a nonce changes with each answer; a digest names code that the page itself shows
                words.retain(|it| !it.starts_with("'nonce-") && !it.starts_with("'sha"));
                words.insert(0, name);
                rules.push(words.join(" "));
            }
        }
    }
    shown.barred.sort_unstable();
    rules.sort_unstable();
    shown.policy = (!rules.is_empty()).then(|| key(&rules.join(";")));
}

/// Whether the rules of one policy allow nothing of a kind: `'none'`, no source at all, or a sandbox without scripts.
fn is_barred(named: &[(&str, Vec<&str>)], kind: &str) -> bool {
    let rule = |name: &str| named.iter().find(|it| it.0 == name).map(|it| &it.1);
    let boxed = rule("sandbox").is_some_and(|it| !it.contains(&"allow-scripts"));
    if kind == "script" && boxed {
        return true;
    }
    // elements may have a rule of their own, which goes before
    let element = rule(&format!("{kind}-src-elem"));
    let sources = element.or_else(|| rule(&format!("{kind}-src")));
    sources
        .or_else(|| rule("default-src"))
        .is_some_and(|it| it.iter().all(|it| *it == "'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_bars() {
        for (policies, barred) in [
            (vec!["default-src 'self'; img-src *"], vec![]),
            (vec!["default-src 'none'"], vec!["img", "script", "style"]),
            (
                vec!["default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-a1'"],
                vec![],
            ),
            (vec!["script-src 'self'; style-src"], vec!["style"]),
            (
                vec!["style-src 'self'; style-src-elem 'none'"],
                vec!["style"],
            ),
            (vec!["sandbox"], vec!["script"]),
            (vec!["sandbox allow-scripts"], vec![]),
            (
                vec!["img-src *", "default-src 'self', img-src 'none'"],
                vec!["img"],
            ),
            (vec!["img-src *; img-src 'none'"], vec![]),
        ] {
            let policies: Vec<String> = policies.into_iter().map(str::to_owned).collect();
            let mut shown = Presentation::default();
            read(&policies, &mut shown);
            assert_eq!(shown.barred, barred, "{policies:?}");
        }
    }
}
