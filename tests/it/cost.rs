//! The cost of hostile pages: the steps for reading, learning, comparing and judging grow in proportion to the page's
//! length, whatever its content. Steps are counted, not seconds (`page::patience::steps`). Two portals with such
//! pages must not delay the looks at others.
//! such pages do not delay the looks at others.

use std::time::Duration;

use gaccong::{
    detect::{Expectations, judge},
    diff::{Features, Norm, compare},
    model::{Digest, Mask},
    page::{self, Page, Source, cancel},
};
use proptest::prelude::*;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Service, folder, yaml},
};

/// Creates the `n`th piece of a page.
type Piece = fn(usize) -> String;

/// Content that was costly or may be: runs of numbers, quotes, braces, addresses, nesting, entities, code, unclosed
/// elements.
const PIECES: &[(&str, Piece)] = &[
    ("numbers", |_| "1 ".into()),
    ("counted", |n| format!("{n} ")),
    ("dates", |n| format!("{}-{}-{} ", n % 31, n % 12, n)),
    ("dots", |n| format!("{}.{}.", n % 256, n % 9)),
    ("colons", |n| format!("a:{n} ")),
    ("blanks", |_| "          1".into()),
    ("hosts", |n| format!("//a{n} 1 ")),
    ("slashes", |_| "/\\/1".into()),
    ("list", |n| format!("{n},")),
    ("path", |n| format!("M{n} 10 ")),
    ("tokens", |n| format!("'9f8a7b6c{n:08x}' ")),
    ("lines", |n| format!("a{n}\n")),
    ("quotes", |_| "\"1'".into()),
    ("braces", |n| format!("{{a:{n}}}")),
    ("equals", |n| format!("a=\"{n}\" ")),
    ("query", |n| format!("?a={n}&")),
    ("elements", |n| format!("<p>{n}</p>")),
    ("items", |_| "<li></li>".into()),
    ("open items", |_| "<li>1".into()),
    ("cells", |_| "<td>1".into()),
    ("marked", |n| format!("<td><b a={n}>")),
    ("bold", |n| format!("<b a={n}>1</b>")),
    ("links", |n| format!("<a href='/a?b={n}'>{n}</a>")),
    ("classes", |n| format!("<i class='a{n} b{n}'>1</i>")),
    ("styled", |n| {
        format!("<i style='left:{n}px;top:{n}px'>1</i>")
    }),
    ("hidden inputs", |n| {
        format!("<input type=hidden value='{n}'>")
    }),
    ("metas", |n| format!("<meta name=a{n} content='token {n}'>")),
    ("handlers", |n| {
        format!("<i onclick=\"location='//a.vn/{n}'\">1</i>")
    }),
    ("scripts", |n| format!("<script>a({n})</script>")),
    ("escapes", |n| {
        format!("<script>'\\x{:02x}'+'%3C{n}%3E'</script>", n % 256)
    }),
    ("styles", |n| {
        format!("<style>.a{n}{{display:none}}</style>")
    }),
    ("frames", |n| format!("<iframe srcdoc='<p>{n}'></iframe>")),
    ("noscripts", |n| {
        format!("<noscript><p title='{n}'></noscript>")
    }),
    ("unsealed", |_| "<noscript><!--</noscript>".into()),
    ("entities", |n| format!("&#{n};&amp;")),
    ("comments", |_| "<!-- -- --!>".into()),
    ("open comments", |_| "<!--".into()),
    ("open tags", |_| "<".into()),
    ("open scripts", |_| "<script".into()),
    ("open titles", |_| "<title".into()),
    ("templates", |_| "<template>1</template>".into()),
    ("tables", |_| "<table><tr><td>1</table>".into()),
    ("drawings", |n| format!("<svg><path d='M{n} 1'/></svg>")),
    ("boasts", |n| format!("hacked by t3am{n} ")),
    ("shops", |n| {
        format!("<a href='//nhacai{n}.xyz/'>tài xỉu {n}</a>")
    }),
    ("signs", |_| "Ａ\u{335}🅷ħ".into()),
    ("letters", |_| "<b>h</b> <b>a</b> ".into()),
];

/// Text before and after the pieces of a page.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("<p>", "</p>"),
    ("<path d=\"", "\">"),
    ("<a href=\"/x?", "\">"),
    ("<input type=hidden value='", "'>"),
    ("<meta name=csrf content='", "'>"),
    ("<script>", "</script>"),
    ("<style>", "</style>"),
    ("<title>", "</title>"),
    ("<table>", "</table>"),
    ("<ul>", "</ul>"),
    ("<noscript>", "</noscript>"),
    ("<!--", "-->"),
];

/// A page of `bytes` bytes of one repeated piece; `last` is the word that varies from look to look.
fn made(piece: Piece, (open, close): (&str, &str), bytes: usize, last: &str) -> Vec<u8> {
    let mut text = format!(
        "<html><title>Xã</title><body><!--{}-->{open}",
        "x".repeat(bytes)
    );
    let from = text.len();
    let mut n = 0;
    while text.len() - from < bytes {
        text.push_str(&piece(n));
        n += 1;
    }
    text.push_str(&format!(" {last} 7{close}</body></html>"));
    text.into_bytes()
}

fn nested(piece: Piece, around: (&str, &str), bytes: usize, last: &str) -> Vec<u8> {
    let deep = "<div>".repeat(400);
    let mut out = deep.into_bytes();
    out.extend(made(piece, around, bytes, last));
    out
}

fn steps<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = cancel::steps();
    let out = work();
    (cancel::steps() - before, out)
}

fn source(bytes: &[u8]) -> Source<'_> {
    use std::sync::LazyLock;
    static URL: LazyLock<url::Url> = LazyLock::new(|| "https://a.example.vn/".parse().unwrap());
    Source {
        bytes,
        content_type: Some("text/html; charset=utf-8"),
        url: &URL,
        ignore: &[],
    }
}

/// The steps of each kind of work on these bodies: learning a mask, matching it, widening it, reading, crude reading,
/// learning a norm, and comparing and judging.
fn costs(looks: &[Vec<u8>; 3]) -> [(&'static str, u64); 7] {
    let bodies: Vec<&[u8]> = looks.iter().map(Vec::as_slice).collect();
    let (learnt, mut mask) = steps(|| Mask::learn(Digest::of(b""), None, &bodies[..2]));
    let (fitted, _) = steps(|| mask.fits(bodies[2]));
    let (grown, _) = steps(|| mask.grow(bodies[2]));
    let (crude, _) = steps(|| page::read_crudely(source(bodies[2])));
    let (read, pages) = steps(|| {
        bodies
            .iter()
            .filter_map(|it| page::read(source(it)).ok())
            .collect()
    });
    let pages: Vec<Page> = pages;
    let (normal, norm) = steps(|| {
        let all: Vec<Features> = pages.iter().take(2).map(Features::of).collect();
        Norm::of(&all)
    });
    let (judged, ()) = steps(|| {
        if let Some(last) = pages.last() {
            compare(&norm, last);
            judge(last, &norm, &Expectations::of_url(&last.url));
            judge(last, &Norm::default(), &Expectations::of_url(&last.url));
        }
    });
    [
        ("learn", learnt),
        ("fits", fitted),
        ("grow", grown),
        ("read", read),
        ("read crudely", crude),
        ("norm", normal),
        ("judge", judged),
    ]
}

/// Limit of steps for each byte: five times the highest cost measured for one of these pages. Quadratic work would
/// take as many steps per byte as the page has bytes.
const A_BYTE: u64 = 12;
/// Steps that any page may take in addition.
const AT_ONCE: u64 = 300_000;

fn holds(what: &str, looks: &[Vec<u8>; 3]) {
    let bytes: u64 = looks.iter().map(|it| it.len() as u64).sum();
    for (work, cost) in costs(looks) {
        assert!(
            cost <= A_BYTE * bytes + AT_ONCE,
            "{what}: {work} took {cost} steps for {bytes} bytes"
        );
    }
}

#[test]
fn whatever_a_page_is_made_of_it_costs_its_length() {
    for (name, piece) in PIECES {
        for around in AROUND {
            let looks = ["một", "hai", "ba"].map(|it| made(*piece, *around, 17 << 10, it));
            holds(&format!("{name} in {around:?}"), &looks);
        }
        let looks = ["một", "hai", "ba"].map(|it| made(*piece, ("<p>", "</p>"), 14 << 10, it));
        holds(&format!("{name} in a piece that may vary"), &looks);
        let looks = ["một", "hai", "ba"].map(|it| nested(*piece, ("<ul>", "</ul>"), 17 << 10, it));
        holds(&format!("{name}, nested"), &looks);
    }
}

#[test]
fn four_times_the_page_is_four_times_the_work() {
    // the whole content is one piece, which is short enough to vary at 3 KiB and at 12 KiB
    for name in [
        "numbers",
        "path",
        "equals",
        "colons",
        "blanks",
        "handlers",
        "items",
        "open tags",
    ] {
        let piece = PIECES.iter().find(|it| it.0 == name).unwrap().1;
        for around in [
            ("<p>", "</p>"),
            ("<path d=\"", "\">"),
            ("<script>", "</script>"),
        ] {
            let of = |bytes: usize| {
                let looks = ["một", "hai", "ba"].map(|it| made(piece, around, bytes, it));
                costs(&looks)
            };
            for ((work, small), (_, large)) in of(3 << 10).into_iter().zip(of(12 << 10)) {
                assert!(
                    large <= 6 * small + 100_000,
                    "{name} in {around:?}: {work} took {small} steps, and {large} for four times as much"
                );
            }
        }
    }
}

#[test]
fn a_mask_that_costs_too_much_is_none_and_every_piece_stays_what_it_is() {
    // a page of numbers, as large as a page with a mask may be: learnt within the budget, or not at all
    let looks: Vec<Vec<u8>> = (0..10)
        .map(|n| {
            made(
                |n| format!("<i>{n}</i>\n"),
                ("", ""),
                450 << 10,
                &format!("x{n}"),
            )
        })
        .collect();
    let bodies: Vec<&[u8]> = looks.iter().map(Vec::as_slice).collect();
    let (cost, _) = steps(|| Mask::learn(Digest::of(b""), None, &bodies));
    assert!(cost < 400_000_000, "{cost}");

    // one long piece in which a word changed: it is compared by digest, and no number in it may vary
    let of = |word: &str, number: u32| {
        let fixed = "<p>Nội dung không đổi của trang.</p>\n".repeat(2000);
        format!(
            "{fixed}<p>{} {number} {word}</p>{fixed}",
            "lượt xem ".repeat(4000)
        )
    };
    let looks = [of("một", 1), of("hai", 1)];
    let bodies: Vec<&[u8]> = looks.iter().map(String::as_bytes).collect();
    let mask = Mask::learn(Digest::of(b""), None, &bodies);
    assert_eq!(mask.faces.len(), 1);
    assert!(bodies.iter().all(|it| mask.fits(it)));
    assert!(!mask.fits(of("một", 2).as_bytes()));
}

#[test]
fn work_that_lost_patience_ends_and_says_so() {
    let looks = ["một", "hai"].map(|it| made(|n| format!("<p>{n}</p>"), ("", ""), 64 << 10, it));
    let lost = cancel::Cancel::default();
    lost.cancel();
    let (cost, mask) =
        steps(|| lost.during(|| Mask::learn(Digest::of(b""), None, &[&looks[0], &looks[1]])));
    assert!(
        mask.faces.is_empty() && cost <= 2 * looks[0].len() as u64,
        "{cost}"
    );
    let read = lost.during(|| page::read(source(&looks[0])));
    assert_eq!(read.err(), Some(page::Limit::Time));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_cost_their_length(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        pieces in proptest::collection::vec((0..PIECES.len(), 0..AROUND.len(), 1usize..400), 0..12),
        times in 1usize..40,
    ) {
        let mut body = bytes.repeat(times);
        for (piece, around, count) in pieces {
            let (open, close) = AROUND[around];
            body.extend(open.as_bytes());
            (0..count).for_each(|n| body.extend(PIECES[piece].1(n).as_bytes()));
            body.extend(close.as_bytes());
        }
        let looks = ["một 1", "hai 2", "ba 3"].map(|it| [body.as_slice(), it.as_bytes()].concat());
        holds("soup", &looks);
    }
}

/// The largest page that may have a mask.
#[test]
fn a_page_of_a_mebibyte_costs_its_length() {
    for name in ["numbers", "path", "equals", "elements", "signs"] {
        let piece = PIECES.iter().find(|it| it.0 == name).unwrap().1;
        let looks = ["một", "hai", "ba"].map(|it| made(piece, ("<p>", "</p>"), 500 << 10, it));
        holds(name, &looks);
    }
}

/// A page with one very long text of numbers, of which only the last word changes.
fn hostile(n: usize) -> String {
    let padding = "x".repeat(400_000);
    let word = ["mot", "hai", "ba", "bon", "nam"][n % 5];
    honest(7).replace(
        "</body>",
        &format!(
            "<!--{padding}--><p>{}{word}{n}</p></body>",
            "1 ".repeat(100_000)
        ),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hostile_portals_hold_up_nobody() {
    let mut bad = Vec::new();
    for _ in 0..2 {
        let mut served = 0;
        bad.push(
            Portal::start(move |_| {
                served += 1;
                Reply::Page(hostile(served))
            })
            .await,
        );
    }
    let mut good = Vec::new();
    for _ in 0..3 {
        let mut n = 0;
        good.push(
            Portal::start(move |_| {
                n += 7;
                Reply::Page(honest(n))
            })
            .await,
        );
    }
    let urls: Vec<String> = bad.iter().chain(&good).map(Portal::url).collect();
    let ids = ["xau-0", "xau-1", "tot-0", "tot-1", "tot-2"];
    let targets: Vec<(&str, &str)> = ids
        .into_iter()
        .zip(urls.iter().map(String::as_str))
        .collect();
    let (_keep, path) = folder(&yaml("", &targets));
    let mut service = tokio::task::spawn_blocking(move || {
        let mut service = Service::start(&path, &[]);
        for _ in 0..3 {
            service.until("the baseline is learnt");
        }
        service
    })
    .await
    .unwrap();
    // each honest portal is looked at repeatedly, while the hostile ones are, too
    let looked = |it: &Portal| it.seen().iter().filter(|it| it.path == "/").count();
    let from: Vec<usize> = good.iter().map(&looked).collect();
    let all_again = async {
        while good
            .iter()
            .zip(&from)
            .any(|(it, from)| looked(it) < from + 8)
            || bad.iter().any(|it| looked(it) < 4)
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let went_on = tokio::time::timeout(Duration::from_secs(60), all_again).await;
    let counts: Vec<usize> = good.iter().chain(&bad).map(looked).collect();
    assert!(
        went_on.is_ok(),
        "looks at three honest and two hostile portals: {counts:?}"
    );
    good[1].show(defaced());
    let code = tokio::task::spawn_blocking(move || {
        service.until("NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN");
        service.terminate()
    })
    .await
    .unwrap();
    assert_eq!(code, 0);
}
