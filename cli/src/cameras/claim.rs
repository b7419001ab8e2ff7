//! `camera claim` and `camera rotate-token`: hands a device the daemon's address and a token, and revokes the tokens before.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use improv::device::TRIAL_MS;
use improv::{Claim, Command, Verdict};
use parking_api::CameraId;
use parking_api::client::Client;
use parking_api::tokens::{Role, TokenCreated};

use super::cable::{Cable, PortArgs, open};
use super::trust::{Trust, TrustArgs};
use crate::app::{App, once};
use crate::args::{Consent, Trial};
use crate::error::Error;
use crate::exit::Exit;
use crate::serial::Trouble;
use crate::tokens;

pub const CLAIM_EXAMPLES: &str = "\
The camera keeps what it had before until it has reached the daemon with what it is given.

Examples:
  parkctl camera claim cam-3
  parkctl camera claim cam-3 --camera-url http://192.0.2.10:8080";

pub const ROTATE_EXAMPLES: &str = "\
Over a cable (--port, or --cable for the only port) the camera is handed the new token and goes on working; the old one is revoked \
when the new one has worked. Without a cable the new token is printed, or saved, and the old one is revoked at once.

Examples:
  parkctl camera rotate-token cam-3 --cable
  parkctl camera rotate-token cam-3 --save cam-3.token";

pub const URL_VARIABLE: &str = "PARKCTL_CAMERA_URL";
/// A network that was joined just now may need a moment before it carries anything.
const CHECKS: u32 = 4;
const BETWEEN_CHECKS: Duration = Duration::from_secs(2);
/// Longest wait for one of them: a device that nobody asks for longer forgets what it was handed.
const CHECK_PATIENCE: Duration = Duration::from_secs(20);
const _: () = assert!(CHECK_PATIENCE.as_millis() + BETWEEN_CHECKS.as_millis() < TRIAL_MS as u128);

#[derive(Debug, clap::Args)]
pub struct ClaimArgs {
    /// Id of the camera at the daemon
    id: CameraId,
    /// Address of the daemon as the camera reaches it [default: that of this command] [env: PARKCTL_CAMERA_URL]
    #[arg(long, value_name = "URL")]
    camera_url: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    port: PortArgs,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    /// Id of the camera
    id: CameraId,
    /// Hand the token to the camera on the cable
    #[arg(long, conflicts_with = "save")]
    cable: bool,
    /// Address of the daemon as the camera reaches it [default: that of this command] [env: PARKCTL_CAMERA_URL]
    #[arg(long, value_name = "URL", requires = "cable")]
    camera_url: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    port: PortArgs,
    /// Write the token to this new file, readable by you alone, and do not print it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    consent: Consent,
}

/// Where cameras find the daemon: this machine's own address is of no use to them.
pub fn url(app: &mut App, flag: Option<&str>) -> Result<String, Error> {
    let named = flag.map(String::from).or_else(|| app.env.get(URL_VARIABLE).map(String::from));
    let url = match named {
        Some(url) => url,
        None => {
            let server = app.settings()?.server.clone();
            if is_loopback(&server) {
                let message = format!("a camera cannot reach the daemon at {server}: that is this machine to itself");
                let port = server.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
                let own = own_address().map(|ip| format!(", most likely http://{ip}:{}", port.unwrap_or(80)));
                return Err(Error::usage(message).hint(format!(
                    "name the address that the camera's network knows it by{}, with --camera-url http://HOST:PORT or {URL_VARIABLE}; \
                     the daemon has to listen there: `parkd serve --listen 0.0.0.0:{}`",
                    own.unwrap_or_default(),
                    port.unwrap_or(80)
                )));
            }
            server
        }
    };
    let url = url.trim_end_matches('/').to_string();
    // Token and camera are checked when they are there.
    Claim::new(&url, "-", "-").map_err(|invalid| Error::usage(format!("{url:?}: {invalid}")))?;
    Ok(url)
}

/// The address that this machine has in its network. Nothing is sent to find it out.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation: which of its own the system would send from is all that is asked.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

fn is_loopback(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', '?']).next().unwrap_or_default();
    let host = host.strip_prefix('[').map_or_else(|| host.split(':').next(), |six| six.split(']').next());
    host.is_some_and(|host| host == "localhost" || host == "::1" || host.starts_with("127."))
}

/// Only an admin can make tokens; found out before anything is touched.
pub async fn check_role(client: &Client) -> Result<(), Error> {
    let who = client.identity().await?;
    if who.role == Role::Admin {
        return Ok(());
    }
    let message = format!("{:?} is {}, and only an admin can give a camera its token", who.name, who.role);
    Err(Error::here(Exit::Auth, "forbidden", message).hint("use an admin's token: --token-file FILE"))
}

/// Gives the device what it needs to find and to convince the daemon. It keeps it aside until it has worked.
pub async fn hand_over(
    cable: &mut Cable,
    url: &str,
    token: &str,
    id: &CameraId,
    trust: &Trust,
    doing: &str,
) -> Result<(), Error> {
    let claim = Claim::new(url, token, id.as_str()).map_err(|invalid| Error::usage(invalid.to_string()))?;
    cable.ask(Command::Claim(claim)).await.map_err(|trouble| trouble.at(doing))?;
    trust.hand_over(cable, doing).await
}

/// Waits until the device has reached the daemon; its signal in dBm, if it says it.
pub async fn check(cable: &mut Cable, url: &str, doing: &str) -> Result<Option<i64>, Error> {
    let mut tries = 1;
    let patience = cable.patience.unwrap_or(CHECK_PATIENCE).min(CHECK_PATIENCE);
    loop {
        let (verdict, reply) = match cable.link.ask(Command::Check, Some(patience)).await {
            Ok(reply) => (Verdict::of(reply.text(0)), reply),
            // The line lost the question or the answer.
            Err(Trouble::Late) if tries < CHECKS => (Verdict::Failed, crate::serial::Reply::default()),
            Err(trouble) => return Err(trouble.at(doing)),
        };
        let is_final = matches!(verdict, Verdict::Refused | Verdict::UnknownCamera | Verdict::Unclaimed);
        if verdict == Verdict::Ok {
            return Ok(reply.text(1).parse().ok());
        } else if is_final || tries >= CHECKS {
            return Err(unreached(verdict, url, doing));
        }
        tries += 1;
        tokio::time::sleep(BETWEEN_CHECKS).await;
    }
}

fn unreached(verdict: Verdict, url: &str, doing: &str) -> Error {
    let (code, happened, advice) = match verdict {
        Verdict::Refused => (
            "camera_refused",
            "the daemon there refuses the camera's token",
            "is it the same daemon as that of this command?",
        ),
        Verdict::UnknownCamera => (
            "camera_unknown",
            "the daemon there knows no such camera",
            "is it the same daemon as that of this command?",
        ),
        Verdict::NoAddress => (
            "daemon_no_address",
            "the name of its host is not known in the camera's network",
            "use its IP address: --camera-url http://ADDRESS:PORT",
        ),
        Verdict::NoWifi => (
            "camera_offline",
            "the camera is in no network any more",
            "the signal may be too weak; move the camera or the access point",
        ),
        Verdict::Unclaimed => (
            "camera_unclaimed",
            "the camera has forgotten its claim, so it restarted meanwhile",
            "try again; check its power supply",
        ),
        Verdict::Ok | Verdict::Failed => (
            "daemon_odd",
            "what answers there is no daemon, or it is not well",
            "check the address, and `parkctl status`",
        ),
        Verdict::Unreachable => (
            "daemon_unreachable_from_camera",
            "nothing answers there",
            "does the daemon listen on that address (`parkd serve --listen 0.0.0.0:8080`)? is the port open in its firewall? may \
             devices of the camera's network reach it?",
        ),
    };
    let message = format!("{doing}: the camera answered \"{verdict}\" about {url}: {happened}");
    Error::here(Exit::Device, code, message).hint(advice)
}

/// The device may have done what it was told, and only its answer is missing.
pub fn is_in_doubt(error: &Error) -> bool {
    matches!(error, Error::Here { code, .. } if code.starts_with("device_") && *code != "device_refused")
}

/// Revokes every token of the camera but the one that was made just now.
pub async fn revoke_others(client: &Client, id: &CameraId, keep: &TokenCreated) -> Result<usize, Error> {
    let mut count = 0;
    for token in client.tokens().await? {
        let is_old = token.camera.as_ref() == Some(id) && token.lot == *client.lot() && token.revoked_at.is_none();
        if is_old && token.id != keep.info.id {
            client.token_revoke(&token.id.to_string()).await?;
            count += 1;
        }
    }
    Ok(count)
}

/// Hands over a new token and revokes the old ones once it has worked; the new one is revoked when it has not.
async fn replace(
    app: &mut App,
    client: &Client,
    cable: &mut Cable,
    id: &CameraId,
    url: &str,
    trust: &Trust,
) -> Result<(), Error> {
    if !cable.device.is_camera() {
        return Err(super::provision::not_a_camera(&cable.device));
    }
    let made = once(client, async |client: &Client| client.camera_token(id).await).await?.value;
    if client.is_dry_run() {
        app.out.result(&client.camera(id).await?)?;
        return app.done(client, "");
    }
    let doing = format!("hand a token to {} on {}", cable.device.title(), cable.device.port);
    let worked = match hand_over(cable, url, &made.token, id, trust, &doing).await {
        Ok(()) => check(cable, url, &format!("reach the daemon from camera {id}")).await,
        Err(error) => Err(error),
    };
    match worked {
        Err(error) if is_in_doubt(&error) => {
            return Err(error.add_hint("both tokens of the camera stay valid, because it may have the new one"));
        }
        Err(error) => {
            // The camera goes on with what it had.
            let _ = client.token_revoke(&made.info.id.to_string()).await;
            return Err(error);
        }
        Ok(_) => {}
    }
    let revoked = revoke_others(client, id, &made).await?;
    app.out.result(&client.camera(id).await?)?;
    app.out.talk(&format!("camera {id} has a new token; {revoked} before it revoked"))
}

pub async fn run(app: &mut App, args: &ClaimArgs) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let url = url(app, args.camera_url.as_deref())?;
    check_role(&client).await?;
    client.camera(&args.id).await?;
    let trust = Trust::find(app, &client, &args.trust, &url).await?;
    let mut cable = open(app, &args.port).await?;
    replace(app, &client, &mut cable, &args.id, &url, &trust).await
}

pub async fn rotate(app: &mut App, args: &RotateArgs) -> Result<(), Error> {
    let client = app.changer(args.consent.trial)?;
    check_role(&client).await?;
    client.camera(&args.id).await?;
    if args.cable || args.port.port.is_some() {
        let url = url(app, args.camera_url.as_deref())?;
        let trust = Trust::find(app, &client, &args.trust, &url).await?;
        let mut cable = open(app, &args.port).await?;
        return replace(app, &client, &mut cable, &args.id, &url, &trust).await;
    }
    tokens::check_free(args.save.as_deref())?;
    app.consent(&format!("Revoke the token that camera {} uploads with", args.id), args.consent)?;
    let made = once(&client, async |client: &Client| client.camera_token(&args.id).await).await?;
    let new = made.value.clone();
    // A token that could not be kept takes no other's place.
    tokens::hand_over(app, &client, made, args.save.as_deref(), |made| &mut made.value.token)?;
    if !client.is_dry_run() {
        revoke_others(&client, &args.id, &new).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_its_code_and_something_to_try() {
        for (verdict, code, happened) in [
            (Verdict::Refused, "camera_refused", "refuses the camera's token"),
            (Verdict::UnknownCamera, "camera_unknown", "no such camera"),
            (Verdict::NoAddress, "daemon_no_address", "name of its host"),
            (Verdict::NoWifi, "camera_offline", "no network"),
            (Verdict::Unclaimed, "camera_unclaimed", "forgotten its claim"),
            (Verdict::Failed, "daemon_odd", "no daemon"),
            (Verdict::Unreachable, "daemon_unreachable_from_camera", "nothing answers"),
        ] {
            let error = unreached(verdict, "http://192.0.2.1", "reach it");
            let report = crate::error::Report::new(&error, None).expect("something to say");
            assert_eq!((report.code.as_str(), error.exit()), (code, Exit::Device), "{verdict}");
            assert!(report.message.contains(happened) && report.hint.is_some(), "{report:?}");
            assert!(!is_in_doubt(&error), "{verdict}: the device answered");
        }
        for (trouble, is_doubtful) in
            [(Trouble::Late, true), (Trouble::Gone, true), (Trouble::Refused(improv::ErrorCode::Unknown), false)]
        {
            assert_eq!(is_in_doubt(&trouble.at("join")), is_doubtful);
        }
    }

    #[test]
    fn this_machines_own_address_is_told_from_others() {
        for url in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080/", "http://127.8.0.1/x"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://192.0.2.1:8080", "http://parkd.lan", "https://localhost.example", "http://[2001:db8::1]"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
