//! A broker that hands texts on to many, which is what mosquitto is best at, and the least of a client for it (MQTT 3.1.1, QoS 0).

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::Result;
use crate::follower::{Record, Watch};
use crate::process::Process;

/// Where Debian puts it, which is on few users' path.
const PROGRAM: &str = "/usr/sbin/mosquitto";
const TOPIC: &str = "lot";
/// What is read at once.
const READ_BYTES: usize = 4 * 1024;

/// Types of packets with their flags (MQTT 3.1.1, 2.2).
const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;

/// Starts a broker that keeps nothing and lets everybody in from this machine.
pub async fn broker(folder: &Path) -> Result<Process> {
    if !Path::new(PROGRAM).exists() {
        return Err(format!("there is no {PROGRAM} to compare with: run .ci/tools").into());
    }
    // It takes no port 0. Nobody else is given a port that was free a moment ago.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
    let settings = folder.join("mosquitto.conf");
    let text = format!(
        "listener {} {}\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_type error\nmax_connections -1\n",
        address.port(),
        address.ip()
    );
    std::fs::write(&settings, text)?;
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(settings);
    Process::start_at(command, &folder.join("bench.log"), address).await
}

/// One client.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    payload: Vec<u8>,
}

impl Client {
    pub async fn open(address: SocketAddr, name: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufReader::with_capacity(READ_BYTES, stream), payload: Vec::new() };
        // Protocol level 4, a clean session, no keep-alive.
        let hello = [&text("MQTT")[..], &[4, 2, 0, 0], &text(name)].concat();
        client.send(CONNECT, &hello).await?;
        client.expect(CONNACK).await?;
        Ok(client)
    }

    pub async fn subscribe(&mut self) -> Result<()> {
        let wish = [&[0, 1][..], &text(TOPIC), &[0]].concat();
        self.send(SUBSCRIBE, &wish).await?;
        self.expect(SUBACK).await
    }

    pub async fn publish(&mut self, payload: &[u8]) -> Result<()> {
        let message = [&text(TOPIC)[..], payload].concat();
        self.send(PUBLISH, &message).await
    }

    /// Follows until the broker closes, from the event `after` on.
    pub async fn follow(mut self, after: u64, watch: Arc<Watch>) -> Result<Record> {
        let mut record = Record::after(after);
        while let Some(PUBLISH) = self.packet().await? {
            let at = watch.started.elapsed();
            let run = watch.run(&self.payload[text(TOPIC).len()..])?;
            record.add(&run, at);
            watch.delivered.fetch_add(run.end() - run.start() + 1, Ordering::Relaxed);
        }
        Ok(record)
    }

    async fn send(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        let mut packet = vec![kind];
        let mut len = payload.len();
        while len >= 0x80 {
            packet.push(len as u8 | 0x80);
            len >>= 7;
        }
        packet.push(len as u8);
        packet.extend_from_slice(payload);
        Ok(self.stream.write_all(&packet).await?)
    }

    async fn expect(&mut self, kind: u8) -> Result<()> {
        match self.packet().await? {
            Some(found) if found == kind => Ok(()),
            found => Err(format!("the broker answered {found:x?} instead of {kind:x}").into()),
        }
    }

    /// Waits for the next packet, whose payload is kept until the one after it; `None` when the broker has gone.
    async fn packet(&mut self) -> Result<Option<u8>> {
        let Ok(kind) = self.stream.read_u8().await else { return Ok(None) };
        let (mut len, mut shift) = (0, 0);
        loop {
            let byte = self.stream.read_u8().await?;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.payload.resize(len, 0);
        self.stream.read_exact(&mut self.payload).await?;
        Ok(Some(kind))
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}
