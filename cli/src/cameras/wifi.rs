//! `camera scan` and `camera wifi`: which networks a device sees, which it is to join, and with what password.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use improv::device::JOIN_MS;
use improv::{Command, ErrorCode, Invalid, Wifi};
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
  parkctl camera wifi --ssid 'Lot Wi-Fi' --dry-run
  parkctl camera wifi --ssid 'Lot Wi-Fi' --password-file wifi.txt";

/// Weaker than this a network is of little use to a camera.
const WEAK_DBM: i64 = -80;
pub const PASSWORD_VARIABLE: &str = "PARKCTL_WIFI_PASSWORD";
/// A device that is told to join is given as long as it may take itself, whatever --timeout says: else it joins, and nobody knows.
const JOIN_PATIENCE: Duration = Duration::from_millis(JOIN_MS + 5_000);
/// How often a person may type the password of one network.
const TYPED_MAX: u32 = 3;

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
    /// Look at device and networks, and change nothing
    #[arg(long)]
    dry_run: bool,
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
pub fn choose(app: &mut App, named: Option<&str>, networks: &[Network]) -> Result<String, Error> {
    if let Some(ssid) = named {
        check(ssid, "")?;
        return Ok(ssid.into());
    }
    if !app.terminal.can_ask() {
        let seen = list(networks);
        return Err(Error::usage(format!("no network was named; the device sees {seen}")).hint("name one with --ssid"));
    }
    for (i, network) in networks.iter().enumerate() {
        let lock = if network.secured { "" } else { ", open" };
        app.out.talk(&format!("  {:>2}  {} ({} dBm{lock})", i + 1, network.ssid, network.rssi_dbm))?;
    }
    let question = match networks.len() {
        0 => "Name of the network:".into(),
        count => format!("Which network? [1-{count}, or the name of a hidden one]"),
    };
    let answer = prompt::line(app, &question)?;
    let picked = prompt::numbered(&answer, networks.len()).map(|index| networks[index].ssid.clone());
    let ssid = picked.unwrap_or_else(|| answer.trim().into());
    check(&ssid, "")?;
    Ok(ssid)
}

/// Whether there can be such a network with such a password; found out before anything is touched.
fn check(ssid: &str, password: &str) -> Result<(), Error> {
    match Wifi::new(ssid, password) {
        Ok(_) => Ok(()),
        Err(Invalid::Ssid) => Err(Error::usage(format!("{ssid:?} is no name of a network: {}", Invalid::Ssid))),
        Err(invalid) => Err(Error::usage(invalid.to_string())),
    }
}

fn list(networks: &[Network]) -> String {
    match networks {
        [] => "none".into(),
        _ => networks.iter().map(|network| format!("{:?}", network.ssid)).collect::<Vec<_>>().join(", "),
    }
}

/// The passwords of networks: standard input can be read once, and a person is asked once for each.
#[derive(Default)]
pub struct Passwords {
    /// From the file or the environment, for every network.
    given: Option<String>,
    typed: BTreeMap<String, String>,
    /// How often one was typed that was not right, by network.
    failed: BTreeMap<String, u32>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// Those that were given with the command.
    pub fn given(app: &App, args: &WifiArgs) -> Result<Self, Error> {
        let given = match &args.password_file {
            Some(file) => {
                let text = String::from_utf8(files::read(file)?)
                    .map_err(|_| Error::usage(format!("the password in {} is not UTF-8", files::name(file))))?;
                Some(text.trim_end_matches(['\r', '\n']).to_string())
            }
            None => app.env.get(PASSWORD_VARIABLE).map(String::from),
        };
        check(args.ssid.as_deref().unwrap_or("-"), given.as_deref().unwrap_or_default())?;
        Ok(Self { given, ..Self::default() })
    }

    /// What was given, or what the person types; an open network needs none.
    pub async fn of(&mut self, app: &mut App, ssid: &str, networks: &[Network]) -> Result<String, Error> {
        if let Some(password) = self.given.as_ref().or_else(|| self.typed.get(ssid)) {
            return Ok(password.clone());
        }
        if networks.iter().any(|network| network.ssid == ssid && !network.secured) {
            return Ok(String::new());
        }
        if !app.terminal.can_ask() {
            let message = format!("nobody is there to be asked for the password of {ssid:?}");
            return Err(Error::usage(message)
                .hint(format!("give it with --password-file FILE, - for standard input, or {PASSWORD_VARIABLE}")));
        }
        loop {
            let typed = prompt::secret(app, &format!("Password of {ssid:?}:")).await?;
            match check(ssid, &typed) {
                Ok(()) => {
                    self.typed.insert(ssid.into(), typed.clone());
                    return Ok(typed);
                }
                // Nothing was tried with it.
                Err(refused) => app.report(&refused),
            }
        }
    }

    /// The device was not let in: whether the person may type another one.
    pub fn may_retype(&mut self, ssid: &str, error: &Error) -> bool {
        let is_about_it = matches!(error, Error::Here { code: "wifi_refused" | "wifi_weak", .. });
        let was_typed = is_about_it && self.typed.remove(ssid).is_some();
        let failed = self.failed.entry(ssid.into()).or_default();
        *failed += u32::from(was_typed);
        was_typed && *failed < TYPED_MAX
    }
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
    let patience = cable.patience.map(|patience| patience.max(JOIN_PATIENCE));
    match cable.link.ask(Command::Wifi(wifi), patience).await {
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
    let mut passwords = Passwords::given(app, &args.wifi)?;
    let mut cable = open(app, &args.port).await?;
    let doing = format!("scan for networks with the device on {}", cable.device.port);
    let networks = look(&mut cable).await.map_err(|trouble| trouble.at(&doing))?.unwrap_or_default();
    let ssid = choose(app, args.wifi.ssid.as_deref(), &networks)?;
    if args.dry_run {
        app.out.one(&cable.device)?;
        return app.out.talk(&format!("dry run: the device was not told to join {ssid:?}"));
    }
    let url = loop {
        let password = passwords.of(app, &ssid, &networks).await?;
        match join(&mut cable, &ssid, &password, &networks, &format!("join {ssid:?}")).await {
            Err(error) if passwords.may_retype(&ssid, &error) => app.report(&error),
            joined => break joined?,
        }
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_no_network_can_have_is_refused_before_anything_is_touched() {
        for (ssid, password) in [("Lot Wi-Fi", "short"), ("", "long enough"), ("Lot Wi-Fi", &"x".repeat(65))] {
            assert_eq!(check(ssid, password).expect_err("refused").exit(), Exit::Usage, "{ssid:?} {password:?}");
        }
        assert!(check("Lot Wi-Fi", "").is_ok() && check("Lot Wi-Fi", "long enough").is_ok());
    }
}
