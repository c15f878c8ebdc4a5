use gaccong::{
    detect::{Expectations, judge},
    diff::{Norm, changed_lines, lines},
    model::excerpt::{defang_text, excerpt},
    page::{self, Source, fold::fold},
};
use proptest::prelude::*;

fn survives(bytes: &[u8]) {
    let url = "https://a.example.vn/".parse().unwrap();
    let Ok(page) = page::read(Source {
        bytes,
        content_type: None,
        url: &url,
        ignore: &[],
    }) else {
        return;
    };
    let norm = Norm::learn([&page]);
    let expect = Expectations::of_url(&url);
    let again = judge(&page, &norm, &expect);
    assert!(
        !again.level.rings(),
        "a page compared with itself: {again:?}"
    );
    let first = judge(&page, &Norm::default(), &expect);
    assert!((0.0..=1.0).contains(&first.score));
    assert!(changed_lines(&norm.lines, &lines(&page), 9, 80).is_empty());
}

/// Fragments that confuse tree builders.
const PIECES: &[&str] = &[
    "<div>",
    "</div>",
    "<p>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<a href='//x'>",
    "</a>",
    "<b>",
    "<font a=1>",
    "<script>",
    "</script>",
    "<style>.a{display:none}",
    "</style>",
    "<title>",
    "</title>",
    "<svg>",
    "<math>",
    "</svg>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "--!>",
    "<!doctype html>",
    "<select>",
    "<option>",
    "<template>",
    "</template>",
    "<noscript>",
    "<frameset>",
    "<plaintext>",
    "<textarea>",
    "hacked by x",
    "nhà cái",
    "đ",
    "\u{202e}",
    "&amp;",
    "&#0;",
    "<",
    ">",
    "\"",
    "'",
    "=",
    "/",
    "\0",
    "<input type=password>",
    "<form action=//y>",
    "<iframe src=//z>",
    "<meta http-equiv=refresh content='0;url=//q'>",
    "<base href='http://['>",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        survives(&bytes);
    }

    #[test]
    fn any_soup_of_tags_is_read_or_refused(pieces in proptest::collection::vec(0..PIECES.len(), 0..200)) {
        let text: String = pieces.iter().map(|it| PIECES[*it]).collect();
        survives(text.as_bytes());
    }

    #[test]
    fn excerpts_keep_their_bounds(text in any::<String>(), max in 1usize..80) {
        let shown = excerpt(&text, max);
        prop_assert!(shown.chars().count() <= max);
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert!(!defang_text(&shown).contains("://"));
        fold(&text);
    }
}

/// Quadratic searches would take hours here, linear ones a moment. The limit is the timeout of the test runner.
#[test]
fn long_repetitions_are_judged_all_the_same() {
    for hostile in [
        format!("<p>{}</p>", "hacked by ".repeat(300_000)),
        "<!-- -- -- -->".repeat(60_000),
        (0..20_000)
            .map(|n| format!("<font a={n}><table></font>"))
            .collect::<String>(),
        format!("<p>{}", "nhà cái tài xỉu ".repeat(200_000)),
        format!(
            "<base href='https://x/{}/'>{}",
            "a".repeat(1 << 20),
            "<a href=y>z</a>".repeat(20_000)
        ),
        format!("<p style='{}display:none'>x</p>", "a:b;".repeat(200_000)),
    ] {
        let url = "https://a.example.vn/".parse().unwrap();
        let page = page::read(Source {
            bytes: hostile.as_bytes(),
            content_type: None,
            url: &url,
            ignore: &[],
        })
        .unwrap();
        let honest = "<title>Cổng</title><p>Xin chào</p>";
        let before = page::read(Source {
            bytes: honest.as_bytes(),
            content_type: None,
            url: &url,
            ignore: &[],
        })
        .unwrap();
        judge(&page, &Norm::learn([&before]), &Expectations::of_url(&url));
        assert!(page.links.iter().map(|it| it.url.len()).sum::<usize>() < 64 << 20);
    }
}

#[test]
fn pages_made_to_hang_are_refused_before_the_tree() {
    for hostile in [
        "<div>".repeat(50_000),
        "<p><font a=n>".repeat(30_000),
        (0..20_000)
            .map(|n| format!("<b id={n}>"))
            .collect::<String>(),
        "<table><tr><td>".repeat(10_000),
        "<svg><g>".repeat(20_000),
        "<i>a</i>".repeat(200_000),
        format!(
            "<p {}>",
            (0..50_000).map(|n| format!("a{n}=1 ")).collect::<String>()
        ),
        "<select><option>".repeat(20_000),
        "<math><mi>".repeat(20_000),
        "<template>".repeat(5_000),
        "<svg><style><div>".repeat(5_000),
        "<a href=x><div>".repeat(5_000),
        // the text's tag counter and the tree builder read these differently
        format!("<!--->{}", "<div>".repeat(5_000)),
        format!("<svg><title>{}", "<div>".repeat(5_000)),
        format!("<svg><plaintext>{}", "<g>".repeat(5_000)),
        format!("<svg>{}", "<link>".repeat(5_000)),
        format!("<svg>{}", "<tr>".repeat(5_000)),
        format!("</1 <textarea>{}", "<div>".repeat(5_000)),
        format!(
            "<textarea></textareaX><title></textarea>{}",
            "<div>".repeat(5_000)
        ),
        format!(
            "<script><!--<script></script><textarea>--></script>{}",
            "<div>".repeat(5_000)
        ),
        format!(
            "</1 <textarea><p {}>",
            (0..90_000).map(|n| format!("a{n}=1 ")).collect::<String>()
        ),
    ] {
        let url = "https://a.example.vn/".parse().unwrap();
        let read = page::read(Source {
            bytes: hostile.as_bytes(),
            content_type: None,
            url: &url,
            ignore: &[],
        });
        assert!(read.is_err(), "{}", &hostile[..60]);
    }
}

/// Inputs found by attackers: before the limits, each cost seconds to hours, or gigabytes.
#[test]
fn what_was_found_by_attackers_stays_found() {
    let many = |text: &str, times: usize| text.repeat(times);
    let numbered = |count: usize, write: &dyn Fn(usize) -> String| -> String {
        (0..count).map(write).collect()
    };
    let names: String = numbered(2000, &|n| format!(" a{n}=1"));
    for (name, refused, page) in [
        (
            "a colour of a million commas",
            false,
            format!("<body bgcolor='{}'>", many(",", 2_000_000)),
        ),
        (
            "html tags that add to each other",
            true,
            numbered(200_000, &|n| format!("<html a{n}=1>")),
        ),
        (
            "an end tag that is none",
            true,
            format!("<script></scriptx><!--</script><p {}>", many("a/", 400_000)),
        ),
        (
            "formatting elements with many attributes",
            true,
            many(
                &format!("<b{}>x", numbered(60, &|n| format!(" a{n}=1"))),
                5000,
            ),
        ),
        (
            "a formatting element opened again in every block",
            true,
            format!(
                "<p><b id='{}'>{}",
                many("x", 1_000_000),
                many("<p>x", 60_000)
            ),
        ),
        (
            "its attributes",
            true,
            format!("<p><b{names}>{}", many("<p>x", 60_000)),
        ),
        (
            "its handlers",
            true,
            format!(
                "<p><b onclick=\"eval('{}')\">{}",
                many("x", 100_000),
                many("<p>x", 20_000)
            ),
        ),
        (
            "raw text in a drawing",
            true,
            format!(
                "{}<svg><style>{}",
                many("<i>", 200),
                many("</div>", 900_000)
            ),
        ),
        (
            "a long base and short links",
            false,
            format!(
                "<base href='/{}'>{}",
                many("é", 1000),
                many("<a href=x>y</a>", 90_000)
            ),
        ),
        (
            "hosts that are spelt in code",
            false,
            numbered(3000, &|n| {
                format!("<a href='//{}{n}.vn'>x</a>", many("đ", 600))
            }),
        ),
        (
            "classes without number",
            false,
            numbered(9000, &|n| {
                format!(
                    "<i class='{}'></i>",
                    numbered(40, &|it| format!("c{n}-{it} "))
                )
            }),
        ),
        (
            "a boast a hundred thousand times",
            false,
            many("<h1>Hacked by X</h1>", 90_000),
        ),
        (
            "a hidden one",
            false,
            many("<li hidden>Hacked by X</li>", 60_000),
        ),
    ] {
        let url = "https://portal.example.vn/".parse().unwrap();
        let read = page::read(Source {
            bytes: page.as_bytes(),
            content_type: None,
            url: &url,
            ignore: &[],
        });
        assert_eq!(read.is_err(), refused, "{name}: {:?}", read.err());
        let Ok(page) = read else { continue };
        let kept: usize = page.scripts.iter().map(|it| it.code.len()).sum::<usize>()
            + page.links.iter().map(|it| it.url.len()).sum::<usize>()
            + page.blocks.iter().map(|it| it.text.len()).sum::<usize>();
        assert!(kept < 64 << 20, "{name}: {kept} bytes");
        let norm = Norm::learn([&page, &page]);
        judge(&page, &norm, &Expectations::of_url(&url));
    }
}

#[test]
fn who_waits_can_end_it() {
    let page = "<p>một đoạn văn dài của trang".repeat(200_000);
    let url = "https://portal.example.vn/".parse().unwrap();
    let cancel = page::cancel::Cancel::default();
    cancel.cancel();
    let source = Source {
        bytes: page.as_bytes(),
        content_type: None,
        url: &url,
        ignore: &[],
    };
    let limit = cancel.during(|| page::read(source).map(|_| ()));
    assert!(matches!(limit, Err(page::Limit::Time | page::Limit::Nodes)));
    // the beginning of the page is read nevertheless
    let signed = format!("<title>Hacked by X</title>{}", "<b>".repeat(2000));
    let source = Source {
        bytes: signed.as_bytes(),
        ..source
    };
    assert!(page::read(source).is_err());
    let crude = page::read_crudely(source).unwrap();
    assert_eq!(crude.title.as_deref(), Some("Hacked by X"));
}

#[test]
fn honest_comments_values_and_drawings_of_many_words_are_read() {
    let rows = "<li class=x><a href='/tin/1'>Tin cũ</a></li> ".repeat(9000);
    let points = "L 10 20 ".repeat(30_000);
    let data = "{\"id\": 1, \"ten\": \"Nguyễn Văn An\"}, ".repeat(9000);
    for page in [
        format!("<!-- {rows} --><p>Xin chào</p>"),
        format!("<svg><path d='M 0 0 {points}'/></svg><p>Xin chào</p>"),
        format!("<div data-rows='[{data}]'></div><p>Xin chào</p>"),
    ] {
        let read = page::read(Source {
            bytes: page.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: &"https://a.example.vn/".parse().unwrap(),
            ignore: &[],
        });
        assert!(read.is_ok_and(|it| it.visible().any(|it| it.text == "Xin chào")));
    }
}
