//! The full change of an incident, rebuilt from its stored pages at a person's request.

use crate::{
    diff::changed_lines,
    model::{
        Incident,
        incident::{ChangeLine, Evidence},
    },
    notify::pages::{Content, Face, LINES},
    page,
    page::{Page, Source},
    world::World,
};

/// Lines in the file that is sent: a phone still opens a file of this length.
const MOST: usize = 400;

/// Lines that were removed and added; if the page bodies are deleted, the lines that the alert showed. Parses pages:
/// callers must not run it on the runtime's threads, see [`lines_at_desk`].
pub fn lines_of(world: &World, incident: &Incident) -> Vec<ChangeLine> {
    lines(&world.evidence, incident)
}

/// Like [`lines_of`], on a worker thread. If that takes too long, the lines that the alert showed.
pub async fn lines_at_desk(world: &World, incident: &Incident) -> Vec<ChangeLine> {
    let (evidence, of) = (world.evidence.clone(), incident.clone());
    let work = world
        .workers
        .run_limited(&incident.target, move || lines(&evidence, &of));
    match work.await {
        Ok(lines) => lines,
        Err(error) => {
            tracing::warn!(incident.id = %incident.id, %error, "the change is shown as it was told");
            incident.changes.clone()
        }
    }
}

/// The page before the incident and the page now, parsed on a worker thread. If that takes too long, without their
/// content.
pub async fn faces(world: &World, incident: &Incident) -> [Option<Face>; 2] {
    let pages = [incident.before.clone(), incident.evidence.last().cloned()];
    let (evidence, kept) = (world.evidence.clone(), pages.clone());
    let work = world.workers.run_limited(&incident.target, move || {
        kept.map(|it| it.map(|it| face(&evidence, it)))
    });
    match work.await {
        Ok(faces) => faces,
        Err(error) => {
            tracing::warn!(incident.id = %incident.id, %error, "pages are shown without their content");
            pages.map(|it| it.map(bare))
        }
    }
}

fn lines(bodies: &crate::evidence::Evidence, incident: &Incident) -> Vec<ChangeLine> {
    let (before, now) = (incident.before.as_ref(), incident.evidence.last());
    let lines = |it: &Evidence| Some(crate::diff::lines(&read(bodies, it)?.1));
    match (before.and_then(lines), now.and_then(lines)) {
        (Some(before), Some(now)) => changed_lines(&before, &now, MOST, 300),
        _ => incident.changes.clone(),
    }
}

/// The size of the body in bytes, and the parsed page.
fn read(bodies: &crate::evidence::Evidence, evidence: &Evidence) -> Option<(usize, Page)> {
    let bytes = bodies.body(&evidence.digest).ok()?;
    let source = Source {
        bytes: &bytes,
        content_type: evidence.content_type.as_deref(),
        url: &evidence.url,
        ignore: &[],
    };
    Some((bytes.len(), page::read(source).ok()?))
}

fn face(bodies: &crate::evidence::Evidence, evidence: Evidence) -> Face {
    let Some((bytes, page)) = read(bodies, &evidence) else {
        return bare(evidence);
    };
    let mut lines = page.visible().filter(|it| !it.text.trim().is_empty());
    let first = lines.by_ref().take(LINES).map(|it| it.text.clone());
    let first: Vec<String> = first.collect();
    Face {
        content: Some(Content {
            bytes,
            charset: page.charset,
            lines: first,
            more: lines.count(),
        }),
        title: page.title,
        evidence,
    }
}

fn bare(evidence: Evidence) -> Face {
    Face {
        evidence,
        title: None,
        content: None,
    }
}
