//! `camera scan` and `camera wifi`: which networks a device sees, which it is to join, and with what password.

use std::cmp::Reverse;
use std::path::PathBuf;

use improv::{Command, ErrorCode, Wifi};
use serde::Serialize;

use super::cable::{Cable, PortArgs, open};
use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;
use crate::output::{Column, Look, Record, Show, Shown};
use crate::prompt;
use crate::serial::Trouble;

pub const SCAN_EXAMPLES: &str = "\
Examples:
  parkctl camera scan
  parkctl camera scan --port /dev/ttyUSB1 -o json";

pub const WIFI_EXAMPLES: &str = "\
Works with every device that speaks Improv Wi-Fi over its serial port. The password is asked for, or read from a file, from \
standard input (--password-file -) or from PARKCTL_WIFI_PASSWORD; it is never an argument.

Examples:
  parkctl camera wifi --ssid 'Lot Wi-Fi'
  parkctl camera wifi --ssid 'Lot Wi-Fi' --password-file wifi.txt";

/// Weaker than this a network is of little use to a camera.
const WEAK_DBM: i64 = -80;
const PASSWORD_VARIABLE: &str = "PARKCTL_WIFI_PASSWORD";

/// Which network, and how to get in.
#[derive(Debug, Clone, clap::Args)]
pub struct WifiArgs {
    /// Network to join [default: one of those that the device sees, which you are asked for]
    #[arg(long, value_name = "NAME")]
    pub ssid: Option<String>,
    /// File with the password of the network; - is standard input [env: PARKCTL_WIFI_PASSWORD with the password itself]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct JoinArgs {
    #[command(flatten)]
    wifi: WifiArgs,
    #[command(flatten)]
    port: PortArgs,
}

/// A network that a device sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    pub ssid: String,
    pub rssi_dbm: i64,
    pub secured: bool,
}

/// What the device sees, the strongest first and each name once; none when it cannot look.
pub async fn look(cable: &mut Cable) -> Result<Option<Vec<Network>>, Trouble> {
    let reply = match cable.ask(Command::Scan).await {
        Err(Trouble::Refused(ErrorCode::UnknownCommand)) => return Ok(None),
        reply => reply?,
    };
    let mut networks: Vec<_> = reply
        .rows
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [ssid, rssi, secured, ..] if !ssid.is_empty() => Some(Network {
                ssid: ssid.clone(),
                rssi_dbm: rssi.parse().unwrap_or(i64::MIN),
                secured: secured != "NO",
            }),
            _ => None,
        })
        .collect();
    networks.sort_by_key(|network| (Reverse(network.rssi_dbm), network.ssid.clone()));
    let mut seen = std::collections::HashSet::new();
    networks.retain(|network| seen.insert(network.ssid.clone()));
    Ok(Some(networks))
}

/// The network that is named, or the one that the person picks.
pub fn choose(app: &mut App, args: &WifiArgs, networks: &[Network]) -> Result<String, Error> {
    if let Some(ssid) = &args.ssid {
        return Ok(ssid.clone());
    }
    if networks.is_empty() || !app.terminal.can_ask() {
        let seen = list(networks);
        return Err(Error::usage(format!("no network was named; the device sees {seen}")).hint("name one with --ssid"));
    }
    for (i, network) in networks.iter().enumerate() {
        let lock = if network.secured { "" } else { ", open" };
        app.out.talk(&format!("  {:>2}  {} ({} dBm{lock})", i + 1, network.ssid, network.rssi_dbm))?;
    }
    let answer = prompt::line(app, &format!("Which network? [1-{}]", networks.len()))?;
    let index: Option<usize> = answer.trim().parse().ok();
    match index.and_then(|index| networks.get(index.checked_sub(1)?)) {
        Some(network) => Ok(network.ssid.clone()),
        None => Err(Error::usage(format!("{:?} is not one of the numbers above", answer.trim()))),
    }
}

fn list(networks: &[Network]) -> String {
    match networks {
        [] => "none".into(),
        _ => networks.iter().map(|network| format!("{:?}", network.ssid)).collect::<Vec<_>>().join(", "),
    }
}

/// From the file, the environment or the person; an open network needs none.
pub async fn password(app: &mut App, args: &WifiArgs, ssid: &str, networks: &[Network]) -> Result<String, Error> {
    if let Some(file) = &args.password_file {
        let text = String::from_utf8(files::read(file)?)
            .map_err(|_| Error::usage(format!("the password in {} is not UTF-8", files::name(file))))?;
        return Ok(text.trim_end_matches(['\r', '\n']).into());
    }
    if let Some(password) = app.env.get(PASSWORD_VARIABLE) {
        return Ok(password.into());
    }
    if networks.iter().any(|network| network.ssid == ssid && !network.secured) {
        return Ok(String::new());
    }
    if !app.terminal.can_ask() {
        let message = format!("nobody is there to be asked for the password of {ssid:?}");
        return Err(Error::usage(message)
            .hint(format!("give it with --password-file FILE, - for standard input, or {PASSWORD_VARIABLE}")));
    }
    prompt::secret(app, &format!("Password of {ssid:?}:")).await
}

/// Lets the device join; the address that it has then, if it says one.
pub async fn join(
    cable: &mut Cable,
    ssid: &str,
    password: &str,
    networks: &[Network],
    doing: &str,
) -> Result<Option<String>, Error> {
    let wifi = Wifi::new(ssid, password).map_err(|invalid| Error::usage(invalid.to_string()))?;
    match cable.ask(Command::Wifi(wifi)).await {
        Ok(reply) => Ok(reply.texts.into_iter().next().filter(|url| !url.is_empty())),
        Err(Trouble::Refused(ErrorCode::UnableToConnect)) => Err(not_joined(ssid, networks, doing)),
        Err(trouble) => Err(trouble.at(doing)),
    }
}

/// The device does not say why; what it sees does.
fn not_joined(ssid: &str, networks: &[Network], doing: &str) -> Error {
    let refuse = |code, happened: String| {
        Error::here(Exit::Device, code, format!("{doing}: the device answered \"unable to connect\"{happened}"))
    };
    match networks.iter().find(|network| network.ssid == ssid) {
        None if networks.is_empty() => {
            refuse("wifi_refused", String::new()).hint("check the name of the network and its password")
        }
        None => refuse("wifi_not_found", format!(", and it sees no network {ssid:?}, but {}", list(networks)))
            .hint("check the name; an ESP32 sees 2.4 GHz networks only, and nothing of a 5 GHz one"),
        Some(network) if network.rssi_dbm < WEAK_DBM => {
            refuse("wifi_weak", format!("; the signal is weak ({} dBm)", network.rssi_dbm))
                .hint("move the camera or the access point, turn its antenna, and check the password")
        }
        Some(network) => refuse("wifi_refused", format!("; the signal is good ({} dBm)", network.rssi_dbm))
            .hint("most often the password is wrong; else the access point keeps unknown devices out"),
    }
}

pub async fn scan(app: &mut App, args: &PortArgs) -> Result<(), Error> {
    let mut cable = open(app, args).await?;
    let doing = format!("scan for networks with the device on {}", cable.device.port);
    match look(&mut cable).await.map_err(|trouble| trouble.at(&doing))? {
        Some(networks) => app.out.list(&networks, "the device sees no network"),
        None => Err(Trouble::Refused(ErrorCode::UnknownCommand).at(&doing)),
    }
}

pub async fn run(app: &mut App, args: &JoinArgs) -> Result<(), Error> {
    let mut cable = open(app, &args.port).await?;
    let doing = format!("scan for networks with the device on {}", cable.device.port);
    let networks = look(&mut cable).await.map_err(|trouble| trouble.at(&doing))?.unwrap_or_default();
    let ssid = choose(app, &args.wifi, &networks)?;
    let password = password(app, &args.wifi, &ssid, &networks).await?;
    let url = join(&mut cable, &ssid, &password, &networks, &format!("join {ssid:?}")).await?;
    cable.device.state = "joined";
    cable.device.url = url;
    app.out.one(&cable.device)
}

fn secured(word: &str, _: &Look) -> Shown {
    Shown::plain(if word == "true" { "yes" } else { "open" })
}

impl Record for Network {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("ssid", "/ssid", Show::Text).table("NETWORK", 0).flexible(),
            Column::new("rssi_dbm", "/rssi_dbm", Show::Number).table("DBM", 0),
            Column::new("secured", "/secured", Show::Word(secured)).table("PASSWORD", 1),
        ]
    }
}
