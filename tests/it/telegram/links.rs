//! Texts that Telegram's clients turn into links by themselves: addresses, mentions, tags, commands, telephone
//! numbers. These rules follow TDLib (MessageEntity.cpp), but are a little stricter: any two letters count as a
//! top-level domain.

use serde_json::Value;

/// Links that are intended: the commands that messages explain, and the example of an address.
const OURS: [&str; 9] = [
    "/dangky",
    "/suco",
    "/tamdung",
    "/thaydoi",
    "/trangthai",
    "/baocao",
    "/truc",
    "/trogiup",
    "/batdau",
];
const OUR_EXAMPLE: &str = "https://ten-cong.gov.vn";
const OUR_SETTING: &str = "duty.contacts";

/// The texts outside of code and links that a client would turn into links.
pub fn links(plain: &str, entities: &[Value]) -> Vec<String> {
    let mut units: Vec<u16> = plain.encode_utf16().collect();
    for it in entities {
        let kind = it["type"].as_str().unwrap_or_default();
        // a link to a person shows that person's name
        if matches!(kind, "code" | "pre" | "text_link") {
            let from = it["offset"].as_u64().unwrap_or(0) as usize;
            let to = from + it["length"].as_u64().unwrap_or(0) as usize;
            units[from..to].fill(u16::from(b'\n'));
        }
    }
    let text = String::from_utf16_lossy(&units)
        .replace(OUR_EXAMPLE, "")
        .replace(OUR_SETTING, "");
    // telephone numbers of the configured officers are meant to be tapped
    let lines = text
        .lines()
        .map(|it| it.split('☎').next().unwrap_or_default());
    let mut found = Vec::new();
    for line in lines {
        addresses(line, &mut found);
        signs(line, &mut found);
        numbers(line, &mut found);
    }
    found
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// Collects names with a dot, IPv4 addresses, and addresses with `://`.
fn addresses(line: &str, found: &mut Vec<String>) {
    let of_domain = |it: char| {
        it.is_ascii_alphanumeric()
            || "._~-".contains(it)
            || it >= '\u{c0}' && !it.is_whitespace() && !('\u{2000}'..'\u{206f}').contains(&it)
    };
    for part in line.split(|it| !of_domain(it)) {
        let labels: Vec<&str> = part.trim_end_matches('.').split('.').collect();
        let last = labels.last().copied().unwrap_or_default();
        let named = last.chars().count() >= 2 && last.chars().all(|it| !it.is_ascii_digit());
        let four = labels.len() == 4 && labels.iter().all(|it| it.parse::<u8>().is_ok());
        if labels.len() > 1 && !labels[labels.len() - 2].is_empty() && (named || four) {
            found.push(part.to_owned());
        }
    }
    if line.contains("://") {
        found.push(line.to_owned());
    }
}

/// Collects mentions, tags and commands.
fn signs(line: &str, found: &mut Vec<String>) {
    let chars: Vec<char> = line.chars().collect();
    for (at, it) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map_or(' ', |at| chars[at]);
        let rest: String = chars[at + 1..]
            .iter()
            .take_while(|it| is_word(**it))
            .collect();
        let free = !is_word(before) && !"/<>".contains(before);
        let hit = match it {
            // an `@` after a word makes an e-mail address
            '@' => !rest.is_empty() && before != '(',
            '#' | '$' => free && !rest.is_empty(),
            '/' => {
                free && rest
                    .chars()
                    .next()
                    .is_some_and(|it| it.is_ascii_alphanumeric())
            }
            _ => false,
        };
        let text = format!("{it}{rest}");
        let english = [
            "/incidents",
            "/status",
            "/report",
            "/duty",
            "/mute",
            "/change",
            "/register",
            "/help",
            "/start",
        ];
        if hit && !OURS.contains(&text.as_str()) && !english.contains(&text.as_str()) {
            found.push(text);
        }
    }
}

/// Collects numbers with seven or more digits, which may be telephone or card numbers; not after letters, as in the
/// service's ids.
fn numbers(line: &str, found: &mut Vec<String>) {
    let mut run = String::new();
    let mut before = ' ';
    let mut last = ' ';
    for it in line.chars().chain(['\n']) {
        if it.is_ascii_digit() || !run.is_empty() && " -()".contains(it) {
            if run.is_empty() {
                before = last;
            }
            run.push(it);
        } else {
            let digits = run.chars().filter(char::is_ascii_digit).count();
            if digits >= 7 && !it.is_alphanumeric() && !before.is_alphanumeric() && before != '-' {
                found.push(run.trim().to_owned());
            }
            run.clear();
        }
        last = it;
    }
}

#[test]
fn what_clients_make_links_of_is_found() {
    for text in [
        "xem 45.33.32.156/vneid",
        "//1.1.1.1:8080/x",
        "evil\u{20ac}.com",
        "ev\u{332}il\u{332}.com",
        "tg://resolve?domain=x",
        "@x9evil",
        "a@b.vn",
        "#the_cao",
        "$USD",
        "/evil",
        "0912 345 678",
        "4111111111111111",
    ] {
        assert!(!links(text, &[]).is_empty(), "{text}");
        let code =
            serde_json::json!({"type": "code", "offset": 0, "length": text.encode_utf16().count()});
        assert_eq!(links(text, &[code]), Vec::<String>::new(), "{text}");
    }
    for text in [
        "Phát hiện 20:00:00 ngày 22/11/2026 · xác nhận 2/3 lần kiểm tra",
        "SC-2026-0001 · kéo dài 1.234 phút. Xem /suco",
        "evil[.]com (@)x9 45[.]33[.]32[.]156/vneid a(@)b[.]vn (#)the",
        "Cách dùng: /dangky https://ten-cong.gov.vn Tên cơ quan",
    ] {
        assert_eq!(links(text, &[]), Vec::<String>::new(), "{text}");
    }
}
