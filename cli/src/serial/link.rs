//! An open port with an Improv device at its end: one question, one answer.

use std::io;
use std::time::Duration;

use improv::client::{Client, Failure, Input, Output};
use improv::{Answer, Command, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tokio_serial::{ErrorKind, SerialPort, SerialPortBuilderExt, SerialStream};

use super::boot::Sign;
use super::log::Log;
use super::trouble::Trouble;

const BAUD: u32 = 115_200;
/// Time passes for the protocol in steps of this length.
const TICK: Duration = Duration::from_millis(100);
/// A packet has 266 bytes at most; a port that does not take them in this time takes none.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the reset line is held.
const RESET_PULSE: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 1024;

/// An open port.
#[derive(Debug)]
pub struct Link {
    port: SerialStream,
    path: String,
    client: Client,
    began: Instant,
    log: Log,
    state: Option<State>,
    /// It answered something.
    is_known: bool,
    may_reset: bool,
}

/// What a question came to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reply {
    pub texts: Vec<String>,
    /// What came before, one list of texts for each.
    pub rows: Vec<Vec<String>>,
}

impl Reply {
    pub fn text(&self, index: usize) -> &str {
        self.texts.get(index).map_or("", String::as_str)
    }
}

enum Step {
    Send(Vec<u8>),
    Row(Vec<String>),
    Done(Vec<String>),
    Failed(Failure),
}

impl Link {
    /// Opens the port and lets the device run: the system raises both control lines, and a board that has them wired to its boot and
    /// reset pins is held in reset by that. DTR goes down first and RTS after it, because any other order starts it in download mode.
    pub fn open(path: &str, may_reset: bool) -> Result<Self, Trouble> {
        let mut port = tokio_serial::new(path, BAUD).open_native_async().map_err(|error| match error.kind() {
            ErrorKind::NoDevice => Trouble::Busy,
            ErrorKind::Io(io::ErrorKind::NotFound) => Trouble::Missing,
            ErrorKind::Io(io::ErrorKind::PermissionDenied) => Trouble::Denied,
            ErrorKind::Io(io::ErrorKind::ResourceBusy) => Trouble::Busy,
            _ => Trouble::Unusable(error.to_string()),
        })?;
        // Some ports have no such lines.
        let _ = port.write_data_terminal_ready(false);
        let _ = port.write_request_to_send(false);
        Ok(Self {
            port,
            path: path.into(),
            client: Client::new(),
            began: Instant::now(),
            log: Log::default(),
            state: None,
            is_known: false,
            may_reset,
        })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// Waits until the device has booted and says how far it is. One that waits for a firmware is restarted once.
    pub async fn wake(&mut self, patience: Option<Duration>) -> Result<State, Trouble> {
        let mut answer = self.ask(Command::State, patience).await;
        if answer == Err(Trouble::Download) && self.may_reset {
            let _ = self.port.write_request_to_send(true);
            tokio::time::sleep(RESET_PULSE).await;
            let _ = self.port.write_request_to_send(false);
            answer = self.ask(Command::State, patience).await;
        }
        answer?;
        self.is_known = true;
        Ok(self.state.unwrap_or(State::Ready))
    }

    /// Asks and waits for the answer, for as long as its kind may take or for `patience`.
    pub async fn ask(&mut self, command: Command<'_>, patience: Option<Duration>) -> Result<Reply, Trouble> {
        let patience_ms = patience.map(|patience| u64::try_from(patience.as_millis()).unwrap_or(u64::MAX / 2));
        let mut reply = Reply::default();
        self.log.take_sign();
        let mut steps = self.step(Input::Ask { command, patience_ms }, |_| {});
        loop {
            for step in steps {
                match step {
                    Step::Send(bytes) => self.send(&bytes).await?,
                    Step::Row(texts) => reply.rows.push(texts),
                    Step::Done(texts) => return Ok(Reply { texts, ..reply }),
                    Step::Failed(failure) => return Err(self.diagnose(failure)),
                }
            }
            match self.log.take_sign() {
                Some(Sign::Download) => return Err(Trouble::Download),
                Some(Sign::Blank) => return Err(Trouble::Blank),
                // Whoever asks for the state waits for a device that boots.
                Some(_) if command == Command::State => {}
                Some(Sign::Restarted(reason)) => return Err(Trouble::Restarted(reason)),
                Some(Sign::Brownout) => return Err(Trouble::Brownout),
                Some(Sign::Crashed) => return Err(Trouble::Crashed),
                None => {}
            }
            steps = self.hear(|_| {}).await?;
        }
    }

    /// Waits for the next lines that the device logs.
    pub async fn lines(&mut self) -> Result<Vec<String>, Trouble> {
        let mut lines = Vec::new();
        while lines.is_empty() {
            self.hear(|line| lines.push(line)).await?;
        }
        Ok(lines)
    }

    /// Listens for as long; the last thing that the device gave away, if any. A cable that is pulled is no trouble now.
    pub async fn idle(&mut self, time: Duration) -> Option<Sign> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if self.hear(|_| {}).await.is_err() {
                tokio::time::sleep_until(until).await;
            }
        }
        self.log.take_sign()
    }

    async fn hear(&mut self, on_line: impl FnMut(String)) -> Result<Vec<Step>, Trouble> {
        let mut bytes = [0; READ_BYTES];
        match timeout(TICK, self.port.read(&mut bytes)).await {
            Err(_) => Ok(self.step(Input::Tick, on_line)),
            Ok(Ok(count)) if count > 0 => {
                let mut steps = self.step(Input::Bytes(&bytes[..count]), on_line);
                steps.extend(self.step(Input::Tick, |_| {}));
                Ok(steps)
            }
            Ok(_) => Err(Trouble::Gone),
        }
    }

    fn step(&mut self, input: Input<'_>, mut on_line: impl FnMut(String)) -> Vec<Step> {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (mut steps, log, state) = (Vec::new(), &mut self.log, &mut self.state);
        self.client.step(input, now_ms, &mut |output| match output {
            Output::Send(bytes) => steps.push(Step::Send(bytes.to_vec())),
            Output::Noise(byte) => log.push(byte).into_iter().for_each(&mut on_line),
            Output::State(told) => *state = Some(told),
            Output::Row(answer) => steps.push(Step::Row(texts(answer))),
            Output::Done(answer) => steps.push(Step::Done(texts(answer))),
            Output::Failed(failure) => steps.push(Step::Failed(failure)),
        });
        steps
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        match timeout(WRITE_TIMEOUT, self.port.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Trouble::Gone),
            Err(_) => Err(Trouble::Stuck),
        }
    }

    /// What silence means depends on what was heard before.
    fn diagnose(&mut self, failure: Failure) -> Trouble {
        if failure != Failure::Silent || self.is_known {
            return failure.into();
        }
        match self.log.last_line() {
            _ if self.log.is_empty() => Trouble::Silent,
            Some(line) if !self.log.is_garbled() => Trouble::Deaf(line),
            _ => Trouble::Garbled,
        }
    }
}

fn texts(answer: Answer<'_>) -> Vec<String> {
    answer.texts().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}
