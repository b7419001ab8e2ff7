//! A device on a cable: which port, who it is, and `camera identify`. Knows no daemon.

use std::time::Duration;

use improv::{Command, Hello, State};
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use crate::prompt;
use crate::serial::{Candidate, Link, Reply, Trouble, candidates, pick};

pub const IDENTIFY_EXAMPLES: &str = "\
Examples:
  parkctl camera identify
  parkctl camera identify --port /dev/ttyUSB1 -o json";

pub const PORT_VARIABLE: &str = "PARKCTL_PORT";

/// Which port, and how it is opened.
#[derive(Debug, Clone, clap::Args)]
pub struct PortArgs {
    /// Serial port that the device hangs on [default: the only USB one] [env: PARKCTL_PORT]
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,
    /// Never pulse the reset line, not even to get a device out of download mode; some boards restart all the same when a port is opened
    #[arg(long)]
    pub no_reset: bool,
}

impl PortArgs {
    /// The port that was named.
    pub fn named(&self, app: &App) -> Option<String> {
        self.port.clone().or_else(|| app.env.get(PORT_VARIABLE).map(String::from))
    }

    /// The port that was named, the only one that there is, or the one that the person picks.
    pub fn pick(&self, app: &mut App) -> Result<String, Error> {
        if let Some(path) = self.named(app) {
            return Ok(path);
        }
        match candidates().as_slice() {
            ports @ [_, _, ..] if app.terminal.can_ask() => ask(app, ports),
            ports => pick(ports),
        }
    }
}

fn ask(app: &mut App, ports: &[Candidate]) -> Result<String, Error> {
    for (i, port) in ports.iter().enumerate() {
        app.out.talk(&format!("  {:>2}  {} ({})", i + 1, port.path, port.name))?;
    }
    let answer = prompt::line(app, &format!("Which port? [1-{}]", ports.len()))?;
    match prompt::numbered(&answer, ports.len()) {
        Some(index) => Ok(ports[index].path.clone()),
        None => Err(Error::usage(format!("{:?} is not one of the numbers above", answer.trim()))),
    }
}

/// Who a device on a cable is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    pub port: String,
    /// Hardware address; one of our cameras has it, another device does not say it.
    pub device: Option<String>,
    /// `camera`, or `other` for a device that can be given Wi-Fi and nothing else.
    pub kind: &'static str,
    /// `stopped`, `ready`, `joining` or `joined`.
    pub state: &'static str,
    pub firmware: String,
    pub version: String,
    pub chip: String,
    pub name: String,
    /// Whether it belongs to a daemon.
    pub claimed: Option<bool>,
    /// Where it can be visited.
    pub url: Option<String>,
}

impl Device {
    pub fn is_camera(&self) -> bool {
        self.kind == "camera"
    }

    /// In a few words.
    pub fn title(&self) -> String {
        let unknown = |text: &str, or: &str| if text.is_empty() { or.to_string() } else { text.to_string() };
        let who = self.device.as_deref().map(|device| format!(", {device}")).unwrap_or_default();
        let firmware = format!("{} {}", unknown(&self.firmware, "a device that does not say its name"), self.version);
        format!("{} on {}{who}", firmware.trim_end(), unknown(&self.chip, "an unknown chip"))
    }
}

/// An open port with a device that answered.
#[derive(Debug)]
pub struct Cable {
    pub link: Link,
    pub device: Device,
    /// Longest wait for one answer, where the person said it.
    pub patience: Option<Duration>,
}

impl Cable {
    /// Opens the port, waits for the device to boot, and asks who it is.
    pub async fn connect(path: &str, may_reset: bool, patience: Option<Duration>) -> Result<Self, Trouble> {
        let mut link = Link::open(path, may_reset)?;
        let state = link.wake(patience).await?;
        let info = optional(link.ask(Command::Info, patience).await)?;
        let hello = optional(link.ask(Command::Hello, patience).await)?;
        let hello = Hello::of(|index| hello.texts.get(index).map(String::as_str));
        let url = match state {
            State::Provisioned => optional(link.ask(Command::Network, patience).await)?.texts.into_iter().nth(1),
            _ => None,
        };
        let device = Device {
            port: path.into(),
            device: hello.map(|hello| hello.device.to_string()),
            kind: if hello.is_some() { "camera" } else { "other" },
            state: word(state),
            firmware: info.text(0).into(),
            version: info.text(1).into(),
            chip: info.text(2).into(),
            name: info.text(3).into(),
            claimed: hello.map(|hello| hello.is_claimed),
            url,
        };
        Ok(Self { link, device, patience })
    }

    pub async fn ask(&mut self, command: Command<'_>) -> Result<Reply, Trouble> {
        self.link.ask(command, self.patience).await
    }
}

/// Devices differ in what they understand; what one does not know is left out.
fn optional(answer: Result<Reply, Trouble>) -> Result<Reply, Trouble> {
    match answer {
        Err(Trouble::Refused(_) | Trouble::Late) => Ok(Reply::default()),
        answer => answer,
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Stopped => "stopped",
        State::Ready => "ready",
        State::Provisioning => "joining",
        State::Provisioned => "joined",
    }
}

/// Opens the port that is meant, for a command that does one thing.
pub async fn open(app: &mut App, args: &PortArgs) -> Result<Cable, Error> {
    let path = args.pick(app)?;
    let cable = Cable::connect(&path, !args.no_reset, app.global.timeout).await;
    cable.map_err(|trouble| trouble.at(&format!("look for a device on {path}")))
}

pub async fn identify(app: &mut App, args: &PortArgs) -> Result<(), Error> {
    let cable = open(app, args).await?;
    app.out.one(&cable.device)
}

fn kind(word: &str, _: &Look) -> Shown {
    Shown::tinted(word, if word == "camera" { Tint::Green } else { Tint::Yellow })
}

impl Record for Device {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("port", "/port", Show::Text).table("PORT", 0),
            Column::new("kind", "/kind", Show::Word(kind)).table("KIND", 0),
            Column::new("device", "/device", Show::Text).table("DEVICE", 1),
            Column::new("state", "/state", Show::Text).table("STATE", 2),
            Column::new("firmware", "/firmware", Show::Text).table("FIRMWARE", 3).flexible(),
            Column::new("version", "/version", Show::Text).table("VERSION", 4),
            Column::new("chip", "/chip", Show::Text),
            Column::new("name", "/name", Show::Text),
            Column::new("claimed", "/claimed", Show::Text),
            Column::new("url", "/url", Show::Text),
        ]
    }
}
