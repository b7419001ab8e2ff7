//! Latencies, all of them, so that percentiles are read and not estimated.

use std::time::Duration;

/// Latencies of one kind.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// In nanoseconds, in the order they came.
    raw: Vec<u64>,
}

impl Samples {
    pub fn push(&mut self, sample: Duration) {
        self.raw.push(sample.as_nanos() as u64);
    }

    pub fn append(&mut self, mut others: Self) {
        self.raw.append(&mut others.raw);
    }

    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// 50th, 99th and 100th percentile by nearest rank; zero without samples.
    pub fn percentiles(mut self) -> Percentiles {
        self.raw.sort_unstable();
        let at = |share: f64| {
            let rank = (share * self.raw.len() as f64).ceil() as usize;
            Duration::from_nanos(self.raw.get(rank.saturating_sub(1)).copied().unwrap_or(0))
        };
        Percentiles { p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

/// What samples come to.
#[derive(Debug, Clone, Copy)]
pub struct Percentiles {
    pub p50: Duration,
    pub p99: Duration,
    pub max: Duration,
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {} p99 {}", ms_text(self.p50), ms_text(self.p99))
    }
}

/// In milliseconds, as exact as is worth reading.
pub fn ms_text(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 10.0 { format!("{ms:.2} ms") } else { format!("{ms:.1} ms") }
}
