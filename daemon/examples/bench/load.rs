//! Closed-loop load: each connection sends its next request when the answer to the last one is there.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::http::Connection;
use crate::process::Process;
use crate::samples::Samples;

/// What one connection sends, round and round; goes on where it stopped.
#[derive(Debug, Clone)]
pub struct Script {
    requests: Vec<Vec<u8>>,
    next: usize,
    /// The status that every answer must have.
    status: u16,
}

impl Script {
    pub fn new(requests: Vec<Vec<u8>>, status: u16) -> Self {
        Self { requests, next: 0, status }
    }
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Load {
    pub latencies: Samples,
    pub elapsed: Duration,
    pub body_bytes: usize,
    /// Processor time of the server.
    pub cpu: Duration,
}

impl Load {
    /// Answers per second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Takes in another turn of the same load.
    pub fn append(&mut self, other: Self) {
        self.latencies.append(other.latencies);
        self.elapsed += other.elapsed;
        self.body_bytes += other.body_bytes;
        self.cpu += other.cpu;
    }

    /// Latencies, and what an answer costs the server: unlike the rate, that stays much the same on a busy machine.
    pub fn detail(&self) -> String {
        let each_us = self.cpu.as_secs_f64() * 1e6 / self.latencies.len().max(1) as f64;
        format!("{} CPU {each_us:.0} µs", self.latencies.clone().percentiles())
    }
}

/// Runs every script on its own connection to `server` for `duration`.
pub async fn run(server: &Process, scripts: &mut [Script], duration: Duration) -> Result<Load> {
    let mut connections = Vec::with_capacity(scripts.len());
    for _ in 0..scripts.len() {
        connections.push(Connection::open(server.address).await?);
    }
    let mut tasks = JoinSet::new();
    let cpu = server.cpu()?;
    let started = Instant::now();
    for (index, connection) in connections.into_iter().enumerate() {
        let script = scripts[index].clone();
        tasks.spawn(async move { (index, follow(connection, script, started, duration).await) });
    }
    let mut load = Load::default();
    while let Some(done) = tasks.join_next().await {
        let (index, done) = done?;
        let (script, latencies, body_bytes) = done?;
        scripts[index] = script;
        load.latencies.append(latencies);
        load.body_bytes += body_bytes;
    }
    load.elapsed = started.elapsed();
    load.cpu = server.cpu()?.saturating_sub(cpu);
    Ok(load)
}

async fn follow(
    mut connection: Connection,
    mut script: Script,
    started: Instant,
    duration: Duration,
) -> Result<(Script, Samples, usize)> {
    let mut latencies = Samples::default();
    let mut body_bytes = 0;
    while started.elapsed() < duration {
        let request = &script.requests[script.next];
        let sent = Instant::now();
        let head = connection.ask(request).await?;
        latencies.push(sent.elapsed());
        body_bytes += head.body_bytes;
        if head.status != script.status {
            return Err(format!(
                "{} instead of {} to {}",
                head.status,
                script.status,
                String::from_utf8_lossy(request)
            )
            .into());
        }
        script.next = (script.next + 1) % script.requests.len();
    }
    Ok((script, latencies, body_bytes))
}
