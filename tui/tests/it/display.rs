//! A screen that nobody sees, with a real terminal on it: what is drawn there is looked at pixel by pixel.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use image::RgbImage;

use crate::wait;

const SIZE: &str = "1280x960x24";
/// How far a colour may be off: sixels name theirs in percent, and a JPEG is not exact.
const TOLERANCE: u8 = 26;

pub struct Display {
    number: String,
    /// The last one started is ended first.
    children: Vec<Child>,
    /// They end when nobody holds their standard input any more, and take with them what they have started.
    servers: Vec<Child>,
}

/// Where a colour is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
    pub pixels: u32,
}

impl Patch {
    /// Share of its box that has the colour.
    pub fn solidity(&self) -> f64 {
        f64::from(self.pixels) / f64::from((self.right - self.left + 1) * (self.bottom - self.top + 1))
    }
}

impl Display {
    pub fn start() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", SIZE, "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is there; if it is not: run .ci/tools");
        let out = server.stdout.take().expect("a pipe");
        let number = BufReader::new(out).lines().map_while(Result::ok).next().expect("a display");
        Self { number: format!(":{}", number.trim()), children: vec![server], servers: Vec::new() }
    }

    /// Runs `line` in xterm, which shows sixels.
    pub fn xterm(&mut self, home: &Path, line: &str) {
        let mut xterm = Command::new("xterm");
        xterm.args(["-ti", "vt340", "-fa", "DejaVu Sans Mono", "-fs", "10", "-geometry", "140x44+0+0", "-e"]);
        self.run(xterm.args(["sh", "-c", line]), home);
    }

    /// Runs `line` in kitty.
    pub fn kitty(&mut self, home: &Path, line: &str) {
        let mut kitty = Command::new("kitty");
        kitty.args(["--config", "NONE"]);
        for option in [
            "remember_window_size=no",
            "initial_window_width=1200",
            "initial_window_height=800",
            "update_check_interval=0",
            "font_size=10",
            "confirm_os_window_close=0",
        ] {
            kitty.args(["-o", option]);
        }
        self.run(kitty.args(["sh", "-c", line]), home);
    }

    /// Runs `line` in xterm.js in a browser, which shows pictures as iTerm2 does.
    pub fn xterm_js(&mut self, home: &Path, line: &str) {
        let modules = modules();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xtermjs/serve.mjs");
        let mut node = Command::new("node")
            .args([script, modules.to_str().expect("a name"), "140x44", line])
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there; if it is not: run .ci/tools");
        let out = node.stdout.take().expect("a pipe");
        let url = BufReader::new(out).lines().map_while(Result::ok).next().expect("an address");
        self.servers.push(node);
        let mut chromium = Command::new("chromium");
        chromium.args([
            "--no-sandbox",
            "--test-type",
            "--no-first-run",
            "--disable-gpu",
            "--force-device-scale-factor=1",
        ]);
        chromium.args(["--window-position=0,0", "--window-size=1280,960"]);
        chromium.arg(format!("--user-data-dir={}", home.join("browser").display())).arg(format!("--app={url}"));
        self.run(&mut chromium, home);
        // Nobody manages windows here: the keys go to the one that is told.
        let focus = "xdotool search --sync --onlyvisible --name xterm.js windowfocus";
        let status = Command::new("sh").args(["-c", focus]).env("DISPLAY", &self.number).status();
        assert!(status.expect("xdotool is there; if it is not: run .ci/tools").success());
    }

    fn run(&mut self, command: &mut Command, home: &Path) {
        let log = std::fs::File::create(home.join("terminal.log")).expect("a log");
        let child = command
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("LIBGL_ALWAYS_SOFTWARE", "1")])
            .env("DISPLAY", &self.number)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the terminal is there; if it is not: run .ci/tools");
        self.children.push(child);
    }

    /// Presses keys, as xdotool names them.
    pub fn keys(&self, keys: &[&str]) {
        let status = Command::new("xdotool").arg("key").args(keys).env("DISPLAY", &self.number).status();
        assert!(status.expect("xdotool is there; if it is not: run .ci/tools").success());
    }

    /// What is on the screen.
    pub fn shot(&self) -> RgbImage {
        let output = Command::new("/usr/bin/import")
            .args(["-display", &self.number, "-window", "root", "-depth", "8", "png:-"])
            .output()
            .expect("ImageMagick is there; if it is not: run .ci/tools");
        image::load_from_memory(&output.stdout).expect("a picture of the screen").into_rgb8()
    }

    /// Waits until all of `colors` are to be seen.
    pub fn sees(&self, colors: &[[u8; 3]]) -> Vec<Patch> {
        let seen = || {
            let shot = self.shot();
            colors.iter().map(|color| patch(&shot, *color)).collect::<Option<Vec<_>>>()
        };
        wait::until(|| self.told(&format!("{colors:?} to appear")), seen)
    }

    /// Waits until none of `colors` is.
    pub fn sees_none(&self, colors: &[[u8; 3]]) {
        let gone = || {
            let shot = self.shot();
            colors.iter().all(|color| patch(&shot, *color).is_none()).then_some(())
        };
        wait::until(|| self.told(&format!("{colors:?} to be gone")), gone);
    }

    /// What is waited for, and a picture of what is there instead.
    fn told(&self, what: &str) -> String {
        let path = std::env::temp_dir().join(format!("parktui-display-{}.png", std::process::id()));
        self.shot().save(&path).expect("saved");
        format!("{what}; the screen is in {}", path.display())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            // It has ended, unless the test failed.
            let _ = child.kill();
            let _ = child.wait();
        }
        for mut server in self.servers.drain(..) {
            drop(server.stdin.take());
            let _ = server.wait();
        }
    }
}

/// Where `.ci/tools` puts what comes from npm.
fn modules() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps/<test>");
    let modules = target.join("tools/node/node_modules");
    assert!(modules.join("@xterm/addon-image").exists(), "xterm.js is missing: run .ci/tools");
    modules
}

/// A few stray pixels are no patch.
const PIXELS_MIN: u32 = 200;

fn patch(shot: &RgbImage, color: [u8; 3]) -> Option<Patch> {
    let mut found: Option<Patch> = None;
    for (x, y, pixel) in shot.enumerate_pixels() {
        if (0..3).any(|at| pixel.0[at].abs_diff(color[at]) > TOLERANCE) {
            continue;
        }
        let patch = found.get_or_insert(Patch { left: x, top: y, right: x, bottom: y, pixels: 0 });
        (patch.left, patch.right, patch.bottom) = (patch.left.min(x), patch.right.max(x), patch.bottom.max(y));
        patch.pixels += 1;
    }
    found.filter(|patch| patch.pixels >= PIXELS_MIN)
}
