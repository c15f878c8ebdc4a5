//! A new layer over the page that visitors cannot close, or a page that new style hides behind something new.

use crate::{
    detect::{Detector, Found, Role, View},
    model::{Localized, excerpt},
    page::{Hiding, Layer},
};

/// Strength 1.0; 0.7 for a frame of the portal's own or a known host, and where the portal has had such layers; 0.5 on
/// a page of which most is gone: a new site has new layers.
pub struct CoveringLayer;

/// Share of the stable page that must be kept for full strength.
const INTACT: f64 = 0.5;
/// Least share of the stable text that is still in a hidden page, and least share of its usual words that style hides.
const THERE: f64 = 0.7;
const HIDDEN: f64 = 0.6;
/// Most of its usual words that a hidden page still shows.
const SHOWN: f64 = 0.35;
/// Strength of a page that is hidden and shows nothing else.
const BLANK: f64 = 0.9;
/// Fewest words of a page that can be said to be hidden, and of a text that stands in its place.
const WORDS: usize = 40;
const INSTEAD: usize = 4;
/// Words of a page that shows nothing any more.
const BARE: usize = 6;
/// Most blocks that are read for the text that stands in the place of a hidden page.
const BLOCKS: usize = 400;

impl Detector for CoveringLayer {
    fn name(&self) -> &'static str {
        "covering-layer"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let new = view.page.layers.iter();
        let new = new.filter(|it| !view.norm.layers.contains(&it.key));
        let worst = new
            .chain(view.styled_layers())
            .map(|it| (strength(view, it), it))
            .filter(|it| it.0 > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((strength, layer)) = worst else {
            return hidden(view).or_else(|| washed_out(view));
        };
        let key = match layer.tag.as_str() {
            "html" | "body" => "signal-covering-layer-blanks",
            _ if layer.only_leads => "signal-covering-layer-leads",
            _ => "signal-covering-layer",
        };
        let host = excerpt::defang(&layer.host);
        let say = Localized::new(key)
            .with("what", layer.tag.as_str())
            .with("host", host);
        let shown = if layer.text.is_empty() {
            &layer.src
        } else {
            &layer.text
        };
        Some(Found::new(strength, say, shown))
    }
}

fn strength(view: &View, layer: &Layer) -> f64 {
    let strange = view.is_strange_as(&layer.host, Role::Frame);
    if layer.only_leads && !strange {
        return 0.0;
    }
    let framed = matches!(layer.tag.as_str(), "iframe" | "frame");
    let mut strength: f64 = 1.0;
    if framed && layer.text.is_empty() && !strange || !view.norm.layers.is_empty() {
        strength = 0.7;
    }
    if view.norm.looks > 0 && view.kept() < INTACT {
        strength = strength.min(0.5);
    }
    strength
}

/// A page that is still there, but that style sheets hide in every state, though they did not before.
fn washed_out(view: &View) -> Option<Found> {
    let change = view.change.as_ref()?;
    let styled = view.styled().filter(|it| !it.is_partial)?;
    let usual = view.norm.styled.words();
    let there = change.kept_blocks.is_some_and(|it| it >= THERE);
    if usual < WORDS || !there || styled.words as f64 > usual as f64 * SHOWN {
        return None;
    }
    let instead = styled
        .drawn
        .iter()
        .filter(|it| !view.norm.styled.draws(it))
        .chain(
            styled
                .grounds
                .iter()
                .filter(|it| !view.norm.styled.paints(it)),
        )
        .next();
    Some(match instead {
        Some(it) => Found::new(1.0, Localized::new("signal-covering-layer-hides"), it),
        None => {
            let say = Localized::new("signal-covering-layer-sheets");
            Found::new(BLANK, say, &styled.hidden)
        }
    })
}

/// A page that is still there, but that style or a script hides, with a new text in its place.
fn hidden(view: &View) -> Option<Found> {
    let change = view.change.as_ref()?;
    let usual = view.norm.words as f64;
    let there = change.kept_blocks.is_some_and(|it| it >= THERE);
    if view.norm.words < WORDS || !there || view.words as f64 > usual * SHOWN {
        return None;
    }
    let count = |text: &str| text.split_whitespace().count();
    let known = view.page.blocks.iter().filter(|it| {
        it.hidden.is_some_and(|it| it != Hiding::NoScript) && view.norm.blocks.contains_key(&it.key)
    });
    let known: usize = known.map(|it| count(&it.text)).sum();
    if (known as f64) < usual * HIDDEN {
        return None;
    }
    let instead: Vec<&str> = change
        .blocks
        .iter()
        .filter(|it| it.hidden.is_none())
        .take(BLOCKS)
        .map(|it| it.text.as_str())
        .collect();
    let words: usize = instead.iter().map(|it| count(it)).sum();
    let pictured = !change.images.is_empty() || !change.frames.is_empty();
    if words < INSTEAD && !pictured {
        // scripts that choose between editions hide a page until they have chosen
        let is_bare = change.scripts.is_empty() && view.words < BARE;
        return is_bare
            .then(|| Found::new(0.85, Localized::new("signal-covering-layer-blanks"), ""));
    }
    let say = Localized::new("signal-covering-layer-hides");
    Some(Found::new(1.0, say, &instead.join(" ")))
}
