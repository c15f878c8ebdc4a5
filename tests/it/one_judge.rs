//! The judge of the tests and the evaluation is the judge of the service: each case of `tests/pages` comes to the same from
//! files as from a portal that serves it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use gaccong::{
    judge::{
        Look, expectations,
        replay::{Replay, Unbounded},
    },
    model::{
        Baseline, Dossier, LookRef, Profile, Signal, Target,
        target::{Confirm, TargetId},
    },
    store::Commit,
    watch::{check, look, look::Beside},
};
use jiff::Timestamp;

use crate::{
    pages::{cases, history, must_contain},
    portal::{Portal, Reply},
    scene::{Scene, yaml},
};

/// What the portal serves to a visitor: the bytes of a file, without any header that says what they are.
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
        let nothing = Dossier::new(target.id.clone());
        let seen = look(
            &scene.world,
            target,
            Profile::Desktop,
            &nothing,
            Beside::default(),
        )
        .await;
        scene.world.evidence.keep(body).unwrap();
        looks.push(seen.seen.expect("a page"));
    }
    for id in [target.id.clone(), target.id.beside("googlebot")] {
        let mut dossier = Dossier::new(id);
        dossier.expects = Some(expectations(target));
        dossier.baseline = Some(Baseline {
            approved: looks.clone(),
            by: "x".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            learnt: Vec::new(),
        });
        let commit = Commit {
            dossier: Some(dossier),
            ..Commit::default()
        };
        scene.world.store.commit(commit).await.unwrap();
    }
}

/// Names with log-odds, in an order that does not depend on ties.
fn signals(of: &[Signal]) -> BTreeMap<String, String> {
    let shown = |it: &Signal| (it.name.clone(), format!("{:.3}", it.weight));
    of.iter().map(shown).collect()
}

/// What differs between the two ways; empty where nothing does.
async fn differences(scene: &Scene, portal: &Portal, case: &Path, at: usize) -> Vec<String> {
    let mut target = scene.target(0);
    target.id = format!("case-{at}").parse::<TargetId>().unwrap();
    target.must_contain = must_contain(case);
    target.settings.confirm = Confirm {
        looks: 1,
        agree: 1,
        ..target.settings.confirm
    };
    let (after, googlebot) = (
        read(case.join("after.html")).unwrap(),
        read(case.join("googlebot.html")),
    );
    let history = history(case);
    let mut shown = vec![(Profile::Desktop, after.clone())];
    if let Some(page) = &googlebot {
        target.settings.profiles.push(Profile::Googlebot);
        shown.push((Profile::Googlebot, page.clone()));
    }
    let files: Look = Replay::reading(target.clone(), &history)
        .judge(&shown, None, &Unbounded)
        .unwrap();
    if !history.is_empty() {
        approve(scene, portal, &target, &history).await;
    }
    serve(portal, after, googlebot);
    let checked = check::check(&scene.world, &target).await;
    let mut out = Vec::new();
    if checked.class != Some(files.class) {
        out.push(format!(
            "class {:?}, from files {}",
            checked.class, files.class
        ));
    }
    let incidents = scene.incidents().await;
    let incident = incidents.iter().find(|it| it.target == target.id);
    let told = incident.map(|it| signals(&it.signals));
    let expected = signals(&files.verdict.signals);
    if told.as_ref().is_some_and(|it| *it != expected) {
        out.push(format!("signals {told:?}, from files {expected:?}"));
    }
    let rings = files.verdict.level.rings();
    if rings && incident.is_none() {
        out.push("no incident".to_owned());
    }
    out
}

#[tokio::test]
async fn each_page_comes_to_the_same_from_files_and_from_a_portal() {
    let portal = Portal::page("").await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    let mut wrong = Vec::new();
    for (at, case) in cases().iter().enumerate() {
        let differences = differences(&scene, &portal, case, at).await;
        wrong.extend(
            differences
                .iter()
                .map(|it| format!("{}: {it}", case.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
