//! New inline code: what it carries in disguise, what it does, and whether it is a new build of known code.

use crate::{
    diff::{Change, Norm},
    page::{
        Page, Script,
        capability::{self, Build, Capability, Reading},
        script,
    },
};

/// Most bytes of inline code that are decoded, of all pieces together: a page may hold megabytes of it.
const CODE_READ: usize = 512 << 10;

/// New inline code or data, with the texts that it carries in disguise.
pub struct Code<'a> {
    pub script: &'a Script,
    pub layers: Vec<script::Layer>,
    /// What it does.
    pub reading: Reading,
    /// Known code which this is a new build of: like it in shape, and no longer in the page.
    pub rebuilt: Option<Build>,
}

impl Code<'_> {
    /// Whether the code or any text inside it holds `text`.
    pub fn holds(&self, text: &str) -> bool {
        self.script.code.contains(text) || self.layers.iter().any(|it| it.text.contains(text))
    }

    /// Whether it is a new build of known code which does this already.
    pub fn always_did(&self, capability: Capability) -> bool {
        let known = self.rebuilt.as_ref();
        known.is_some_and(|it| it.capabilities & capability.bit() != 0)
    }

    /// Whether it is a new build of known code, and can do no more than that.
    pub fn is_rebuilt(&self) -> bool {
        let known = self.rebuilt.as_ref();
        known.is_some_and(|it| self.reading.set() & !it.capabilities == 0)
    }

    /// Whether it is such a build of code that named this host, too.
    pub fn always_named(&self, host: &str) -> bool {
        self.is_rebuilt() && self.rebuilt.as_ref().is_some_and(|it| it.names(host))
    }

    /// Hosts of absolute URLs in the code and inside it, in order.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.script.code.as_str())
            .chain(self.layers.iter().map(|it| it.text.as_str()))
            .flat_map(script::hosts_in)
    }
}

/// Reads the new inline code of a page; all of it without a baseline.
pub(super) fn codes_of<'a>(
    page: &'a Page,
    norm: &Norm,
    change: Option<&Change<'a>>,
) -> Vec<Code<'a>> {
    let scripts: Vec<&'a Script> = match change {
        Some(change) => change.scripts.clone(),
        None => page.scripts.iter().collect(),
    };
    let mut room = CODE_READ;
    let mut out = Vec::new();
    for script in scripts.into_iter().filter(|it| !it.code.is_empty()) {
        let Some(left) = room.checked_sub(script.code.len()) else {
            continue;
        };
        room = left;
        let layers = script::layers(&script.code);
        let reading = if script.runs {
            capability::read(&script.code, &layers)
        } else {
            Reading::default()
        };
        let rebuilt = rebuilt(page, norm, &reading);
        out.push(Code {
            script,
            layers,
            reading,
            rebuilt,
        });
    }
    out
}

/// Known code that was replaced by a new build of it.
fn rebuilt(page: &Page, norm: &Norm, reading: &Reading) -> Option<Build> {
    let gone = |key| !page.scripts.iter().any(|it| it.key == key);
    let alike = norm
        .builds
        .iter()
        .filter(|it| it.is_like(&reading.build) && gone(it.key));
    alike.cloned().reduce(Build::joined)
}
