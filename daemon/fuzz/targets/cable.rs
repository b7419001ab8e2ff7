//! Bytes on a camera's serial line: what a setup program reads, and what a device makes of it.

use improv::device::{Facts, Input};
use improv::frame::HEAD_LEN;
use improv::{Client, Command, Device, Found, Frame, Message, Parser, Verdict, client, device};

/// Time between two packets, in milliseconds: enough for a wait to end now and then.
const STEP_MS: u64 = 900;

/// What the line holds is read the same however it is cut, without a byte lost; and whatever packets come, both ends go on.
pub fn run(data: &[u8]) {
    let whole = read(&[data]);
    let (head, tail) = data.split_at(data.len() / 2);
    assert_eq!(read(&[head, tail]), whole, "where a read ends changes nothing");
    let bytes: usize = whole.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(bytes, data.len(), "every byte is in a packet or is noise");
    converse(data);
}

/// What is found, and how many bytes it takes.
fn read(pieces: &[&[u8]]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut note = |what: Found<'_>| {
        let bytes = match what {
            Found::Frame(frame) => HEAD_LEN + frame.data.len() + 1,
            Found::Noise(_) => 1,
            Found::Damaged => 0,
        };
        found.push((format!("{what:?}"), bytes));
    };
    let mut parser = Parser::new();
    for piece in pieces {
        parser.feed(piece, &mut note);
    }
    parser.silence(&mut note);
    assert!(!parser.is_inside(), "after a silence nothing is waited for");
    found
}

/// Takes the bytes as kind, length and data of one packet after the other, and lets both ends hear them.
fn converse(mut data: &[u8]) {
    let facts = Facts {
        firmware: "parking-camera",
        version: "0.1.0",
        chip: "ESP32",
        name: "cam",
        hostname: "cam",
        device: "24:6f:28:00:00:01",
        capabilities: "hello claim check",
        is_claimed: false,
        is_provisioned: true,
        is_online: false,
        url: "",
        rssi_dbm: Some(-60),
    };
    let (mut device, mut client) = (Device::new(), Client::new());
    let mut now_ms = 0;
    while let [kind, len, rest @ ..] = data {
        let (body, after) = rest.split_at(rest.len().min(usize::from(*len)));
        data = after;
        now_ms += STEP_MS;
        let frame = Frame { kind: *kind, data: body };
        check_call(frame);
        let wire = frame.encode().expect("a byte counts no more than fits");
        device.step(Input::Bytes(wire.as_bytes()), &facts, now_ms, &mut check_sent);
        let happened = match kind {
            10 => Input::Joined,
            11 => Input::JoinFailed,
            12 => Input::ScanDone,
            13 => Input::Checked(Verdict::of(core::str::from_utf8(body).unwrap_or_default())),
            14 => {
                Input::Network { ssid: core::str::from_utf8(body).unwrap_or_default(), rssi_dbm: -70, is_secured: true }
            }
            15 => Input::Stored,
            16 => Input::StoreFailed,
            _ => Input::Tick,
        };
        device.step(happened, &facts, now_ms, &mut check_sent);
        let asked = match kind {
            20 => client::Input::Ask { command: Command::Scan, patience_ms: None },
            21 => client::Input::Ask { command: Command::Hello, patience_ms: Some(STEP_MS) },
            _ => client::Input::Bytes(wire.as_bytes()),
        };
        client.step(asked, now_ms, &mut |_| {});
        client.step(client::Input::Tick, now_ms, &mut |_| {});
    }
}

/// A call that is understood is written as one that is understood in the same way.
fn check_call(frame: Frame<'_>) {
    if let Some(Message::Call { command, payload }) = Message::parse(frame)
        && let Ok(command) = Command::parse(command, payload)
    {
        let wire = command.encode().expect("what was read can be written");
        let found = read(&[wire.as_bytes()]);
        assert!(found[0].0.starts_with("Frame"), "{found:?}");
        assert_eq!(format!("Frame({frame:?})"), found[0].0, "a call is written as it was read");
    }
}

/// What a device sends is one packet, and its line end.
fn check_sent(output: device::Output<'_>) {
    if let device::Output::Send(bytes) = output {
        let found = read(&[bytes]);
        assert!(found.len() == 2 && found[0].0.starts_with("Frame"), "{found:?}");
    }
}
