//! A real `parkd` process on its own port and folder, stopped by its id when the test ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use parkd::store::embedded_url;
use parking_api::LotId;
use parking_api::client::{Client, Config};
use parking_api::tokens::{NewToken, Role};
use tempfile::TempDir;

use crate::postgres;

/// Longest wait for anything that should happen at once, generous because machines are shared.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Which database a daemon runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Two tests of one body, which is a function of the database: `NAME::sqlite` and `NAME::postgres`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::harness::Database::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name($crate::harness::Database::Postgres).await;
            }
        })+
    };
}
pub(crate) use on_both;

/// A daemon, and the folder that outlives its process.
#[derive(Debug)]
pub struct Parkd {
    folder: Arc<TempDir>,
    /// Where its database is, if not in the folder.
    database_url: Option<String>,
    /// What starts the program, in front of its own name; nothing for most.
    launcher: Vec<String>,
    args: Vec<String>,
    process: Option<Child>,
    url: String,
}

impl Parkd {
    /// Starts with `args` after `serve --listen 127.0.0.1:0 --data-dir …`.
    pub fn start(args: &[&str]) -> Self {
        Self::start_through(&[], args)
    }

    /// The same on a database of its own.
    pub fn start_on(database: Database, args: &[&str]) -> Self {
        let url = (database == Database::Postgres).then(postgres::database);
        Self::start_in(new_folder(), url, &[], args)
    }

    /// One more daemon on the database at `url`, with a folder of its own.
    pub fn start_at(url: &str, args: &[&str]) -> Self {
        Self::start_in(new_folder(), Some(url.into()), &[], args)
    }

    /// The same through another program that ends in becoming `parkd`, such as `bash -c 'exec "$@"' bash`.
    pub fn start_through(launcher: &[&str], args: &[&str]) -> Self {
        Self::start_in(new_folder(), None, launcher, args)
    }

    /// One more daemon on the same folder, on a port of its own.
    pub fn start_beside(&self, args: &[&str]) -> Self {
        Self::start_in(Arc::clone(&self.folder), self.database_url.clone(), &[], args)
    }

    fn start_in(folder: Arc<TempDir>, database_url: Option<String>, launcher: &[&str], args: &[&str]) -> Self {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let mut parkd = Self {
            folder,
            database_url,
            launcher: owned(launcher),
            args: owned(args),
            process: None,
            url: String::new(),
        };
        parkd.begin("127.0.0.1:0");
        parkd
    }

    fn begin(&mut self, listen: &str) {
        let mut process = self
            .on_its_database(launched(&self.launcher, self.data_dir()))
            .args(["serve", "--listen", listen])
            .args(&self.args)
            .stdout(Stdio::piped())
            .stderr(std::fs::File::options().create(true).append(true).open(self.log_file()).expect("a log file"))
            .spawn()
            .expect("parkd starts");
        let stdout = process.stdout.take().expect("standard output is piped");
        self.process = Some(process);
        let (line, first) = mpsc::channel();
        std::thread::spawn(move || {
            // Read to the end, so that the daemon never writes into a closed pipe.
            for read in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = line.send(read);
            }
        });
        let line = first.recv_timeout(PATIENCE);
        let line = line.unwrap_or_else(|_| panic!("parkd did not start:\n{}", self.log()));
        self.url = line.strip_prefix("parkd listening on ").expect("the line that says where").to_string();
    }

    fn on_its_database(&self, mut command: Command) -> Command {
        command.envs(self.database_url.iter().map(|url| ("DATABASE_URL", url)));
        command
    }

    pub fn database_url(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| embedded_url(self.data_dir()))
    }

    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("test.log")
    }

    /// What the daemon has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("an http URL")
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("parkd runs").id()
    }

    pub fn admin_token(&self) -> String {
        let text = std::fs::read_to_string(self.data_dir().join("admin.token")).expect("the admin token");
        text.trim().to_string()
    }

    /// A client with this token.
    pub fn client_with(&self, token: Option<String>) -> Client {
        self.client_of(LotId::default(), token)
    }

    /// A client of another lot than `main`.
    pub fn client_of(&self, lot: LotId, token: Option<String>) -> Client {
        let mut config = Config::new(&self.url);
        config.token = token;
        config.lot = lot;
        Client::new(config).expect("a client")
    }

    /// A client with the first admin token.
    pub fn admin(&self) -> Client {
        self.client_with(Some(self.admin_token()))
    }

    /// A client with a new token of this role.
    pub async fn client(&self, role: Role) -> Client {
        let token = self.admin().token_create(&NewToken { name: format!("test {role}"), role, expires_at: None }).await;
        self.client_with(Some(token.expect("a token").value.token))
    }

    /// SIGKILL, as a power cut does it.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("parkd runs");
        process.kill().expect("parkd is killed");
        process.wait().expect("parkd is gone");
    }

    /// SIGTERM, and its exit code once it is gone.
    pub fn stop(&mut self) -> Option<i32> {
        signal(self.pid(), "TERM");
        self.ended()
    }

    /// Waits until it is gone by itself or by a signal that was sent; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        let mut process = self.process.take().expect("parkd runs");
        let since = Instant::now();
        loop {
            if let Some(status) = process.try_wait().expect("parkd can be waited for") {
                return status.code();
            }
            if since.elapsed() > PATIENCE {
                let _ = process.kill();
                panic!("parkd did not stop:\n{}", self.log());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Starts again on the same folder and the same port.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "parkd runs still");
        let listen = self.address().to_string();
        self.begin(&listen);
    }

    /// The same folder and database again, with other settings and on a port of its own.
    pub fn again(&self, args: &[&str]) -> Self {
        assert!(self.process.is_none(), "parkd runs still");
        self.start_beside(args)
    }

    /// Runs one subcommand on its folder and database to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.on_its_database(parkd(self.data_dir())).args(args).output().expect("parkd runs")
    }

    /// `parkd verify`; panics unless every lot is sound.
    pub fn verify(&self) {
        let output = self.run(&["verify"]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the tables are not the fold of the log:\n{out}{err}");
    }
}

impl Drop for Parkd {
    #[expect(clippy::print_stderr, reason = "the test runner keeps it, and shows it when the test fails")]
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- log of parkd ---\n{}", self.log());
        }
    }
}

fn new_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary folder"))
}

/// Sends a signal to one process.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "signal {name} reaches {pid}");
}

/// `parkd` on a folder, without the environment's own settings.
pub fn parkd(data_dir: &Path) -> Command {
    launched(&[], data_dir)
}

fn launched(launcher: &[String], data_dir: &Path) -> Command {
    let mut words = launcher.iter().map(String::as_str).chain([env!("CARGO_BIN_EXE_parkd")]);
    let mut command = Command::new(words.next().expect("there is a program"));
    command.args(words);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PARKD_") || name.ends_with("_URL")) {
        command.env_remove(name);
    }
    // Not even a disk that is nearly full shall change what a test sees.
    command.current_dir(data_dir).env("PARKD_DATA_DIR", data_dir).env("PARKD_DISK_FREE_MIN", "0");
    // Tests do in a second what people do in a day.
    command.env("PARKD_WRITE_RATE", "20000").env("PARKD_UPLOAD_RATE", "500");
    command
}

/// Runs one subcommand to its end.
pub fn run(data_dir: &Path, args: &[&str]) -> Output {
    parkd(data_dir).args(args).output().expect("parkd runs")
}

/// Waits until `probe` gives something, and says what it waited for when it never does.
pub async fn wait_for<T, F>(what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let since = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
