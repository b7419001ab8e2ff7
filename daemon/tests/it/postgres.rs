//! The PostgreSQL server of the tests: started by the first test that needs it, one database for each, gone with the test process.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use parkd::store::{CONNECTIONS, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::harness::PATIENCE;

/// The account that the server runs under where the tests are root, which it refuses to be.
const USER: &str = "postgres";
/// A database with the schema in it, which the others are copies of.
const TEMPLATE: &str = "template_parkd";
/// Daemons and tests of a whole run hold fewer connections than this at once.
const CONNECTIONS_MAX: u32 = 400;

/// Who wants a database, and whether the schema should be in it already.
type Request = (bool, Sender<String>);

/// The thread that owns the server. It lives as long as the process: the server is killed by the kernel when it ends, however it ends.
static SERVER: LazyLock<Mutex<Sender<Request>>> = LazyLock::new(|| {
    let (sender, receiver) = channel();
    std::thread::spawn(move || serve(&receiver));
    Mutex::new(sender)
});

/// The URL of a new database with the schema in it.
pub fn database() -> String {
    request(true)
}

/// The URL of a new database with nothing in it.
pub fn empty_database() -> String {
    request(false)
}

fn request(has_schema: bool) -> String {
    let (answer, url) = channel();
    let server = SERVER.lock().expect("nobody panics with it");
    server.send((has_schema, answer)).expect("the thread of the server lives");
    drop(server);
    url.recv().expect("PostgreSQL runs: see what its thread said above")
}

fn serve(requests: &Receiver<Request>) {
    let server = Server::start("shared");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut admin = server.connected().await;
        admin.execute(AssertSqlSafe(format!("create database {TEMPLATE}"))).await.expect("a template");
        Store::open(&server.url(TEMPLATE), CONNECTIONS).await.expect("the schema").close().await;
        for (number, (has_schema, answer)) in requests.iter().enumerate() {
            let template = if has_schema { TEMPLATE } else { "template0" };
            let create = format!("create database test_{number} template {template} strategy file_copy");
            admin.execute(AssertSqlSafe(create)).await.expect("a database");
            // A test that was aborted meanwhile wants nothing any more.
            let _ = answer.send(server.url(&format!("test_{number}")));
        }
    });
}

/// A server of a test run.
#[derive(Debug)]
pub struct Server {
    port: u16,
    folder: PathBuf,
    process: Child,
}

impl Server {
    /// A server of its own for a test that kills it, and the URL of a database there with nothing in it.
    pub async fn own() -> (Self, String) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let starting = tokio::task::spawn_blocking(move || Self::start(&number.to_string()));
        let server = starting.await.expect("PostgreSQL starts");
        let mut admin = server.connected().await;
        admin.execute("create database lot").await.expect("a database");
        let url = server.url("lot");
        (server, url)
    }

    /// SIGKILL for every process of it, and then a new start on what is on its disk.
    pub async fn kill_and_restart(&mut self) {
        let children = self.children();
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it is gone");
        children.iter().for_each(|pid| kill(*pid));
        self.process = self.launch();
        self.connected().await;
    }

    /// SIGKILL for one process that serves a client; the server then starts all of them anew.
    pub fn kill_backend(&self, index: usize) {
        let children = self.children();
        kill(children[index % children.len()]);
    }

    fn children(&self) -> Vec<u32> {
        let pid = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it runs");
        children.split_whitespace().map(|pid| pid.parse().expect("a number")).collect()
    }

    fn start(name: &str) -> Self {
        let programs = programs();
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_leftovers(parent);
        let folder = parent.join(format!("postgres-{}-{name}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder for PostgreSQL");
        if is_root() {
            let user = Path::new("/etc/passwd");
            let passwd = std::fs::read_to_string(user).expect("the accounts");
            let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
            let found =
                fields.into_iter().find(|fields| fields[0] == USER).expect("no account postgres: run .ci/tools");
            let id = |index: usize| found[index].parse().expect("a number");
            chown(&folder, Some(id(2)), Some(id(3))).expect("the folder is the server's");
        }
        let data = folder.join("data");
        let made = as_user(&programs.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "parkd", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let starter = Self::command(&folder, port);
        Self { port, folder, process: crate::s3::spawn(starter) }
    }

    fn launch(&self) -> Child {
        crate::s3::spawn(Self::command(&self.folder, self.port))
    }

    fn command(folder: &Path, port: u16) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log file");
        let mut command = as_user(&programs().join("postgres"));
        // What is committed must survive the server's own end, but not the machine's: so no fsync.
        command
            .arg("-D")
            .arg(folder.join("data"))
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum_naptime=5s"])
            .args(["-c", &format!("max_connections={CONNECTIONS_MAX}"), "-c", "shared_buffers=64MB"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://parkd@127.0.0.1:{}/{database}", self.port)
    }

    async fn connected(&self) -> PgConnection {
        let since = Instant::now();
        loop {
            match PgConnection::connect(&self.url("postgres")).await {
                Ok(connection) => return connection,
                Err(error) if since.elapsed() > PATIENCE => {
                    let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    panic!("PostgreSQL (process {}) does not answer: {error}\n{log}", self.process.id());
                }
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn kill(pid: u32) {
    // One that served a client may have ended meanwhile.
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Where the programs of PostgreSQL are: `PG_BIN`, or the newest that Debian has.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("PG_BIN") {
        // `cargo test` runs tests in the folder of their package.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        return root.join(folder);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.parent().and_then(|p| p.file_name()?.to_str()?.parse::<u32>().ok());
    let found = versions.map(|entry| entry.path().join("bin")).filter(|path| path.join("postgres").is_file());
    found.max_by_key(version).expect("there is no PostgreSQL here: run .ci/tools, or set PG_BIN")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// A program that ends when the thread that starts it does, under an account that PostgreSQL accepts.
fn as_user(program: &Path) -> Command {
    assert!(program.is_file(), "there is no {}: run .ci/tools", program.display());
    let mut command = Command::new("setpriv");
    // SIGQUIT is PostgreSQL's immediate shutdown.
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args([format!("--reuid={USER}"), format!("--regid={USER}"), "--clear-groups".into()]);
    }
    command.arg("--").arg(program);
    command
}

/// Removes what earlier runs left behind: the server dies with its run, its folder does not.
fn remove_leftovers(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("postgres-")?.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another run may be removing it as well.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
