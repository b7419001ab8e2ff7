//! A terminal without a window: tmux, detached, with a server of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::wait;

pub struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Runs `command` in a shell; `env` is all that it knows.
    pub fn start(folder: &Path, (columns, rows): (u16, u16), env: &[(&str, &str)], command: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let socket = folder.join(format!("tmux-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let tmux = Self { socket };
        let vars: String = env.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
        let line = format!(
            "env -i PATH=/usr/bin:/bin TERM=screen-256color LC_ALL=C.UTF-8 TZ=UTC {vars}{command}; echo exit=$?; cat"
        );
        let (x, y) = (columns.to_string(), rows.to_string());
        let output = tmux.run(&["-f", "/dev/null", "new-session", "-d", "-x", &x, "-y", &y, &line]);
        assert!(output.status.success(), "tmux: {}", String::from_utf8_lossy(&output.stderr));
        tmux
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(&self.socket).args(args).env("LC_ALL", "C.UTF-8").env_remove("TMUX");
        tmux.output().expect("tmux is there; if it is not: run .ci/tools")
    }

    /// Keys as tmux names them.
    pub fn keys(&self, keys: &[&str]) {
        let mut args = vec!["send-keys"];
        args.extend(keys);
        assert!(self.run(&args).status.success());
    }

    /// What is to be seen.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// The same with its colours.
    pub fn colors(&self) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p", "-e"]).stdout).into_owned()
    }

    /// Waits until a line has all of `parts`.
    pub fn sees(&self, parts: &[&str]) -> String {
        let is_seen = || {
            let screen = self.screen();
            let is_there = screen.lines().any(|line| parts.iter().all(|part| line.contains(part)));
            is_there.then_some(screen)
        };
        wait::until(|| format!("{parts:?} in\n{}", self.screen()), is_seen)
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}
