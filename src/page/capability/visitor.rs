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

pub(super) fn notify(plain: &Plain) -> Option<Sign> {
    let mut places = plain.any_of(&["Notification", "pushManager"]);
    places
        .find(|at| {
            plain.is(at + 1, ".") && plain.is_any(at + 2, &["requestPermission", "subscribe"])
        })
        .map(|at| (at, Vec::new()))
}
