//! What plain HTTP clients do: ask before they send, send in pieces, speak HTTP/1.0, send several requests at once, or very slowly.

use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Parkd};
use crate::pictures::JPEGS;

/// Connections that never finish their headers.
const SLOW: usize = 50;
/// The daemon gives a request's headers 30 s.
const HEADERS_PATIENCE: Duration = Duration::from_secs(30 + 15);

/// Runs curl with a picture in `picture.jpg`; the status that it was answered with.
async fn curl(parkd: &Parkd, args: &[&str], path: &str) -> String {
    std::fs::write(parkd.data_dir().join("picture.jpg"), &JPEGS[3]).expect("a file");
    let mut curl = Command::new("curl");
    curl.current_dir(parkd.data_dir()).args([
        "-sS",
        "--max-time",
        "20",
        "-o",
        "answer",
        "-w",
        "%{http_code} %{http_version}",
    ]);
    curl.arg("-H")
        .arg(format!("Authorization: Bearer {}", parkd.admin_token()))
        .args(args)
        .arg(format!("{}{path}", parkd.url()));
    let output =
        tokio::task::spawn_blocking(move || curl.output()).await.expect("no panic").expect("curl runs: run .ci/tools");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn curl_uploads_in_every_way_that_it_knows() {
    let parkd = Parkd::start(&[]);
    let jpeg = ["-H", "Content-Type: image/jpeg"];
    let ways: [&[&str]; 5] = [
        &["--data-binary", "@picture.jpg"],
        &["--data-binary", "@picture.jpg", "-H", "Expect: 100-continue", "--expect100-timeout", "15"],
        &["-X", "POST", "-T", "picture.jpg", "-H", "Transfer-Encoding: chunked"],
        &["--data-binary", "@picture.jpg", "--http1.0"],
        &["-X", "POST", "-T", "picture.jpg"],
    ];
    for way in ways {
        let status = curl(&parkd, &[&jpeg, way].concat(), "/api/capture").await;
        assert!(status.starts_with("201 "), "{way:?}: {status}");
    }
    assert!(curl(&parkd, &["-F", "image=@picture.jpg"], "/api/capture").await.starts_with("201 "), "as a form");
    assert!(curl(&parkd, &["--http1.0"], "/api/slots").await.starts_with("200 "));
    assert!(curl(&parkd, &["--compressed", "-I"], "/api/slots").await.starts_with("200 "));
}

/// Reads until `end` has come.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(end) {
        let count = timeout(PATIENCE, stream.read_buf(&mut read)).await.expect("it comes in time").expect("bytes");
        assert!(count > 0, "the connection ended before {end:?}: {}", String::from_utf8_lossy(&read));
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn whoever_asks_before_it_sends_is_told_at_once() {
    let parkd = Parkd::start(&[]);
    let picture = &JPEGS[3];
    let head = |token: &str| {
        format!(
            "POST /api/capture HTTP/1.1\r\nHost: lot\r\nAuthorization: Bearer {token}\r\nContent-Type: image/jpeg\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            picture.len()
        )
    };
    let mut stream = TcpStream::connect(parkd.address()).await.expect("a connection");
    stream.write_all(head(&parkd.admin_token()).as_bytes()).await.expect("it is taken");
    assert!(read_until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 100 "), "it may send");
    stream.write_all(picture).await.expect("it is taken");
    assert!(read_until(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 201 "));
    let mut stranger = TcpStream::connect(parkd.address()).await.expect("a connection");
    stranger.write_all(head("park_unknown").as_bytes()).await.expect("it is taken");
    assert!(read_until(&mut stranger, "\r\n\r\n").await.starts_with("HTTP/1.1 401 "), "it need not send");
}

#[tokio::test]
async fn requests_that_come_at_once_are_answered_in_their_order() {
    let parkd = Parkd::start(&[]);
    let token = parkd.admin_token();
    let request = |method: &str, path: &str, body: &str| {
        let len = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: lot\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {len}\r\n\r\n{body}"
        )
    };
    let all = [
        request("POST", "/api/slots", "{\"code\":\"P-1\"}"),
        request("POST", "/api/slots/P-1/toggle", ""),
        request("GET", "/api/slots/NONE", ""),
        request("GET", "/api/version", ""),
    ];
    let mut stream = TcpStream::connect(parkd.address()).await.expect("a connection");
    stream.write_all(all.concat().as_bytes()).await.expect("they are taken");
    let answers = read_until(&mut stream, "\"protocol\"").await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["201", "200", "404", "200"], "{answers}");
}

#[tokio::test]
async fn connections_that_never_finish_a_request_are_ended_and_hinder_nobody() {
    let parkd = Parkd::start(&[]);
    let mut slow = Vec::new();
    for n in 0..SLOW {
        let mut stream = TcpStream::connect(parkd.address()).await.expect("a connection");
        let begun = if n % 2 == 0 { "GET / HTTP/1.1\r\nHost: lot\r\nX-Slow: " } else { "G" };
        stream.write_all(begun.as_bytes()).await.expect("it is taken");
        slow.push(stream);
    }
    assert!(parkd.admin().ready().await.expect("an answer").ready);
    for stream in &mut slow {
        let ended = timeout(HEADERS_PATIENCE, stream.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "the daemon waits for ever");
    }
    assert!(parkd.admin().ready().await.expect("an answer").ready);
}
