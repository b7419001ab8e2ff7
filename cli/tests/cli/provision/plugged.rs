//! Which port is meant where the system has several: the binary in a mount namespace of its own, where ptys are USB ports.

use std::fs::{create_dir_all, remove_dir_all, remove_file, write};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::person::Screen;
use super::{Site, object};
use crate::cable::{Cable, Fault};
use crate::run::{args, parkctl, run};

/// Puts $1 in the place of the list of ports and $2 in that of the devices, which go on below `real`.
const WITH_PORTS: &str = r#"mount --bind "$1" /sys/class/tty && mount --rbind /dev "$2/real" && mount --rbind "$2" /dev && shift 2 && exec "$@""#;
const WITHOUT_A_LIST: &str = r#"mount -t tmpfs none /sys && shift 2 && exec "$@""#;

/// What the binary takes for `/sys/class/tty` and `/dev`.
struct System(TempDir);

impl System {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["tty", "dev/real", "bus/usb"] {
            create_dir_all(folder.path().join(name)).expect("a folder");
        }
        for name in ["null", "pts", "tty", "urandom"] {
            symlink(format!("real/{name}"), folder.path().join("dev").join(name)).expect("a link");
        }
        Self(folder)
    }

    /// Plugs a pty in as this port of an adapter of that name.
    fn plug(&self, port: &str, cable: &Cable, maker: &str) {
        let root = self.0.path();
        let (device, interface) = (root.join("usb").join(port), root.join("usb").join(port).join("1.0"));
        create_dir_all(&interface).expect("a folder");
        for (name, text) in [("idVendor", "1a86"), ("idProduct", "7523"), ("manufacturer", maker), ("product", "UART")]
        {
            write(device.join(name), format!("{text}\n")).expect("a file");
        }
        symlink(root.join("bus/usb"), interface.join("subsystem")).expect("a link");
        symlink(&cable.path, root.join("dev").join(port)).expect("a link");
        create_dir_all(root.join("tty").join(port)).expect("a folder");
        symlink(&interface, root.join("tty").join(port).join("device")).expect("a link");
    }

    fn unplug(&self, port: &str) {
        let root = self.0.path();
        remove_dir_all(root.join("tty").join(port)).expect("it is there");
        remove_file(root.join("dev").join(port)).expect("it is there");
        remove_dir_all(root.join("usb").join(port)).expect("it is there");
    }

    /// `parkctl` in that system, as somebody at the site types it.
    fn command(&self, script: &str, site: &Site, line: &str) -> Command {
        let mut typed = parkctl(site.daemon.data_dir());
        typed.current_dir(site.folder.path()).env("PARKCTL_CAMERA_URL", &site.daemon.url).args(args(line));
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        command.args([self.0.path().join("tty"), self.0.path().join("dev")]);
        command.arg(typed.get_program()).args(typed.get_args()).current_dir(site.folder.path());
        command.env_clear().envs(typed.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null());
        command
    }
}

#[test]
fn of_several_ports_one_has_to_be_named_or_picked_and_the_only_one_is_meant() {
    let site = Site::new();
    let (left, right) = (Cable::plug(Fault::None), Cable::plug(Fault::None));
    let system = System::new();
    let identify = || system.command(WITH_PORTS, &site, "camera identify -o json");
    let refused = |command: &mut Command| {
        let failed = run(command);
        (failed.code, failed.error())
    };
    let (code, none) = refused(&mut identify());
    assert_eq!(
        (code, &none["code"]),
        (Some(9), &"no_port".into()),
        "{none}: unshare of util-linux (.ci/tools) is needed"
    );
    let (code, unlisted) = refused(&mut system.command(WITHOUT_A_LIST, &site, "camera identify -o json"));
    assert_eq!((code, &unlisted["code"]), (Some(9), &"no_port".into()), "{unlisted}");

    system.plug("ttyUSB0", &left, "QinHeng");
    assert_eq!(object(&run(&mut identify()))["port"], "/dev/ttyUSB0");

    system.plug("ttyACM0", &right, "Silicon Labs");
    let (code, several) = refused(&mut identify());
    assert_eq!((code, &several["code"]), (Some(2), &"several_ports".into()), "{several}");
    let said = "2 serial ports could be meant: /dev/ttyACM0 (Silicon Labs UART (1a86:7523)), /dev/ttyUSB0 (QinHeng UART (1a86:7523))";
    assert_eq!(several["message"], said);
    assert_eq!(object(&run(identify().env("PARKCTL_PORT", "/dev/ttyACM0")))["port"], "/dev/ttyACM0");

    let (mut screen, mut child, _terminal) = Screen::of(&mut identify());
    screen.shows("Which port? [1-2]");
    assert!(screen.text.contains(" 1  /dev/ttyACM0 (Silicon Labs UART (1a86:7523))"), "{}", screen.text);
    screen.types("2\n");
    screen.shows("\"port\": \"/dev/ttyUSB0\"");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{}", screen.text);
    system.unplug("ttyUSB0");
    assert_eq!(object(&run(&mut identify()))["port"], "/dev/ttyACM0");
}

#[test]
fn what_was_plugged_in_before_a_box_of_cameras_and_does_not_answer_is_left_alone() {
    let site = Site::new();
    write(site.folder.path().join("cameras.csv"), "id\ncam-1\n").expect("a file");
    let other = Cable::plug(Fault::Only(b"waiting for download\r\n"));
    let system = System::new();
    system.plug("ttyUSB0", &other, "Somebody");
    let line = "camera provision --csv cameras.csv --ssid 'Lot Wi-Fi' --password-file wifi --timeout 20 -o json";
    let mut command = system.command(WITH_PORTS, &site, line);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("/dev/ttyUSB0 was there before and does not answer: it is left alone") {
        assert_ne!(told.read_line(&mut said).expect("text"), 0, "{said}");
    }
    let cable = Cable::plug(Fault::None);
    system.plug("ttyUSB1", &cable, "QinHeng");
    told.read_to_string(&mut said).expect("text");
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(0), "{said}");
    let row: Value = serde_json::from_slice(&done.stdout).expect("one row");
    assert_eq!((&row["result"], &row["port"]), (&"provisioned".into(), &"/dev/ttyUSB1".into()), "{row}");
}
