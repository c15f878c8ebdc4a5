//! Text that people write and files that their programs save: understood as meant, or refused with place and advice
//! before the service starts.

use std::{fs, path::Path};

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::{
    portal::{Portal, honest},
    scene::{folder, gaccong, said, yaml},
};

fn list(path: &Path) -> Vec<Value> {
    let (out, err, code) = said(&gaccong(path, &["targets", "list", "--json"]));
    assert_eq!(code, 0, "{err}");
    out.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

async fn check(path: &Path, args: &'static [&'static str]) -> (String, String, i32) {
    let path = path.to_owned();
    let run = move || said(&gaccong(&path, &[&["check", "--json"], args].concat()));
    tokio::task::spawn_blocking(run).await.unwrap()
}

const EMPTY: &str = "service: { listen: 'off' }\n";

#[test]
fn tables_of_targets_are_taken_as_excel_saves_them() {
    let rows = [
        ["id", "agency", "name", "url"],
        ["so-yte", "so-y-te", "Sở Y tế", "https://soyte.example.vn/"],
        ["so-tp", "so-tp", "Sở Tư pháp", "https://sotp.example.vn/"],
    ];
    let table = |separator: &str| rows.map(|it| it.join(separator) + "\r\n").concat();
    let utf16 = |text: String, big: bool| -> Vec<u8> {
        let units = ['\u{feff}']
            .into_iter()
            .chain(text.chars())
            .collect::<String>();
        let units = units.encode_utf16();
        units
            .flat_map(|it| {
                if big {
                    it.to_be_bytes()
                } else {
                    it.to_le_bytes()
                }
            })
            .collect()
    };
    let legacy = encoding_rs::WINDOWS_1258;
    // the letters of windows-1258: some composed, others a vowel followed by a tone mark
    let apart = table(";").replace('ở', "ơ\u{309}").replace('ế', "ê\u{301}");
    let (ansi, _, lost) = legacy.encode(&apart);
    assert!(!lost);
    let vietnamese = table(";").replace("id;agency;name;url", "Mã;Mã cơ quan;Tên cổng;Địa chỉ");
    let other = rows.map(|[id, agency, name, url]| [url, "1", name, agency, id].join(",") + "\n");
    for (what, bytes) in [
        (
            "semicolons and a mark",
            ("\u{feff}".to_owned() + &table(";")).into_bytes(),
        ),
        ("tabs", table("\t").into_bytes()),
        ("UTF-16 LE with tabs", utf16(table("\t"), false)),
        ("UTF-16 BE", utf16(table(";"), true)),
        ("windows-1258", ansi.into_owned()),
        (
            "rows of separators",
            (table(",") + ",,,\r\n;;;\r\n")
                .replace(";;;", ",,,")
                .into_bytes(),
        ),
        ("sep=", ("sep=;\r\n".to_owned() + &table(";")).into_bytes()),
        ("Vietnamese columns", vietnamese.into_bytes()),
        (
            "another order, one column more",
            other.concat().replace("url,1,", "url,STT,").into_bytes(),
        ),
        (
            "letters and marks apart",
            table(",").nfd().collect::<String>().into_bytes(),
        ),
        (
            "marks of text",
            table(",").replace("so-yte,", "'so-yte,").into_bytes(),
        ),
        (
            "a title above",
            ("Danh sách cổng\r\n,,,\r\n".to_owned() + &table(",")).into_bytes(),
        ),
        (
            "a line break in a cell",
            table(",").replace("Sở Y tế", "\"Sở\nY tế\"").into_bytes(),
        ),
    ] {
        let (_keep, path) = folder(EMPTY);
        fs::write(path.join("list.csv"), bytes).unwrap();
        let (_, err, code) = said(&gaccong(&path, &["targets", "import", "list.csv"]));
        assert_eq!(code, 0, "{what}: {err}");
        let names: Vec<Value> = list(&path)
            .into_iter()
            .map(|it| it["name"].clone())
            .collect();
        assert_eq!(names, ["Sở Tư pháp", "Sở Y tế"], "{what}");
    }
    for (bytes, advice) in [
        (b"PK\x03\x04rest".to_vec(), "list.csv: this is a workbook"),
        (
            table(",").replace("Sở Y tế", "S? Y t?").into_bytes(),
            "list.csv:2: name: \"S? Y t?\": letters were lost",
        ),
        (
            table(",").replace("Sở Y tế", "\"Sở Y tế").into_bytes(),
            "list.csv: line 2: a quote",
        ),
        (
            table(",").replace("tp,Sở", "tp,x,Sở").into_bytes(),
            "list.csv:3: \"https://sotp.example.vn/\" stands behind",
        ),
        (
            b"danh sach\n1;2;3\n".to_vec(),
            "list.csv: line 1: the first row must name",
        ),
        (
            table(",").replace("name", "url").into_bytes(),
            "missing: name",
        ),
    ] {
        let (_keep, path) = folder(EMPTY);
        fs::write(path.join("list.csv"), bytes).unwrap();
        let (_, err, code) = said(&gaccong(&path, &["targets", "import", "list.csv"]));
        assert!(code == 2 && err.contains(advice), "{advice}: {err}");
        assert!(list(&path).is_empty());
    }
}

#[test]
fn a_roster_is_read_by_the_same_reader() {
    let text = yaml("", &[("a", "http://127.0.0.1:1/")])
        .replace("agencies:", "duty: { roster_csv: lich.csv }\nagencies:")
        .replace("every: 1s", "every: 30s");
    let (_keep, path) = folder(&text);
    let rows = "Họ tên\tTừ\tĐến\r\nLê An\t07:00\t19:00\r\nBình\t19:00\t07:00\r\n\t\t\r\n";
    let bytes = ["\u{feff}", rows].concat();
    let bytes: Vec<u8> = bytes.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(path.join("lich.csv"), bytes).unwrap();
    let (_, err, code) = said(&gaccong(&path, &["targets", "validate"]));
    assert_eq!((code, err.as_str()), (0, ""));
    fs::write(path.join("lich.csv"), rows.replace("19:00\r", "25:00\r")).unwrap();
    let (_, err, code) = said(&gaccong(&path, &["targets", "validate"]));
    assert!(
        code == 2 && err.contains("lich.csv: line 2: to: \"25:00\""),
        "{err}"
    );
}

#[test]
fn files_of_authorities_are_read_or_refused_at_their_place() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["a.example.vn".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let text = yaml(
        "  extra_ca: [good.cer, good.pem,\n    key.pem, 'none.pem']\n",
        &[("a", "http://127.0.0.1:1/")],
    );
    let text = text.replace("every: 1s", "every: 30s");
    let (_keep, path) = folder(&text);
    fs::write(path.join("good.cer"), own.der()).unwrap();
    fs::write(
        path.join("good.pem"),
        format!("một chứng thư\r\n{}", own.pem()),
    )
    .unwrap();
    fs::write(path.join("key.pem"), key.serialize_pem()).unwrap();
    let (_, err, code) = said(&gaccong(&path, &["targets", "validate"]));
    assert_eq!(code, 2);
    assert!(err.contains("2 faults"), "{err}");
    assert!(
        err.contains("targets.yaml:5:5: service.extra_ca: ./key.pem: it holds a private key"),
        "{err}"
    );
    assert!(
        err.contains("targets.yaml:5:14: service.extra_ca: ./none.pem: "),
        "{err}"
    );
    fs::write(
        path.join("targets.yaml"),
        text.replace(",\n    key.pem, 'none.pem'", ""),
    )
    .unwrap();
    let (_, err, code) = said(&gaccong(&path, &["targets", "validate"]));
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn a_secret_in_the_place_of_its_variable_is_refused_and_never_shown() {
    let token = "8012345678:AAErsHxQ-geheim";
    let text = yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s")
        + &format!(
            "notifiers:\n  room: {{ kind: telegram, with: {{ chat: -1001, token_env: '{token}' }} }}\n"
        );
    let (_keep, path) = folder(&text);
    for command in [["targets", "validate"], ["check", "a"]] {
        let (out, err, code) = said(&gaccong(&path, &command));
        assert_eq!(code, 2, "{out}{err}");
        assert!(
            err.contains("takes the name of an environment variable"),
            "{err}"
        );
        assert!(
            !out.contains("AAErs") && !err.contains("AAErs"),
            "{out}{err}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_with_a_star_are_allowed_and_hosts_with_more_are_refused() {
    let portal = Portal::page(honest(1)).await;
    for (host, refused) in [
        ("*.tinhcdn.example.com", None),
        (".TinhCDN.example.com", None),
        ("tinhcdn.example.com.", None),
        (
            "https://tinhcdn.example.com/x",
            Some("write the host alone: tinhcdn.example.com"),
        ),
        (
            "tinhcdn.example.com:8080",
            Some("write the host alone: tinhcdn.example.com"),
        ),
        ("a.example.com b.example.com", Some("each as an item")),
    ] {
        portal.show(honest(1));
        let text = yaml("", &[("a", &portal.url())]);
        let text = text.replace(
            "name: Cổng a,",
            &format!("name: Cổng a, allow_hosts: [\"{host}\"],"),
        );
        let (_keep, path) = folder(&text);
        let (_, err, code) = check(&path, &["--learn"]).await;
        if let Some(advice) = refused {
            assert!(
                code == 2 && err.contains("allow_hosts: ") && err.contains(advice),
                "{err}"
            );
            continue;
        }
        for _ in 0..2 {
            check(&path, &[]).await;
        }
        let script = "<script src=\"https://static.tinhcdn.example.com/w.js\"></script></body>";
        portal.show(honest(1).replace("</body>", script));
        let (out, err, code) = check(&path, &[]).await;
        assert_eq!(code, 0, "{host}: {out} {err}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_and_marks_apart_are_the_same_text() {
    let said = "<p class=\"ngày\">Hội\u{a0}hoa  phượng đỏ</p></body>";
    let apart = |text: &str| text.nfd().collect::<String>();
    for (asked, page) in [
        (apart("HỘI hoa phượng"), said.to_owned()),
        ("Hội hoa\u{a0}phượng".to_owned(), apart(said)),
        ("hội  hoa phượng đỏ".to_owned(), said.to_owned()),
    ] {
        let portal = Portal::page(honest(1).replace("</body>", &page)).await;
        let text = yaml("", &[("a", &portal.url())]);
        let (_keep, path) = folder(&text.replace(
            "name: Cổng a,",
            &format!("name: Cổng a, must_contain: [\"{asked}\"],"),
        ));
        let (out, err, code) = check(&path, &[]).await;
        assert_eq!(code, 0, "{asked}: {out} {err}");
        // if a selector removes the text, it is reported missing, in whichever form its letters are written
        let (_keep, path) = folder(&text.replace(
            "name: Cổng a,",
            &format!(
                "name: Cổng a, must_contain: [\"{asked}\"], ignore: [\"{}\"],",
                apart(".ngày")
            ),
        ));
        let (out, _, _) = check(&path, &[]).await;
        assert!(out.contains("missing-text"), "{asked}: {out}");
    }
    let text = yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s");
    let (_keep, path) =
        folder(&text.replace("name: Cổng a,", "name: Cổng a, must_contain: ['-'],"));
    let (_, err, code) = said_of(&path);
    assert!(
        code == 2 && err.contains("must_contain: \"-\" holds no letter"),
        "{err}"
    );
}

fn said_of(path: &Path) -> (String, String, i32) {
    said(&gaccong(path, &["targets", "validate"]))
}
