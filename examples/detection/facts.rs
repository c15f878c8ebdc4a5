//! What citizens rely on and a portal seldom changes: accounts, telephones, codes, addresses of services.

use fastrand::Rng;

use crate::names;

pub struct Facts {
    values: Vec<(&'static str, String)>,
    layout: usize,
}

impl Facts {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let named = |name: &str, rng: &mut Rng| names::named(name, rng).unwrap_or_default();
        let place = named("place", &mut rng);
        let layout = rng.usize(0..3);
        let account = named("account", &mut rng);
        let qr = match rng.u8(0..2) {
            0 => format!("/images/qr-nop-phi-{}.png", named("d2", &mut rng)),
            _ => format!(
                "https://img.vietqr.io/image/970405-{}-compact.png",
                account.replace(' ', "")
            ),
        };
        let service = format!(
            "https://dichvucong.gov.vn/p/home/{}.html",
            named("d4", &mut rng)
        );
        Self {
            values: vec![
                ("hotline", format!("0238 3{}", named("d6", &mut rng))),
                ("mail", format!("tiepnhan@{place}.gov.vn")),
                ("qr", qr),
                (
                    "app",
                    "https://play.google.com/store/apps/details?id=com.vnid".to_owned(),
                ),
                ("service", service),
                ("login", "/dang-nhap-can-bo.html".to_owned()),
                (
                    "software",
                    format!("/tai-ve/ky-so-{}.exe", named("d2", &mut rng)),
                ),
                ("action", "/tra-cuu-ho-so.html".to_owned()),
                ("account", account),
            ],
            layout,
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|it| it.0 == name);
        found.map(|it| it.1.as_str())
    }

    /// The block of a page that shows them.
    pub fn block(&self) -> String {
        let value = |name| self.value(name).unwrap_or_default();
        let account = format!(
            "Số tài khoản: {} tại Kho bạc Nhà nước tỉnh",
            value("account")
        );
        let contact = format!(
            "Đường dây nóng: {} - Thư điện tử: <a href=\"mailto:{mail}\">{mail}</a>",
            value("hotline"),
            mail = value("mail")
        );
        let links = [
            ("service", "Nộp hồ sơ trực tuyến"),
            ("app", "Ứng dụng VNeID"),
            ("login", "Đăng nhập cán bộ"),
            ("software", "Phần mềm ký số"),
        ]
        .map(|(name, text)| format!("<a href=\"{}\">{text}</a>", value(name)));
        let qr = format!(
            "<img src=\"{}\" alt=\"Mã QR nộp phí, lệ phí\">",
            value("qr")
        );
        let form = format!(
            "<form action=\"{}\" method=\"get\"><input name=\"ma\" placeholder=\"Mã hồ sơ\"><button>Tra cứu</button></form>",
            value("action")
        );
        match self.layout {
            0 => format!(
                "<div class=\"thong-tin-can-biet\"><h4>Thông tin cần biết</h4><p>{account}</p><p>{contact}</p>{qr}<ul><li>{}</li></ul>{form}</div>",
                links.join("</li><li>")
            ),
            1 => format!(
                "<section id=\"nop-phi\"><h3>Nộp phí, lệ phí</h3><table><tr><td>{qr}</td><td>{account}</td></tr></table>{form}<p>{}</p></section><address>{contact}</address>",
                links.join(" | ")
            ),
            _ => format!(
                "<div class=\"tien-ich\">{form}<p>{}</p><dl><dt>Chuyển khoản</dt><dd>{account}</dd><dt>Liên hệ</dt><dd>{contact}</dd></dl>{qr}</div>",
                links.join("<br>")
            ),
        }
    }

    /// The page with another value in the place of this fact, where its block shows it.
    pub fn replaced(&self, page: &str, name: &str, with: &str) -> Option<String> {
        let value = self.value(name)?;
        let at = page.rfind(value)?;
        Some([&page[..at], with, &page[at + value.len()..]].concat())
    }
}
