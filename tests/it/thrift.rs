//! No unnecessary requests, and no unnecessary bodies on disk.

use std::{collections::BTreeSet, fs, time::Duration};

use crate::{
    portal::{Portal, Reply, honest},
    scene::{Scene, Turned, parse, yaml},
};

#[tokio::test]
async fn who_is_silent_to_the_first_visitor_is_not_asked_by_the_others() {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace(
        "  timeout: 2s",
        "  timeout: 100ms\n  profiles: [desktop, mobile, googlebot]",
    );
    let scene = Scene::new(&text);
    scene.learn(0).await;
    let agents = || {
        portal
            .seen()
            .iter()
            .filter(|it| {
                it.header("user-agent")
                    .is_some_and(|it| it.contains("Googlebot") || it.contains("Android"))
            })
            .count()
    };
    let before = agents();
    assert_eq!(before, 6, "three looks as two others");
    portal.set(|_| Reply::Hang);
    scene.check(0).await;
    assert_eq!(agents(), before);
}

#[tokio::test]
async fn large_pages_that_fell_out_of_a_baseline_do_not_stay_on_disk() {
    let mut n = 0;
    let portal = Portal::start(move |_| {
        n += 1;
        let mut random = fastrand::Rng::with_seed(n);
        // over 1 MiB, so that no mask is learnt
        let noise: String = (0..1_200_000).map(|_| random.alphanumeric()).collect();
        Reply::Page(honest(1).replace("</body>", &format!("<!-- {noise} --></body>")))
    })
    .await;
    let clock = Turned::at("2026-01-05T00:00:00Z");
    let config = parse(&yaml("", &[("a", &portal.url())]));
    let scene = Scene::at(config, "memory", clock.clone());
    scene.learn(0).await;
    let mut taught = BTreeSet::new();
    for _ in 0..8 {
        clock.pass(1);
        scene.check(0).await;
        let learnt = scene.target_state(0).await.baseline.unwrap().learnt;
        taught.extend(learnt.iter().map(|it| it.digest.hex()));
    }
    let learnt = scene.target_state(0).await.baseline.unwrap().learnt.len();
    assert_eq!((taught.len(), learnt), (8, 5));
    let bodies = || {
        let all = fs::read_dir(scene.world.evidence.folder()).unwrap();
        all.map(|it| fs::read_dir(it.unwrap().path()).unwrap().count())
            .sum::<usize>()
    };
    assert_eq!(bodies(), 3 + 8);
    // set the files' times back, so that they are old enough to be deleted
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    for shelf in fs::read_dir(scene.world.evidence.folder()).unwrap() {
        for file in fs::read_dir(shelf.unwrap().path()).unwrap() {
            let file = fs::File::options()
                .append(true)
                .open(file.unwrap().path())
                .unwrap();
            file.set_modified(long_ago).unwrap();
        }
    }
    let world = &scene.world;
    world
        .evicted
        .clear(world.store.as_ref(), &world.evidence)
        .await;
    assert_eq!(bodies(), 3 + 5, "what the baseline speaks of stays");
}
