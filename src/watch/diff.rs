//! The whole change of an incident, from its evidence, for people who ask for it.

use super::World;
use crate::{
    diff::{Line, changed_lines},
    model::{
        Incident,
        incident::{ChangeLine, Evidence},
    },
    page::{self, Source},
};

/// Lines of a file that a phone still opens.
const MOST: usize = 400;

/// Lines removed and added; what was said at the time where the bodies are gone.
pub fn lines_of(world: &World, incident: &Incident) -> Vec<ChangeLine> {
    let (before, now) = (incident.before.as_ref(), incident.evidence.last());
    match (
        before.and_then(|it| lines(world, it)),
        now.and_then(|it| lines(world, it)),
    ) {
        (Some(before), Some(now)) => changed_lines(&before, &now, MOST, 300),
        _ => incident.changes.clone(),
    }
}

fn lines(world: &World, evidence: &Evidence) -> Option<Vec<Line>> {
    let bytes = world.evidence.body(&evidence.digest).ok()?;
    let source = Source {
        bytes: &bytes,
        content_type: evidence.content_type.as_deref(),
        url: &evidence.url,
        ignore: &[],
    };
    let page = page::read(source).ok()?;
    Some(crate::diff::lines(&page))
}
