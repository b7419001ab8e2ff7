//! A run that goes on until it is told to end, read line by line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Far longer than anything takes; only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Following {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
    /// Every line of stderr that was taken so far.
    said: Vec<String>,
}

impl Following {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let out = lines(child.stdout.take().expect("a pipe"));
        let err = lines(child.stderr.take().expect("a pipe"));
        Self { child, out, err, said: Vec::new() }
    }

    /// The next line on stdout.
    pub fn line(&mut self) -> String {
        self.out.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no further line; it said {:?}", self.said()))
    }

    /// Waits for a line on stderr that begins with `start`.
    pub fn says(&mut self, start: &str) -> String {
        loop {
            let line = self.err.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it never said {start:?} but {:?}", self.said));
            self.said.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    pub fn interrupt(&self) {
        let kill = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        assert!(kill.expect("kill runs").success());
    }

    /// Waits for the end; the lines that were not taken, and the exit code.
    pub fn end(mut self) -> (Vec<String>, Option<i32>) {
        let rest = self.out.iter().collect();
        (rest, self.child.wait().expect("it ends").code())
    }

    fn said(&mut self) -> &[String] {
        self.said.extend(self.err.try_iter());
        &self.said
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
