//! The radio and the daemon, on a thread of their own: both take their time, and the cable must not wait for them.

use std::ffi::CString;
use std::sync::mpsc::SyncSender;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use camera_core::request::Intake;
use camera_core::{networks, Answer, Input, Request, What};
use esp_idf_svc::handle::RawHandle;
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
    is_for_firmware: bool,
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
            is_for_firmware: request.is_for_firmware(),
        }
    }
}

impl Net {
    /// The main loop reads until the program ends.
    fn tell(&self, news: impl FnOnce(&mut dyn FnMut(Input<'_>)) + Send + 'static) {
        let _ = self.news.send(Box::new(news));
    }

    pub fn join(&mut self, attempt: u32, ssid: &str, password: &str, hostname: &str) {
        match self.try_join(ssid, password, hostname) {
            Ok(address) => self.tell(move |step| step(Input::Joined { attempt, address: &address })),
            Err(error) => {
                log::warn!("cannot join {ssid:?}: {error:#}");
                self.tell(move |step| step(Input::JoinFailed { attempt }));
            }
        }
    }

    fn try_join(&mut self, ssid: &str, password: &str, hostname: &str) -> Result<String> {
        self.leave();
        let (netif, hostname) = (self.wifi.wifi().sta_netif().handle(), CString::new(hostname)?);
        // SAFETY: the interface is there as long as the radio is, and the name is copied.
        sys::esp!(unsafe { sys::esp_netif_set_hostname(netif, hostname.as_ptr()) })?;
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

    /// A radio that does not start again is found out by the next join.
    pub fn restart(&mut self) {
        let _ = self.wifi.stop();
        let _ = self.wifi.start();
    }

    pub fn scan(&mut self) {
        let mut found = self.wifi.scan().inspect_err(|error| log::warn!("cannot scan: {error}")).unwrap_or_default();
        self.tell(move |step| {
            for network in networks::strongest(&mut found, |one| &one.ssid, |one| one.signal_strength.into()) {
                let is_secured = network.auth_method != Some(AuthMethod::None);
                step(Input::Network { ssid: &network.ssid, rssi_dbm: network.signal_strength.into(), is_secured });
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
            Err(error) => {
                log::warn!("the daemon was not reached: {error:#}");
                self.tell(move |step| step(Input::Answer { id, answer: Answer::Broken }));
            }
        }
    }

    /// A connection for each request: after an error in the middle a connection of this client cannot be used again.
    fn exchange(&mut self, call: Call) -> Result<(u16, Option<u32>, Vec<u8>)> {
        let Call { id, method, url, headers, authority, report, picture, is_for_firmware } = call;
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
        let length = http.header("Content-Length").and_then(|length| length.parse().ok());
        let (mut intake, mut slice) = (Box::new(Intake::new(is_for_firmware, status, length)), vec![0; SLICE]);
        while let count @ 1.. = http.read(&mut slice)? {
            if let Some(piece) = intake.take(&slice[..count]).map(<[u8]>::to_vec) {
                self.tell(move |step| step(Input::Piece { id, bytes: &piece }));
            }
        }
        let body = intake.finish().context("the answer ended too early")?;
        Ok((status, retry_after_s, body.to_vec()))
    }
}
