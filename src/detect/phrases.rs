//! Phrase lists and their search over folded text. Facts about how attackers write, one row a phrase.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::page::fold::fold;

/// A set of phrases, found only at word boundaries.
pub struct Phrases {
    automaton: Option<AhoCorasick>,
    words: Vec<String>,
}

/// A phrase and where it begins in the folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    pub phrase: &'a str,
    pub at: usize,
}

impl Phrases {
    fn new(list: &[&str]) -> Self {
        let words: Vec<String> = list.iter().map(|it| fold(it)).collect();
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok();
        Self { automaton, words }
    }

    /// Phrases in a folded text, in order.
    pub fn find<'a>(&'a self, folded: &'a str) -> impl Iterator<Item = Hit<'a>> + 'a {
        self.automaton
            .iter()
            .flat_map(move |it| it.find_iter(folded))
            .filter(move |it| is_whole(folded, it.start(), it.end()))
            .map(move |it| Hit {
                phrase: &self.words[it.pattern().as_usize()],
                at: it.start(),
            })
    }

    pub fn any(&self, folded: &str) -> bool {
        self.find(folded).next().is_some()
    }
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    // scripts without blanks between words have no boundaries to ask for
    let wide = text[start..end].chars().next().is_some_and(|c| c >= '\u{2e80}');
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    wide || !(letter(before) || letter(after))
}

/// What attackers sign with: verb and "by", in the languages seen. These accuse where they lead a title or a line.
pub static SIGNED: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "hacked by", "h4cked by", "haxored by", "defaced by", "deface by", "owned by", "0wned by", "pwned by", "pwnd by", "rooted by", "r00ted by",
    "touched by", "stamped by", "fucked by", "penetrated by", "cracked by", "breached by", "exploited by", "compromised by", "seized by", "taken over by", "infected by", "destroyed by", "ruined by", "shelled by", "uploaded by mr", "blocked by muslim", "attacked by", "hijacked by", "spanked by", "raped by", "locked by", "encrypted by", "conquered by", "invaded by", "struck by", "hit by cyber", "hacked with", "hacked with love", "greetings from", "hack by", "hacking by", "hacked", "defaced", "hax by", "pawned by", "powned by", "sent to hell by", "tested by", "testing by", "was here",
    "hacklendi", "hacklendiniz", "hacklenmistir", "hacklenmiştir", "hacked site by", "tarafından hacklendi", "tarafindan hacklendi", "ele geçirildi",
    "diretas oleh", "di retas oleh", "di hack oleh", "dihack oleh", "dibobol oleh", "dibobol", "diambil alih oleh", "disusupi oleh", "telah diretas", "pesan dari", "situs ini telah diretas", "ditembus oleh", "dicolong oleh",
    "bị hack bởi", "bị tấn công bởi", "đã bị hack", "bị hack", "bị deface", "bị chiếm quyền bởi", "bị kiểm soát bởi", "tấn công bởi", "hack bởi", "bị hạ bởi", "được hack bởi", "đã bị xâm nhập bởi",
    "hackeado por", "hackeada por", "pirateado por", "atacado por", "invadido por", "invadida por", "desfigurado por", "pichado por", "dominado por", "crackeado por",
    "piraté par", "hacké par", "hacke par", "pirate par", "gehackt von", "gehackt durch", "hackerato da", "взломан", "взломано", "взломали", "zhakowane przez", "zhakowany przez", "hacknuto",
    "تم اختراق", "تم الاختراق", "اخترق بواسطة", "تم اختراقه", "هكر", "هک شد", "هک شده توسط", "هک شده", "হ্যাক করা হয়েছে", "হ্যাকড বাই", "हैक किया गया", "被黑", "黑客入侵", "已被黑", "被入侵", "ハッキング", "ハックされ", "해킹당",
]));

/// What attackers say besides their name: enough in a headline, little in running text.
pub static TAUNTS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "greetz", "greets to", "gr33tz", "shoutz", "shout out to all hackers", "special thanks to all hackers", "we are anonymous", "we are legion", "expect us", "we do not forgive", "we do not forget",
    "your security is", "ur security is", "your security low", "security is low", "security is an illusion", "security breach by", "no system is safe", "nothing is secure", "patch your system", "patch your site", "patch it", "fix your security", "secure your site", "secure your website", "update your security", "upgrade your security",
    "your site has been hacked", "your website has been hacked", "this site has been hacked", "site has been hacked", "website has been hacked", "you have been hacked", "you got hacked", "you've been hacked", "got hacked", "has been hacked", "has been defaced", "has been pwned", "has been seized by",
    "sorry admin", "hello admin", "hi admin", "dear admin", "hey admin", "admin bodoh", "maaf admin", "halo admin", "hello administrator", "sorry mr admin", "fuck admin", "stupid admin", "lol admin", "hey webmaster", "where is admin", "wake up admin", "xin chào admin", "chào admin",
    "cyber army", "cyber team", "cyber force", "cyber attacker", "cyber ghost", "ghost team", "hacker team", "hackers team", "hacktivist", "hacking team", "hack team", "hacker group", "h4x0r", "haxor", "1337", "l33t", "black hat", "blackhat hackers", "defacer", "defacers", "defacement by", "indoxploit", "indonesian hacker", "turkish hacker", "turk hack team", "moroccan hackers", "algerian hacker", "tunisian cyber", "bangladesh grey hat", "bangladeshi hacker", "pakistan cyber", "pak cyber", "indian cyber", "team insane", "anonghost", "anon ghost", "garuda security", "zone-h", "mirror-h", "zone xsec", "haxor id", "by mr", "we are hackers", "no justice no peace", "webshell", "backdoor by", "root access", "rooted", "hacked!", "game over admin",
    "an ninh kém", "bảo mật kém", "bảo mật quá kém", "lỗ hổng bảo mật của bạn", "hacker việt nam", "liên hệ để sửa lỗi", "liên hệ để vá", "fix lỗi đi admin", "admin ngu",
    "bilişim güvenliği", "güvenlik açığı", "keamanan website", "keamanan anda", "website anda", "tidak aman", "celah keamanan", "sua segurança", "segurança falha", "seguridad es baja",
]));

/// Slogans that attackers write on pages that never spoke of such things.
pub static SLOGANS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "free palestine", "save palestine", "save gaza", "free gaza", "pray for gaza", "stand with palestine", "stop genocide", "stop killing", "free kashmir", "save rohingya", "free syria", "death to", "down with", "long live the resistance",
    "we are watching you", "we are everywhere", "we will be back", "you can't stop us", "wake up people", "fight for freedom", "freedom for", "stop corruption", "stop the war", "stop war", "slava ukraini", "glory to", "khilafah", "jihad", "israel is terrorist", "fuck israel", "fuck usa", "fuck isis", "fuck government", "fuck the system", "fuck the government", "corrupt government", "government corrupt", "no war", "opisrael", "op israel", "#op", "your government lies", "government is lying", "resist", "merdeka", "viva la revolution", "revolution is coming", "selamatkan palestina", "bebaskan palestina",
    "đả đảo", "tự do cho", "chính phủ tham nhũng", "chúng tôi đang theo dõi", "南海是中国", "钓鱼岛", "黄沙", "台湾独立",
]));

/// Words of gambling, loan, pharmacy, essay and adult trade as it advertises itself.
pub static SPAM: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    // Vietnamese
    "nhà cái", "nha cai", "tài xỉu", "tai xiu", "nổ hũ", "no hu", "game bài", "game bai", "đánh bài online", "bài đổi thưởng", "đổi thưởng", "doi thuong", "cá cược", "ca cuoc", "cá độ", "kèo bóng đá", "kèo nhà cái", "keo nha cai", "tỷ lệ kèo", "soi kèo", "soi keo", "soi cầu", "soi cau", "lô đề", "lo de", "số đề", "xổ số online", "xo so online", "đánh lô", "chốt số", "bạch thủ", "bắn cá", "ban ca", "xóc đĩa", "xoc dia", "bầu cua online", "casino trực tuyến", "casino online", "sòng bạc", "song bac", "slot game", "slot online", "jackpot", "baccarat", "roulette", "poker online", "rồng hổ", "đá gà", "da ga", "đá gà trực tiếp", "khuyến mãi nạp đầu", "lần nạp đầu", "nạp đầu", "cược", "link vào", "vay tiền nhanh", "vay tiền online", "vay nóng", "vay tín chấp online", "vay online", "gái gọi", "phim sex", "phim người lớn", "thuốc cường dương", "link tải app", "tải app nhận", "win79", "go88", "sunwin", "hitclub", "b52 club", "789club", "fun88", "w88", "m88", "188bet", "fb88", "bk8", "jun88", "kubet", "ku casino", "thabet", "hi88", "shbet", "new88", "okvip", "8xbet", "i9bet", "f8bet", "mb66", "789bet", "789win", "33win", "88vin", "ae888", "ee88", "vn88", "bong88", "zbet", "bet88", "iwin", "rikvip", "manclub",
    // Indonesian, Malay
    "slot gacor", "gacor", "situs slot", "judi online", "judi slot", "judi bola", "situs judi", "slot online", "slot88", "slot 88", "slot dana", "slot deposit", "deposit pulsa", "rtp slot", "rtp live", "rtp tertinggi", "maxwin", "scatter hitam", "togel", "toto togel", "toto macau", "bandar togel", "bandar judi", "bandarqq", "dominoqq", "pragmatic play", "pg soft", "agen slot", "agen judi", "link alternatif", "daftar slot", "bonus new member", "slot thailand", "akun pro", "sbobet", "joker123", "mahjong ways", "gates of olympus", "zeus slot", "situs toto", "anti rungkad", "gampang menang", "pinjaman online", "obat kuat", "bokep",
    // English
    "online casino", "casino bonus", "free spins", "best casino", "sports betting", "betting site", "betting tips", "bet now", "online betting", "online gambling", "gambling site", "slot machine", "slot machines", "online slots", "video poker", "payday loan", "payday loans", "quick loans", "instant loan", "cash advance", "buy viagra", "viagra", "cialis", "levitra", "tadalafil", "sildenafil", "online pharmacy", "canadian pharmacy", "cheap pills", "without prescription", "no prescription", "buy xanax", "buy tramadol", "weight loss pills", "essay writing service", "write my essay", "buy essay", "buy essays", "custom essay", "cheap essay", "paper writing service", "dissertation help", "buy backlinks", "cheap jerseys", "replica watches", "replica handbags", "louis vuitton outlet", "escort service", "escorts in", "free porn", "porn videos", "xxx video", "sex video", "live sex", "adult dating", "hookup", "bitcoin casino", "crypto casino", "forex bonus", "double your bitcoin",
    // Chinese, Japanese, Korean, Thai
    "博彩", "赌场", "賭場", "娱乐城", "娛樂城", "老虎机", "老虎機", "百家乐", "百家樂", "彩票", "体育投注", "六合彩", "时时彩", "北京赛车", "赌博", "棋牌游戏", "棋牌平台", "真人视讯", "开户送", "首存", "菠菜", "线上娱乐", "澳门银河", "威尼斯人", "葡京", "外围", "色情", "成人视频", "代写", "贷款", "オンラインカジノ", "カジノ", "スーパーコピー", "ブランドコピー", "激安", "偽物", "通販 人気", "出会い系", "バイアグラ", "카지노", "바카라", "토토사이트", "먹튀", "슬롯", "สล็อต", "บาคาร่า", "คาสิโน", "แทงบอล", "เว็บพนัน", "หวยออนไลน์", "เครดิตฟรี", "สล็อตเว็บตรง",
]));

/// Words around spam words when a newspaper or the police writes them.
pub static SOBER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "công an", "cơ quan điều tra", "triệt phá", "bắt giữ", "bắt quả tang", "khởi tố", "bị cáo", "xét xử", "xử phạt", "cảnh báo", "cảnh giác", "phòng chống", "phòng ngừa", "đấu tranh", "ngăn chặn", "trái phép", "vi phạm", "tội phạm", "đối tượng", "lừa đảo", "chuyên án", "điều tra", "tuyên truyền", "xử lý", "nghiêm cấm", "pháp luật", "kiến thiết", "ngân hàng chính sách", "ưu đãi hộ nghèo", "chính sách xã hội", "bộ công an", "quy định", "nghị định",
    "police", "arrest", "arrested", "illegal", "unlawful", "crackdown", "warn", "warns", "warning", "beware", "scam", "fraud", "prevention", "addiction", "problem gambling", "responsible gambling", "commission", "regulation", "regulations", "licensing", "license", "legislation", "department", "act", "bill", "law", "court", "charged", "sentenced", "investigation", "attorney general", "settlement", "lottery commission", "gaming commission", "fda", "side effects", "clinical", "researchers", "study",
    "polisi", "penangkapan", "pemberantasan", "ditangkap", "blokir", "kominfo", "bahaya", "警方", "打击", "违法", "禁止", "公安", "警察", "逮捕", "注意",
]));

/// Words around a boast when a newspaper or an adviser writes of one.
pub static REPORTED: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "cảnh báo", "cảnh giác", "công an", "tin tặc", "dòng chữ", "khuyến cáo", "rà soát", "lỗ hổng", "khôi phục", "theo", "cơ quan", "trước khi", "nhiều trang", "an toàn thông tin", "sự cố", "police", "warn", "warns", "attackers", "hackers who", "according to", "report", "reported", "said", "claimed", "was restored", "incident", "learn", "how to", "victims", "protect yourself", "if you", "if your", "your account", "accounts", "data breach", "season", "government said", "officials", "news", "polisi", "menurut",
]));

/// A portal's own announcement that it is closed for now, or a server's error page.
pub static OUT_OF_ORDER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "bảo trì", "đang bảo trì", "đang nâng cấp", "tạm ngừng hoạt động", "tạm dừng hoạt động", "tạm thời không truy cập", "hệ thống đang nâng cấp", "website đang xây dựng", "trang web đang xây dựng", "đang được xây dựng", "không tìm thấy trang", "trang không tồn tại", "lỗi hệ thống", "lỗi máy chủ", "quá tải", "vui lòng quay lại sau",
    "under maintenance", "scheduled maintenance", "down for maintenance", "site maintenance", "maintenance mode", "temporarily unavailable", "temporarily down", "be back soon", "be right back", "coming soon", "under construction", "service unavailable", "internal server error", "server error", "runtime error", "application error", "bad gateway", "gateway timeout", "gateway time-out", "not found", "page not found", "access denied", "access is denied", "forbidden", "error establishing a database connection", "database error", "too many connections", "connection timed out", "web server is down", "origin is unreachable", "server not found", "site not found", "no such", "cannot be displayed", "http error", "bad request", "request blocked", "error 404", "error 403", "error 500", "error 502", "error 503", "404 error", "500 error", "an error occurred", "error occurred", "something went wrong", "unexpected error", "invalid url", "fatal error", "exception", "stack trace", "apache2 debian default page", "apache2 ubuntu default page", "test page for", "welcome to nginx", "iis windows server", "it works", "index of", "default web site page", "account suspended", "account has been suspended", "bandwidth limit exceeded", "this domain", "domain is for sale", "domain has expired", "parked", "mantenimiento", "wartungsarbeiten", "en maintenance", "sedang dalam perbaikan", "dalam pemeliharaan", "bakımda", "維護", "维护中", "メンテナンス", "temporarily offline", "unavailable", "technical difficulties", "outage", "proxy error", "resource cannot be found", "moved permanently", "object moved", "redirecting", "timed out",
]));

/// Pages that stand between a machine and the portal.
pub static CHALLENGE: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(&[
    "just a moment", "checking your browser", "checking if the site connection is secure", "ddos protection by", "attention required", "please enable cookies", "enable javascript and cookies", "enable cookies", "verify you are human", "verify that you are human", "verifying you are human", "are you a robot", "not a robot", "i am human", "captcha", "recaptcha", "security check", "security verification", "browser verification", "bot verification", "please wait while we verify", "unusual traffic", "automated access", "suspicious activity", "your ip address", "your ip", "ray id", "incident id", "support id", "request unsuccessful", "the requested url was rejected", "web application firewall", "cloudflare", "incapsula", "imperva", "sucuri", "akamai", "human verification", "please turn javascript on", "javascript is required", "javascript is disabled", "enable javascript", "requires javascript", "need to enable javascript",
    "xác minh bạn không phải", "xác thực bạn không phải", "không phải là robot", "kiểm tra trình duyệt", "đang kiểm tra trình duyệt", "mã xác nhận", "vui lòng bật javascript", "vui lòng bật cookie", "xác minh trình duyệt", "tường lửa", "địa chỉ ip của bạn", "验证码", "人机验证",
]));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_only() {
        assert!(SIGNED.any(&fold("HACKED BY x")));
        assert!(!SIGNED.any(&fold("Shacked bypass")));
        assert!(SPAM.any(&fold("线上博彩平台")));
        assert!(SPAM.any(&fold("Sl0t G4cor hari ini")));
    }
}
