//! The officers on duty at a time, from the rows of a roster. Pure: the time and the zone are arguments. It does not
//! decide recipients. People are told apart by name: one person may have many rows.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{
    model::duty::{Person, Shift},
    table::{self, Column, Table},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Days after which a span is cut, that a mistyped year costs no minutes.
const LONGEST: i32 = 400;
const REQUIRED: [&str; 3] = ["name", "from", "to"];
const COLUMNS: [Column; 7] = [
    column(
        "name",
        &["ten", "hoten", "hovaten", "nguoitruc", "canbo", "canbotruc"],
    ),
    column("from", &["tu", "tugio", "batdau", "giobatdau"]),
    column("to", &["den", "dengio", "ketthuc", "gioketthuc"]),
    column("telegram", &["matelegram", "sotelegram"]),
    column("phone", &["dienthoai", "sodienthoai", "sdt"]),
    column("weekdays", &["thu", "cacthu", "ngaytrongtuan"]),
    column("dates", &["ngay", "cacngay", "tungaydenngay"]),
];
const fn column(name: &'static str, also: &'static [&'static str]) -> Column {
    Column { name, also }
}

/// Monday to Sunday, twice.
const DAYS: &str = "mon tue wed thu fri sat sun t2 t3 t4 t5 t6 t7 cn";

/// One shift on one day, `to` exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub who: Person,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// From and to, exclusive; and the names, ascending.
pub type Gap = (Timestamp, Timestamp);
/// From and to, exclusive, and the names of the people on duty at once, ascending.
pub type Overlap = (Timestamp, Timestamp, Vec<String>);
type Stretch = (Timestamp, Timestamp, Vec<Person>);

/// A change of shift: the officers that leave, all officers on duty afterwards, and the new ones among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub at: Timestamp,
    pub off: Vec<Person>,
    pub on: Vec<Person>,
    pub joining: Vec<Person>,
}

/// Every turn that overlaps `[from, to)`, whole, by its beginning, then name. Of a longer span, the first 400 days.
pub fn turns(shifts: &[Shift], from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Turn> {
    let to = to.min(after(from, DAY * LONGEST));
    // a turn may begin the day before; one more on either side for clocks that are set across midnight
    let first = tz.to_datetime(from).date().saturating_sub(2.days());
    let last = tz.to_datetime(to).date().saturating_add(1.day());
    let days = first.series(1.day()).take_while(|it| *it <= last);
    let mut out: Vec<Turn> = days
        .flat_map(|day| shifts.iter().filter_map(move |it| turn(it, day, tz)))
        .filter(|it| from < to && it.from < to && from < it.to)
        .collect();
    out.sort_by(|a, b| (a.from, &a.who.name).cmp(&(b.from, &b.who.name)));
    out
}

/// The turns that run at `now`; a person with overlapping rows has several.
pub fn on_duty(shifts: &[Shift], now: Timestamp, tz: &TimeZone) -> Vec<Turn> {
    let mut out = turns(shifts, now, after(now, DAY), tz);
    out.retain(|it| it.from <= now);
    out
}

/// The first turn after `now`, within 14 days, of a person not on duty now; without one, the first turn of any person.
pub fn next(shifts: &[Shift], now: Timestamp, tz: &TimeZone) -> Option<Turn> {
    let ahead = turns(shifts, now, after(now, DAY * 14), tz);
    let (on, coming) = ahead.split_at(ahead.partition_point(|it| it.from <= now));
    let fresh = |it: &&Turn| on.iter().all(|on| on.who.name != it.who.name);
    coming.iter().find(fresh).or(coming.first()).cloned()
}

/// The spans without an officer on duty in `[from, to)`, ascending and apart. Of a longer span, the first 400 days.
pub fn gaps(shifts: &[Shift], from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Gap> {
    let all = stretches(shifts, from, to, tz).into_iter();
    let empty = all.filter(|(.., on)| on.is_empty());
    empty.map(|(from, to, _)| (from, to)).collect()
}

/// When two or more people are on duty in `[from, to)`, with their names; where another one joins or leaves, a
/// new entry begins. Of a longer span, the first 400 days.
pub fn overlaps(shifts: &[Shift], from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Overlap> {
    let all = stretches(shifts, from, to, tz).into_iter();
    all.filter(|(.., on)| on.len() > 1)
        .map(|(from, to, on)| (from, to, on.into_iter().map(|it| it.name).collect()))
        .collect()
}

/// The latest change of the officers on duty in `(since, until]`, searched in its last 399 days.
pub fn handover(
    shifts: &[Shift],
    since: Timestamp,
    until: Timestamp,
    tz: &TimeZone,
) -> Option<Handover> {
    let earliest = until.checked_sub(DAY * (LONGEST - 1));
    let since = since.max(earliest.unwrap_or(Timestamp::MIN));
    // a change at `until` counts
    let to = after(until, SignedDuration::from_nanos(1));
    let mut all = stretches(shifts, since, to, tz);
    let (at, _, on) = all.pop()?;
    let (.., before) = all.pop()?;
    let without = |all: &[Person], others: &[Person]| -> Vec<Person> {
        let other = |it: &&Person| others.iter().all(|of| of.name != it.name);
        all.iter().filter(other).cloned().collect()
    };
    let (off, joining) = (without(&before, &on), without(&on, &before));
    Some(Handover {
        at,
        off,
        on,
        joining,
    })
}

/// Divides `[from, to)` into parts, each with the officers on duty throughout it, by name; neighbours differ in them.
fn stretches(shifts: &[Shift], from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Stretch> {
    let turns = turns(shifts, from, to, tz);
    let to = to.min(after(from, DAY * LONGEST));
    let marks = turns.iter().flat_map(|it| [it.from, it.to]);
    let marks = marks
        .chain([from, to])
        .filter(|it| (from..=to).contains(it));
    let marks: BTreeSet<Timestamp> = marks.collect();
    let running = |at: Timestamp| {
        // a turn lasts a day and what clocks are set by: at most two days more
        let begun = turns.partition_point(|it| it.from <= at);
        let ended = turns.partition_point(|it| after(it.from, DAY * 4) <= at);
        let running = turns[ended..begun].iter().filter(|it| it.to > at);
        let mut on: Vec<Person> = running.map(|it| it.who.clone()).collect();
        on.sort_by(|a, b| a.name.cmp(&b.name));
        on.dedup_by(|a, b| a.name == b.name);
        on
    };
    let parts = marks.iter().zip(marks.iter().skip(1));
    let mut out: Vec<_> = parts.map(|(at, end)| (*at, *end, running(*at))).collect();
    out.dedup_by(|(_, end, on), (_, to, was)| {
        let same = on
            .iter()
            .map(|it| &it.name)
            .eq(was.iter().map(|it| &it.name));
        *to = if same { *end } else { *to };
        same
    });
    out
}

fn turn(shift: &Shift, day: Date, tz: &TimeZone) -> Option<Turn> {
    let weekday = shift.weekdays.is_empty() || shift.weekdays.contains(&day.weekday());
    if !weekday || shift.dates.is_some_and(|(a, b)| day < a || b < day) {
        return None;
    }
    let overnight = shift.to <= shift.from;
    let ends = if overnight { day.tomorrow().ok()? } else { day };
    let from = instant(day.to_datetime(shift.from), tz)?;
    let to = instant(ends.to_datetime(shift.to), tz)?;
    let who = shift.who.clone();
    // a shift inside the hour that clocks skip does not take place
    (from < to).then_some(Turn { who, from, to })
}

/// The first instant at which clocks show `at` or later. In a gap that is when they jump, not jiff's "compatible"
/// time, which would let a shift until 02:30 run into one from 03:00.
fn instant(at: DateTime, tz: &TimeZone) -> Option<Timestamp> {
    let found = tz.to_ambiguous_timestamp(at);
    let first = found.earlier().ok()?;
    match found.offset() {
        AmbiguousOffset::Gap { .. } => tz.following(first).next().map(|it| it.timestamp()),
        _ => Some(first),
    }
}

fn after(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// Reads a roster from a CSV table, one shift a row. Returns all faults at once, each as
/// `line N: column: "value": what is wanted instead`.
pub fn from_csv(bytes: &[u8]) -> Result<Vec<Shift>, Vec<String>> {
    let read = table::read(bytes, &COLUMNS).map_err(|why| vec![why])?;
    let mut reading = Reading {
        line: read.line,
        row: Vec::new(),
        faults: Vec::new(),
        table: &read,
    };
    for (index, it) in read.head.iter().enumerate() {
        let twice = read.head[..index]
            .iter()
            .any(|other| other.column == it.column);
        if !it.text.is_empty() && (it.column.is_none() || twice) {
            let known: Vec<&str> = COLUMNS.iter().map(|it| it.name).collect();
            let wanted = format!("use each of {} once, and no other", known.join(", "));
            reading.fault("header", &it.text, &wanted);
        }
    }
    for column in REQUIRED {
        if read.index(column).is_none() {
            let head: Vec<&str> = read.head.iter().map(|it| it.text.as_str()).collect();
            let wanted = format!("add the column {column}");
            reading.fault("header", &head.join(","), &wanted);
        }
    }
    let mut shifts = Vec::new();
    for row in &read.rows {
        reading.line = row.line;
        reading.row.clone_from(&row.cells);
        shifts.extend(reading.shift());
    }
    let sound = reading.faults.is_empty();
    sound.then_some(shifts).ok_or(reading.faults)
}

/// The table and the row that is being read.
struct Reading<'a> {
    table: &'a Table,
    line: u64,
    row: Vec<String>,
    faults: Vec<String>,
}

impl Reading<'_> {
    fn shift(&mut self) -> Option<Shift> {
        for (index, value) in self.row.clone().iter().enumerate() {
            let head = self.table.head.get(index);
            if !value.is_empty() && head.is_none_or(|it| it.text.is_empty()) {
                let wanted = "name the column or leave it empty; quote what holds the separator";
                self.fault(&format!("column {}", index + 1), value, wanted);
            }
        }
        let name = self.read("name", |it| {
            if table::is_lossy(it) {
                return Err(table::LOSSY.to_owned());
            }
            let name = (!it.is_empty()).then(|| it.to_owned());
            name.ok_or_else(|| "write who it is".to_owned())
        });
        let telegram = self.read("telegram", |it| {
            let number = it.parse().ok().filter(|it| *it > 0);
            number.ok_or_else(|| "write the account's number, as 123456789".to_owned())
        });
        let phone = self.read("phone", |it| Ok(it.to_owned()));
        let (from, to) = (self.read("from", time), self.read("to", time));
        let weekdays = self.read("weekdays", weekdays);
        let dates = self.read("dates", dates);
        let who = name.map(|name| Person {
            name,
            telegram,
            phone,
        });
        Some(Shift {
            who: who?,
            from: from?,
            to: to?,
            weekdays: weekdays.unwrap_or_default(),
            dates,
        })
    }

    /// None where the cell is empty and may be, and where the header lacks the column, a fault of its own.
    fn read<T>(&mut self, column: &str, read: fn(&str) -> Result<T, String>) -> Option<T> {
        let index = self.table.index(column)?;
        let value = self.row.get(index).cloned().unwrap_or_default();
        if value.is_empty() && !REQUIRED.contains(&column) {
            return None;
        }
        let wrong = |wanted: String| self.fault(column, &value, &wanted);
        read(&value).map_err(wrong).ok()
    }

    fn fault(&mut self, column: &str, value: &str, wanted: &str) {
        let line = self.line;
        let fault = format!("line {line}: {column}: {value:?}: {wanted}");
        self.faults.push(fault);
    }
}

/// `07:00`, `7:00`; `24:00` is 00:00. An error says what is wanted, without the text.
pub fn time(text: &str) -> Result<Time, String> {
    let text = match text.trim() {
        it if it.len() == 4 => format!("0{it}"),
        it => it.replace("24:00", "00:00"),
    };
    let found = text.parse::<Time>().ok();
    // jiff also reads 07 and 07:00:30
    let found = found.filter(|it| it.strftime("%H:%M").to_string() == text);
    found.ok_or_else(|| "write hours and minutes, as 07:00".to_owned())
}

/// `mon-fri sat`, `t2-t6 cn`, `fri-mon`: Monday first, each once; none for an empty text, which is every day. An
/// error says what is wanted, without the text.
pub fn weekdays(text: &str) -> Result<Vec<Weekday>, String> {
    let text = text.to_ascii_lowercase();
    let day = |text: &str| {
        let mut names = DAYS.split(' ').zip(Weekday::Monday.cycle_forward());
        let day = names.find(|(it, _)| *it == text).map(|(_, day)| day);
        day.ok_or("write days as mon-fri sat, or t2-t6 t7; nothing for every day")
    };
    let mut out = Vec::new();
    for part in text.split([' ', ',', '\t']).filter(|it| !it.is_empty()) {
        // the long dash is what word processors make of the short one
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let days = first.cycle_forward().take_while(|it| *it != last);
        out.extend(days.chain([last]));
    }
    out.sort_by_key(|it| it.to_monday_zero_offset());
    out.dedup();
    Ok(out)
}

/// `2027-02-02..2027-02-11`, both inclusive, or one day. An error says what is wanted, without the text.
pub fn dates(text: &str) -> Result<(Date, Date), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let day = |text: &str| {
        let found = text.trim().parse::<Date>().ok();
        // jiff also reads 20270202 and drops a time of day
        let found = found.filter(|it| it.to_string() == text.trim());
        found.ok_or("write days as 2027-02-02..2027-02-11, or one day as 2027-02-02")
    };
    match (day(first)?, day(last)?) {
        (first, last) if first <= last => Ok((first, last)),
        _ => Err("write the earlier day first".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No officer is on duty on Sunday night.
    const WEEK: &str = "name,from,to,weekdays\nAn,07:00,19:00,\nBa,19:00,07:00,mon-sat";
    const VN: &str = "Asia/Ho_Chi_Minh";
    const BERLIN: &str = "Europe/Berlin";

    /// Each case is `function from to = what it says`, in 2027; where a time is left out it is 00:00.
    fn check(zone: &str, roster: &str, cases: &str) {
        let (tz, rows) = (
            TimeZone::get(zone).unwrap(),
            from_csv(roster.as_bytes()).unwrap(),
        );
        let at = |it: &str| instant(format!("2027-{it}").parse().unwrap(), &tz).unwrap();
        let show = |it| tz.to_datetime(it).strftime("%dT%H:%M").to_string();
        let span = |a, b, who: &str| format!("{}–{} {who}", show(a), show(b));
        let turn = |it: &Turn| span(it.from, it.to, &it.who.name);
        let names = |it: &[Person]| it.iter().map(|it| it.name.as_str()).collect::<String>();
        let change = |it: &Handover| show(it.at) + " " + &names(&it.off) + ">" + &names(&it.on);
        for case in cases.lines() {
            let (ask, expect) = case.split_once('=').unwrap();
            let ask: Vec<&str> = ask.split_whitespace().collect();
            let (a, b) = (at(ask[1]), at(ask[ask.len() - 1]));
            let gap = |it: &(_, _)| span(it.0, it.1, "");
            let crowd = |it: &(_, _, Vec<_>)| span(it.0, it.1, &it.2.join("+"));
            let found: Vec<String> = match ask[0] {
                "turns" => turns(&rows, a, b, &tz).iter().map(turn).collect(),
                "on_duty" => on_duty(&rows, a, &tz).iter().map(turn).collect(),
                "next" => next(&rows, a, &tz).iter().map(turn).collect(),
                "gaps" => gaps(&rows, a, b, &tz).iter().map(gap).collect(),
                "overlaps" => overlaps(&rows, a, b, &tz).iter().map(crowd).collect(),
                _ => handover(&rows, a, b, &tz).iter().map(change).collect(),
            };
            assert_eq!(found.join(", ").trim(), expect.trim(), "{case}");
        }
    }

    #[test]
    fn a_week_with_a_hole_on_sunday_night() {
        let cases = "turns 02-02T03:00 02-02T19:00 = 01T19:00–02T07:00 Ba, 02T07:00–02T19:00 An
            turns 02-08 02-08T07:00 =
            gaps 02-01T07:00 02-15 = 07T19:00–08T07:00 , 14T19:00–15T00:00
            turns 02-02T09:00 02-02T09:00 =
            handover 02-02T06:59 02-02T07:00 = 02T07:00 Ba>An
            handover 02-02T07:00 02-02T18:59 =
            handover 02-01 02-07T23:00 = 07T19:00 An>
            on_duty 02-02T07:00 = 02T07:00–02T19:00 An
            next 02-07T19:00 = 08T07:00–08T19:00 An";
        check(VN, WEEK, cases);
        let cases = "gaps 02-01 02-09 = 01T00:00–09T00:00\nnext 02-01 =";
        check(VN, "name,from,to", cases);
    }

    #[test]
    fn rows_of_24_hours_and_of_some_days() {
        let cases = "turns 02-02 02-02T08:00 = 01T08:00–02T08:00 Ba, 02T00:00–03T00:00 An
            overlaps 02-02 02-03 = 02T00:00–03T00:00 An+Ba";
        check(VN, "name;from;to\nAn;0:00;24:00\nBa;8:00;08:00", cases);
        let tet = "name,from,to,weekdays,dates\nAn,22:00,06:00,t2 cn,2027-02-01..2027-02-07";
        let cases = "turns 01-20 03-01 = 01T22:00–02T06:00 An, 07T22:00–08T06:00 An";
        check(VN, tet, cases);
    }

    #[test]
    fn one_person_on_two_rows_is_one_person() {
        let alone = "name,from,to,weekdays\nAn,07:00,19:00\nAn,18:00,07:00\n";
        check(VN, alone, "next 02-01T10:00 = 01T18:00–02T07:00 An");
        let cases = "handover 02-01 02-04 =
            handover 02-07 02-08 = 07T18:30 BaCư>An
            overlaps 02-06 02-08 = 07T17:30–07T18:15 An+Ba, 07T18:15–07T18:30 An+Ba+Cư
            next 02-01T10:00 = 07T17:30–07T18:30 Ba";
        let others = format!("{alone}Ba,17:30,18:30,cn\nCư,18:15,18:30,cn");
        check(VN, &others, cases);
    }

    #[test]
    fn clocks_that_jump_leave_no_gap_and_no_overlap() {
        let rows = "name,from,to\nAn,22:00,02:30\nBa,02:30,03:00\nCư,03:00,22:00";
        let cases = "gaps 03-27 03-30 =
            overlaps 03-27 03-30 =
            turns 03-28 03-28T04:00 = 27T22:00–28T03:00 An, 28T03:00–28T22:00 Cư
            gaps 10-30 11-02 =
            overlaps 10-30 11-02 =";
        check(BERLIN, rows, cases);
        let (rows, tz) = (
            from_csv(rows.as_bytes()).unwrap(),
            TimeZone::get(BERLIN).unwrap(),
        );
        let autumn = "2027-10-31T01:00:00Z".parse().unwrap();
        let found = on_duty(&rows, autumn, &tz).remove(0);
        assert_eq!(found.to.duration_since(found.from).as_mins(), 90);
        let (min, max) = (Timestamp::MIN, Timestamp::MAX);
        assert!((1197..=1203).contains(&turns(&rows, min, max, &tz).len()));
        assert!(handover(&rows, min, max, &tz).is_some() && next(&rows, max, &tz).is_none());
    }

    #[test]
    fn a_table_is_read_as_it_was_saved_or_all_its_faults_are_told() {
        let text = "\u{feff}\r\nTo; From;Name;Telegram;\r\n\r\n24:00;7:00;\"Lê; An\";42;\r\n;;;;";
        let expect = r#"[Shift { who: Person { name: "Lê; An", telegram: Some(42), phone: None }, from: 07:00:00, to: 00:00:00, weekdays: [], dates: None }]"#;
        assert_eq!(format!("{:?}", from_csv(text.as_bytes()).unwrap()), expect);
        let text = "name,name,from,telegram,rank,weekdays,dates\r\n\r\nAn,,7h,@an,x,t8,2027-02-11..2027-02-02\r\n,,25:00,-1,,,2/2,more";
        let found = from_csv(text.as_bytes()).unwrap_err();
        assert!(found[4].ends_with(r#"3: from: "7h": write hours and minutes, as 07:00"#));
        let places = found.iter().flat_map(|it| it.splitn(3, ": ").take(2));
        let places = places.collect::<Vec<_>>().join(" ").replace("line ", "");
        let expect = "1 header 1 header 1 header 3 telegram 3 from 3 weekdays 3 dates 4 column 8 4 name 4 telegram 4 from 4 dates";
        assert_eq!(places, expect);
        assert_eq!(from_csv(b"").unwrap_err().len(), 3);
    }

    #[test]
    fn times_and_days_have_one_form() {
        let mut wrong = "7 :00 7:0 +7:00 24:01 07:60 07:00:00 ".split(' ');
        assert_eq!(wrong.find(|it| time(it).is_ok()), None);
        assert_eq!(time("24:00"), Ok(Time::midnight()));
        let mut wrong = "t1 t8 mon- - Monday".split(' ');
        assert_eq!(wrong.find(|it| weekdays(it).is_ok()), None);
        let days = vec![Weekday::Monday, Weekday::Saturday, Weekday::Sunday];
        assert_eq!(weekdays("T7–t2, cn"), Ok(days));
        assert_eq!(weekdays("t3-t6 t4"), weekdays("tue wed thu fri"));
        let mut wrong = "20270202 2027-02-02T07:00 2027-02-30 2027-02-02.. ".split(' ');
        assert_eq!(wrong.find(|it| dates(it).is_ok()), None);
    }
}
