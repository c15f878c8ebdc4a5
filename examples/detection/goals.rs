//! The table of goals.

use crate::score::{Goal, Scored};

fn row(figure: &'static str, value: Option<f64>, goal: f64, must: f64) -> Goal {
    Goal {
        figure,
        value,
        goal,
        must,
        up: goal > must,
        new: false,
    }
}

fn new(figure: &'static str, value: Option<f64>, goal: f64, must: f64) -> Goal {
    Goal {
        new: true,
        ..row(figure, value, goal, must)
    }
}

impl Scored {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        let mut goals = self.first();
        goals.extend(self.deeds());
        goals.extend(self.vietnamese());
        goals.extend(self.honest());
        if cfg!(not(debug_assertions)) {
            goals.push(row(
                "read and judge, ms (median)",
                self.time(0.5),
                5.0,
                20.0,
            ));
            goals.push(new(
                "read and judge, ms (99 %)",
                self.time(0.99),
                40.0,
                80.0,
            ));
        }
        goals
    }

    /// The first set.
    fn first(&self) -> Vec<Goal> {
        let edits = |it: &str| it.starts_with("honest-") && it != "honest-change";
        let worst = self.shares("planted-").into_iter().min_by(f64::total_cmp);
        vec![
            row(
                "page replaced by a defacement",
                self.caught(|it| it == "replaced"),
                100.0,
                99.0,
            ),
            row(
                "page replaced by a gambling page",
                self.caught(|it| it == "replaced-gambling"),
                100.0,
                99.0,
            ),
            row(
                "attacks planted, all kinds",
                self.caught(|it| it.starts_with("planted-")),
                95.0,
                85.0,
            ),
            row("  the worst kind", worst, 80.0, 0.0),
            row(
                "defaced at first sight",
                self.caught(|it| it == "first-sight-defaced"),
                90.0,
                80.0,
            ),
            row(
                "false per 1,000 honest changes",
                self.rang(|it| it == "honest-change"),
                1.0,
                5.0,
            ),
            row(
                "false per 1,000 ordinary edits",
                self.rang(edits),
                5.0,
                20.0,
            ),
            row(
                "false per 1,000 at first sight",
                self.rang(|it| it == "first-sight-benign"),
                5.0,
                15.0,
            ),
            new(
                "questions per 1,000 honest changes",
                self.asked(|it| it == "honest-change"),
                10.0,
                25.0,
            ),
        ]
    }

    /// Deeds of `deeds.rs`.
    fn deeds(&self) -> Vec<Goal> {
        let replaced = |it: &str| it.starts_with("deed/replaced/");
        let group = |figure, prefix: &'static str| {
            let caught = self.caught(|it| it.starts_with(prefix));
            new(figure, caught, 80.0, 55.0)
        };
        let kinds = self.shares("deed/");
        let under = kinds.iter().filter(|it| **it < 50.0).count();
        vec![
            new(
                "deeds in intact pages, all kinds",
                self.caught(|it| it.starts_with("deed/") && !replaced(it)),
                90.0,
                75.0,
            ),
            group("  malware", "deed/malware/"),
            group("  advertising", "deed/advertising/"),
            group("  shown to some only", "deed/shown-to-some/"),
            group("  takeover", "deed/takeover/"),
            group("  fraud", "deed/fraud/"),
            new(
                "  kinds of which less than half is caught",
                (!kinds.is_empty()).then_some(under as f64),
                0.0,
                12.0,
            ),
            new(
                "deeds in the place of the page",
                self.caught(replaced),
                100.0,
                97.0,
            ),
        ]
    }

    /// Lines of `texts.rs`.
    fn vietnamese(&self) -> Vec<Goal> {
        let attacks = |it: &str| it.starts_with("vietnamese/attack/");
        let honest = |it: &str| it.starts_with("vietnamese/honest/");
        vec![
            new(
                "lines of Vietnamese attackers",
                self.caught(attacks),
                85.0,
                75.0,
            ),
            new(
                "alarms per 1,000 lines of honest Vietnamese",
                self.rang(honest),
                5.0,
                15.0,
            ),
        ]
    }

    /// Edits of `edits.rs` and the second corpus.
    fn honest(&self) -> Vec<Goal> {
        let edit = |it: &str| it.starts_with("edit/");
        let busy = |it: &str| it == "busy-day";
        let body = |it: &str| it == "second-public-body";
        let news = |it: &str| it == "second-news-front";
        vec![
            new("alarms per 1,000 honest edits", self.rang(edit), 5.0, 15.0),
            new(
                "questions per 1,000 honest edits",
                self.asked(edit),
                10.0,
                25.0,
            ),
            new("alarms per 1,000 busy days", self.rang(busy), 5.0, 15.0),
            new(
                "questions per 1,000 busy days",
                self.asked(busy),
                10.0,
                25.0,
            ),
            new(
                "alarms per 1,000 changes of public bodies",
                self.rang(body),
                1.0,
                2.0,
            ),
            new(
                "questions per 1,000 changes of public bodies",
                self.asked(body),
                10.0,
                25.0,
            ),
            new(
                "alarms per 1,000 changes of news fronts",
                self.rang(news),
                10.0,
                40.0,
            ),
            new(
                "questions per 1,000 changes of news fronts",
                self.asked(news),
                10.0,
                25.0,
            ),
        ]
    }

    /// What is caught of each family with this prefix, in per cent.
    fn shares(&self, prefix: &str) -> Vec<f64> {
        let names = self.families.keys().filter(|it| it.starts_with(prefix));
        names
            .filter_map(|name| self.caught(|it| it == name))
            .collect()
    }
}
