//! What a backup holds.

use gaccong::{
    model::{Class, Dossier, sighting::Sighting},
    store::{Commit, Evidence},
};
use jiff::Timestamp;

use crate::scene::{folder, gaccong, id, said, store_at, yaml};

#[tokio::test]
async fn the_pages_of_sightings_are_in_the_backup_and_verified() {
    let (_keep, path) = folder(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    let evidence = Evidence::new(path.join("snapshots"));
    let digest = evidence.keep(b"<p>hacked by x</p>").unwrap();
    let mut dossier = Dossier::new(id("a"));
    dossier.sightings.seen.push(Sighting {
        at: Timestamp::now(),
        class: Class::Defaced,
        score: 1.0,
        digest: Some(digest),
        signed: true,
        told: false,
    });
    let store = store_at("sled", &path.join("data"));
    let commit = Commit {
        dossier: Some(dossier),
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
    drop(store);
    let run = |args: &[&str]| said(&gaccong(&path, args));
    let (_, err, code) = run(&["backup", "all"]);
    assert_eq!(code, 0, "{err}");
    let (out, err, code) = run(&["store", "verify", "--json"]);
    assert!(code == 0 && out.contains("\"files\":1"), "{out}{err}");
    assert!(evidence.remove(&digest, std::time::Duration::ZERO));
    let (out, err, code) = run(&["store", "verify", "--json"]);
    assert!(code == 1 && out.contains(&digest.hex()), "{out}{err}");
    let (_, err, code) = run(&["restore", "all", "--replace"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(evidence.body(&digest).unwrap(), b"<p>hacked by x</p>");
}
