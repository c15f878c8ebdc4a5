//! Code that wants something of its visitors: their wallet, their processor, leave to notify them.

use super::{Plain, Sign};

/// How methods of wallets begin.
const METHODS: &[&str] = &["eth_", "wallet_", "personal_sign", "solana_", "tron_"];
/// Most calls of a kind that are looked at.
const CALLS: usize = 200;
/// Objects that wallets put into pages.
const WALLETS: &[&str] = &[
    "ethereum",
    "solana",
    "phantom",
    "tronWeb",
    "tronLink",
    "okxwallet",
    "BinanceChain",
    "trustwallet",
    "coinbaseWalletExtension",
    "keplr",
    "unisat",
    "ton",
];
/// What is asked of them.
const ASKED: &[&str] = &[
    "request",
    "connect",
    "enable",
    "send",
    "sendAsync",
    "signTransaction",
    "signAllTransactions",
    "signMessage",
    "sendTransaction",
    "signAndSendTransaction",
    "requestAccounts",
    "trx",
    "transactionBuilder",
    "contract",
    "Contract",
    "getAccounts",
    "sign",
    "sendRawTransaction",
    "signPersonalMessage",
];

pub(super) fn wallet(plain: &Plain) -> Option<Sign> {
    let asks = |at: usize| {
        plain.is(at + 1, ".")
            && (plain.is_any(at + 2, ASKED) || plain.is(at + 3, ".") && plain.is_any(at + 4, ASKED))
    };
    let object = plain.any_of(WALLETS).find(|at| asks(*at));
    let called = || {
        let method = |at: usize| {
            plain
                .text(at)
                .is_some_and(|it| METHODS.iter().any(|method| it.starts_with(method)))
        };
        let calls = plain.any_of(ASKED).filter(|at| plain.is(at + 1, "("));
        calls
            .take(CALLS)
            .find(|at| (at + 2..plain.close(at + 1).min(at + 14)).any(method))
    };
    let approves = || {
        let mut all = plain.any_of(&["setApprovalForAll", "signAllTransactions"]);
        all.find(|at| plain.is(at + 1, "("))
    };
    let at = object.or_else(called).or_else(approves)?;
    Some((at, Vec::new()))
}

/// A pool is asked for work over a socket, and workers or WebAssembly do it; or a miner's own library is started.
pub(super) fn mines(plain: &Plain) -> Option<Sign> {
    if let Some(at) = plain
        .any_of(&["Anonymous", "setThrottle", "setNumThreads"])
        .find(|at| plain.is(at + 1, "(") && plain.has_any(&["start", "throttle"]))
    {
        return Some((at, Vec::new()));
    }
    if let Some(at) = works_without_end(plain).or_else(|| works_for_a_pool(plain)) {
        return Some((at, Vec::new()));
    }
    let socket = plain.named("WebSocket").next()?;
    let works = plain.has("Worker") || plain.has("WebAssembly");
    let counts = plain.has("hardwareConcurrency");
    let job = plain.says(|it| matches!(it, "job" | "submit" | "hashsolved" | "site_key" | "login"))
        || ["site_key", "job_id", "nonce", "hashrate", "job"]
            .iter()
            .filter(|it| plain.has(it))
            .count()
            >= 2;
    (works && (counts || job)).then_some((socket, Vec::new()))
}

/// A worker made of text that computes in an endless loop: what serves the page comes to an end.
fn works_without_end(plain: &Plain) -> Option<usize> {
    const ENDLESS: &[&str] = &["for(;;)", "while(1)", "while(true)", "while(!0)"];
    let worker = plain.any_of(&["Worker", "SharedWorker"]).next()?;
    let endless = plain.says(|it| {
        if it.len() < 24 || !it.contains("for") && !it.contains("while") {
            return false;
        }
        let bare: String = it.chars().filter(|it| !it.is_whitespace()).collect();
        ENDLESS.iter().any(|it| bare.contains(it))
    });
    endless.then_some(worker)
}

/// Short code starts a worker on each processor, or gives workers a pool and a wallet.
fn works_for_a_pool(plain: &Plain) -> Option<usize> {
    const TERMS: &[&str] = &[
        "pool", "wallet", "threads", "throttle", "hashrate", "algo", "coin",
    ];
    const SHORT: usize = 600;
    let worker = plain
        .any_of(&["Worker", "SharedWorker", "WebAssembly", "WebSocket"])
        .next()?;
    let told = TERMS.iter().filter(|term| {
        let mut places = plain.named(term);
        places.any(|at| plain.is(at + 1, ":") || plain.is(at + 1, "="))
    });
    let pool = plain.says(|it| it.starts_with("stratum+"));
    let starts = plain
        .any_of(&["Worker", "SharedWorker"])
        .any(|at| at > 0 && plain.is(at - 1, "new"));
    let each = plain.len() < SHORT && starts && plain.has("hardwareConcurrency");
    (pool || each || told.count() >= 2).then_some(worker)
}

/// A worker that answers for the whole portal from now on, also when the page is whole again.
pub(super) fn stays(plain: &Plain) -> Option<Sign> {
    let at = plain
        .named("serviceWorker")
        .find(|at| plain.runs_as(at + 1, &[".", "register", "("]))?;
    let texts = plain.texts_in(at + 4, plain.end(at + 4));
    let reloads = plain.named("reload").any(|it| it > at)
        && !plain.says(|it| it == "controllerchange" || it == "updatefound");
    let mut with: Vec<String> = texts.into_iter().take(1).map(str::to_owned).collect();
    if with.is_empty() {
        return None;
    }
    if reloads {
        with.push("reload".to_owned());
    }
    Some((at, with))
}

pub(super) fn notify(plain: &Plain) -> Option<Sign> {
    let mut places = plain.any_of(&["Notification", "pushManager"]);
    places
        .find(|at| {
            plain.is(at + 1, ".") && plain.is_any(at + 2, &["requestPermission", "subscribe"])
        })
        .map(|at| (at, Vec::new()))
}
