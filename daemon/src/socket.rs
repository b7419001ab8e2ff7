//! One live socket: brought up to date, handed to the fan-out of its lot, taken back when there is more to say than events, and ended with
//! a reason. Knows the protocol of design §5, but no route.
//!
//! Reading order: this file (what is said when), [`line`] (whose turn it is to write), [`fan`] (who writes the events), [`wire`] and
//! [`frames`] (the bytes).

mod begin;
mod end;
mod fan;
mod frames;
mod line;
mod wire;

pub use fan::Fans;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_api::PROTOCOL;
use parking_api::live::{Bye, DEAD_INTERVALS, Degraded, Frame, HEARTBEAT_S, Heartbeat, Hello, Resumed, SnapshotReason};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Auth, Caller};
use crate::clock::Clock;
use crate::follow::Follower;
use crate::ledger::{Audience, Backlog, LotHandle, frame};
use crate::store::Store;
use begin::{Begin, begin};
use end::End;
use fan::{Fan, Joined, Message};
use frames::{SnapshotHead, lagged};
use line::{Ear, Line};
use wire::Inbound;

/// What may wait for one socket; beyond it the events are collapsed to the newest values.
const QUEUE_EVENTS_MAX: usize = 1_024;
const QUEUE_BYTES_MAX: usize = 1024 * 1024;
/// Collapses within [`LAG_WINDOW`] before the socket is closed: such a client is better off with a snapshot later.
const LAGS_MAX: u32 = 3;
const LAG_WINDOW: Duration = Duration::from_secs(60);
/// Longest wait for a batch to be announced whose changes can be seen already.
const ANNOUNCE_TIMEOUT: Duration = Duration::from_secs(10);
/// The code of a client that leaves, which is answered (RFC 6455, 7.4.1).
const CLOSED_NORMALLY: u16 = 1000;
/// Longest time for a good-bye.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest time that a snapshot may wait for its turn, and then take.
const LARGE_FRAME_TIMEOUT: Duration = Duration::from_secs(30);
/// Large frames that are on their way at once, over all sockets.
const LARGE_FRAMES_MAX: usize = 64;

static LARGE_FRAMES: Semaphore = Semaphore::const_new(LARGE_FRAMES_MAX);

/// What one socket is about.
#[derive(Debug)]
pub struct Session {
    pub lot: Arc<LotHandle>,
    pub audience: Audience,
    /// Whose socket it is; none where reading is public.
    pub caller: Option<Caller>,
    pub auth: Auth,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub tokens_changed: watch::Receiver<u64>,
    pub stop: CancellationToken,
}

/// Why the turn is taken back from the fan-out.
enum Wake {
    /// The fan-out is stuck, or something has to be looked at again.
    Look,
    Beat,
    Heard(Option<Inbound>),
}

pub struct Socket {
    session: Session,
    line: Arc<Line>,
    ear: Ear,
    follower: Follower,
    fan: Arc<Fan>,
    _place: Joined,
    heartbeat: Interval,
    heard: Instant,
    lags: u32,
    lags_since: Instant,
    /// Why writes fail, and whether the client was told.
    degraded: watch::Receiver<Option<String>>,
    is_degraded: bool,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("session", &self.session).finish_non_exhaustive()
    }
}

impl Socket {
    /// A socket whose handshake is done, and what came with it.
    pub fn new(stream: TcpStream, early: Bytes, session: Session, fans: &Fans, tasks: &TaskTracker) -> Self {
        let follower = Follower::new(session.store.clone(), Arc::clone(&session.lot), session.audience, 0);
        let (read, write) = stream.into_split();
        let line = Arc::new(Line::new(write, session.audience));
        let fan = fans.of(session.lot.id(), follower.hub(), tasks, &session.stop);
        let mut heartbeat = tokio::time::interval(Duration::from_secs(HEARTBEAT_S));
        heartbeat.reset();
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = Instant::now();
        let degraded = session.lot.degraded();
        Self {
            _place: fan.join(Arc::clone(&line)),
            ear: Ear::new(read, early),
            session,
            line,
            follower,
            fan,
            heartbeat,
            heard: now,
            lags: 0,
            lags_since: now,
            degraded,
            is_degraded: false,
        }
    }

    /// Serves the socket until it ends.
    pub async fn run(mut self, cursor: Option<(String, u64)>) {
        let mut served = self.start(cursor).await;
        while served.is_ok() {
            served = self.round().await;
        }
        if let Err(End::Bye { code, reason, retry_after_ms }) = served {
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
                while self.follower.at() < head && self.send_next().await? {}
            }
            Begin::Snapshot(reason) => self.send_snapshot(reason).await?,
        }
        Ok(())
    }

    async fn send_snapshot(&mut self, reason: SnapshotReason) -> Result<(), End> {
        // Without a turn, a storm of returning clients would each hold the whole lot in memory; without an end to it, those who read
        // slowly would keep everybody else waiting.
        let turn = tokio::time::timeout(LARGE_FRAME_TIMEOUT, LARGE_FRAMES.acquire()).await;
        let _turn = turn.map_err(|_| end::unavailable())?.map_err(|_| End::Gone)?;
        let audience = self.session.audience;
        // The frame is put together after the lot was looked at, so that a large one does not hold up the next commit.
        let (head, list) =
            self.session.lot.read_with_list(audience, |state, list| (SnapshotHead::of(state, audience, reason), list));
        let seq = head.seq;
        let frame = head.frame(&list).map_err(|_| end::unavailable())?;
        let message = wire::text(&frame);
        drop((list, frame));
        tokio::time::timeout(LARGE_FRAME_TIMEOUT, self.write(message)).await.map_err(|_| End::Gone)??;
        self.follower.skip_to(seq);
        Ok(())
    }

    /// Says what there is to say, then lets the fan-out go on until there is more than events.
    async fn round(&mut self) -> Result<(), End> {
        self.send_waiting().await?;
        if !self.line.hand_over(self.follower.at(), self.follower.hub()) {
            return Ok(());
        }
        let wake = self.wait().await;
        if let Some((at, rest)) = self.line.take_back() {
            self.follower.skip_to(at);
            self.write(rest).await?;
        }
        match wake {
            Wake::Look => Ok(()),
            Wake::Beat => self.beat().await,
            Wake::Heard(inbound) => self.hear(inbound).await,
        }
    }

    /// Waits until the turn has to be taken back. Events do not wake it.
    async fn wait(&mut self) -> Wake {
        let Self { session, line, ear, follower, heartbeat, degraded, .. } = self;
        tokio::select! {
            biased;
            () = line.stuck() => Wake::Look,
            () = session.stop.cancelled() => Wake::Look,
            () = follower.hub().over().cancelled() => Wake::Look,
            Ok(()) = session.tokens_changed.changed() => Wake::Look,
            () = session.auth.over(session.caller.as_ref()) => Wake::Look,
            Ok(()) = degraded.changed() => Wake::Look,
            inbound = ear.next() => Wake::Heard(inbound),
            _ = heartbeat.tick() => Wake::Beat,
        }
    }

    /// Sends everything that waits, or what it comes to when it is too much.
    async fn send_waiting(&mut self) -> Result<(), End> {
        loop {
            self.heed().await?;
            match self.follower.backlog() {
                Backlog::Held { events: 0, .. } => return Ok(()),
                Backlog::Held { events, bytes } if events <= QUEUE_EVENTS_MAX && bytes <= QUEUE_BYTES_MAX => {
                    self.send_next().await?;
                }
                Backlog::Held { .. } => self.collapse().await?,
                Backlog::Gone => return Err(end::slow()),
            }
        }
    }

    /// Acts on what is not an event: a stop, the log's or the token's end, writes that began to fail or work again.
    async fn heed(&mut self) -> Result<(), End> {
        if self.session.stop.is_cancelled() {
            return Err(end::stopping());
        }
        if self.follower.hub().over().is_cancelled() {
            return Err(if self.session.lot.closed().is_cancelled() { end::lot_gone() } else { end::replaced() });
        }
        self.session.tokens_changed.mark_unchanged();
        let Session { caller, auth, .. } = &self.session;
        if let Some(caller) = caller.as_ref().filter(|caller| !auth.is_valid(caller)) {
            return Err(if auth.is_only_cookie_over(caller) { end::login_over() } else { end::token_ended() });
        }
        let detail = self.degraded.borrow_and_update().clone();
        if detail.is_some() != self.is_degraded {
            self.is_degraded = detail.is_some();
            let detail = detail.unwrap_or_else(|| "writes work again".into());
            self.send(&Frame::Degraded(Degraded { active: self.is_degraded, detail })).await?;
        }
        Ok(())
    }

    /// Sends the next events, from memory or else from the database; `false` when there are none.
    async fn send_next(&mut self) -> Result<bool, End> {
        let mut message = self.fan.message(self.follower.at(), self.session.audience);
        if message.is_none() && self.follower.backlog() == Backlog::Gone {
            let entries = self.follower.stored().await.map_err(|_| end::unavailable())?;
            let bytes = || wire::text(&frame(entries.iter().map(|(_, entry)| entry)));
            message = entries.last().map(|(to, _)| Message { to: *to, bytes: bytes() });
        }
        let Some(Message { to, bytes }) = message else { return Ok(false) };
        self.write(bytes).await?;
        self.follower.skip_to(to);
        Ok(true)
    }

    async fn collapse(&mut self) -> Result<(), End> {
        if self.lags_since.elapsed() > LAG_WINDOW {
            (self.lags, self.lags_since) = (0, Instant::now());
        }
        self.lags += 1;
        if self.lags > LAGS_MAX {
            return Err(end::slow());
        }
        let from = self.follower.at();
        let mut lagged = self.session.lot.read(|state| lagged(state, from, self.session.audience));
        // The state is ahead of what is announced for a moment, and only what was announced says which slots are gone.
        let announced = tokio::time::timeout(ANNOUNCE_TIMEOUT, self.follower.announced(lagged.to)).await.is_ok();
        let deleted = self.follower.hub().deleted(from, lagged.to);
        lagged.deleted = deleted.filter(|_| announced).ok_or_else(end::slow)?;
        let to = lagged.to;
        self.send(&Frame::Lagged(Box::new(lagged))).await?;
        self.follower.skip_to(to);
        Ok(())
    }

    async fn hear(&mut self, inbound: Option<Inbound>) -> Result<(), End> {
        self.heard = Instant::now();
        match inbound {
            Some(Inbound::Pong) => Ok(()),
            Some(Inbound::Ping(payload)) => self.write(wire::pong(&payload)).await,
            Some(Inbound::Close) => {
                self.write(wire::close(CLOSED_NORMALLY, "")).await?;
                Err(End::Gone)
            }
            Some(Inbound::Data | Inbound::Broken) => Err(end::broken()),
            None => Err(End::Gone),
        }
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > Duration::from_secs(HEARTBEAT_S).mul_f64(DEAD_INTERVALS) {
            return Err(end::silent());
        }
        let heartbeat = Heartbeat { head: self.follower.at(), at: self.session.clock.now() };
        self.send(&Frame::Heartbeat(heartbeat)).await?;
        self.write(wire::ping()).await
    }

    async fn send(&self, frame: &Frame) -> Result<(), End> {
        let json = serde_json::to_vec(frame).map_err(|_| end::unavailable())?;
        self.write(wire::text(&json)).await
    }

    /// Sends all of it, if the other side takes it in time.
    async fn write(&self, bytes: Bytes) -> Result<(), End> {
        // A stop waits for a good-bye, but not for all that a slow reader has coming.
        let stopped = async {
            self.session.stop.cancelled().await;
            tokio::time::sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            biased;
            sent = self.line.send(bytes) => Ok(sent?),
            () = stopped => Err(End::Gone),
        }
    }

    async fn say_bye(&mut self, code: u16, reason: &'static str, retry_after_ms: Option<u64>) -> Result<(), End> {
        self.send(&Frame::Bye(Bye { code, reason: reason.into(), retry_after_ms })).await?;
        self.write(wire::close(code, reason)).await?;
        // The handshake of closing: the other side answers with its own.
        while let Some(Inbound::Data | Inbound::Ping(_) | Inbound::Pong) = self.ear.next().await {}
        Ok(())
    }
}
