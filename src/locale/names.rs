//! The order in which people look names up: that of a Vietnamese dictionary, whatever the language of the sentences,
//! since the names are Vietnamese.

use std::{cmp::Ordering, sync::LazyLock};

use icu_collator::CollatorBorrowed;
use icu_locale_core::locale;

/// Letters first (a ă â … d đ … o ô ơ … u ư), then tones, then case; numbers by their value. `None` never happens: the
/// tables are part of the program.
static VIETNAMESE: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let order = locale!("vi-u-kn");
    CollatorBorrowed::try_new((&order).into(), Default::default()).ok()
});

/// Names that differ only in how Unicode writes them are equal.
pub fn by_name(a: &str, b: &str) -> Ordering {
    match &*VIETNAMESE {
        Some(order) => order.compare(a, b),
        None => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use crate::locale::names::*;

    fn sorted(names: &str) -> String {
        let mut names: Vec<&str> = names.split(", ").collect();
        names.sort_by(|a, b| by_name(a, b));
        names.join(", ")
    }

    #[test]
    fn names_stand_as_in_a_vietnamese_dictionary() {
        assert_eq!(
            sorted("Ân, An, Ăn, Đào, Dương, Ánh, Ơn, Ong, Ưng, Uông"),
            "An, Ánh, Ăn, Ân, Dương, Đào, Ong, Ơn, Uông, Ưng"
        );
        assert_eq!(
            sorted("Mai, Mạ, Má, Mã, Mả, Mà, Ma"),
            "Ma, Mà, Mả, Mã, Má, Mạ, Mai"
        );
        assert_eq!(sorted("Quận 10, Quận 2"), "Quận 2, Quận 10");
        assert_eq!(
            by_name("Nghệ An", "Ngh\u{65}\u{323}\u{302} An"),
            Ordering::Equal
        );
    }
}
