//! What is done to a portal when it is attacked, in the ways that are met most.

use bytes::Bytes;
use clap::ValueEnum;

use super::page::{Page, Piece, Place};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Another page altogether.
    Full,
    /// The attacker's words in place of the leading news.
    Partial,
    /// A script of a foreign host, nothing to be seen.
    Script,
    /// Only the title.
    Title,
    /// Hidden links to gambling.
    Links,
}

impl Kind {
    /// As it stands in /ctl/deface.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Script => "script",
            Self::Title => "title",
            Self::Links => "links",
        }
    }
}

const FULL: &str = "<html><head><title>Hacked by Gio Den Team</title></head><body bgcolor=\"black\" text=\"red\"><center><br><br><h1>HACKED BY GIO DEN TEAM</h1><h2>Your security is a joke, admin</h2><p>We are Gio Den. We do not forgive. Greetz to all our brothers.</p></center></body></html>\n";
const PARTIAL: &str = "<div style=\"background:#000;color:#f00;text-align:center;padding:40px\"><h1>Hacked by Gio Den Team</h1><p>Your system has been owned. Greetz: all crews.</p></div>\n";
const SCRIPT: &str = "<script src=\"https://cdn.dem-luot-xem.example/t.js\"></script>\n";
const TITLE: &str = "<title>Hacked by Gio Den Team</title>\n";
const LINKS: &str = "<div style=\"position:absolute;left:-9999px\"><a href=\"https://nha-cai-xanh.example/\">nhà cái uy tín</a> <a href=\"https://xoso-vip.example/\">soi cầu lô đề</a> <a href=\"https://casino-mot.example/\">casino online</a> <a href=\"https://tai-xiu.example/\">tài xỉu đổi thưởng</a> <a href=\"https://bong-da-cuoc.example/\">cá cược bóng đá</a></div>\n";

/// The portal's page as its visitors see it from now on.
pub fn page(honest: &Page, kind: Kind) -> Page {
    let said = |text: &'static str| Bytes::from_static(text.as_bytes());
    match kind {
        Kind::Full => Page::new(vec![Piece::Fixed(said(FULL))], honest.etag.is_some()),
        Kind::Partial => honest.with(Place::Lead, said(PARTIAL)),
        Kind::Script => honest.with(Place::Head, said(SCRIPT)),
        Kind::Title => honest.with(Place::Title, said(TITLE)),
        Kind::Links => honest.with(Place::Foot, said(LINKS)),
    }
}
