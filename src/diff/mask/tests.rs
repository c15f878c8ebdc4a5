use super::*;

fn page(clock: &str, token: &str, count: u32, news: &str) -> String {
    let fixed: String = (0..60)
        .map(|it| format!("<li><a href=\"/muc/{it}\">Mục số {it}</a></li>\n"))
        .collect();
    format!(
        "<html><head><meta name=\"csrf\" content=\"{token}\">\n<title>Cổng</title></head><body><p class=\"gio\">{clock}</p>\n\
         <ul>{fixed}</ul><div class=\"tin\">{news}</div>\n<p>Lượt xem: <b>{count}</b></p></body></html>"
    )
}

fn learn(bodies: &[&[u8]]) -> Mask {
    Mask::learn(Digest::of(b""), None, bodies)
}

fn learnt() -> Mask {
    let looks = [
        page(
            "10:03:11",
            "9f8a7b6c5d4e3f2a",
            1203,
            "<i>Tin một</i><b>Tin hai</b>",
        ),
        page(
            "10:08:12",
            "1b2c3d4e5f6a7b8c",
            1299,
            "<b>Tin hai</b><i>Tin ba</i>",
        ),
        page("10:13:10", "77aa88bb99cc00dd", 1310, "<i>Tin một</i>"),
    ];
    let bodies: Vec<&[u8]> = looks.iter().map(String::as_bytes).collect();
    learn(&bodies)
}

#[test]
fn what_varied_may_vary() {
    let mask = learnt();
    assert_eq!(mask.faces.len(), 1, "{mask:?}");
    let same = page(
        "23:59:59",
        "00ff11ee22dd33cc",
        9_900,
        "<i>Tin ba</i><i>Tin một</i>",
    );
    assert!(mask.fits(same.as_bytes()), "{mask:?}");
}

#[test]
fn nothing_else_may() {
    let mask = learnt();
    let good = page("23:59:59", "00ff11ee22dd33cc", 9_900, "<i>Tin ba</i>");
    assert!(mask.fits(good.as_bytes()));
    let bad = [
        // a word where a number stood, or a number of another kind
        good.replace("23:59:59", "hacked"),
        good.replace("9900", "99001234567890"),
        good.replace("9900", ""),
        // a word, another length, or another letter in a token
        good.replace("00ff11ee22dd33cc", "deadbeefdeadbeef"),
        good.replace("00ff11ee22dd33cc", "00ff11ee22dd33cc00"),
        good.replace("00ff11ee22dd33cc", "00ff11ee22dd33cz"),
        good.replace("00ff11ee22dd33cc", "00ff\"><script>11"),
        // new pieces among known ones, and too many of them
        good.replace("<i>Tin ba</i>", "<i>Tin ba</i><i>Nhà cái uy tín</i>"),
        good.replace("<i>Tin ba</i>", &"<i>Tin ba</i>".repeat(9)),
        // anything at all elsewhere
        good.replace("/muc/7\"", "/muc/8\""),
        good.replace("</body>", "<script src=//x.example/a.js></script></body>"),
        good.replace("Cổng", "Cong"),
        format!("{good} "),
        good[..good.len() - 1].to_owned(),
        String::new(),
    ];
    for page in bad {
        assert!(!mask.fits(page.as_bytes()), "{page}");
    }
}

#[test]
fn hosts_styles_and_code_are_never_slots() {
    let fixed = "<p>Nội dung không đổi của trang.</p>\n".repeat(40);
    let varied = [
        (
            "<img src=\"//a1.example/x.png\">",
            "<img src=\"//a2.example/x.png\">",
        ),
        (
            "<p style=\"x:9f8a7b6c5d4e\">",
            "<p style=\"x:1b2c3d4e5f6z\">",
        ),
        (
            "<p onclick=\"f9f8a7b6c5z()\">",
            "<p onclick=\"f1b2c3d4e5z()\">",
        ),
        (
            "<script src=\"/a/9f8a7b6c5z.js\">",
            "<script src=\"/a/1b2c3d4e5z.js\">",
        ),
        ("<p>mã 9f8a7b6c5z", "<p>mã 1b2c3d4e5z"),
    ];
    for (a, b) in varied {
        let (a, b) = (format!("{fixed}{a}{fixed}"), format!("{fixed}{b}{fixed}"));
        let mask = learn(&[a.as_bytes(), b.as_bytes()]);
        assert!(
            mask.fits(a.as_bytes()) && mask.fits(b.as_bytes()),
            "{mask:?}"
        );
        let third = b
            .replace("a2.example", "a3.example")
            .replace("1b2c3d4e5", "5e4d3c2b1");
        assert!(!mask.fits(third.as_bytes()), "{third} {mask:?}");
    }
}

#[test]
fn a_page_judged_normal_widens_a_slot() {
    let mut mask = learnt();
    let new = page("23:59:59", "00ff11ee22dd33cc", 9_900, "<i>Tin thứ tư</i>");
    assert!(!mask.fits(new.as_bytes()));
    assert!(mask.grow(new.as_bytes()));
    assert!(mask.fits(new.as_bytes()));
    let other = new.replace("<title>Cổng", "<title>Hacked");
    assert!(!mask.grow(other.as_bytes()), "what is fixed stays fixed");
}

#[test]
fn two_faces_are_two_masks_and_one_look_is_none() {
    let other = |n: u32| {
        format!(
            "<html><body>{}<p>{n}</p></body></html>",
            "<h1>Trang chờ</h1>\n".repeat(30)
        )
    };
    let looks = [
        page("10:03", "9f8a7b6c5d4e3f2a", 1, ""),
        other(10),
        page("10:04", "1b2c3d4e5f6a7b8c", 2, ""),
        other(11),
    ];
    let bodies: Vec<&[u8]> = looks.iter().map(String::as_bytes).collect();
    let mask = learn(&bodies);
    assert_eq!(mask.faces.len(), 2);
    assert!(mask.fits(other(57).as_bytes()));
    assert!(learn(&bodies[..1]).faces.is_empty());
}
