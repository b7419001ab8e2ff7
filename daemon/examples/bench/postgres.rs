//! How many changes of a slot are acknowledged on a PostgreSQL that flushes to disk: beside `pgbench`, which does one change per transaction.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::Command;

use crate::load::{Load, run};
use crate::process::{Parkd, Process};
use crate::report::{Row, Target};
use crate::writes::{SLOTS_EACH, script};
use crate::{Bench, Result, lot};

/// The account that the server runs under where the benchmark is root, which it refuses to be.
const USER: &str = "postgres";
/// Longest time for a turn of pgbench beyond its own duration.
const PGBENCH_GRACE: Duration = Duration::from_secs(10);

/// What somebody would write first: the row, and a line of history. The tables have what the daemon's have, as few indexes as can be.
const TABLES: &str = "
create table plain_slots (id integer primary key, state text not null, rev bigint not null, changed_at_ms bigint not null) with (fillfactor = 70);
create table plain_events (seq bigserial primary key, slot_id integer not null, state text not null, at_ms bigint not null, body text not null);
";
const CHANGE: &str = "
\\set id random(1, :slots)
begin;
update plain_slots set state = case when state = 'free' then 'occupied' else 'free' end, rev = rev + 1, changed_at_ms = :client_id where id = :id returning state, rev;
insert into plain_events (slot_id, state, at_ms, body) values (:id, 'occupied', :client_id, repeat('x', 600));
commit;
";

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let scale = &bench.scale;
    let server = Server::start(bench).await?;
    let slots = (scale.writers + 1) * SLOTS_EACH;
    server.prepare_plain(slots).await?;
    let url = server.url("parkd");
    let parkd = Parkd::start_with(bench, &bench.folder("postgres-parkd")?, &[("DATABASE_URL", &url)]).await?;
    lot::import(&parkd, slots, "").await?;
    let mut scripts: Vec<_> = (0..=scale.writers).map(|connection| script(&parkd, connection)).collect();
    let (one_script, many_scripts) = scripts.split_at_mut(1);
    run(&parkd.process, one_script, scale.warm_up).await?;
    run(&parkd.process, many_scripts, scale.warm_up).await?;
    let (mut one, mut many) = (Load::default(), Load::default());
    let (mut plain_one, mut plain_many) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        one.append(run(&parkd.process, one_script, scale.round).await?);
        plain_one.push(server.pgbench(1, slots, scale.round).await?);
        many.append(run(&parkd.process, many_scripts, scale.round).await?);
        plain_many.push(server.pgbench(scale.writers, slots, scale.round).await?);
    }
    parkd.process.stop().await?;
    server.process.kill().await?;
    Ok(rows(scale.writers, one, many, mean(&plain_one), mean(&plain_many)))
}

fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len() as f64
}

fn rows(writers: usize, one: Load, many: Load, plain_one: f64, plain_many: f64) -> Vec<Row> {
    let p99_ms = many.latencies.clone().percentiles().p99.as_secs_f64() * 1e3;
    let of_pgbench = |connections: usize| format!("pgbench, {connections}");
    let name = |connections: usize| {
        format!("PUT slot on PostgreSQL, {connections} connection{}", if connections == 1 { "" } else { "s" })
    };
    vec![
        Row::new(name(1), one.rate(), "/s").detail(one.detail()).yardstick(of_pgbench(1), plain_one, "/s"),
        Row::new(format!("{} ÷ pgbench", name(1)), one.rate() / plain_one, "×")
            .yardstick(of_pgbench(1), plain_one, "/s")
            .target(Target::AtLeast(0.8)),
        Row::new(name(writers), many.rate(), "/s").detail(many.detail()).yardstick(
            of_pgbench(writers),
            plain_many,
            "/s",
        ),
        Row::new(format!("{} ÷ pgbench", name(writers)), many.rate() / plain_many, "×")
            .yardstick(of_pgbench(writers), plain_many, "/s")
            .target(Target::AtLeast(2.0)),
        Row::new(format!("{}, p99", name(writers)), p99_ms, "ms").target(Target::AtMost(25.0)),
    ]
}

/// A PostgreSQL of its own, which flushes every commit.
pub struct Server {
    programs: PathBuf,
    folder: PathBuf,
    pub process: Process,
}

impl Server {
    pub async fn start(bench: &Bench) -> Result<Self> {
        let programs = programs()?;
        let folder = bench.folder("postgres")?;
        // The server's account must be able to come this far.
        let data = folder.join("data");
        if is_root()? {
            let (user, group) = account()?;
            chown(&folder, Some(user), Some(group))?;
            chown(bench.folder.path(), Some(user), Some(group))?;
        }
        let mut initdb = as_user(&programs.join("initdb"))?;
        initdb.arg("-D").arg(&data).args(["-U", "parkd", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        done(initdb).await?;
        let address: SocketAddr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let mut command = as_user(&programs.join("postgres"))?;
        command.arg("-D").arg(&data).args(["-p", &address.port().to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=256MB"]);
        command.args(["-c", "fsync=on", "-c", "synchronous_commit=on"]);
        let process = Process::start_at(command, &folder.join("bench.log"), address).await?;
        let server = Self { programs, folder, process };
        server.psql("postgres", "create database parkd").await?;
        server.psql("postgres", "create database plain").await?;
        Ok(server)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://parkd@{}/{database}", self.process.address)
    }

    /// Says `sql`, again while the server is still starting; gives what it answers.
    pub async fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut attempts = 0;
        loop {
            let mut psql = Command::new(self.programs.join("psql"));
            psql.args(["-qAt", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql]);
            match done(psql).await {
                Ok(said) => return Ok(said),
                Err(error) if attempts == 100 || !error.to_string().contains("starting up") => return Err(error),
                Err(_) => attempts += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn prepare_plain(&self, slots: usize) -> Result<()> {
        self.psql("plain", TABLES).await?;
        let rows = format!("insert into plain_slots select n, 'free', 0, 0 from generate_series(1, {slots}) n");
        self.psql("plain", &rows).await?;
        Ok(std::fs::write(self.folder.join("change.sql"), CHANGE)?)
    }

    /// Transactions per second.
    async fn pgbench(&self, connections: usize, slots: usize, duration: Duration) -> Result<f64> {
        let mut pgbench = Command::new(self.programs.join("pgbench"));
        let seconds = duration.as_secs_f64().ceil().max(1.0);
        pgbench.args(["-n", "-M", "prepared", "-c", &connections.to_string(), "-T", &seconds.to_string()]);
        pgbench.args(["-j", &connections.min(2).to_string(), "-D", &format!("slots={slots}"), "-f"]);
        pgbench.arg(self.folder.join("change.sql")).arg(self.url("plain"));
        let said = tokio::time::timeout(duration + PGBENCH_GRACE, done(pgbench)).await??;
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        tps.ok_or_else(|| format!("pgbench did not say its rate:\n{said}").into())
    }
}

/// Runs a program to its end; what it printed.
async fn done(mut command: Command) -> Result<String> {
    let output = command.output().await.map_err(|e| format!("{command:?} does not run: {e} (see .ci/tools)"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Where the programs of the newest PostgreSQL of the system are.
fn programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.parent().and_then(|p| p.file_name()?.to_str()?.parse::<u32>().ok());
    let found = versions.map(|entry| entry.path().join("bin")).filter(|path| path.join("pgbench").is_file());
    found.max_by_key(version).ok_or_else(|| "there is no PostgreSQL with pgbench here: run .ci/tools".into())
}

fn is_root() -> Result<bool> {
    Ok(std::fs::metadata("/proc/self")?.uid() == 0)
}

/// Numbers of the server's account and of its group.
fn account() -> Result<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let line = accounts.lines().find_map(|line| line.strip_prefix(USER)?.strip_prefix(':'));
    let fields: Vec<_> = line.ok_or("there is no account postgres: run .ci/tools")?.split(':').collect();
    Ok((fields[1].parse()?, fields[2].parse()?))
}

/// A program that ends when this one does, under an account that PostgreSQL accepts.
fn as_user(program: &Path) -> Result<Command> {
    let mut command = Command::new("setpriv");
    // SIGQUIT is PostgreSQL's immediate shutdown.
    command.args(["--pdeathsig", "QUIT"]);
    if is_root()? {
        command.args([format!("--reuid={USER}"), format!("--regid={USER}"), "--clear-groups".into()]);
    }
    command.arg("--").arg(program);
    Ok(command)
}
