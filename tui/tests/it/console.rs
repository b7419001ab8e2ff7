//! A day at the console in a minute: start, work, somebody else's change, an outage, the end; and the next start.

use crate::daemon::Daemon;
use crate::tmux::Tmux;

const PARKTUI: &str = env!("CARGO_BIN_EXE_parktui");

fn console(daemon: &Daemon, size: (u16, u16), args: &str) -> Tmux {
    let data_dir = daemon.data_dir();
    let env =
        [("PARKD_DATA_DIR", data_dir.to_str().expect("a name")), ("HOME", daemon.home().to_str().expect("a name"))];
    Tmux::start(daemon.home(), size, &env, &format!("{PARKTUI} {args}"))
}

#[test]
fn a_lot_is_shown_worked_on_lost_and_found_again() {
    let mut daemon = Daemon::start();
    let tmux = console(&daemon, (100, 30), "");
    tmux.sees(&["● live", "admin"]);
    tmux.sees(&["○ 3 free", "✕ 1"]);

    tmux.keys(&["t"]);
    tmux.sees(&["A-01 is occupied", "takes it back"]);
    tmux.sees(&["○ 2 free", "● 1 occ"]);
    tmux.keys(&["u"]);
    tmux.sees(&["○ 3 free", "● 0 occ"]);

    daemon.parkctl(&["slot", "set", "B-01", "--state", "occupied"]);
    tmux.sees(&["● 1 occ"]);
    tmux.keys(&["5"]);
    tmux.sees(&["B-01 is occupied"]);
    tmux.keys(&["1"]);

    let bright = tmux.colors();
    daemon.kill();
    tmux.sees(&["▲ offline since"]);
    let dim = tmux.sees(&["reconnecting in"]);
    assert!(dim.contains("● 1 occ"), "what was known is still shown: {dim}");
    assert_ne!(tmux.colors(), bright);
    tmux.keys(&["t"]);
    tmux.sees(&["offline: nothing was sent"]);

    daemon.restart();
    tmux.keys(&["R"]);
    let live = tmux.sees(&["● live"]);
    assert!(!live.contains("offline since"), "{live}");

    tmux.keys(&["q"]);
    tmux.sees(&["exit=0"]);
}

#[test]
fn the_next_start_shows_what_was_known_and_says_that_it_is_old() {
    let mut daemon = Daemon::start();
    let tmux = console(&daemon, (80, 24), "");
    tmux.sees(&["● live"]);
    tmux.keys(&["q"]);
    tmux.sees(&["exit=0"]);
    daemon.kill();
    let tmux = console(&daemon, (80, 24), "");
    tmux.sees(&["▲ offline since"]);
    tmux.sees(&["○ 3 free"]);
    tmux.sees(&["A-01"]);
    tmux.keys(&["q"]);
    tmux.sees(&["exit=0"]);
}

#[test]
fn no_key_is_lost_while_pictures_come() {
    let daemon = Daemon::start();
    daemon.parkctl(&["camera", "create", "cam-1", "--zone", "A"]);
    let tmux = console(&daemon, (120, 40), "--images half --colors true");
    tmux.sees(&["● live"]);
    std::thread::scope(|scope| {
        let upload = scope.spawn(|| {
            for shade in 0..6_u8 {
                let path = daemon.home().join(format!("{shade}.png"));
                let noise = |x: u32, y: u32| image::Rgb([shade * 40, (x * y) as u8, (x ^ y) as u8]);
                image::RgbImage::from_fn(800, 600, noise).save(&path).expect("written");
                daemon.parkctl(&["capture", "upload", path.to_str().expect("a name"), "--camera", "cam-1"]);
            }
        });
        let mut round = 0;
        while !upload.is_finished() || round < 4 {
            let code = ["A-02", "A-01"][round % 2];
            round += 1;
            let line: Vec<String> = format!(":goto {code}").chars().map(String::from).collect();
            let keys = line.iter().map(|key| if key == " " { "Space" } else { key.as_str() }).chain(["Enter"]);
            tmux.keys(&keys.collect::<Vec<_>>());
            tmux.sees(&[&format!(" {code} ○ free for")]);
        }
    });
    tmux.sees(&["▀"]);
    tmux.keys(&["q"]);
    tmux.sees(&["exit=0"]);
}

#[test]
fn a_token_that_is_not_valid_is_said_and_nothing_pretends_to_be_live() {
    let daemon = Daemon::start();
    let file = daemon.home().join("bad.token");
    std::fs::write(&file, "pk_not_a_token").expect("written");
    let tmux = console(&daemon, (80, 24), &format!("--token-file {}", file.display()));
    tmux.sees(&["no valid token"]);
    tmux.sees(&["disconnected"]);
    tmux.keys(&["C-c"]);
    tmux.sees(&["exit=0"]);
}

#[test]
fn keys_that_contradict_each_other_are_refused_by_name() {
    let daemon = Daemon::start();
    let folder = daemon.home().join(".config/parktui");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("keys.toml"), "[keys]\ntoggle = ['q']\n").expect("written");
    let tmux = console(&daemon, (120, 24), "");
    tmux.sees(&["the key q would be both toggle and quit"]);
    tmux.sees(&["exit=2"]);
}
