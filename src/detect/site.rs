//! Judges sitemaps and robots.txt: floods of new addresses, and addresses that advertise trade or lead to other hosts.
//!
//! Attackers use exactly these files to tell search engines of planted pages without a link from the home page.

use super::{hosts, phrases::SPAM, weigh, weights::TABLE};
use crate::{
    model::{Level, Localized, Part, Signal, SiteFacts, Verdict, excerpt},
    page::{
        cancel,
        fold::fold,
        registrable,
        sitemap::words_of,
        writing_system::{self, Letters, WRITINGS, WritingSystem},
    },
};

/// Most suspicious addresses kept to show people.
const SHOWN: usize = 5;

/// Log-odds of the findings, beside a bias of −4.5. Each rings alone, except the flood, which may be a new section of
/// the portal.
const SOLD: f64 = 6.0;
const FOREIGN: f64 = 5.2;
const ALIEN: f64 = 5.2;
const FLOOD: f64 = 3.0;

/// Number of additional suspicious addresses that no editor causes by mistake.
const MORE: u32 = 3;

/// Counts the suspicious addresses among `urls`. `domain` is the portal's registrable domain.
pub fn facts(urls: &[String], domain: &str) -> SiteFacts {
    let mut facts = SiteFacts {
        count: u32::try_from(urls.len()).unwrap_or(u32::MAX),
        first: urls.iter().take(SHOWN).cloned().collect(),
        ..SiteFacts::default()
    };
    for url in urls {
        if cancel::step(url.len()) {
            break;
        }
        let host = url::Url::parse(url)
            .ok()
            .and_then(|it| it.host_str().map(str::to_owned))
            .unwrap_or_default();
        let words = words_of(url);
        let foreign =
            !host.is_empty() && registrable(&host) != domain && !hosts::is_public_body(&host);
        let sold = SPAM.any(&fold(&words)) || (foreign && hosts::is_trade(&host));
        let mut letters: Letters = [0; WRITINGS];
        writing_system::count(&words, &mut letters);
        let own =
            letters[WritingSystem::Latin as usize] + letters[WritingSystem::Vietnamese as usize];
        let alien = letters.iter().sum::<usize>() - own >= 2;
        facts.foreign += u32::from(foreign);
        facts.sold += u32::from(sold);
        facts.alien += u32::from(alien);
        if (foreign || sold || alien) && facts.odd.len() < SHOWN {
            facts
                .odd
                .push(excerpt::defang_text(&excerpt::excerpt(url, 160)));
        }
    }
    facts
}

/// Compares a file with the facts of the known ones. Without known ones, only addresses that advertise trade accuse.
pub fn judge(part: Part, before: Option<&SiteFacts>, now: &SiteFacts) -> Verdict {
    let mut signals = Vec::new();
    let mut put = |name: &str, weight: f64, count: u32| {
        signals.push(Signal {
            name: name.to_owned(),
            weight,
            say: Localized::new(&format!("signal-{name}")).with("count", count),
            excerpt: now.odd.join("; "),
        });
    };
    let known = before.cloned().unwrap_or_default();
    let more = |now: u32, before: u32| now.saturating_sub(before);
    if more(now.sold, known.sold) >= MORE {
        put("site-sold", SOLD, more(now.sold, known.sold));
    }
    if before.is_some() {
        // one foreign sitemap in robots.txt is enough: it lets a stranger list pages for the whole portal
        let enough = if part == Part::Robots { 1 } else { MORE };
        if more(now.foreign, known.foreign) >= enough {
            put("site-foreign", FOREIGN, more(now.foreign, known.foreign));
        }
        if more(now.alien, known.alien) >= MORE {
            put("site-alien", ALIEN, more(now.alien, known.alien));
        }
        if now.count > known.count.saturating_mul(2).saturating_add(100) {
            put("site-flood", FLOOD, more(now.count, known.count));
        }
    }
    signals.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let sum = TABLE.bias.0 + signals.iter().map(|it| it.weight).sum::<f64>();
    let score = 1.0 / (1.0 + (-sum).exp());
    let level = if score >= weigh::SUSPECT {
        Level::Suspect
    } else if signals.is_empty() {
        Level::Normal
    } else {
        Level::Drifted
    };
    Verdict {
        level,
        score,
        signals,
        ..Verdict::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(urls: &[&str]) -> SiteFacts {
        let urls: Vec<String> = urls.iter().map(|it| (*it).to_owned()).collect();
        facts(&urls, "nghean.gov.vn")
    }

    #[test]
    fn what_sells_rings_and_a_new_section_does_not() {
        let before = of(&[
            "https://nghean.gov.vn/tin-tuc/1",
            "https://nghean.gov.vn/lien-he",
        ]);
        let grown: Vec<String> = (0..90)
            .map(|it| format!("https://nghean.gov.vn/van-ban/{it}"))
            .collect();
        let grown = facts(&grown, "nghean.gov.vn");
        assert!(!judge(Part::Sitemap, Some(&before), &grown).level.rings());
        let sold = of(&[
            "https://nghean.gov.vn/nha-cai-uy-tin",
            "https://nghean.gov.vn/slot-gacor-88",
            "https://nghean.gov.vn/upload/tai-xiu-online.html",
        ]);
        let verdict = judge(Part::Sitemap, Some(&before), &sold);
        assert!(
            verdict.level.rings() && verdict.signals[0].name == "site-sold",
            "{verdict:?}"
        );
        assert!(verdict.signals[0].excerpt.contains("nha-cai"));
        assert!(
            judge(Part::Sitemap, None, &sold).level.rings(),
            "at first sight too"
        );
    }

    #[test]
    fn a_flood_rings_only_in_company() {
        let before = of(&["https://nghean.gov.vn/a"]);
        let many: Vec<String> = (0..500)
            .map(|it| format!("https://nghean.gov.vn/x/{it}"))
            .collect();
        let verdict = judge(Part::Sitemap, Some(&before), &facts(&many, "nghean.gov.vn"));
        assert!(!verdict.level.rings() && verdict.signals[0].name == "site-flood");
        let alien: Vec<String> = (0..500)
            .map(|it| format!("https://nghean.gov.vn/%E5%8D%9A%E5%BD%A9/{it}"))
            .collect();
        assert!(
            judge(
                Part::Sitemap,
                Some(&before),
                &facts(&alien, "nghean.gov.vn")
            )
            .level
            .rings()
        );
    }

    #[test]
    fn robots_that_name_a_strangers_sitemap() {
        let before = of(&["https://nghean.gov.vn/sitemap.xml"]);
        let now = of(&[
            "https://nghean.gov.vn/sitemap.xml",
            "https://maps.x9.example/s.xml",
        ]);
        assert!(judge(Part::Robots, Some(&before), &now).level.rings());
        assert!(!judge(Part::Robots, Some(&before), &before).level.rings());
    }
}
