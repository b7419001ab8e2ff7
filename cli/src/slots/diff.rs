//! What an import would change, field by field. Pure: rows and slots in, differences out.

use std::collections::HashMap;

use parking_api::SlotCode;
use parking_api::slots::{NewSlot, Position, Slot, SlotKind};
use serde::Serialize;

/// One field of one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub code: SlotCode,
    pub field: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Of `rows` that the daemon has found valid; in their order. The state of a slot that is there already stays as it is.
pub fn of(rows: &[NewSlot], slots: &[Slot]) -> Vec<Difference> {
    let known: HashMap<&SlotCode, &Slot> = slots.iter().map(|slot| (&slot.code, slot)).collect();
    let mut differences = Vec::new();
    for row in rows {
        let Some(slot) = known.get(&row.code) else { continue };
        let fields = [
            ("zone", slot.zone.clone(), row.zone.clone()),
            ("level", Some(slot.level.to_string()), Some(row.level.to_string())),
            ("kind", Some(slot.kind.to_string()), Some(row.kind.to_string())),
            ("position", slot.position.map(place), row.position.map(place)),
            ("note", slot.note.clone(), row.note.clone()),
        ];
        let changed = fields.into_iter().filter(|(_, before, after)| before != after);
        let code = row.code.clone();
        differences.extend(changed.map(|(field, before, after)| Difference {
            code: code.clone(),
            field,
            before,
            after,
        }));
    }
    differences
}

fn place(at: Position) -> String {
    format!("{},{}", at.x, at.y)
}

/// The rows of a table that the daemon has found valid; a row that cannot be read is left out, as it was not found valid.
pub fn rows_of_csv(text: &str) -> Vec<NewSlot> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let Ok(header) = reader.headers().cloned() else { return Vec::new() };
    let row = |record: csv::StringRecord| {
        let get = |name: &str| {
            let index = header.iter().position(|column| column == name)?;
            record.get(index).filter(|value| !value.is_empty())
        };
        let number = |name: &str| get(name).and_then(|text| text.parse::<f64>().ok());
        Some(NewSlot {
            code: get("code")?.parse().ok()?,
            zone: get("zone").map(String::from),
            level: get("level").map_or(Ok(0), str::parse).ok()?,
            kind: get("kind").map_or(Ok(SlotKind::Standard), str::parse).ok()?,
            state: None,
            position: number("x").zip(number("y")).map(|(x, y)| Position { x, y }),
            note: get("note").map(String::from),
        })
    };
    reader.records().map_while(Result::ok).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_that_would_change_is_told_and_the_state_is_not() {
        let slot: Slot = serde_json::from_str(include_str!("../../../daemon/api/fixtures/slot.json")).expect("a slot");
        let mut row = NewSlot {
            code: slot.code.clone(),
            zone: slot.zone.clone(),
            level: slot.level,
            kind: slot.kind,
            state: Some(parking_api::slots::SlotState::Closed),
            position: slot.position,
            note: slot.note.clone(),
        };
        assert_eq!(of(std::slice::from_ref(&row), std::slice::from_ref(&slot)), []);
        row.zone = Some("Elsewhere".into());
        row.position = None;
        let told = of(&[row], std::slice::from_ref(&slot));
        assert_eq!(told.iter().map(|one| one.field).collect::<Vec<_>>(), ["zone", "position"]);
        assert_eq!((told[0].after.as_deref(), told[1].after.as_deref()), (Some("Elsewhere"), None));
    }

    #[test]
    fn a_table_is_read_as_the_daemon_reads_it() {
        let rows = rows_of_csv("zone,code,level,x,y\n North ,A-1,-1,2,3.5\n,A-2,,,\n");
        assert_eq!((rows[0].zone.as_deref(), rows[0].level), (Some("North"), -1));
        assert_eq!(rows[0].position, Some(Position { x: 2.0, y: 3.5 }));
        assert_eq!((rows[1].zone.as_deref(), rows[1].level, rows[1].kind), (None, 0, SlotKind::Standard));
    }
}
