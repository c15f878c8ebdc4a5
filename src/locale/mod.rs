//! Sentences in Vietnamese and English: every text a person is shown comes from `locales/*.ftl`.
//!
//! Pure. Arguments arrive as text; what is foreign in them was cut and disarmed before.

mod names;
mod numbers;

use std::collections::BTreeMap;

use fluent::{FluentArgs, FluentResource, concurrent::FluentBundle};
pub use names::by_name;
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

use crate::model::Localized;

/// The language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Vi,
    En,
}

impl Lang {
    /// The name in targets.yaml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

/// The texts of a language, as they stand in the repository.
pub const SOURCES: [(Lang, &str); 2] = [
    (Lang::Vi, include_str!("../../locales/vi.ftl")),
    (Lang::En, include_str!("../../locales/en.ftl")),
];

/// A language's sentences and its way of writing numbers and times.
pub struct Locale {
    pub lang: Lang,
    bundle: FluentBundle<FluentResource>,
}

impl Locale {
    /// Loads the sentences of a language from the built-in files.
    pub fn new(lang: Lang) -> Self {
        let id: LanguageIdentifier = lang.as_str().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(false);
        for (of, source) in SOURCES {
            if of == lang {
                // a resource with a broken line still holds the others; a test holds that none is broken
                let resource =
                    FluentResource::try_new(source.to_owned()).unwrap_or_else(|(it, _)| it);
                bundle.add_resource_overriding(resource);
            }
        }
        Self { lang, bundle }
    }

    /// The sentence of a key; the key itself where there is none, so that nothing is ever silent.
    pub fn text_with(&self, key: &str, args: &[(&str, &str)]) -> String {
        let mut given = FluentArgs::new();
        for (name, value) in args {
            given.set(*name, *value);
        }
        self.format(key, &given)
    }

    /// The sentence of a key without arguments.
    pub fn text(&self, key: &str) -> String {
        self.format(key, &FluentArgs::new())
    }

    /// The sentence that the core decided on, in this language.
    pub fn localized(&self, say: &Localized) -> String {
        let mut given = FluentArgs::new();
        let args: &BTreeMap<String, String> = &say.args;
        for (name, value) in args {
            given.set(name.as_str(), value.as_str());
        }
        self.format(&say.key, &given)
    }

    /// Whether the language has a sentence for the key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    fn format(&self, key: &str, args: &FluentArgs) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|it| it.value()) else {
            return key.to_owned();
        };
        let mut errors = Vec::new();
        self.bundle
            .format_pattern(pattern, Some(args), &mut errors)
            .into_owned()
    }
}
