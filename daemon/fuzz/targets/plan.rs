//! Plans of a lot as CSV.

use parkd::ledger::Command;
use parkd::plan::read_csv;
use parking_api::slots::NewSlot;

use super::world::{World, check_refusal};

/// A plan is refused with a reason, or read; then it is read again from what it would be written as, and imported twice.
pub fn run(data: &[u8]) {
    let rows = match read_csv(data) {
        Ok(rows) => rows,
        Err(problem) => return check_refusal(&problem),
    };
    assert_eq!(read_csv(&written(&rows)).expect("what is written can be read"), rows);
    let mut world = World::new();
    for _ in 0..2 {
        world.run(&Command::ImportSlots { rows: rows.clone(), dry_run: false });
    }
    world.check();
}

fn written(rows: &[NewSlot]) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["code", "zone", "level", "kind", "state", "x", "y", "note"]).expect("memory");
    for row in rows {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let fields = [
            row.code.to_string(),
            row.zone.clone().unwrap_or_default(),
            row.level.to_string(),
            row.kind.to_string(),
            row.state.map_or(String::new(), |state| state.to_string()),
            number(row.position.map(|position| position.x)),
            number(row.position.map(|position| position.y)),
            row.note.clone().unwrap_or_default(),
        ];
        out.write_record(fields).expect("memory");
    }
    out.into_inner().expect("memory")
}
