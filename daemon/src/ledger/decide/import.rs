//! Decides an import of slots: all rows or none. Pure.

use std::collections::HashSet;

use parking_api::events::EventChange;
use parking_api::problem::{ROW_PROBLEMS_MAX, RowProblem};
use parking_api::slots::{Imported, NewSlot, SLOTS_MAX};
use parking_api::{Problem, ProblemCode};

use super::super::command::{Change, Context, Refusal, Reply};
use super::super::state::LotState;
use super::slots;

/// Creates the slots whose code is new and redescribes the others; the state of a slot that exists is never touched.
pub(super) fn import(
    state: &LotState,
    rows: &[NewSlot],
    dry_run: bool,
    context: &mut Context<'_>,
) -> Result<Change, Refusal> {
    let mut imported =
        Imported { created: 0, updated: 0, unchanged: 0, dry_run, created_codes: vec![], updated_codes: vec![] };
    let mut changes = Vec::with_capacity(rows.len());
    let mut problems = Vec::new();
    let mut seen = HashSet::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        if !seen.insert(&row.code) {
            let detail = format!("slot {} stands twice in this import", row.code);
            problems.push(RowProblem { row: index + 1, field: Some("code".into()), detail });
            continue;
        }
        match decided(state, row, context.seq + changes.len() as u64, context) {
            Ok(Some(change)) => {
                let list = match &change {
                    EventChange::SlotCreated { .. } => &mut imported.created_codes,
                    _ => &mut imported.updated_codes,
                };
                list.push(row.code.clone());
                changes.push(change);
            }
            Ok(None) => imported.unchanged += 1,
            Err(problem) => {
                problems.push(RowProblem { row: index + 1, field: problem.field, detail: problem.detail });
            }
        }
    }
    if !problems.is_empty() {
        return Err(refused(rows.len(), problems));
    }
    (imported.created, imported.updated) = (imported.created_codes.len(), imported.updated_codes.len());
    if state.slots_len() + imported.created > SLOTS_MAX {
        return Err(slots::full(state));
    }
    if dry_run {
        changes.clear();
    }
    Ok(Change { changes, reply: Reply::Imported(imported) })
}

fn decided(
    state: &LotState,
    row: &NewSlot,
    seq: u64,
    context: &mut Context<'_>,
) -> Result<Option<EventChange>, Refusal> {
    if let Some(before) = state.slot_by_code(&row.code) {
        let slot = slots::redescribed(before, row, seq)?;
        return Ok(slot.map(|slot| EventChange::SlotChanged { slot, session: None }));
    }
    let (slot, session) = slots::created(row, seq, context)?;
    Ok(Some(EventChange::SlotCreated { slot, session }))
}

/// One problem that lists what is wrong with each row, as far as there is room.
pub fn refused(rows: usize, mut problems: Vec<RowProblem>) -> Refusal {
    let bad = problems.len();
    problems.truncate(ROW_PROBLEMS_MAX);
    let mut problem = Problem::new(
        ProblemCode::ImportRefused,
        format!(
            "{bad} of {rows} rows are not valid, so no slot was imported; row {}: {}",
            problems[0].row, problems[0].detail
        ),
    );
    problem.rows = problems;
    problem
}
