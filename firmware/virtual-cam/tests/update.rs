//! New firmware on a flash with two places: whichever write to it the power fails in, the camera comes back and gets there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use ed25519_dalek::{Signer, SigningKey};
use improv::{Claim, Command, Wifi};
use sha2::{Digest, Sha256};
use virtual_cam::{Cam, Flash, Options, Pictures, cam};

fn hex(bytes: &[u8]) -> String {
    parking_api::digits::digits_of(bytes)
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

/// A daemon that offers an image with every answer.
struct Offering {
    url: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Offering {
    fn start(version: &str, is_good: bool) -> Self {
        let image = cam::image(version, is_good);
        let sha256 = hex(&Sha256::digest(&image));
        let text = parking_api::firmware::signed_text("virtual", version, image.len() as u64, &sha256);
        let signature = hex(&key().sign(text.as_bytes()).to_bytes());
        let orders = format!(
            r#"{{"orders":{{"interval_s":60,"firmware":{{"id":"f1","board":"virtual","version":"{version}","bytes":{},"sha256":"{sha256}","signature":"{signature}"}}}}}}"#,
            image.len()
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A camera that lost its power hangs up.
                let _ = answer(&stream.expect("a connection"), &orders, &image);
            }
        });
        Self { url, stop, thread: Some(thread) }
    }
}

impl Drop for Offering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(stream: &TcpStream, orders: &str, image: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first)?;
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        line.clear();
    }
    std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
    let body = if first.starts_with("GET") { image } else { orders.as_bytes() };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)
}

fn small() -> Pictures {
    Pictures::Given(Box::new(|_| vec![7; 100]))
}

/// A camera at work, which trusts the key.
fn camera(url: &str) -> Cam {
    let mut cam = Cam::new(Options { version: "0.1.0".into(), ..Options::default() }, Flash::in_memory(), small());
    cam.advance(0);
    let claim = Claim::new(url, "park_x", "cam-1").expect("valid");
    let wifi = Wifi::new("Lot Wi-Fi", "correct horse").expect("valid");
    let trust = Command::Trust(key().verifying_key().to_bytes());
    for command in [Command::Claim(claim), trust, Command::Wifi(wifi), Command::Check] {
        cam.hear(command.encode().expect("valid").as_bytes(), 0);
    }
    cam
}

fn run(cam: &mut Cam, from_s: u64, to_s: u64) {
    (from_s..to_s).for_each(|s| cam.advance_and_wait(s * 1_000));
}

#[test]
fn whichever_write_the_power_fails_in_a_camera_comes_back_and_gets_there() {
    let daemon = Offering::start("0.2.0", true);
    for write in 0..60 {
        let mut cam = camera(&daemon.url);
        cam.advance_and_wait(1_000);
        cam.cut_power_after(write);
        run(&mut cam, 2, 300);
        let sent = cam.acknowledged().len();
        assert_eq!(cam.version(), "0.2.0", "cut in write {write}");
        assert!(cam.machine().settings().claim.is_some() && cam.machine().settings().tried.is_none(), "{write}");
        run(&mut cam, 300, 400);
        assert!(cam.acknowledged().len() > sent, "cut in write {write}");
    }
}

#[test]
fn a_firmware_that_crashes_is_left_again_and_remembered() {
    let daemon = Offering::start("0.2.0", false);
    let mut cam = camera(&daemon.url);
    run(&mut cam, 1, 400);
    assert_eq!(cam.version(), "0.1.0");
    assert_eq!(cam.machine().settings().tried.expect("it was tried").tries, camera_core::ota::TRIES_MAX);
    let sent = cam.acknowledged().len();
    run(&mut cam, 400, 800);
    assert!(cam.acknowledged().len() >= sent + 5, "and it works");
}

#[test]
fn the_text_that_is_signed_is_the_same_on_both_sides() {
    let sha256 = [0xab; 32];
    let camera = camera_core::ota::signed("aithinker", "0.2.0", 1_000, &sha256).expect("short");
    assert_eq!(&*camera, parking_api::firmware::signed_text("aithinker", "0.2.0", 1_000, &hex(&sha256)));
}
