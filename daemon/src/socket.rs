//! One live socket: sends what a follower has coming, hears pongs, and ends with a reason. Knows the protocol of design §5, but no route.

mod frames;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use parking_api::PROTOCOL;
use parking_api::live::{
    Bye, DEAD_INTERVALS, Degraded, Frame, HEARTBEAT_S, Heartbeat, Hello, Resumed, SnapshotReason, close,
};
use parking_api::tokens::Token;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame as WsFrame};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::clock::Clock;
use crate::follow::Follower;
use crate::ledger::{Audience, Backlog, LotHandle, RING_EVENTS_MAX};
use crate::store::Store;
use frames::{SnapshotHead, lagged};

/// What may wait for one socket; beyond it the events are collapsed to the newest values.
const QUEUE_EVENTS_MAX: usize = 1_024;
const QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// Collapses within [`LAG_WINDOW`] before the socket is closed: such a client is better off with a snapshot later.
const LAGS_MAX: u32 = 3;
const LAG_WINDOW: Duration = Duration::from_secs(60);
/// Longest time that one frame may take to be taken off our hands.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Wakes by events before the client and the heartbeat are looked at.
const EVENTS_IN_A_ROW_MAX: u32 = 8;
/// Longest time for a good-bye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Clients that are told to come back after a stop spread over this time, in milliseconds.
const RETURN_MS: u64 = 5_000;
/// When a client that was too slow should come back, in milliseconds.
const SLOW_RETRY_MS: u64 = 1_000;
/// Bytes of a large frame that are handed to the socket at once; no socket's buffer grows beyond this.
const PIECE_BYTES: usize = 2 * 1024;
/// Longest time that a snapshot may wait for its turn, and then take.
const LARGE_FRAME_TIMEOUT: Duration = Duration::from_secs(30);
/// Large frames that are on their way at once, over all sockets.
const LARGE_FRAMES_MAX: usize = 64;

static LARGE_FRAMES: Semaphore = Semaphore::const_new(LARGE_FRAMES_MAX);

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// What one socket is about.
#[derive(Debug)]
pub struct Session {
    pub lot: Arc<LotHandle>,
    pub audience: Audience,
    /// Whose socket it is; none where reading is public.
    pub token: Option<Token>,
    pub auth: Auth,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub tokens_changed: watch::Receiver<u64>,
    pub stop: CancellationToken,
}

/// How a start goes on after `hello`.
#[derive(Debug, PartialEq, Eq)]
pub enum Begin {
    /// Every event after this `seq` follows.
    Resume(u64),
    Snapshot(SnapshotReason),
}

/// Decides whether a client can go on where it was. Pure.
pub fn begin(cursor: Option<&(String, u64)>, epoch: &str, head: u64, floor: u64) -> Begin {
    let Some((known_epoch, after)) = cursor else { return Begin::Snapshot(SnapshotReason::NoCursor) };
    if known_epoch != epoch {
        Begin::Snapshot(SnapshotReason::EpochChanged)
    } else if *after > head {
        Begin::Snapshot(SnapshotReason::Ahead)
    } else if after + 1 < floor {
        Begin::Snapshot(SnapshotReason::TooOld)
    } else if head - after > RING_EVENTS_MAX as u64 {
        Begin::Snapshot(SnapshotReason::TooMany)
    } else {
        Begin::Resume(*after)
    }
}

/// Why a socket ends.
#[derive(Debug)]
enum End {
    /// With a good-bye.
    Bye { code: u16, reason: &'static str, retry_after_ms: Option<u64> },
    /// The other side has gone, or breaks the protocol of WebSockets.
    Gone,
}

impl From<WsError> for End {
    fn from(_: WsError) -> Self {
        Self::Gone
    }
}

pub struct Socket {
    stream: Stream,
    session: Session,
    follower: Follower,
    heard: Instant,
    lags: u32,
    lags_since: Instant,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Socket {
    pub fn new(stream: Stream, session: Session) -> Self {
        let follower = Follower::new(session.store.clone(), Arc::clone(&session.lot), session.audience, 0);
        let now = Instant::now();
        Self { stream, session, follower, heard: now, lags: 0, lags_since: now }
    }

    /// Serves the socket until it ends.
    pub async fn run(mut self, cursor: Option<(String, u64)>) {
        let ended = match self.start(cursor).await {
            Ok(()) => self.follow().await,
            Err(end) => end,
        };
        if let End::Bye { code, reason, retry_after_ms } = ended {
            // Whoever does not take the good-bye in time is dropped without.
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.say_bye(code, reason, retry_after_ms)).await;
        }
    }

    async fn start(&mut self, cursor: Option<(String, u64)>) -> Result<(), End> {
        // Events that come while the start is prepared are noticed afterwards.
        let (hello, begin) = self.session.lot.read(|state| {
            let floor = self.session.lot.floor();
            let hello = Hello {
                protocol: PROTOCOL,
                lot: self.session.lot.id().to_string(),
                epoch: state.epoch().to_string(),
                head: state.seq(),
                floor,
                heartbeat_s: HEARTBEAT_S,
                at: self.session.clock.now(),
                version: env!("CARGO_PKG_VERSION").into(),
            };
            (hello, begin(cursor.as_ref(), state.epoch(), state.seq(), floor))
        });
        let head = hello.head;
        self.send(&Frame::Hello(hello)).await?;
        match begin {
            Begin::Resume(from) => {
                self.send(&Frame::Resumed(Resumed { from, head })).await?;
                self.follower.skip_to(from);
                while self.follower.at() < head {
                    let Some(run) = self.follower.run().await.map_err(|_| unavailable())? else { break };
                    self.send_bytes(run.frame).await?;
                }
            }
            Begin::Snapshot(reason) => self.send_snapshot(reason).await?,
        }
        let degraded = self.session.lot.degraded().borrow().clone();
        if let Some(detail) = degraded {
            self.send(&Frame::Degraded(Degraded { active: true, detail })).await?;
        }
        Ok(())
    }

    async fn send_snapshot(&mut self, reason: SnapshotReason) -> Result<(), End> {
        // Without a turn, a storm of returning clients would each hold the whole lot in memory; without an end to it, those who read
        // slowly would keep everybody else waiting.
        let turn = tokio::time::timeout(LARGE_FRAME_TIMEOUT, LARGE_FRAMES.acquire()).await;
        let _turn = turn.map_err(|_| unavailable())?.map_err(|_| End::Gone)?;
        let audience = self.session.audience;
        // The frame is put together after the lot was looked at, so that a large one does not hold up the next commit.
        let (head, list) =
            self.session.lot.read_with_list(audience, |state, list| (SnapshotHead::of(state, audience, reason), list));
        let seq = head.seq;
        let frame = head.frame(&list);
        let frame = frame.map_err(|_| unavailable())?;
        tokio::time::timeout(LARGE_FRAME_TIMEOUT, self.send_bytes(frame)).await.map_err(|_| End::Gone)??;
        self.follower.skip_to(seq);
        Ok(())
    }

    async fn follow(&mut self) -> End {
        // The token may have ended between the handshake and here.
        if let Err(end) = self.check_token() {
            return end;
        }
        let mut heartbeat = tokio::time::interval(Duration::from_secs(HEARTBEAT_S));
        heartbeat.reset();
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut degraded = self.session.lot.degraded();
        let mut in_a_row = 0;
        loop {
            if let Err(end) = self.heed(&mut degraded).await {
                return end;
            }
            if let Err(end) = self.send_waiting().await {
                return end;
            }
            // Events first, which is cheap; but under load there are always some, so after a few of them the others get their turn. A
            // stop, a token's end and a failing database wake the follower as well (`Hub::nudge`): an event need not look for each.
            let step = tokio::select! {
                biased;
                is_there = self.follower.changed(), if in_a_row < EVENTS_IN_A_ROW_MAX => {
                    in_a_row += 1;
                    if is_there { Ok(()) } else { Err(lot_gone()) }
                }
                _ = heartbeat.tick() => self.beat().await,
                message = self.stream.next() => self.hear(message),
                () = std::future::ready(()), if in_a_row == EVENTS_IN_A_ROW_MAX => {
                    in_a_row = 0;
                    Ok(())
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Acts on what is not an event: a stop, a token's end, writes that began to fail or work again.
    async fn heed(&mut self, degraded: &mut watch::Receiver<Option<String>>) -> Result<(), End> {
        if self.session.stop.is_cancelled() {
            return Err(stopping());
        }
        if self.session.tokens_changed.has_changed().unwrap_or(false) {
            self.session.tokens_changed.mark_unchanged();
            self.check_token()?;
        }
        if degraded.has_changed().unwrap_or(false) {
            let detail = degraded.borrow_and_update().clone();
            let active = detail.is_some();
            let detail = detail.unwrap_or_else(|| "writes work again".into());
            self.send(&Frame::Degraded(Degraded { active, detail })).await?;
        }
        Ok(())
    }

    /// Sends everything that waits, or what it comes to when it is too much.
    async fn send_waiting(&mut self) -> Result<(), End> {
        loop {
            match self.follower.backlog() {
                Backlog::Held { events: 0, .. } => return Ok(()),
                Backlog::Held { events, bytes } if events <= QUEUE_EVENTS_MAX && bytes <= QUEUE_BYTES_MAX => {
                    let Some(run) = self.follower.run().await.map_err(|_| unavailable())? else { return Ok(()) };
                    self.send_bytes(run.frame).await?;
                }
                Backlog::Held { .. } => self.collapse().await?,
                Backlog::Gone => return Err(slow()),
            }
        }
    }

    async fn collapse(&mut self) -> Result<(), End> {
        if self.lags_since.elapsed() > LAG_WINDOW {
            (self.lags, self.lags_since) = (0, Instant::now());
        }
        self.lags += 1;
        if self.lags > LAGS_MAX {
            return Err(slow());
        }
        let from = self.follower.at();
        let mut lagged = self.session.lot.read(|state| lagged(state, from, self.session.audience));
        // The state is ahead of what is announced for a moment, and only what was announced says which slots are gone.
        let announced = tokio::time::timeout(SEND_TIMEOUT, self.follower.announced(lagged.to)).await.is_ok();
        let deleted = self.session.lot.hub().deleted(from, lagged.to);
        lagged.deleted = deleted.filter(|_| announced).ok_or_else(slow)?;
        let to = lagged.to;
        self.send(&Frame::Lagged(Box::new(lagged))).await?;
        self.follower.skip_to(to);
        Ok(())
    }

    fn hear(&mut self, message: Option<Result<Message, WsError>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(_) | Message::Binary(_))) => Err(End::Bye {
                code: close::PROTOCOL,
                reason: "this socket only sends: make changes over REST",
                retry_after_ms: None,
            }),
            // Pings are answered by the library, with the next flush.
            Some(Ok(Message::Close(_))) | None | Some(Err(_)) => Err(End::Gone),
            Some(Ok(_)) => {
                self.heard = Instant::now();
                Ok(())
            }
        }
    }

    fn check_token(&self) -> Result<(), End> {
        match &self.session.token {
            Some(token) if !self.session.auth.is_valid(token) => {
                Err(End::Bye { code: close::BAD_TOKEN, reason: "the token is no longer valid", retry_after_ms: None })
            }
            _ => Ok(()),
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        // A token can also end by its own date, which nobody announces.
        self.check_token()?;
        if self.heard.elapsed() > Duration::from_secs(HEARTBEAT_S).mul_f64(DEAD_INTERVALS) {
            return Err(End::Bye { code: close::NO_PONG, reason: "no pong came back", retry_after_ms: Some(0) });
        }
        self.send(&Frame::Heartbeat(Heartbeat { head: self.follower.at(), at: self.session.clock.now() })).await?;
        self.within(|stream| Box::pin(stream.send(Message::Ping(Bytes::new())))).await
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), End> {
        let bytes = serde_json::to_vec(frame).map_err(|_| unavailable())?;
        self.send_bytes(bytes.into()).await
    }

    /// Sends one frame of JSON; a large one in pieces, which the other side sees as one (RFC 6455, fragmentation).
    async fn send_bytes(&mut self, json: Bytes) -> Result<(), End> {
        if json.len() <= PIECE_BYTES {
            let text = Utf8Bytes::try_from(json).map_err(|_| unavailable())?;
            return self.within(|stream| Box::pin(stream.send(Message::Text(text)))).await;
        }
        let pieces = json.len().div_ceil(PIECE_BYTES);
        for index in 0..pieces {
            let piece = json.slice(index * PIECE_BYTES..json.len().min((index + 1) * PIECE_BYTES));
            let opcode = if index == 0 { Data::Text } else { Data::Continue };
            let frame = WsFrame::message(piece, OpCode::Data(opcode), index + 1 == pieces);
            self.within(|stream| Box::pin(stream.send(Message::Frame(frame)))).await?;
        }
        Ok(())
    }

    /// Does one thing to the stream, if the other side takes it in time.
    async fn within<'a, F>(&'a mut self, act: impl FnOnce(&'a mut Stream) -> F) -> Result<(), End>
    where
        F: Future<Output = Result<(), WsError>>,
    {
        let Self { stream, session, .. } = self;
        // A stop waits for a good-bye, but not for all that a slow reader has coming.
        let stopped = async {
            session.stop.cancelled().await;
            tokio::time::sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            biased;
            done = tokio::time::timeout(SEND_TIMEOUT, act(stream)) => match done {
                Ok(done) => Ok(done?),
                Err(_) => Err(End::Gone),
            },
            () = stopped => Err(End::Gone),
        }
    }

    async fn say_bye(&mut self, code: u16, reason: &'static str, retry_after_ms: Option<u64>) -> Result<(), End> {
        self.send(&Frame::Bye(Bye { code, reason: reason.into(), retry_after_ms })).await?;
        let close = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(reason) };
        self.stream.close(Some(close)).await?;
        // The handshake of closing: the other side answers with its own.
        while let Some(Ok(_)) = self.stream.next().await {}
        Ok(())
    }
}

fn slow() -> End {
    End::Bye { code: close::SLOW, reason: "too slow for the events of this lot", retry_after_ms: Some(SLOW_RETRY_MS) }
}

fn unavailable() -> End {
    End::Bye { code: close::SHUTDOWN, reason: "the log cannot be read right now", retry_after_ms: Some(SLOW_RETRY_MS) }
}

fn lot_gone() -> End {
    End::Bye { code: close::LOT_GONE, reason: "the lot was deleted", retry_after_ms: None }
}

fn stopping() -> End {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    // A prime step through the window spreads the clients evenly, however many there are.
    let retry_after_ms = Some(TOLD.fetch_add(1, Ordering::Relaxed) * 1_049 % RETURN_MS);
    End::Bye { code: close::SHUTDOWN, reason: "the daemon is stopping", retry_after_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_resumes_only_where_every_missed_event_can_follow() {
        let cursor = |after| Some(("e".to_string(), after));
        let of = |cursor: Option<(String, u64)>| begin(cursor.as_ref(), "e", 10_000, 100);
        assert_eq!(of(None), Begin::Snapshot(SnapshotReason::NoCursor));
        assert_eq!(of(Some(("other".into(), 9_999))), Begin::Snapshot(SnapshotReason::EpochChanged));
        assert_eq!(of(cursor(10_001)), Begin::Snapshot(SnapshotReason::Ahead));
        assert_eq!(of(cursor(98)), Begin::Snapshot(SnapshotReason::TooOld));
        assert_eq!(of(cursor(99)), Begin::Snapshot(SnapshotReason::TooMany));
        assert_eq!(of(cursor(4_999)), Begin::Snapshot(SnapshotReason::TooMany));
        assert_eq!(of(cursor(5_000)), Begin::Resume(5_000));
        assert_eq!(of(cursor(10_000)), Begin::Resume(10_000));
    }
}
