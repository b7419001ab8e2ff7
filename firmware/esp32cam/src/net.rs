//! The radio and the daemon, on a thread of their own: both take their time, and the cable must not wait for them.

use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use anyhow::{bail, Context, Result};
use camera_core::request::{Request, What, BODY_MAX};
use camera_core::settings::Claim;
use esp_idf_svc::http::client::{Configuration as HttpConfiguration, EspHttpConnection};
use esp_idf_svc::http::Method;
use esp_idf_svc::sys;
use esp_idf_svc::wifi::{AuthMethod, BlockingWifi, ClientConfiguration, Configuration, EspWifi};

use crate::psram::Slot;

const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes that are handed to the connection at once, and taken from it.
const SLICE: usize = 2_048;

/// What the thread is to do.
pub enum Job {
    Join { attempt: u32, ssid: String, password: String },
    Leave,
    Scan,
    Send { id: u32, claim: Box<Claim>, what: Sent },
}

/// What is sent; a picture comes with its bytes, and goes back with them.
pub enum Sent {
    Picture { slot: u8, frame: Slot, key: camera_core::request::Key, age_ms: u64 },
    Report(String),
    Firmware(String),
}

/// What happened.
pub enum News {
    Joined {
        attempt: u32,
        address: String,
    },
    JoinFailed {
        attempt: u32,
    },
    Networks(Vec<(String, i16, bool)>),
    Piece {
        id: u32,
        bytes: Vec<u8>,
    },
    Said {
        id: u32,
        status: u16,
        retry_after_s: Option<u32>,
        body: Vec<u8>,
    },
    Broken {
        id: u32,
    },
    /// The picture that was sent, for as long as the core wants it kept.
    Back {
        slot: u8,
        frame: Slot,
    },
}

/// The radio, and what it tells.
pub struct Net {
    pub wifi: BlockingWifi<EspWifi<'static>>,
    pub news: SyncSender<News>,
}

impl Net {
    /// Until the program ends.
    pub fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Join { attempt, ssid, password } => {
                    let news = match self.join(&ssid, &password) {
                        Ok(address) => News::Joined { attempt, address },
                        Err(error) => {
                            log::warn!("cannot join {ssid:?}: {error:#}");
                            News::JoinFailed { attempt }
                        }
                    };
                    self.tell(news);
                }
                Job::Leave => drop(self.wifi.disconnect()),
                Job::Scan => {
                    let networks = self.scan().unwrap_or_default();
                    self.tell(News::Networks(networks));
                }
                Job::Send { id, claim, what } => self.send(id, &claim, what),
            }
        }
    }

    /// The main loop reads until the program ends.
    fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    fn join(&mut self, ssid: &str, password: &str) -> Result<String> {
        // It may be in another network, or in none.
        let _ = self.wifi.disconnect();
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

    fn scan(&mut self) -> Result<Vec<(String, i16, bool)>> {
        let mut networks: Vec<(String, i16, bool)> = Vec::new();
        for found in self.wifi.scan()? {
            let name = found.ssid.as_str();
            let is_secured = found.auth_method != Some(AuthMethod::None);
            // Each name once, by its strongest sender; hidden ones have none.
            if !name.is_empty() && !networks.iter().any(|(known, ..)| known == name) {
                networks.push((name.into(), found.signal_strength.into(), is_secured));
            }
        }
        networks.sort_by_key(|(_, rssi_dbm, _)| std::cmp::Reverse(*rssi_dbm));
        Ok(networks)
    }

    fn send(&self, id: u32, claim: &Claim, what: Sent) {
        let outcome = match &what {
            Sent::Picture { slot, frame, key, age_ms } => {
                let bytes = frame.bytes();
                let what = What::Picture { slot: *slot, bytes: bytes.len() as u32, key: *key, age_ms: *age_ms };
                self.exchange(&Request { id, claim, what }, bytes)
            }
            Sent::Report(report) => {
                self.exchange(&Request { id, claim, what: What::Report(report) }, report.as_bytes())
            }
            Sent::Firmware(name) => self.exchange(&Request { id, claim, what: What::Firmware(name) }, &[]),
        };
        if let Sent::Picture { slot, frame, .. } = what {
            self.tell(News::Back { slot, frame });
        }
        self.tell(outcome.unwrap_or_else(|error| {
            log::warn!("the daemon was not reached: {error:#}");
            News::Broken { id }
        }));
    }

    /// A connection for each request: after an error in the middle a connection of this client cannot be used again.
    fn exchange(&self, request: &Request<'_>, body: &[u8]) -> Result<News> {
        let mut http = EspHttpConnection::new(&HttpConfiguration {
            timeout: Some(TIMEOUT),
            buffer_size: Some(1024),
            buffer_size_tx: Some(1024),
            // For https; http needs none.
            crt_bundle_attach: Some(sys::esp_crt_bundle_attach),
            ..Default::default()
        })?;
        let mut owned = Vec::new();
        request.headers(|name, value| owned.push((name.to_string(), value.to_string())));
        let headers: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (&**name, &**value)).collect();
        let method = if request.method() == "GET" { Method::Get } else { Method::Post };
        let url = format!("{}{}", &*request.claim.url, &*request.path());
        http.initiate_request(method, &url, &headers)?;
        for slice in body.chunks(SLICE) {
            http.write_all(slice)?;
        }
        http.initiate_response()?;
        let status = http.status();
        let retry_after_s = http.header("Retry-After").and_then(|wait| wait.parse().ok());
        let is_image = matches!(request.what, What::Firmware(_)) && status == 200;
        let length: Option<usize> = http.header("Content-Length").and_then(|length| length.parse().ok());
        let (mut kept, mut seen, mut slice) = (Vec::new(), 0, vec![0; SLICE]);
        loop {
            let count = http.read(&mut slice)?;
            if count == 0 {
                break;
            }
            seen += count;
            if is_image {
                self.tell(News::Piece { id: request.id, bytes: slice[..count].to_vec() });
            } else {
                kept.extend_from_slice(&slice[..count.min(BODY_MAX - kept.len())]);
            }
        }
        if length.is_some_and(|length| seen < length) {
            bail!("the answer ended after {seen} bytes");
        }
        Ok(News::Said { id: request.id, status, retry_after_s, body: kept })
    }
}
