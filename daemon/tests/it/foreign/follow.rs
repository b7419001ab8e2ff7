//! Small programs in other languages that follow a lot through a restart, each by the cursor rules as they are documented.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::harness::{PATIENCE, Parkd, signal};
use crate::wire::Wire;
use serde_json::json;

/// Changes before the restart, and after it.
const CHANGES: u64 = 5;

#[tokio::test]
async fn programs_in_other_languages_miss_nothing_through_a_restart() {
    let mut parkd = Parkd::start(&[]);
    Wire::admin(&parkd).send("POST", "/api/slots", json!({"code": "A-1"})).await;
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("tmp is in the target folder").join("tools");
    let mut node = Command::new("node");
    node.env("NODE_PATH", tools.join("node/node_modules"));
    let programs = [
        (Command::new(tools.join("python/bin/python")), "follow.py"),
        (node, "follow.cjs"),
        (Command::new("bash"), "follow.sh"),
    ];
    let mut followers: Vec<_> =
        programs.into_iter().map(|(program, script)| Follower::start(program, script, &parkd)).collect();
    let starts: Vec<u64> = followers.iter().map(Follower::started).collect();
    change(&parkd).await;
    assert_eq!(parkd.stop(), Some(0));
    parkd.restart();
    let head = change(&parkd).await;
    for (follower, start) in followers.iter_mut().zip(starts) {
        let told: Vec<u64> = (start..head).map(|_| follower.next()).collect();
        assert_eq!(told, (start + 1..=head).collect::<Vec<_>>(), "{}", follower.script);
    }
}

/// Makes some changes; the `seq` of the last.
async fn change(parkd: &Parkd) -> u64 {
    let wire = Wire::admin(parkd);
    let mut seq = 0;
    for _ in 0..CHANGES {
        let changed: serde_json::Value = wire.call("POST", "/api/slots/A-1/toggle").await.json(200);
        seq = changed["seq"].as_u64().expect("a seq");
    }
    seq
}

/// A program that follows, ended by its id.
struct Follower {
    script: &'static str,
    process: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(mut program: Command, script: &'static str, parkd: &Parkd) -> Self {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "it", "foreign", script].iter().collect();
        program.arg(path).args([parkd.address(), &parkd.admin_token()]).stdout(Stdio::piped());
        let mut process = program.spawn().unwrap_or_else(|e| panic!("{script}: {e}: run .ci/tools"));
        let stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let (line, lines) = channel();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|read| line.send(read)));
        Self { script, process, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{} says nothing more: {e}", self.script))
    }

    /// Where it began to follow.
    fn started(&self) -> u64 {
        self.line().strip_prefix("start ").and_then(|seq| seq.parse().ok()).expect("where it starts")
    }

    /// The next event. Another start would be no number.
    fn next(&self) -> u64 {
        let line = self.line();
        line.parse().unwrap_or_else(|_| panic!("{} says {line:?}", self.script))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            signal(self.process.id(), "TERM");
        }
        let _ = self.process.wait();
    }
}
