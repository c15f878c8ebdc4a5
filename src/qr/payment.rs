//! Orders to pay: VietQR and other codes of EMVCo's form, fields of two digits for the name, two for the length, and a value.

/// The banks of NAPAS by the number that VietQR names them with.
const BANKS: &[(&str, &str)] = &[
    ("970400", "SaigonBank"),
    ("970403", "Sacombank"),
    ("970405", "Agribank"),
    ("970407", "Techcombank"),
    ("970408", "GPBank"),
    ("970409", "BacABank"),
    ("970412", "PVcomBank"),
    ("970415", "VietinBank"),
    ("970416", "ACB"),
    ("970418", "BIDV"),
    ("970419", "NCB"),
    ("970422", "MBBank"),
    ("970423", "TPBank"),
    ("970424", "ShinhanBank"),
    ("970425", "ABBANK"),
    ("970426", "MSB"),
    ("970427", "VietABank"),
    ("970428", "NamABank"),
    ("970429", "SCB"),
    ("970430", "PGBank"),
    ("970431", "Eximbank"),
    ("970432", "VPBank"),
    ("970433", "VietBank"),
    ("970436", "Vietcombank"),
    ("970437", "HDBank"),
    ("970438", "BaoVietBank"),
    ("970440", "SeABank"),
    ("970441", "VIB"),
    ("970443", "SHB"),
    ("970446", "COOPBANK"),
    ("970448", "OCB"),
    ("970449", "LPBank"),
    ("970452", "KienLongBank"),
    ("970454", "BVBank"),
];

/// Identifies NAPAS among those that accounts are registered with.
const NAPAS: &str = "A000000727";
/// Most fields of a code or template.
const FIELDS: usize = 40;

/// The bank and the account that an order pays to, such as `Vietcombank 0123456789`; `None` for any other text. Sum and
/// purpose do not count: they vary from one order to the next.
pub(super) fn order(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("000201")?;
    let fields = fields(rest);
    let templates = fields.iter().filter(|it| (26..=51).contains(&it.0));
    let accounts = templates.filter_map(|it| account(it.1));
    let mut accounts: Vec<String> = accounts.collect();
    if accounts.is_empty() {
        // cards and purses have numbers of their own in the first fields
        let direct = fields.iter().filter(|it| (2..=25).contains(&it.0));
        accounts.extend(direct.map(|it| it.1.to_owned()));
    }
    let first = accounts.into_iter().next()?;
    is_order(&first).then_some(first)
}

/// Whether a code's text, as [`super::read`] gives it, is an order to pay: a bank and an account.
pub fn is_order(said: &str) -> bool {
    let Some((bank, account)) = said.rsplit_once(' ') else {
        return false;
    };
    let digits = account.bytes().filter(u8::is_ascii_digit).count();
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric());
    digits >= 4 && plain(account) && plain(bank) && account.len() <= 34 && !bank.is_empty()
}

/// The name of a bank by its number; the number itself where it is not known.
fn bank(number: &str) -> &str {
    let known = BANKS.iter().find(|it| it.0 == number);
    known.map_or(number, |it| it.1)
}

/// The account of a template: its first field names the scheme, the second the account, or bank and account.
fn account(template: &str) -> Option<String> {
    let inner = fields(template);
    let value = |name: u8| inner.iter().find(|it| it.0 == name).map(|it| it.1);
    let (scheme, account) = (value(0)?, value(1)?);
    if scheme != NAPAS {
        return Some(format!("{scheme} {account}"));
    }
    let parts = fields(account);
    let part = |name: u8| parts.iter().find(|it| it.0 == name).map(|it| it.1);
    Some(format!("{} {}", bank(part(0)?), part(1)?))
}

/// The fields of a text, up to the first that is none.
fn fields(mut text: &str) -> Vec<(u8, &str)> {
    let mut out = Vec::new();
    while out.len() < FIELDS {
        let (Some(name), Some(length)) = (number(text, 0), number(text, 2)) else {
            break;
        };
        let Some(value) = text.get(4..4 + usize::from(length)) else {
            break;
        };
        out.push((name, value));
        text = &text[4 + value.len()..];
    }
    out
}

/// The two digits at a byte.
fn number(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..at + 2)?;
    let plain = digits.bytes().all(|it| it.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
