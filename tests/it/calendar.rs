//! Holidays, compared with a table from another source.

use gaccong::calendar::lunar::to_solar;

const TABLE: &str = include_str!("../calendar/lunar.tsv");

#[test]
fn lunar_months_of_two_centuries() {
    let mut months = 0;
    for row in TABLE.lines().filter(|it| !it.starts_with('#')) {
        let mut cells = row.split('\t');
        let year: i16 = cells.next().unwrap().parse().unwrap();
        for (month, wanted) in (1..).zip(cells) {
            let found = to_solar(1, month, year).map(|it| it.to_string());
            assert_eq!(found.as_deref(), Some(wanted), "1/{month} of {year}");
            months += 1;
        }
    }
    assert_eq!(months, 201 * 12);
}
