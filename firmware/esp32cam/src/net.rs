//! The radio and the daemon, on a thread of their own: both take their time, and the cable must not wait for them.

use std::sync::mpsc::SyncSender;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, Context, Result};
use camera_core::request::BODY_MAX;
use camera_core::{Answer, Input, Request, What};
use esp_idf_svc::http::client::{Configuration as HttpConfiguration, EspHttpConnection};
use esp_idf_svc::http::Method;
use esp_idf_svc::sys;
use esp_idf_svc::tls::X509;
use esp_idf_svc::wifi::{AuthMethod, BlockingWifi, ClientConfiguration, Configuration, EspWifi};

use crate::psram::Slot;

const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes that are handed to the connection at once, and taken from it.
const SLICE: usize = 2_048;

/// Something that the thread is to do.
pub type Job = Box<dyn FnOnce(&mut Net) + Send>;
/// Something that happened, for the core.
pub type News = Box<dyn FnOnce(&mut dyn FnMut(Input<'_>)) + Send>;

/// The radio, and what it tells.
pub struct Net {
    pub wifi: BlockingWifi<EspWifi<'static>>,
    pub news: SyncSender<News>,
    /// The last certificate that was used. The driver wants it for ever, and a camera gets another one a few times in its life.
    pub authority: &'static [u8],
}

/// A request with all that it needs, for another thread.
pub struct Call {
    id: u32,
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    authority: Vec<u8>,
    report: Vec<u8>,
    /// In PSRAM, and not copied.
    picture: Option<Arc<Slot>>,
    is_image: bool,
}

impl Call {
    pub fn new(request: &Request<'_>, picture: Option<Arc<Slot>>) -> Self {
        let mut headers = Vec::new();
        request.headers(|name, value| headers.push((name.to_string(), value.to_string())));
        Self {
            id: request.id,
            method: if request.method() == "GET" { Method::Get } else { Method::Post },
            url: format!("{}{}", &*request.claim.url, &*request.path()),
            headers,
            authority: request.authority.to_vec(),
            report: if let What::Report(report) = request.what { report.into() } else { Vec::new() },
            picture,
            is_image: matches!(request.what, What::Firmware(_)),
        }
    }
}

impl Net {
    /// The main loop reads until the program ends.
    fn tell(&self, news: impl FnOnce(&mut dyn FnMut(Input<'_>)) + Send + 'static) {
        let _ = self.news.send(Box::new(news));
    }

    pub fn join(&mut self, attempt: u32, ssid: &str, password: &str) {
        match self.try_join(ssid, password) {
            Ok(address) => self.tell(move |step| step(Input::Joined { attempt, address: &address })),
            Err(error) => {
                log::warn!("cannot join {ssid:?}: {error:#}");
                self.tell(move |step| step(Input::JoinFailed { attempt }));
            }
        }
    }

    fn try_join(&mut self, ssid: &str, password: &str) -> Result<String> {
        self.leave();
        let auth_method = if password.is_empty() { AuthMethod::None } else { AuthMethod::WPAWPA2Personal };
        self.wifi.set_configuration(&Configuration::Client(ClientConfiguration {
            ssid: ssid.try_into().ok().context("the name is too long")?,
            password: password.try_into().ok().context("the password is too long")?,
            auth_method,
            ..Default::default()
        }))?;
        self.wifi.connect()?;
        self.wifi.wait_netif_up()?;
        let address = self.wifi.wifi().sta_netif().get_ip_info()?.ip;
        Ok(format!("http://{address}/"))
    }

    /// It may be in a network, or in none.
    pub fn leave(&mut self) {
        let _ = self.wifi.disconnect();
    }

    pub fn scan(&mut self) {
        let mut found = self.wifi.scan().inspect_err(|error| log::warn!("cannot scan: {error}")).unwrap_or_default();
        found.sort_by_key(|network| std::cmp::Reverse(network.signal_strength));
        let mut names: Vec<_> = Vec::new();
        // Each name once, by its strongest sender; hidden ones have none.
        found.retain(|network| {
            let is_new = !network.ssid.is_empty() && !names.contains(&network.ssid);
            names.push(network.ssid.clone());
            is_new
        });
        self.tell(move |step| {
            for network in &found {
                let (rssi_dbm, is_secured) =
                    (network.signal_strength.into(), network.auth_method != Some(AuthMethod::None));
                step(Input::Network { ssid: &network.ssid, rssi_dbm, is_secured });
            }
            step(Input::ScanDone);
        });
    }

    pub fn send(&mut self, call: Call) {
        let id = call.id;
        match self.exchange(call) {
            Ok((status, retry_after_s, body)) => self.tell(move |step| {
                let answer = Answer::Said { status, retry_after_s, body: &body };
                step(Input::Answer { id, answer });
            }),
            Err(error) => self.fail(id, &error),
        }
    }

    pub fn fail(&mut self, id: u32, why: &dyn std::fmt::Display) {
        log::warn!("the daemon was not reached: {why:#}");
        self.tell(move |step| step(Input::Answer { id, answer: Answer::Broken }));
    }

    /// A connection for each request: after an error in the middle a connection of this client cannot be used again.
    fn exchange(&mut self, call: Call) -> Result<(u16, Option<u32>, Vec<u8>)> {
        let Call { id, method, url, headers, authority, report, picture, is_image } = call;
        if *self.authority != *authority {
            self.authority = authority.leak();
        }
        let is_own = !self.authority.is_empty();
        let mut http = EspHttpConnection::new(&HttpConfiguration {
            timeout: Some(TIMEOUT),
            buffer_size: Some(1024),
            buffer_size_tx: Some(1024),
            // For https; http needs neither.
            server_certificate: is_own.then(|| X509::der(self.authority)),
            crt_bundle_attach: if is_own { None } else { Some(sys::esp_crt_bundle_attach) },
            ..Default::default()
        })?;
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        http.initiate_request(method, &url, &headers)?;
        let body = picture.as_ref().map_or(&report[..], |picture| picture.bytes());
        for slice in body.chunks(SLICE) {
            http.write_all(slice)?;
        }
        http.initiate_response()?;
        let status = http.status();
        let retry_after_s = http.header("Retry-After").and_then(|wait| wait.parse().ok());
        let length: Option<usize> = http.header("Content-Length").and_then(|length| length.parse().ok());
        let (mut kept, mut seen, mut slice) = (Vec::new(), 0, vec![0; SLICE]);
        loop {
            let count = http.read(&mut slice)?;
            if count == 0 {
                break;
            }
            seen += count;
            if is_image && status == 200 {
                let piece = slice[..count].to_vec();
                self.tell(move |step| step(Input::Piece { id, bytes: &piece }));
            } else {
                kept.extend_from_slice(&slice[..count.min(BODY_MAX - kept.len())]);
            }
        }
        if length.is_some_and(|length| seen < length) {
            bail!("the answer ended after {seen} bytes");
        }
        Ok((status, retry_after_s, kept))
    }
}
