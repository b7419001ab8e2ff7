//! One camera, step by step. Everything that a person has to decide comes first, and nothing is changed before.

use parking_api::cameras::{Camera, CameraPatch, CameraStatus, INTERVAL_S_DEFAULT, NewCamera};
use parking_api::client::{self, Client};
use parking_api::tokens::TokenCreated;
use parking_api::{CameraId, ProblemCode};
use tokio::time::Instant;

use super::super::cable::Cable;
use super::super::claim;
use super::super::trust::Trust;
use super::super::wifi::{self, Network, Passwords};
use super::picture::{self, Awaited};
use super::progress::{Progress, Step};
use super::{Args, Provisioned, not_a_camera};
use crate::app::{App, once};
use crate::args::Trial;
use crate::error::Error;
use crate::exit::Exit;
use crate::times;

/// What one camera is to become, and on which port it is, if that is known.
#[derive(Debug)]
pub struct Wanted {
    pub new: NewCamera,
    pub ssid: Option<String>,
    pub port: Option<String>,
}

/// A way to take back what was registered for a device that did not make it.
enum Undo {
    Delete(CameraId),
    Revoke(TokenCreated),
}

/// The daemon, and what it knows of this camera.
struct Home {
    client: Client,
    url: String,
    trust: Trust,
    before: Option<Camera>,
}

/// Which network, and what the device sees.
struct Chosen {
    ssid: String,
    password: String,
    networks: Vec<Network>,
}

struct Run<'a> {
    args: &'a Args,
    wanted: &'a Wanted,
    passwords: &'a mut Passwords,
    progress: Progress,
}

/// Provisions one device; `done` says how far it came, also when it failed.
pub async fn provision(
    app: &mut App,
    args: &Args,
    passwords: &mut Passwords,
    wanted: &Wanted,
    done: &mut Provisioned,
) -> Result<(), Error> {
    let began = Instant::now();
    let mut run = Run { args, wanted, passwords, progress: Progress::new(app) };
    let came = run.all(app, done).await;
    done.seconds = began.elapsed().as_secs();
    came.map_err(|error| error.within(run.progress.place()))
}

impl Run<'_> {
    async fn all(&mut self, app: &mut App, done: &mut Provisioned) -> Result<(), Error> {
        let home = self.home(app).await?;
        let mut cable = self.device(app).await?;
        done.port = Some(cable.device.port.clone());
        done.device.clone_from(&cable.device.device);
        done.firmware = Some(format!("{} {}", cable.device.firmware, cable.device.version).trim().into());
        let mut chosen = self.network(app, &mut cable).await?;
        done.ssid = Some(chosen.ssid.clone());
        if !cable.device.is_camera() {
            return Err(self.foreign(app, &mut cable, &mut chosen).await?);
        }
        let (token, undo) = self.register(app, &home).await?;
        if self.args.dry_run {
            done.result = "dry_run";
            return Ok(());
        }
        let reached = self.set_up(app, &mut cable, &mut chosen, (&home, &token), done).await;
        if let Err(error) = reached {
            return Err(self.take_back(&home.client, undo, error).await);
        }
        self.picture(app, &mut cable, &home, undo, done).await?;
        done.result = "provisioned";
        Ok(())
    }

    /// Whether the daemon is there and will do as it is asked, and what it knows of this camera.
    async fn home(&mut self, app: &mut App) -> Result<Home, Error> {
        self.progress.begin(Step::Daemon, "asking the daemon");
        let client = app.changer(Trial { dry_run: self.args.dry_run })?;
        let url = claim::url(app, self.args.camera_url.as_deref())?;
        claim::check_role(&client).await?;
        let id = &self.wanted.new.id;
        let before = match client.camera(id).await {
            Ok(camera) => Some(camera),
            Err(client::Error::Refused(problem)) if problem.code == ProblemCode::CameraNotFound => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(Camera { status: CameraStatus::Online, contact: Some(contact), .. }) = &before
            && !self.args.dry_run
            && !self.args.replace
        {
            self.progress.pause();
            let seen = times::relative(contact.seen_at, app.now());
            if !app.terminal.can_ask() {
                let message = format!("camera {id} is at work, seen {seen}");
                return Err(Error::here(Exit::Conflict, "camera_at_work", message)
                    .hint("take its place with --replace, or choose another --id"));
            }
            app.confirm(&format!("Camera {id} is at work, seen {seen}. Let this device take its place"), false)?;
        }
        let trust = Trust::find(app, &client, &self.args.trust, &url).await?;
        let lot = client.lot();
        let what = match &before {
            Some(_) => format!("{} knows camera {id} of lot {lot}", client.server()),
            None => format!("{} is ready for a new camera {id} of lot {lot}", client.server()),
        };
        self.progress.done(app, &what)?;
        Ok(Home { client, url, trust, before })
    }

    async fn device(&mut self, app: &mut App) -> Result<Cable, Error> {
        self.progress.begin(Step::Device, "waiting for the device");
        let path = match &self.wanted.port {
            Some(path) => path.clone(),
            None => {
                self.progress.pause();
                self.args.port.pick(app)?
            }
        };
        let cable = Cable::connect(&path, !self.args.port.no_reset, app.global.timeout).await;
        let cable = cable.map_err(|trouble| trouble.at(&format!("look for a device on {path}")))?;
        let what =
            if cable.device.is_camera() { "" } else { ", not a camera of this system: it can be given Wi-Fi only" };
        self.progress.done(app, &format!("{} on {path}{what}", cable.device.title()))?;
        Ok(cable)
    }

    async fn network(&mut self, app: &mut App, cable: &mut Cable) -> Result<Chosen, Error> {
        self.progress.begin(Step::Network, "scanning for networks");
        let seen = wifi::look(cable).await;
        let networks = seen.map_err(|trouble| trouble.at("scan for networks"))?.unwrap_or_default();
        self.progress.pause();
        let ssid = wifi::choose(app, self.wanted.ssid.as_deref(), &networks)?;
        let what = match networks.iter().find(|network| network.ssid == ssid) {
            Some(network) => format!(
                "{ssid:?}, {} dBm, the {} of {} networks",
                network.rssi_dbm,
                place(&networks, &ssid),
                networks.len()
            ),
            None => format!("{ssid:?}, which the device does not see now"),
        };
        let password = match self.args.dry_run {
            true => String::new(),
            false => self.passwords.of(app, &ssid, &networks).await?,
        };
        self.progress.done(app, &what)?;
        Ok(Chosen { ssid, password, networks })
    }

    /// The token that the camera will have, and how to take it back. In a dry run the daemon says whether it would do all of it.
    async fn register(&mut self, app: &mut App, home: &Home) -> Result<(String, Undo), Error> {
        self.progress.begin(Step::Register, "registering the camera");
        let id = &self.wanted.new.id;
        let granted = if home.before.is_some() {
            if let Some(patch) = self.patch() {
                // It is changed when the device has made it, and not before.
                home.client.clone().dry().camera_patch(id, &patch).await?;
            }
            let made = once(&home.client, async |client: &Client| client.camera_token(id).await).await?.value;
            (made.token.clone(), Undo::Revoke(made))
        } else {
            let create = async |client: &Client| client.camera_create(&self.wanted.new).await;
            let made = once(&home.client, create).await?.value;
            (made.token, Undo::Delete(id.clone()))
        };
        let what = match (self.args.dry_run, home.before.is_some()) {
            (true, _) => "would be registered; nothing was changed",
            (_, true) => "has a new token; the old one is valid until this one has worked",
            (_, false) => "is registered",
        };
        self.progress.done(app, &format!("camera {id} {what}"))?;
        Ok(granted)
    }

    /// What is to be different of a camera that the daemon knows, if anything.
    fn patch(&self) -> Option<CameraPatch> {
        let NewCamera { name, zone, interval_s, .. } = self.wanted.new.clone();
        let patch = CameraPatch { name, zone: zone.map(Some), interval_s };
        Some(patch).filter(|patch| *patch != CameraPatch::default())
    }

    /// Everything that is done to the device, until it has reached the daemon.
    async fn set_up(
        &mut self,
        app: &mut App,
        cable: &mut Cable,
        chosen: &mut Chosen,
        claim: (&Home, &str),
        done: &mut Provisioned,
    ) -> Result<(), Error> {
        done.address = self.join(app, cable, chosen, Some(claim)).await?;
        let url = &claim.0.url;
        self.progress.begin(Step::Check, "waiting for the camera to reach the daemon");
        let rssi_dbm = claim::check(cable, url, "reach the daemon from the camera").await?;
        let seen = chosen.networks.iter().find(|network| network.ssid == chosen.ssid).map(|network| network.rssi_dbm);
        done.rssi_dbm = rssi_dbm.or(seen);
        let signal = done.rssi_dbm.map(|dbm| format!(" with a signal of {dbm} dBm")).unwrap_or_default();
        self.progress.done(app, &format!("the camera reaches {url}{signal}"))
    }

    /// Lets the device join, again for each password that a person typed wrong; the address that it has then, if it says one.
    /// A claim goes before each try, because a device keeps it for a while only.
    async fn join(
        &mut self,
        app: &mut App,
        cable: &mut Cable,
        chosen: &mut Chosen,
        claim: Option<(&Home, &str)>,
    ) -> Result<Option<String>, Error> {
        let doing = format!("join {:?}", chosen.ssid);
        loop {
            if let Some((home, token)) = claim {
                self.hand_over(app, cable, home, token).await?;
            }
            self.progress.begin(Step::Join, &format!("joining {:?}", chosen.ssid));
            match wifi::join(cable, &chosen.ssid, &chosen.password, &chosen.networks, &doing).await {
                Ok(address) => {
                    let at = address.as_deref().map(|address| format!(" as {address}")).unwrap_or_default();
                    self.progress.done(app, &format!("the device has joined {:?}{at}", chosen.ssid))?;
                    return Ok(address);
                }
                Err(error) if self.passwords.may_retype(&chosen.ssid, &error) => {
                    self.progress.pause();
                    app.report(&error.within(self.progress.place()));
                    chosen.password = self.passwords.of(app, &chosen.ssid, &chosen.networks).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn hand_over(&mut self, app: &mut App, cable: &mut Cable, home: &Home, token: &str) -> Result<(), Error> {
        let id = &self.wanted.new.id;
        self.progress.begin(Step::HandOver, "handing over address and token");
        claim::hand_over(cable, &home.url, token, id, &home.trust, &format!("hand over camera {id}")).await?;
        self.progress.done(app, &format!("the device knows {} and its token", home.url))
    }

    /// Wi-Fi for a device of another maker; the error says what it did not come to.
    async fn foreign(&mut self, app: &mut App, cable: &mut Cable, chosen: &mut Chosen) -> Result<Error, Error> {
        if !self.args.dry_run {
            self.join(app, cable, chosen, None).await?;
            let id = &self.wanted.new.id;
            app.out.talk(&format!("it has Wi-Fi now, and is not registered as camera {id}"))?;
        }
        Ok(not_a_camera(&cable.device))
    }

    /// From here on the device is the camera: ends what the camera of this id was before, and waits for its picture.
    async fn picture(
        &mut self,
        app: &mut App,
        cable: &mut Cable,
        home: &Home,
        undo: Undo,
        done: &mut Provisioned,
    ) -> Result<(), Error> {
        self.progress.begin(Step::Picture, "waiting for the first picture");
        let (client, id) = (&home.client, &self.wanted.new.id);
        let known = home.before.as_ref().and_then(|camera| camera.contact.as_ref()?.capture_id);
        let interval_s = self.wanted.new.interval_s.or(home.before.as_ref().map(|camera| camera.interval_s));
        // What fails here fails below.
        let since = client.camera(id).await.ok().and_then(|camera| camera.contact?.health_at);
        if let Undo::Revoke(made) = undo {
            claim::revoke_others(client, id, &made).await?;
            if let Some(patch) = self.patch() {
                client.camera_patch(id, &patch).await?;
            }
        }
        let interval_s = interval_s.unwrap_or(INTERVAL_S_DEFAULT);
        let awaited = Awaited { camera: id.clone(), known, since, interval_s };
        let capture = awaited.wait(app, client, cable).await?;
        done.capture = Some(capture.id.to_string());
        done.picture = Some(capture.url.clone());
        self.progress.done(app, &picture::title(&capture))?;
        picture::show(app, client, &capture).await
    }

    /// Takes back what was registered, unless the device may have it: a camera without its token would be destroyed.
    async fn take_back(&self, client: &Client, undo: Undo, error: Error) -> Error {
        if claim::is_in_doubt(&error) {
            let id = &self.wanted.new.id;
            return error.add_hint(&format!("camera {id} stays registered, because the device may have its token"));
        }
        // It is only tidier so: what stays was never used, and the next try takes it over.
        let _ = match undo {
            Undo::Delete(id) => client.camera_delete(&id).await.map(drop),
            Undo::Revoke(made) => client.token_revoke(&made.info.id.to_string()).await.map(drop),
        };
        error
    }
}

fn place(networks: &[Network], ssid: &str) -> String {
    match networks.iter().position(|network| network.ssid == ssid) {
        Some(0) | None => "strongest".into(),
        Some(index) => format!("{}. strongest", index + 1),
    }
}
