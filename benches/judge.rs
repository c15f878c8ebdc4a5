//! What one look costs by its path: a digest, a mask, or reading, judging and the diff for people. `cargo bench`.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use gaccong::{
    diff::{Norm, changed_lines, lines},
    judge::{
        DecidedBy,
        replay::{Replay, Unbounded},
    },
    model::{Digest, Mask, Profile, Target, target::Settings},
    page::{self, Page, Source},
};

/// A made-up page of about 100 KB: some 1,100 elements, as the median portal has, and long texts.
fn page(seed: usize) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=vi><head><meta charset=utf-8><title>Cổng thông tin điện tử</title></head><body><div id=menu>",
    );
    for at in 0..60 {
        out.push_str(&format!("<a class=item href='/muc/{at}'>Mục số {at}</a>"));
    }
    out.push_str("</div><div id=main>");
    for at in 0..250 {
        let fresh = if at % 10 == seed % 10 { seed } else { 0 };
        out.push_str(&format!(
            "<div class=news><h3><a href='/tin/{at}-{fresh}'>Tin hoạt động {at} đợt {}</a></h3><p>{}</p></div>",
            "x".repeat(fresh + 1),
            "Nội dung bản tin về công tác chỉ đạo điều hành và cải cách hành chính của đơn vị. ".repeat(3)
        ));
    }
    out.push_str("</div><div id=foot>Lượt truy cập</div></body></html>");
    out
}

fn read(html: &str) -> Page {
    let url = "https://portal.example.vn/".parse().expect("a URL");
    let source = Source {
        bytes: html.as_bytes(),
        content_type: None,
        url: &url,
        ignore: &[],
    };
    page::read(source).expect("a page within the limits")
}

/// A page with a new clock, count and token at each call, and otherwise unchanged.
fn going_on(n: usize) -> String {
    let token = Digest::of(&n.to_le_bytes()).hex();
    let now = format!(
        "<meta name=csrf content='{token}'></head><body><p>10:{:02}:{:02}</p><b>{}</b>",
        n % 60,
        n % 59,
        4000 + n
    );
    page(0).replacen("</head><body>", &now, 1)
}

fn bytes(c: &mut Criterion) {
    let bodies: Vec<String> = (0..10).map(going_on).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(String::as_bytes).collect();
    let mask = Mask::learn(Digest::of(b""), None, &bodies);
    let now = going_on(700);
    assert!(mask.fits(now.as_bytes()));
    c.bench_function("Digest::of", |b| {
        b.iter(|| Digest::of(black_box(now.as_bytes())))
    });
    c.bench_function("Mask::fits", |b| {
        b.iter(|| mask.fits(black_box(now.as_bytes())))
    });
    c.bench_function("Mask::learn, ten looks", |b| {
        b.iter(|| Mask::learn(Digest::of(b""), None, black_box(&bodies)))
    });
    let pages: Vec<Page> = (0..10).map(|it| read(&going_on(it))).collect();
    c.bench_function("Norm::learn, ten looks read", |b| {
        b.iter(|| Norm::learn(black_box(&pages)))
    });
}

fn parts(c: &mut Criterion) {
    let (before, now) = (page(1), page(4));
    println!(
        "page: {} bytes, {} elements",
        now.len(),
        read(&now).elements
    );
    let changed = read(&now);
    let (old, new) = (lines(&read(&before)), lines(&changed));
    c.bench_function("guard::count", |b| {
        b.iter(|| page::guard::count(black_box(&now)))
    });
    c.bench_function("page::read", |b| b.iter(|| read(black_box(&now))));
    c.bench_function("diff::changed_lines", |b| {
        b.iter(|| changed_lines(black_box(&old), black_box(&new), 9, 110))
    });
}

/// The rungs of the judge, on whole visits: known bytes, bytes that a mask lets through, and a page that is read.
fn rungs(c: &mut Criterion) {
    let url: url::Url = "https://portal.example.vn/".parse().expect("a URL");
    let portal = |history: &[String]| {
        let history: Vec<Bytes> = history.iter().map(|it| it.clone().into()).collect();
        Replay::reading(
            Target::unregistered(url.clone(), Settings::default()),
            &history,
        )
    };
    let clocks = portal(&(0..10).map(going_on).collect::<Vec<_>>());
    let news = portal(&(1..=3).map(page).collect::<Vec<_>>());
    for (portal, now, rung) in [
        (&clocks, going_on(3), DecidedBy::Equal),
        (&clocks, going_on(700), DecidedBy::Masked),
        (&news, page(4), DecidedBy::Judged),
    ] {
        let seen = [(Profile::Desktop, Bytes::from(now))];
        let judge = || portal.judge(black_box(&seen), None, &Unbounded);
        let decided_by = judge().map(|it| it.decided_by);
        assert_eq!(decided_by, Some(rung));
        c.bench_function(&format!("judge, {}", rung.as_str()), |b| b.iter(judge));
    }
}

criterion_group!(benches, bytes, parts, rungs);
criterion_main!(benches);
