//! A plan of a lot as CSV. Pure: bytes in, slots out.

use parking_api::Problem;
use parking_api::ProblemCode;
use parking_api::problem::RowProblem;
use parking_api::slots::{NewSlot, Position, SlotKind};

use crate::ledger::decide::import_refused;

const COLUMNS: [&str; 8] = ["code", "zone", "level", "kind", "state", "x", "y", "note"];

/// Most characters of a wrong text that its refusal repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// Reads a plan: a header row with some of the columns `code, zone, level, kind, state, x, y, note` in any order, only `code` needed.
///
/// # Errors
/// When the header is not valid, or with every row that is not.
pub fn read_csv(bytes: &[u8]) -> Result<Vec<NewSlot>, Problem> {
    // Spreadsheets put a byte order mark first.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let header = reader.headers().map_err(|e| header_problem(&format!("it cannot be read: {e}")))?.clone();
    for name in &header {
        if !COLUMNS.contains(&name) {
            return Err(header_problem(&format!(
                "it has a column {:?}; the columns are {}",
                shown(name),
                COLUMNS.join(", ")
            )));
        }
        if header.iter().filter(|other| *other == name).count() > 1 {
            return Err(header_problem(&format!("column {name} stands twice")));
        }
    }
    if !header.iter().any(|name| name == "code") {
        return Err(header_problem("it has no column code"));
    }
    let mut slots = Vec::new();
    let mut problems = Vec::new();
    let mut rows = 0;
    for record in reader.records() {
        rows += 1;
        let row = match record {
            Ok(record) if record.len() > header.len() => {
                Err((None, format!("has {} fields, the header has {}", record.len(), header.len())))
            }
            Ok(record) => read_row(|column| {
                let index = header.iter().position(|name| name == column)?;
                record.get(index).filter(|value| !value.is_empty())
            }),
            Err(e) => Err((None, e.to_string())),
        };
        match row {
            Ok(slot) => slots.push(slot),
            Err((field, detail)) => {
                problems.push(RowProblem { row: rows, field: field.map(str::to_string), detail });
            }
        }
    }
    if problems.is_empty() { Ok(slots) } else { Err(import_refused(rows, problems)) }
}

/// As much of a text that is not understood as a person would look at: it may be a file of another kind.
fn shown(text: &str) -> &str {
    text.char_indices().nth(SHOWN_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}

fn header_problem(detail: &str) -> Problem {
    Problem::new(ProblemCode::InvalidField, format!("the header of the CSV is not valid: {detail}")).field("header")
}

type RowError = (Option<&'static str>, String);

fn read_row<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<NewSlot, RowError> {
    fn parse<T: std::str::FromStr<Err = String>>(
        name: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, RowError> {
        text.map(str::parse).transpose().map_err(|e| (Some(name), e))
    }
    let number = |name: &'static str| {
        let parsed = get(name)
            .map(|text| text.parse::<f64>().map_err(|_| (Some(name), format!("{:?} is not a number", shown(text)))));
        parsed.transpose()
    };
    let position = match (number("x")?, number("y")?) {
        (Some(x), Some(y)) => Some(Position { x, y }),
        (None, None) => None,
        (None, _) => return Err((Some("x"), "y is given without x".into())),
        (_, None) => return Err((Some("y"), "x is given without y".into())),
    };
    let level = match get("level") {
        None => 0,
        Some(text) => text.parse().map_err(|_| (Some("level"), format!("{:?} is not a whole number", shown(text))))?,
    };
    Ok(NewSlot {
        code: parse("code", get("code"))?.ok_or((Some("code"), "is missing".to_string()))?,
        zone: get("zone").map(str::to_string),
        level,
        kind: parse("kind", get("kind"))?.unwrap_or(SlotKind::Standard),
        state: parse("state", get("state"))?,
        position,
        note: get("note").map(str::to_string),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_come_in_any_order_and_spreadsheets_are_understood() {
        let slots =
            read_csv(b"\xef\xbb\xbfzone,code,x,y,kind\r\nA,A-01,1.5,2,ev\r\n,A-02,,,\r\n").expect("a valid plan");
        assert_eq!(slots.len(), 2);
        assert_eq!(slots[0].position, Some(Position { x: 1.5, y: 2.0 }));
        assert_eq!((slots[0].kind, slots[1].kind), (SlotKind::Ev, SlotKind::Standard));
        assert_eq!(slots[1].zone, None);
    }

    #[test]
    fn every_bad_row_is_named_with_its_field() {
        let problem = read_csv(b"code,kind,x,y\nA-01,car,,\n,,,\nA-03,,1,\nA-04,,,\n").expect_err("rows are bad");
        let fields: Vec<_> = problem.rows.iter().map(|row| (row.row, row.field.as_deref())).collect();
        assert_eq!(fields, [(1, Some("kind")), (2, Some("code")), (3, Some("y"))]);
    }

    #[test]
    fn a_column_that_does_not_exist_is_refused_rather_than_ignored() {
        let problem = read_csv(b"code,colour\nA-01,red\n").expect_err("no such column");
        assert!(problem.detail.contains("colour"), "{}", problem.detail);
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_csv(&bytes);
        }

        #[test]
        fn what_is_written_is_read_back(codes in prop::collection::btree_set("[A-Z]-[0-9]{1,4}", 1..30), note in "[a-z ,\"]{0,20}") {
            let mut out = csv::Writer::from_writer(Vec::new());
            out.write_record(["note", "code"]).expect("memory");
            for code in &codes {
                out.write_record([&note, code]).expect("memory");
            }
            let slots = read_csv(&out.into_inner().expect("memory")).expect("a valid plan");
            prop_assert_eq!(slots.iter().map(|slot| slot.code.to_string()).collect::<Vec<_>>(), codes.into_iter().collect::<Vec<_>>());
        }
    }
}
