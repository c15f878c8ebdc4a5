//! Facts that visitors act on: listed by `targets show`, pinned by looks, told when they change.

use serde_json::Value;

use crate::{
    portal::Portal,
    scene::{folder, gaccong, said, yaml},
};

fn page(account: &str) -> String {
    let news: String = (0..12)
        .map(|n| format!("<li><a href=/tin/{n}>Tin hoạt động số {n} của xã</a></li>"))
        .collect();
    format!(
        "<!DOCTYPE html><meta charset=utf-8><title>Xã Hòa Sen</title><h1>Xã Hòa Sen</h1><ul>{news}</ul>
        <h2>Quỹ Vì người nghèo</h2><p>Mọi đóng góp xin gửi về quỹ của xã.</p>
        <p>Số tài khoản: {account} (Kho bạc Nhà nước)</p><p>Danh sách công khai hằng tháng.</p>
        <p>Đường dây nóng: 0256.3826.114</p>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_shows_what_is_pinned_and_tells_its_change() {
    let portal = Portal::page(page("3741.0.9087365")).await;
    let (_keep, path) = folder(&yaml("", &[("xa", &portal.url())]));
    let run = async |args: &[&str]| {
        let path = path.clone();
        let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
        let done = tokio::task::spawn_blocking(move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            said(&gaccong(&path, &args))
        });
        done.await.unwrap()
    };
    let (out, err, code) = run(&["targets", "show", "xa"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Chưa có thông tin nào được ghim"), "{out}");
    let (_, err, code) = run(&["check", "xa", "--learn"]).await;
    assert_eq!(code, 0, "{err}");
    let (out, _, code) = run(&["targets", "show", "xa", "--json"]).await;
    assert_eq!(code, 0);
    let shown: Value = serde_json::from_str(&out).unwrap();
    let pinned: Vec<(&str, &str)> = shown["pinned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        pinned,
        [("account", "374109087365"), ("phone", "02563826114")]
    );
    assert_eq!(shown["baseline"]["looks"], 1);
    let (out, ..) = run(&["targets", "show", "xa"]).await;
    assert!(
        out.contains("Thông tin được ghim") && out.contains("số tài khoản"),
        "{out}"
    );
    let (_, err, code) = run(&["targets", "show", "khong-co"]).await;
    assert!(code == 2 && err.contains("no target is called"), "{err}");

    portal.show(page("0129.8877.6650"));
    let (out, _, code) = run(&["check", "xa", "--json", "--lang", "en"]).await;
    assert_eq!(code, 1, "{out}");
    let look: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        look["signals"][0]["sentence"],
        "The known bank account was exchanged: 374109087365 before, 012988776650 now"
    );
}
