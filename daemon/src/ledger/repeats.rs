//! Requests that come again: the first answer is kept with what it was about, and given again. Pure.

use std::collections::HashMap;

use parking_api::{Problem, ProblemCode};

use super::command::{Outcome, Reply};
use super::lot::Idempotency;
use crate::store::Answer;

/// The first answer again, or why it cannot be given.
pub(super) fn answered(
    idempotency: &Idempotency,
    first: &HashMap<(String, String), Answer>,
) -> Option<Result<Outcome, Problem>> {
    let answer = first.get(&(idempotency.caller.clone(), idempotency.key.clone()))?;
    if answer.body_sha256 != idempotency.body_sha256 {
        return Some(Err(Problem::new(
            ProblemCode::IdempotencyMismatch,
            format!("idempotency key {:?} was used before, for another request", idempotency.key),
        )));
    }
    let reply: Result<Reply, _> = serde_json::from_str(&answer.answer);
    Some(match reply {
        Ok(reply) => Ok(Outcome { reply, seq: answer.seq as u64, replayed: true }),
        Err(e) => Err(Problem::new(ProblemCode::Internal, format!("the first answer cannot be read: {e}"))),
    })
}

pub(super) fn remember(idempotency: &Idempotency, outcome: &Outcome) -> Result<Answer, Problem> {
    Ok(Answer {
        actor: idempotency.caller.clone(),
        key: idempotency.key.clone(),
        body_sha256: idempotency.body_sha256.clone(),
        seq: outcome.seq as i64,
        answer: serde_json::to_string(&outcome.reply)
            .map_err(|e| Problem::new(ProblemCode::Internal, format!("the answer cannot be kept: {e}")))?,
    })
}
