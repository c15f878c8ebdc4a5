//! Tests and evaluation judge like the service: each case of `tests/pages` gets one result from files and from a
//! portal that serves them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use gaccong::{
    judge::{
        DecidedBy, Gravest, Look, expectations,
        replay::{Replay, Unbounded},
    },
    model::{
        Baseline, Class, Digest, Kind, Localized, LookRef, Profile, Signal, Target, TargetState,
        Verdict, incident::ChangeLine, target::Confirm,
    },
    store::Commit,
    watch::{LookOptions, check, look, visitors},
};
use jiff::Timestamp;

use crate::{
    pages::{cases, history, must_contain},
    portal::{Portal, Reply},
    scene::{Scene, yaml},
};

/// Serves the bytes of a file to each kind of visitor, without a header for their type.
fn serve(portal: &Portal, body: Bytes, googlebot: Option<Bytes>) {
    portal.set(move |request| {
        let agent = request.header("user-agent").unwrap_or_default();
        let other = googlebot.as_ref().filter(|_| agent.contains("Googlebot"));
        Reply::Full {
            status: 200,
            headers: Vec::new(),
            body: other.unwrap_or(&body).to_vec(),
        }
    });
}

fn read(path: PathBuf) -> Option<Bytes> {
    fs::read(path).ok().map(Bytes::from)
}

/// Writes the looks at the case's history as the approved baseline of both visitors.
async fn approve(scene: &Scene, portal: &Portal, target: &Target, history: &[Bytes]) {
    let mut looks: Vec<LookRef> = Vec::new();
    for body in history {
        serve(portal, body.clone(), None);
        let nothing = TargetState::new(target.id.clone());
        let seen = look(
            &scene.world,
            target,
            Profile::Desktop,
            &nothing,
            LookOptions::default(),
        )
        .await;
        scene.world.evidence.keep(body).unwrap();
        looks.push(seen.seen.expect("a page"));
    }
    for id in [target.id.clone(), target.id.child("googlebot")] {
        let mut target_state = TargetState::new(id);
        target_state.expects = Some(expectations(target));
        target_state.baseline = Some(Baseline {
            approved: looks.clone(),
            by: "x".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            learnt: Vec::new(),
        });
        let commit = Commit {
            target_state: Some(target_state),
            ..Commit::default()
        };
        scene.world.store.commit(commit).await.unwrap();
    }
}

/// Everything in a look that reaches people, incidents and the store.
#[derive(Debug, PartialEq)]
struct Told {
    class: Class,
    verdict: Verdict,
    cause: Option<Localized>,
    title: Option<String>,
    changes: Vec<ChangeLine>,
    digest: Option<Digest>,
    decided_by: DecidedBy,
}

impl Told {
    fn of(look: Look) -> Self {
        Self {
            class: look.class,
            verdict: look.verdict,
            cause: look.cause,
            title: look.title,
            changes: look.changes,
            digest: look.seen.map(|it| it.digest),
            decided_by: look.decided_by,
        }
    }
}

/// A case, as both ways need it.
struct Case {
    target: Target,
    history: Vec<Bytes>,
    after: Bytes,
    googlebot: Option<Bytes>,
}

impl Case {
    fn read(folder: &Path, mut target: Target) -> Self {
        target.must_contain = must_contain(folder);
        target.settings.confirm = Confirm {
            looks: 1,
            agree: 1,
            ..target.settings.confirm
        };
        let googlebot = read(folder.join("googlebot.html"));
        if googlebot.is_some() {
            target.settings.profiles.push(Profile::Googlebot);
        }
        Self {
            target,
            history: history(folder),
            after: read(folder.join("after.html")).unwrap(),
            googlebot,
        }
    }

    fn judge_files(&self) -> Told {
        let mut shown = vec![(Profile::Desktop, self.after.clone())];
        let other = self.googlebot.iter();
        shown.extend(other.map(|it| (Profile::Googlebot, it.clone())));
        let portal = Replay::reading(self.target.clone(), &self.history);
        Told::of(portal.judge(&shown, None, &Unbounded).unwrap())
    }

    /// The looks of the service, one for each visitor.
    async fn judge_portal(&self, scene: &Scene) -> Told {
        let world = &scene.world;
        let own = visitors::profile_dossier(world, &self.target, Profile::Googlebot).await;
        let target_state = TargetState {
            target: self.target.id.clone(),
            ..own.clone()
        };
        let desktop = Profile::Desktop;
        let first = look(
            world,
            &self.target,
            desktop,
            &target_state,
            LookOptions::default(),
        )
        .await;
        let shown = first.to_compare();
        let mut gravest = Gravest::of(first);
        if self.googlebot.is_some() {
            let beside = LookOptions {
                first_profile: Some(&target_state),
                first_shown: shown.as_ref(),
                ..LookOptions::default()
            };
            gravest.add(look(world, &self.target, Profile::Googlebot, &own, beside).await);
        }
        Told::of(gravest.into_look())
    }
}

/// Signals without the last digits of their weights, which a record in the store does not keep.
fn shown(signals: &[Signal]) -> Vec<(String, String, Localized, String)> {
    let one = |it: &Signal| {
        let weight = format!("{:.9}", it.weight);
        (it.name.clone(), weight, it.say.clone(), it.excerpt.clone())
    };
    signals.iter().map(one).collect()
}

/// The differences between the two ways; empty if there are none.
async fn differences(scene: &Scene, portal: &Portal, case: &Case) -> Vec<String> {
    if !case.history.is_empty() {
        approve(scene, portal, &case.target, &case.history).await;
    }
    serve(portal, case.after.clone(), case.googlebot.clone());
    let files = case.judge_files();
    let mut out = Vec::new();
    let seen = case.judge_portal(scene).await;
    if seen != files {
        out.push(format!("{seen:#?}\nfrom files {files:#?}"));
    }
    // and through a whole check, up to the incident
    let checked = check::check(&scene.world, &case.target).await;
    if checked.class != Some(files.class) {
        out.push(format!("class {:?}, not {}", checked.class, files.class));
    }
    let incidents = scene.incidents().await;
    let incident = incidents.iter().find(|it| it.target == case.target.id);
    let signals = incident.map(|it| shown(&it.signals));
    match Kind::of(files.class) {
        Some(_) if signals != Some(shown(&files.verdict.signals)) => {
            out.push(format!("an incident with the signals {signals:#?}"));
        }
        None if incident.is_some() => out.push("an incident".to_owned()),
        _ => (),
    }
    out
}

#[tokio::test]
async fn each_page_comes_to_the_same_from_files_and_from_a_portal() {
    let portal = Portal::page("").await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    let folders = cases();
    let (mut wrong, mut rungs) = (Vec::new(), Vec::new());
    for (at, folder) in folders.iter().enumerate() {
        let mut target = scene.target(0);
        target.id = format!("case-{at}").parse().unwrap();
        let case = Case::read(folder, target);
        rungs.push(case.judge_files().decided_by);
        let differences = differences(&scene, &portal, &case).await;
        wrong.extend(
            differences
                .iter()
                .map(|it| format!("{}: {it}", folder.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // otherwise the test compares too little
    assert!(folders.len() > 250, "{} cases", folders.len());
    assert!(rungs.contains(&DecidedBy::Masked) && rungs.contains(&DecidedBy::Judged));
}
