//! Clients that go on writing whatever happens, as those behind a load balancer do: what one daemon does not answer they ask the other,
//! and what has a key they ask until they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_api::ProblemCode;
use parking_api::client::{Client, Error};
use parking_api::slots::SlotState;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use super::Pair;
use crate::crash::{Told, What, Wish};

pub const WRITERS: usize = 16;
pub const SLOTS: usize = 12;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// One client.
pub struct Writer {
    pub index: usize,
    rng: SmallRng,
    wishes: u64,
    pub told: Vec<(u64, Told)>,
}

/// What all of them share.
#[derive(Debug, Default)]
pub struct Progress {
    pub acknowledged: AtomicU64,
    pub stop: AtomicBool,
}

pub fn writers(seed: u64) -> Vec<Writer> {
    let writer = |index| Writer {
        index,
        rng: SmallRng::seed_from_u64(seed.wrapping_add(1 + index as u64)),
        wishes: 0,
        told: Vec::new(),
    };
    (0..WRITERS).map(writer).collect()
}

/// Lets all of them work until they are stopped.
pub fn work(pair: &Pair, writers: Vec<Writer>, progress: &Arc<Progress>) -> JoinSet<Writer> {
    let mut tasks = JoinSet::new();
    for writer in writers {
        tasks.spawn(writer.work([pair.admin(0), pair.admin(1)], Arc::clone(progress)));
    }
    tasks
}

impl Writer {
    fn next(&mut self) -> Wish {
        self.wishes += 1;
        let what = if self.index.is_multiple_of(4) {
            What::Enter
        } else {
            let code = format!("A-{}", self.rng.random_range(0..SLOTS)).parse().expect("a code");
            What::Set(code, *SlotState::ALL.choose(&mut self.rng).expect("there are states"))
        };
        Wish { what, tag: format!("w{}-{}", self.index, self.wishes), has_key: !self.index.is_multiple_of(3) }
    }

    async fn work(mut self, clients: [Client; 2], progress: Arc<Progress>) -> Self {
        let mut at = self.index;
        while !progress.stop.load(Ordering::Relaxed) {
            let wish = self.next();
            loop {
                match wish.attempt(&clients[at % 2]).await {
                    Ok(told) => {
                        self.told.push(told);
                        progress.acknowledged.fetch_add(1, Ordering::Relaxed);
                        break;
                    }
                    Err(error) => assert!(is_of_the_fault(&error), "{wish:?}: {error:?}"),
                }
                at += 1;
                tokio::time::sleep(PAUSE).await;
                // Without a key nobody can repeat it safely.
                if !wish.has_key {
                    break;
                }
            }
        }
        self
    }
}

/// Whether it is what a client may be told while something is broken.
pub fn is_of_the_fault(error: &Error) -> bool {
    use ProblemCode::{Internal, OutcomeUnknown, SpoolFull, Unavailable};
    match error {
        Error::Unreachable { .. } | Error::TimedOut { .. } | Error::Protocol { .. } => true,
        Error::Refused(problem) => {
            problem.code != Internal && [Unavailable, OutcomeUnknown, SpoolFull].contains(&problem.code)
        }
        Error::Config { .. } => false,
    }
}
