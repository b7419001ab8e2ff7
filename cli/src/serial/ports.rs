//! Which serial ports there are, and which of them is meant. Opens none.

use std::path::Path;

use serde::Serialize;
use tokio_serial::{SerialPortType, available_ports};

use crate::error::Error;
use crate::exit::Exit;

/// Where Linux lists them. What reads it takes for granted that it is there, which in some containers it is not.
const LISTED_AT: &str = "/sys/class/tty";

/// A port that a device may hang on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub path: String,
    /// What the adapter calls itself.
    pub name: String,
}

/// Every USB serial port, in the order of their names. A machine's built-in ports are never meant; they can be named.
pub fn candidates() -> Vec<Candidate> {
    if cfg!(target_os = "linux") && !Path::new(LISTED_AT).is_dir() {
        return Vec::new();
    }
    let ports = available_ports().unwrap_or_default();
    let mut found: Vec<_> = ports
        .into_iter()
        .filter_map(|port| match port.port_type {
            SerialPortType::UsbPort(usb) => {
                let words = [usb.manufacturer, usb.product].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let ids = format!("{:04x}:{:04x}", usb.vid, usb.pid);
                let name = if words.is_empty() { ids } else { format!("{words} ({ids})") };
                Some(Candidate { path: port.port_name, name })
            }
            _ => None,
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    without_twins(found)
}

/// macOS has two names for each port, of which `/dev/tty.X` waits for a signal that no board gives.
fn without_twins(ports: Vec<Candidate>) -> Vec<Candidate> {
    let paths: Vec<String> = ports.iter().map(|port| port.path.clone()).collect();
    let has_twin = |path: &str| path.strip_prefix("/dev/tty.").is_some_and(|x| paths.contains(&format!("/dev/cu.{x}")));
    ports.into_iter().filter(|port| !has_twin(&port.path)).collect()
}

/// The only port that there is.
pub fn pick(candidates: &[Candidate]) -> Result<String, Error> {
    match candidates {
        [only] => Ok(only.path.clone()),
        [] => Err(Error::here(Exit::Device, "no_port", "no USB serial port was found").hint(
            "plug the camera in with a cable that carries data, not only power, or name its port with --port; \
             `dmesg | tail` says whether the system noticed it",
        )),
        several => {
            let list: Vec<_> = several.iter().map(|port| format!("{} ({})", port.path, port.name)).collect();
            let message = format!("{} serial ports could be meant: {}", several.len(), list.join(", "));
            Err(Error::here(Exit::Usage, "several_ports", message).hint("name one with --port or PARKCTL_PORT"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(path: &str) -> Candidate {
        Candidate { path: path.into(), name: "QinHeng CH340 (1a86:7523)".into() }
    }

    #[test]
    fn of_the_two_names_of_a_port_on_macos_the_one_that_does_not_wait_is_meant() {
        let ports = ["/dev/cu.usbserial-1", "/dev/tty.usbserial-1", "/dev/tty.alone", "/dev/ttyUSB0"];
        let left = without_twins(ports.map(candidate).into());
        let paths: Vec<&str> = left.iter().map(|port| port.path.as_str()).collect();
        assert_eq!(paths, ["/dev/cu.usbserial-1", "/dev/tty.alone", "/dev/ttyUSB0"]);
    }

    #[test]
    fn the_only_port_is_meant_and_of_several_one_has_to_be_named() {
        let [a, b] = [candidate("/dev/ttyUSB0"), candidate("/dev/ttyUSB1")];
        assert_eq!(pick(std::slice::from_ref(&a)).expect("it is the only one"), "/dev/ttyUSB0");

        let none = pick(&[]).expect_err("there is none");
        assert_eq!((none.exit(), none.to_string()), (Exit::Device, "no USB serial port was found".into()));
        let code = |error: &Error| crate::error::Report::new(error, None).expect("something to say").code;
        assert_eq!(code(&none), "no_port");

        let several = pick(&[a, b]).expect_err("which one?");
        assert_eq!((several.exit(), code(&several).as_str()), (Exit::Usage, "several_ports"));
        let said = several.to_string();
        assert!(
            said.starts_with("2 serial ports could be meant: /dev/ttyUSB0 (QinHeng CH340 (1a86:7523)), "),
            "{said}"
        );
    }
}
