//! Real pixels in real terminals: a picture of pure colours that a camera uploads is shown where it belongs, and gone when it does not.

use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};

use crate::daemon::Daemon;
use crate::display::{Display, Patch};

const MAGENTA: [u8; 3] = [255, 0, 255];
const CYAN: [u8; 3] = [0, 255, 255];
const YELLOW: [u8; 3] = [255, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const FIELDS: [[u8; 3]; 4] = [MAGENTA, CYAN, YELLOW, BLUE];
const LIME: [u8; 3] = [0, 255, 0];

/// Two colours above two others.
fn fields(path: &Path, colors: [[u8; 3]; 4]) {
    let image = RgbImage::from_fn(400, 300, |x, y| Rgb(colors[(y / 150 * 2 + x / 200) as usize]));
    image.save_with_format(path, ImageFormat::Png).expect("written");
}

fn upload(daemon: &Daemon, name: &str, colors: [[u8; 3]; 4]) {
    let path = daemon.home().join(name);
    fields(&path, colors);
    daemon.parkctl(&["capture", "upload", path.to_str().expect("a name"), "--camera", "cam-1"]);
}

/// What is typed to start the console.
fn line(daemon: &Daemon, args: &str) -> String {
    let data_dir = daemon.data_dir();
    format!("COLORTERM=truecolor PARKD_DATA_DIR={} exec {} {args}", data_dir.display(), env!("CARGO_BIN_EXE_parktui"))
}

fn assert_in_order(patches: &[Patch]) {
    let [magenta, cyan, yellow, blue] = patches else { panic!("four colours: {patches:?}") };
    assert!(magenta.right <= cyan.left && yellow.right <= blue.left, "side by side: {patches:?}");
    assert!(magenta.bottom <= yellow.top && cyan.bottom <= blue.top, "above each other: {patches:?}");
    assert!(patches.iter().all(|patch| patch.solidity() > 0.9), "nothing else within them: {patches:?}");
    let width = |patch: &Patch| patch.right - patch.left + 1;
    assert!(width(magenta).abs_diff(width(blue)) <= 4, "of one size: {patches:?}");
}

/// Beside the slots, replaced by a newer one, on the wall, large, and gone.
fn is_shown_and_gone(display: &Display, daemon: &Daemon) {
    let beside = display.sees(&FIELDS);
    assert_in_order(&beside);
    let width = display.shot().width();
    assert!(beside.iter().all(|patch| patch.left > width / 2), "beside the slots: {beside:?}");

    upload(daemon, "second.png", [LIME; 4]);
    display.sees(&[LIME]);
    display.sees_none(&FIELDS);
    upload(daemon, "third.png", FIELDS);
    assert_in_order(&display.sees(&FIELDS));
    display.sees_none(&[LIME]);

    display.keys(&["3"]);
    display.sees_none(&FIELDS);
    display.keys(&["4"]);
    assert_in_order(&display.sees(&FIELDS));
    display.keys(&["3"]);
    display.sees_none(&FIELDS);
    display.keys(&["1", "i"]);
    let area = |patches: &[Patch]| patches.iter().map(|patch| patch.pixels).sum::<u32>();
    let large = || Some(display.sees(&FIELDS)).filter(|large| area(large) > 2 * area(&beside));
    assert_in_order(&crate::wait::until(|| "a larger picture".into(), large));

    // Something over it is not hidden by it, and it is back afterwards.
    display.keys(&["question"]);
    let covered = || Some(display.sees(&FIELDS)).filter(|seen| seen.iter().any(|patch| patch.solidity() < 0.9));
    crate::wait::until(|| "the help over the picture".into(), covered);
    display.keys(&["Escape"]);
    let whole = || Some(display.sees(&FIELDS)).filter(|seen| seen.iter().all(|patch| patch.solidity() > 0.9));
    crate::wait::until(|| "the whole picture".into(), whole);
    // One by one: a key right behind an escape would be another key.
    display.keys(&["Escape"]);
    let small = || Some(display.sees(&FIELDS)).filter(|small| area(small) < 2 * area(&beside));
    crate::wait::until(|| "the small picture again".into(), small);
    display.keys(&["5"]);
    display.sees_none(&FIELDS);
}

fn daemon_with_a_camera() -> Daemon {
    let daemon = Daemon::start();
    daemon.parkctl(&["camera", "create", "cam-1", "--zone", "A"]);
    upload(&daemon, "first.png", FIELDS);
    daemon
}

#[test]
fn xterm_shows_pictures_as_sixels() {
    let daemon = daemon_with_a_camera();
    let mut display = Display::start();
    display.xterm(daemon.home(), &line(&daemon, ""));
    is_shown_and_gone(&display, &daemon);
}

#[test]
fn xterm_shows_pictures_in_cells() {
    let daemon = daemon_with_a_camera();
    let mut display = Display::start();
    display.xterm(daemon.home(), &line(&daemon, "--images half"));
    is_shown_and_gone(&display, &daemon);
}

#[test]
fn xterm_js_shows_pictures_by_the_protocol_of_iterm2() {
    let daemon = daemon_with_a_camera();
    let mut display = Display::start();
    display.xterm_js(daemon.home(), &line(&daemon, "--images iterm2"));
    is_shown_and_gone(&display, &daemon);
}

#[test]
fn kitty_shows_pictures_by_its_own_protocol_and_has_none_left_at_the_end() {
    let daemon = daemon_with_a_camera();
    let mut display = Display::start();
    display.kitty(daemon.home(), &format!("({}); exec cat", line(&daemon, "")));
    is_shown_and_gone(&display, &daemon);
    display.keys(&["1"]);
    display.sees(&FIELDS);
    display.keys(&["q"]);
    display.sees_none(&FIELDS);
}

#[test]
fn the_doctor_shows_a_test_card_for_each_protocol_that_the_terminal_has() {
    let daemon = Daemon::start();
    let mut display = Display::start();
    display.xterm(daemon.home(), &format!("({}); exec cat", line(&daemon, "--doctor").replace("exec ", "")));
    // In cells and as sixels: the same colours twice, one below the other.
    let cards = || {
        let patches = display.sees(&[[255, 0, 0], [0, 255, 0], BLUE, YELLOW]);
        let red = patches[0];
        (red.solidity() < 0.8 && red.bottom - red.top > 150).then_some(())
    };
    crate::wait::until(|| "two test cards".into(), cards);
}
