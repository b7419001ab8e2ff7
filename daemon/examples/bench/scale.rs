//! How much is measured. Every number of a run is here.

use std::time::Duration;

use crate::report::grouped;

/// The numbers of one run.
#[derive(Debug, Clone)]
pub struct Scale {
    /// Connections that write at once, against one.
    pub writers: usize,
    /// Connections that read at once.
    pub readers: usize,
    /// What is compared takes turns, this often, so that a change of the machine's mood hits both.
    pub rounds: usize,
    /// One turn.
    pub round: Duration,
    /// Unmeasured time before the first turn.
    pub warm_up: Duration,
    /// Slots of the large lot.
    pub slots: usize,
    /// Events of the large lot.
    pub events: usize,
    /// Events of a year of a lot on PostgreSQL.
    pub year_events: u64,
    /// Times that the daemon is started on the large lot.
    pub starts: usize,
    /// Sockets that follow a busy lot.
    pub sockets: Load,
    /// Very many of them.
    pub crowd: Load,
    /// Sockets that follow a quiet lot.
    pub idle_sockets: usize,
}

/// Sockets that follow one lot, and what happens on it.
#[derive(Debug, Clone)]
pub struct Load {
    pub sockets: usize,
    pub changes_per_s: u32,
    pub changing: Duration,
}

impl Load {
    /// As the figures of it are called.
    pub fn name(&self) -> String {
        format!("{} sockets, {} changes/s", grouped(self.sockets as u64), self.changes_per_s)
    }
}

/// Slots of the lot that sockets follow.
pub const FOLLOWED_SLOTS: usize = 50;

impl Scale {
    pub fn full() -> Self {
        Self {
            writers: 64,
            readers: 16,
            rounds: 3,
            round: Duration::from_millis(1_500),
            warm_up: Duration::from_millis(500),
            slots: 10_000,
            events: 100_000,
            year_events: 20_000_000,
            starts: 5,
            sockets: Load { sockets: 1_000, changes_per_s: 50, changing: Duration::from_secs(20) },
            crowd: Load { sockets: 5_000, changes_per_s: 20, changing: Duration::from_secs(20) },
            idle_sockets: 10_000,
        }
    }

    pub fn quick() -> Self {
        Self {
            rounds: 1,
            round: Duration::from_millis(600),
            warm_up: Duration::from_millis(150),
            events: 20_000,
            starts: 3,
            sockets: Load { sockets: 200, changes_per_s: 50, changing: Duration::from_secs(3) },
            crowd: Load { sockets: 1_000, changes_per_s: 20, changing: Duration::from_secs(3) },
            idle_sockets: 1_000,
            ..Self::full()
        }
    }
}
