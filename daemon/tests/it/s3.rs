//! Real S3 servers on ports and in folders of their own, which end with the test process however it ends.

use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex};

use parkd::clock::new_id;
use parkd::objects::{Error, Objects};
use tokio::sync::OnceCell;

use crate::harness::wait_for;

/// What every server here knows its user by.
pub const ACCESS_KEY: &str = "parking-access";
pub const SECRET_KEY: &str = "parking-secret/+=";
/// Where a server looks for a free port: below those that the system gives to clients, and 10,000 below the end for SeaweedFS,
/// whose second port is the first plus that.
const PORTS: std::ops::Range<u16> = 12_000..32_000;
const SEAWEEDFS_PORT_STEP: u16 = 10_000;

/// A server.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    start: fn(&Path, u16) -> Command,
    process: Mutex<Option<Child>>,
}

/// The one rclone of this run, which no test may stop.
pub async fn rclone() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER.get_or_init(|| Server::new("rclone", rclone_command)).await
}

/// The one SeaweedFS of this run, which no test may stop.
pub async fn seaweedfs() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    SERVER.get_or_init(|| Server::new("seaweedfs", seaweedfs_command)).await
}

impl Server {
    /// An rclone of its own for a test that stops it.
    pub async fn own() -> Self {
        Self::new("own", rclone_command).await
    }

    async fn new(name: &str, start: fn(&Path, u16) -> Command) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = RUN_FOLDER.join(format!("{name}-{count}"));
        std::fs::create_dir_all(folder.join("data")).expect("a folder");
        private_file(&folder.join("keys"), &format!("{ACCESS_KEY}\n{SECRET_KEY}\n"));
        let server = Self { folder, port: free_port(), start, process: Mutex::new(None) };
        server.start().await;
        server
    }

    /// Starts the server and waits until it serves.
    pub async fn start(&self) {
        let mut command = (self.start)(&self.folder, self.port);
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        command.stdout(log.try_clone().expect("the log again")).stderr(log).stdin(Stdio::null());
        let process = spawn(command);
        *self.process.lock().expect("no panic holds it") = Some(process);
        let url = self.url("ready");
        wait_for("an S3 server that serves", async || match Objects::open(&url, Some(&self.keys_file())).await {
            // It may answer before it can do anything, but not with this.
            Err(error @ (Error::Config(_) | Error::Refused(_))) => panic!("the S3 server cannot be used: {error}"),
            opened => opened.ok(),
        })
        .await;
    }

    /// Ends it as a power cut does; what it had stored it has still.
    pub fn kill(&self) {
        let mut process = self.process.lock().expect("no panic holds it").take().expect("it runs");
        process.kill().expect("it is killed");
        process.wait().expect("it is gone");
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of one of its buckets.
    pub fn url(&self, bucket: &str) -> String {
        bucket_url(bucket, &format!("http://{}", self.address()))
    }

    /// The file with its keys.
    pub fn keys_file(&self) -> PathBuf {
        self.folder.join("keys")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.lock().is_ok_and(|process| process.is_some()) {
            self.kill();
        }
    }
}

/// The URL of a bucket behind an endpoint.
pub fn bucket_url(bucket: &str, endpoint: &str) -> String {
    format!("s3://{bucket}?endpoint={endpoint}&region=us-east-1&path_style=true")
}

/// A file that only its owner may read.
pub fn private_file(file: &Path, text: &str) {
    use std::io::Write;
    let options = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(file);
    options.and_then(|mut file| file.write_all(text.as_bytes())).expect("a private file");
}

/// Opens a bucket of its own for a test.
pub async fn bucket(server: &Server) -> (Objects, String) {
    let name = bucket_name();
    let objects = Objects::open(&server.url(&name), Some(&server.keys_file())).await;
    (objects.expect("a bucket"), name)
}

/// A name that no other test uses.
pub fn bucket_name() -> String {
    format!("test-{}", new_id())
}

/// Whether the store could not be reached, as opposed to having refused.
pub fn is_unavailable(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_))
}

fn rclone_command(folder: &Path, port: u16) -> Command {
    let mut command = tool("rclone");
    command.args(["serve", "s3", "--config", "", "--no-cleanup", "--addr", &format!("127.0.0.1:{port}")]);
    command.args(["--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")]).arg(folder.join("data"));
    command
}

fn seaweedfs_command(folder: &Path, port: u16) -> Command {
    let keys = folder.join("s3.json");
    let identity = format!(
        r#"{{"identities":[{{"name":"parking","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],
            "actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
    );
    private_file(&keys, &identity);
    let (shown, data) = (folder.display(), folder.join("data"));
    let mut command = tool("weed");
    command.arg(format!("-logdir={shown}")).args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]);
    command.arg(format!("-dir={}", data.display())).arg(format!("-s3.config={}", keys.display()));
    command.arg(format!("-s3.port={port}"));
    for (name, port) in [("master", free_port()), ("volume", free_port()), ("filer", free_port())] {
        command.arg(format!("-{name}.port={port}"));
    }
    // Ports and sockets that every instance would share, and a report to somewhere else.
    command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]);
    command.arg(format!("-s3.localSocket={shown}/s3.sock")).arg(format!("-filer.localSocket={shown}/filer.sock"));
    command.args(["-master.volumeSizeLimitMB=64", "-volume.max=1000"]);
    command
}

/// One of the servers that `.ci/tools` installs.
fn tool(name: &str) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("tmp is in the target folder");
    let program = target.join("tools/python/bin").join(name);
    assert!(program.exists(), "{} is missing: run .ci/tools", program.display());
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Starts a process that is killed when this one ends, by whatever way: the kernel does it when the thread ends that started it, so that
/// is one that never does.
pub fn spawn(command: Command) -> Child {
    type Order = (Command, mpsc::Sender<std::io::Result<Child>>);
    static STARTER: LazyLock<Mutex<mpsc::Sender<Order>>> = LazyLock::new(|| {
        let (orders, queue) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in queue {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, child) = mpsc::channel();
    STARTER.lock().expect("no panic holds it").send((command, answer)).expect("the starter waits");
    child.recv().expect("an answer").expect("setpriv starts: run .ci/tools")
}

/// The folder of everything in this run. What runs that are over left behind is removed.
static RUN_FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("s3");
    std::fs::create_dir_all(&all).expect("a folder");
    for entry in std::fs::read_dir(&all).expect("the folder") {
        let entry = entry.expect("an entry");
        if !Path::new("/proc").join(entry.file_name()).exists() {
            // Another run may be doing the same.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    all.join(std::process::id().to_string())
});

/// A port that is free now, and whose neighbour for SeaweedFS is, and that was not given to another server of this run.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<Mutex<u16>> = LazyLock::new(|| {
        let spread = std::process::id() % u32::from(PORTS.end - PORTS.start);
        Mutex::new(PORTS.start + u16::try_from(spread).expect("it is within the range"))
    });
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut next = NEXT.lock().expect("no panic holds it");
    loop {
        let port = *next;
        *next = if port + 1 == PORTS.end { PORTS.start } else { port + 1 };
        if is_free(port) && is_free(port + SEAWEEDFS_PORT_STEP) {
            return port;
        }
    }
}
