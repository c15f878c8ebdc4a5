//! Buttons by which visitors close a layer.

use scraper::node::Element;

use super::{outline, scripted::can_hide, text::fold};

/// Longest label of a button that closes, in characters.
const LABEL: usize = 24;

/// Words in the names of buttons that close.
const CLOSING_NAMES: &[&str] = &[
    "close", "dismiss", "btn-dong", "nut-dong", "cancel", "toggle", "skip",
];

/// Labels of buttons that close, in lower case.
const CLOSING_LABELS: &[&str] = &[
    "×",
    "✕",
    "✖",
    "✗",
    "⨯",
    "x",
    "[x]",
    "(x)",
    "đóng",
    "đóng lại",
    "đóng thông báo",
    "đóng cửa sổ",
    "tắt thông báo",
    "ẩn thông báo",
    "[đóng]",
    "× đóng",
    "x đóng",
    "đóng x",
    "đóng ×",
    "close",
    "tắt",
    "bỏ qua",
    "bỏ qua »",
    "để sau",
    "lúc khác",
    "skip",
    "no thanks",
    "đã hiểu",
    "tôi đã hiểu",
    "đã rõ",
    "got it",
    "dong",
    "vào trang chủ",
    "vào trang",
    "vào cổng",
    "vào website",
    "tiếp tục vào trang",
    "enter site",
];

pub(super) fn is_button(element: &Element) -> bool {
    matches!(
        element.name(),
        "button" | "a" | "span" | "i" | "label" | "input" | "svg" | "summary"
    ) || element.attr("role") == Some("button")
        || element.attr("onclick").is_some()
}

/// Whether an element closes the layer that it stands in.
pub(super) fn is_closing(element: &Element) -> bool {
    if element.name() == "form"
        && element
            .attr("method")
            .is_some_and(|it| it.eq_ignore_ascii_case("dialog"))
    {
        return true;
    }
    let by_name = |it: &str| {
        let it = it.to_ascii_lowercase();
        it == "dong" || CLOSING_NAMES.iter().any(|word| it.contains(word))
    };
    if is_button(element) && names(element).any(by_name) {
        return true;
    }
    element.attrs().any(|(name, value)| match name {
        "data-dismiss"
        | "data-bs-dismiss"
        | "data-close"
        | "data-toggle"
        | "data-bs-toggle"
        | "data-fancybox-close"
        | "data-micromodal-close"
        | "popovertarget" => true,
        "src" | "alt" => element.name() == "img" && value.contains("close"),
        "aria-label" | "title" => is_button(element) && is_closing_label(value),
        "onclick" | "href" => {
            can_hide(value) && (name == "onclick" || value.trim_start().starts_with("javascript:"))
        }
        _ => {
            name.contains("click")
                && ["close", "hide", "false", "dong"]
                    .iter()
                    .any(|it| value.contains(it))
        }
    })
}

pub(super) fn is_closing_label(label: &str) -> bool {
    let label = fold(label).to_lowercase();
    label.chars().count() <= LABEL && CLOSING_LABELS.contains(&label.as_str())
}

/// The id and the classes of an element.
pub(super) fn names(element: &Element) -> impl Iterator<Item = &str> {
    element
        .attr("id")
        .into_iter()
        .chain(outline::classes(element))
}
