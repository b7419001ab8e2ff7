//! One camera, step by step. Everything that a person has to decide comes first, and nothing is changed before.

use parking_api::CaptureId;
use parking_api::cameras::{Camera, CameraPatch, CameraStatus, NewCamera};
use parking_api::client::{self, Client};
use parking_api::tokens::TokenCreated;
use parking_api::{CameraId, ProblemCode};
use tokio::time::Instant;

use super::super::cable::Cable;
use super::super::claim;
use super::super::trust::Trust;
use super::super::wifi::{self, Network, WifiArgs};
use super::progress::{Progress, Step};
use super::{Args, Provisioned, not_a_camera, picture};
use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::times;

/// A way to take back what was registered for a device that did not make it.
enum Undo {
    Delete(CameraId),
    Revoke(TokenCreated),
}

/// Which network, and what it was found to be.
struct Chosen {
    ssid: String,
    password: String,
    networks: Vec<Network>,
}

struct Run<'a> {
    args: &'a Args,
    wifi: &'a WifiArgs,
    new: NewCamera,
    client: Client,
    url: String,
    trust: Trust,
    progress: Progress,
}

/// Provisions the device on `path`, or on the only port that there is.
pub async fn provision(
    app: &mut App,
    args: &Args,
    wifi: &WifiArgs,
    new: NewCamera,
    path: Option<String>,
) -> Result<Provisioned, Error> {
    let began = Instant::now();
    let progress = Progress::new(app);
    let (client, url) = (app.client()?, claim::url(app, args.camera_url.as_deref())?);
    let mut run = Run { args, wifi, new, client, url, trust: Trust::default(), progress };
    let before = run.daemon(app).await?;
    let mut cable = run.device(app, path).await?;
    let chosen = run.network(app, &mut cable).await?;
    let mut done = Provisioned::new(&run.new, "dry_run");
    done.port = Some(cable.device.port.clone());
    done.device.clone_from(&cable.device.device);
    done.firmware = Some(format!("{} {}", cable.device.firmware, cable.device.version).trim().into());
    done.ssid = Some(chosen.ssid.clone());
    if !args.dry_run {
        if !cable.device.is_camera() {
            return Err(run.foreign(app, &mut cable, &chosen).await?);
        }
        run.commit(app, &mut cable, &chosen, before, &mut done).await?;
        done.result = "provisioned";
    }
    done.seconds = began.elapsed().as_secs();
    Ok(done)
}

impl Run<'_> {
    /// Whether the daemon is there and will do as it is asked, and what it knows of this camera.
    async fn daemon(&mut self, app: &mut App) -> Result<Option<Camera>, Error> {
        self.progress.begin(Step::Daemon, "asking the daemon");
        claim::check_role(&self.client).await?;
        let id = self.new.id.clone();
        let before = match self.client.camera(&id).await {
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
        self.trust = Trust::find(app, &self.client, &self.args.trust, &self.url).await?;
        let lot = self.client.lot();
        let what = match &before {
            Some(_) => format!("{} knows camera {id} of lot {lot}", self.client.server()),
            None => format!("{} is ready for a new camera {id} of lot {lot}", self.client.server()),
        };
        self.progress.done(app, &what)?;
        Ok(before)
    }

    async fn device(&mut self, app: &mut App, path: Option<String>) -> Result<Cable, Error> {
        self.progress.begin(Step::Device, "waiting for the device");
        let path = path.map_or_else(|| self.args.port.pick(), Ok)?;
        let cable = Cable::connect(&path, !self.args.port.no_reset, app.global.timeout).await;
        let cable = cable.map_err(|trouble| trouble.at(&self.progress.at(&format!("look for a device on {path}"))))?;
        let what =
            if cable.device.is_camera() { "" } else { ", not a camera of this system: it can be given Wi-Fi only" };
        self.progress.done(app, &format!("{} on {path}{what}", cable.device.title()))?;
        Ok(cable)
    }

    async fn network(&mut self, app: &mut App, cable: &mut Cable) -> Result<Chosen, Error> {
        self.progress.begin(Step::Network, "scanning for networks");
        let seen = wifi::look(cable).await;
        let networks = seen.map_err(|trouble| trouble.at(&self.progress.at("scan for networks")))?.unwrap_or_default();
        self.progress.pause();
        let ssid = wifi::choose(app, self.wifi, &networks)?;
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
            false => wifi::password(app, self.wifi, &ssid, &networks).await?,
        };
        self.progress.done(app, &what)?;
        Ok(Chosen { ssid, password, networks })
    }

    /// Everything that changes something.
    async fn commit(
        &mut self,
        app: &mut App,
        cable: &mut Cable,
        chosen: &Chosen,
        before: Option<Camera>,
        done: &mut Provisioned,
    ) -> Result<(), Error> {
        let (token, undo) = self.register(app, before.is_some()).await?;
        match self.join(app, cable, chosen, &token).await {
            Ok(address) => done.address = address,
            Err(error) => {
                self.take_back(undo).await;
                return Err(error);
            }
        }
        self.progress.begin(Step::Check, "waiting for the camera to reach the daemon");
        let rssi_dbm = claim::check(cable, &self.url, &self.progress.at("reach the daemon from the camera")).await?;
        let seen = chosen.networks.iter().find(|network| network.ssid == chosen.ssid).map(|network| network.rssi_dbm);
        done.rssi_dbm = rssi_dbm.or(seen);
        let signal = done.rssi_dbm.map(|dbm| format!(" with a signal of {dbm} dBm")).unwrap_or_default();
        self.progress.done(app, &format!("the camera reaches {}{signal}", self.url))?;
        let known = self.retire_others(before.is_some(), undo).await?;
        self.progress.begin(Step::Picture, "waiting for the first picture");
        let capture = picture::first(app, &self.client, &self.new.id, known, cable, &self.progress).await?;
        done.capture = Some(capture.id.to_string());
        done.picture = Some(capture.url.clone());
        self.progress.done(app, &picture::title(&capture))?;
        picture::show(app, &self.client, &capture).await
    }

    /// The token that the camera will have, and how to take it back.
    async fn register(&mut self, app: &mut App, is_known: bool) -> Result<(String, Undo), Error> {
        self.progress.begin(Step::Register, "registering the camera");
        let id = self.new.id.clone();
        let granted = if is_known {
            let patch = CameraPatch {
                name: self.new.name.clone(),
                zone: self.new.zone.clone().map(Some),
                interval_s: self.new.interval_s,
            };
            if patch != CameraPatch::default() {
                self.client.camera_patch(&id, &patch).await?;
            }
            let made = self.client.camera_token(&id).await?.value;
            (made.token.clone(), Undo::Revoke(made))
        } else {
            (self.client.camera_create(&self.new).await?.value.token, Undo::Delete(id.clone()))
        };
        let what =
            if is_known { "has a new token; the old one is valid until this one has worked" } else { "is registered" };
        self.progress.done(app, &format!("camera {id} {what}"))?;
        Ok(granted)
    }

    /// The address of the device in its new network, if it says one.
    async fn join(
        &mut self,
        app: &mut App,
        cable: &mut Cable,
        chosen: &Chosen,
        token: &str,
    ) -> Result<Option<String>, Error> {
        self.progress.begin(Step::HandOver, "handing over address and token");
        let doing = self.progress.at(&format!("hand over camera {}", self.new.id));
        claim::hand_over(cable, &self.url, token, &self.new.id, &self.trust, &doing).await?;
        self.progress.done(app, &format!("the device knows {} and its token", self.url))?;
        self.wifi(app, cable, chosen).await
    }

    async fn wifi(&mut self, app: &mut App, cable: &mut Cable, chosen: &Chosen) -> Result<Option<String>, Error> {
        self.progress.begin(Step::Join, &format!("joining {:?}", chosen.ssid));
        let doing = self.progress.at(&format!("join {:?}", chosen.ssid));
        let address = wifi::join(cable, &chosen.ssid, &chosen.password, &chosen.networks, &doing).await?;
        let at = address.as_deref().map(|address| format!(" as {address}")).unwrap_or_default();
        self.progress.done(app, &format!("the device has joined {:?}{at}", chosen.ssid))?;
        Ok(address)
    }

    /// Wi-Fi for a device of another maker; the error says what it did not come to.
    async fn foreign(&mut self, app: &mut App, cable: &mut Cable, chosen: &Chosen) -> Result<Error, Error> {
        self.wifi(app, cable, chosen).await?;
        app.out.talk(&format!("it has Wi-Fi now, and is not registered as camera {}", self.new.id))?;
        Ok(not_a_camera(&cable.device))
    }

    /// Ends what the camera of this id was before; the picture that is its last.
    async fn retire_others(&self, is_known: bool, undo: Undo) -> Result<Option<CaptureId>, Error> {
        let Undo::Revoke(made) = undo else { return Ok(None) };
        if is_known {
            claim::revoke_others(&self.client, &self.new.id, &made).await?;
        }
        // Nobody but the new device can upload as this camera from here on.
        Ok(self.client.camera(&self.new.id).await?.contact.and_then(|contact| contact.capture_id))
    }

    async fn take_back(&self, undo: Undo) {
        // It is only tidier so: what stays was never used, and the next try takes it over.
        let _ = match undo {
            Undo::Delete(id) => self.client.camera_delete(&id).await.map(drop),
            Undo::Revoke(made) => self.client.token_revoke(&made.info.id.to_string()).await.map(drop),
        };
    }
}

fn place(networks: &[Network], ssid: &str) -> String {
    match networks.iter().position(|network| network.ssid == ssid) {
        Some(0) | None => "strongest".into(),
        Some(index) => format!("{}. strongest", index + 1),
    }
}
