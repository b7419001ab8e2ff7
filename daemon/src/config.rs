//! Settings: flag, then environment (and `.env`), then default. What is unknown or invalid refuses to start and says which.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use jiff::{SignedDuration, Span};
use tracing_subscriber::EnvFilter;

use crate::{firmware, objects, store, urls};

mod keeping;

pub use keeping::Keeping;

/// Settings of every subcommand that opens the lot's data.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct Storage {
    /// Folder for the database, the pictures, the admin token and what else the daemon keeps
    /// [default: the platform's data folder, such as ~/.local/share/parkd]
    #[arg(long, env = "PARKD_DATA_DIR", value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// Database, sqlite:///absolute/path.db or postgres://user:password@host/name [default: sqlite://DATA_DIR/parking.db]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", global = true)]
    pub database_url: Option<String>,

    /// Connections to a PostgreSQL database, half of them for writing
    #[arg(long, env = "PARKD_DATABASE_CONNECTIONS", value_name = "N", default_value_t = store::CONNECTIONS, global = true,
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub database_connections: u32,

    /// Where pictures are kept: file:///folder or s3://bucket?endpoint=https://host&region=…[&path_style=false][&create=false]
    /// [default: file://DATA_DIR/parking-images]
    #[arg(long, env = "OBJECTS_URL", value_name = "URL", global = true)]
    pub objects_url: Option<String>,

    /// File with the access key and the secret key of S3, one a line, for its owner alone to read
    /// [default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or PARKD_S3_ACCESS_KEY and PARKD_S3_SECRET_KEY]
    #[arg(long, env = "PARKD_S3_KEYS_FILE", value_name = "FILE", global = true)]
    pub s3_keys_file: Option<PathBuf>,
}

/// Settings of `parkd serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address to listen on; port 0 takes a free one, and the line on standard output says which
    #[arg(long, env = "PARKD_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Let anyone read slots, figures and live events without a token (never images, sessions or cameras)
    #[arg(long, env = "PARKD_PUBLIC_READ", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set)]
    pub public_read: bool,

    /// Origins besides the daemon's own that may open a live socket, such as https://lot.example; comma-separated
    #[arg(long, env = "PARKD_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub allowed_origins: Vec<String>,

    /// Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; comma-separated
    #[arg(long, env = "PARKD_TRUSTED_PROXIES", value_name = "ADDRESSES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// Serve a built dashboard from this folder, with every unknown path answered by its index.html
    #[arg(long, env = "PARKD_WEB_ROOT", value_name = "DIR", value_parser = folder)]
    pub web_root: Option<PathBuf>,

    /// Connections that may be open at once
    #[arg(long, env = "PARKD_CONNECTIONS_MAX", value_name = "N", default_value = "16384")]
    pub connections_max: NonZeroU32,

    /// Mutations per second that one token may make, twice as many at once; one address may make twice as many as a token
    #[arg(long, env = "PARKD_WRITE_RATE", value_name = "N", default_value = "200")]
    pub write_rate: NonZeroU32,

    /// Uploads per second that one token may make, twice as many at once
    #[arg(long, env = "PARKD_UPLOAD_RATE", value_name = "N", default_value = "5")]
    pub upload_rate: NonZeroU32,

    /// Events that are kept per lot; older ones are folded into a checkpoint
    #[arg(long, env = "PARKD_EVENTS_KEEP", value_name = "N", default_value = "1000000",
          value_parser = clap::value_parser!(u64).range(1_000..))]
    pub events_keep: u64,

    /// Who moves the bytes of pictures: the daemon, or trusted proxies by X-Accel-Redirect (see deploy/nginx/parking.conf)
    #[arg(long, env = "PARKD_IMAGES_VIA", value_name = "WHO", default_value = "daemon")]
    pub images_via: ImagesVia,

    /// Disk that pictures may take in the data folder while they wait for S3, in bytes or with K, M, G or T; 0 for none
    #[arg(long, env = "PARKD_SPOOL_MAX", value_name = "SIZE", default_value = "1G")]
    pub spool_max: Size,

    /// Whose signature on firmware is accepted and new cameras are told to trust: the public key that `parkctl firmware keygen` printed
    #[arg(long, env = "PARKD_FIRMWARE_KEY", value_name = "KEY")]
    pub firmware_key: Option<firmware::Key>,

    #[command(flatten)]
    pub keeping: Keeping,

    /// How often the database is checked, gently and by one of the daemons that share it, such as 24h or 7d
    #[arg(long, env = "PARKD_CHECK_EVERY", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub check_every: SignedDuration,

    /// After how long a camera may overrule what a person said of a slot, unless it saw the change happen, such as 15m
    #[arg(long, env = "PARKD_OVERRULE_AFTER", value_name = "TIME", default_value = "15m", value_parser = duration)]
    pub overrule_after: SignedDuration,

    /// Model by which pictures say whether slots are occupied, as `parkd occupancy train` writes it [default: the one that this parkd has]
    #[arg(long, env = "PARKD_OCCUPANCY_MODEL", value_name = "FILE")]
    pub occupancy_model: Option<PathBuf>,

    /// How long a start waits for a database on a server that is not there yet, such as 30s
    #[arg(long, env = "PARKD_DATABASE_WAIT", value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub database_wait: SignedDuration,

    /// Form of the log on standard error
    #[arg(long, env = "PARKD_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug, trace, or a filter such as parkd::http=debug
    #[arg(long, env = "PARKD_LOG", value_name = "FILTER", default_value = "info", value_parser = filter)]
    pub log: String,

    /// Run a believable day on a lot `demo`, seen by two drawn cameras; only in a data folder without real data
    #[arg(long, env = "PARKD_DEMO", value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", action = clap::ArgAction::Set)]
    pub demo: bool,

    /// How many times faster than the clock the demo's day goes by
    #[arg(long, env = "PARKD_DEMO_SPEED", value_name = "FACTOR", default_value = "30", value_parser = speed)]
    pub demo_speed: f64,
}

/// Who moves the bytes of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImagesVia {
    Daemon,
    Accel,
}

/// So many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

impl Size {
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" => 0,
            "K" | "KIB" => 10,
            "M" | "MIB" => 20,
            "G" | "GIB" => 30,
            "T" | "TIB" => 40,
            _ => return Err("use a number of bytes, or one with K, M, G or T such as 512M".into()),
        };
        let bytes = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
        bytes.map(Self).ok_or_else(|| "use a whole number of bytes, such as 512M".into())
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Where everything is, with the defaults worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub data_dir: PathBuf,
    pub database_url: String,
    pub database_connections: u32,
    pub objects_url: String,
    pub s3_keys_file: Option<PathBuf>,
}

impl Storage {
    /// # Errors
    /// When there is no data folder to be had, or a URL's scheme is none that is supported.
    pub fn places(&self) -> Result<Places, String> {
        let data_dir = match &self.data_dir {
            Some(folder) => std::path::absolute(folder).map_err(|e| format!("--data-dir {}: {e}", folder.display()))?,
            None => data_dir_default()?,
        };
        let database_url = self.database_url.clone().unwrap_or_else(|| store::embedded_url(&data_dir));
        if !store::is_supported(&database_url) {
            return Err(format!(
                "DATABASE_URL {} is not supported: use sqlite:///absolute/path.db or postgres://user:password@host/name",
                urls::redacted(&database_url)
            ));
        }
        let objects_url =
            self.objects_url.clone().unwrap_or_else(|| objects::folder_url(&data_dir.join("parking-images")));
        objects::check_url(&objects_url)?;
        let (database_connections, s3_keys_file) = (self.database_connections, self.s3_keys_file.clone());
        Ok(Places { data_dir, database_url, database_connections, objects_url, s3_keys_file })
    }
}

impl Places {
    /// Creates the data folder. What is in it makes whoever can read it an admin: it is its owner's alone.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn prepare(&self) -> Result<(), String> {
        let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data_dir);
        created.map_err(|e| format!("cannot create the data folder {}: {e}", self.data_dir.display()))
    }

    /// Where the first admin token is, for its owner alone to read.
    pub fn admin_token(&self) -> PathBuf {
        self.data_dir.join("admin.token")
    }

    /// Where the address of the running daemon is, for clients of the same user.
    pub fn address(&self) -> PathBuf {
        self.data_dir.join("parkd.url")
    }

    /// Where pictures wait for S3.
    pub fn spool(&self) -> PathBuf {
        self.data_dir.join("spool")
    }

    /// Where small versions of pictures are.
    pub fn thumbnails(&self) -> PathBuf {
        self.data_dir.join("thumbnails")
    }

    /// Where the lot is named that clients mean when they name none.
    pub fn default_lot(&self) -> PathBuf {
        self.data_dir.join("lot")
    }
}

/// The platform's folder for data of `parkd`.
///
/// # Errors
/// When the home folder is not known.
pub fn data_dir_default() -> Result<PathBuf, String> {
    let strategy = choose_base_strategy().map_err(|e| format!("no home folder ({e}): set --data-dir"))?;
    Ok(strategy.data_dir().join("parkd"))
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub flag: String,
    pub env: String,
    pub value: String,
    /// `flag`, `environment`, `.env` or `default`.
    pub origin: &'static str,
}

/// Every setting in `matches`, with passwords in URLs redacted. `from_file` are the names that `.env` set.
pub fn effective(
    command: &clap::Command,
    matches: &ArgMatches,
    places: &Places,
    from_file: &BTreeSet<String>,
) -> Vec<Effective> {
    let worked_out = |id: &str| match id {
        "data_dir" => Some(places.data_dir.display().to_string()),
        "database_url" => Some(places.database_url.clone()),
        "objects_url" => Some(places.objects_url.clone()),
        _ => None,
    };
    let args = command.get_arguments().filter_map(|arg| Some((arg, arg.get_env()?, arg.get_long()?)));
    args.map(|(arg, env, long)| {
        let id = arg.get_id().as_str();
        let raw = matches.try_get_raw(id).ok().flatten();
        let given = raw.map(|values| values.map(|v| v.to_string_lossy()).collect::<Vec<_>>().join(","));
        let env = env.to_string_lossy().into_owned();
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) if from_file.contains(&env) => ".env",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        let value = worked_out(id).or(given).unwrap_or_default();
        Effective { flag: format!("--{long}"), env, value: urls::redacted(&value), origin }
    })
    .collect()
}

/// The file of settings beside the daemon.
const ENV_FILE: &str = ".env";

/// Reads `.env` from the working folder into the environment; what is set already stays. Returns the names that it set.
///
/// # Errors
/// When the file is there and cannot be read or understood.
pub fn read_env_file() -> Result<BTreeSet<String>, String> {
    let entries = match dotenvy::from_path_iter(ENV_FILE) {
        Ok(entries) => entries,
        Err(e) if e.not_found() => return Ok(BTreeSet::new()),
        Err(e) => return Err(format!("cannot read .env: {e}")),
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let (name, _) = entry.map_err(|e| format!("cannot read .env: {e}"))?;
        if std::env::var_os(&name).is_none() {
            names.insert(name);
        }
    }
    dotenvy::from_path(ENV_FILE).map_err(|e| format!("cannot read .env: {e}"))?;
    Ok(names)
}

/// Names in the environment that look like settings and are none.
///
/// # Errors
/// The first such name, with the nearest that exists.
pub fn refuse_unknown(command: &clap::Command) -> Result<(), String> {
    let all = std::iter::once(command).chain(command.get_subcommands());
    let known: BTreeSet<String> = all
        .flat_map(clap::Command::get_arguments)
        .filter_map(|arg| arg.get_env().map(|env| env.to_string_lossy().into_owned()))
        .chain(objects::SECRET_NAMES.map(String::from))
        .collect();
    let mut names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match names.find(|name| name.starts_with("PARKD_") && !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "{name} in the environment is not a setting of parkd; the settings are {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        )),
    }
}

fn origin(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(text.to_ascii_lowercase()),
        _ => Err("an origin is a scheme and a host, such as https://lot.example:8443, without a path".into()),
    }
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_string()).map_err(|e| e.to_string())
}

/// A length of time such as 30d or 12h.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|_| format!("{text:?} is not a length of time such as 30d or 12h"))?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(relative).map_err(|e| e.to_string())?;
    if duration.is_positive() { Ok(duration) } else { Err("it must be longer than nothing".into()) }
}

fn folder(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if path.join("index.html").is_file() {
        return Ok(path.to_path_buf());
    }
    Err("there is no index.html in this folder".into())
}

/// Slowest and fastest that the demo's day may go by.
const SPEED_MIN: f64 = 0.1;
const SPEED_MAX: f64 = 3_600.0;

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (SPEED_MIN..=SPEED_MAX).contains(&speed) => Ok(speed),
        _ => Err(format!("use a number from {SPEED_MIN} to {SPEED_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("0", 0), ("1000", 1_000), ("512M", 512 << 20), ("2g", 2 << 30), ("1GiB", 1 << 30)] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "G", "-1", "1.5G", "1 G", "99999999T", "1X"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_databases_that_are_supported_are_taken() {
        let storage = |database: &str| Storage {
            data_dir: Some("/data".into()),
            database_url: Some(database.into()),
            database_connections: store::CONNECTIONS,
            objects_url: None,
            s3_keys_file: None,
        };
        let error = storage("mysql://u:p@h/d").places().expect_err("mysql is not supported");
        assert!(error.contains("mysql://u:***@h/d"), "{error}");
        let places = storage("sqlite:///x.db").places().expect("sqlite is");
        assert_eq!(places.objects_url, "file:///data/parking-images");
        for url in ["postgres://u@h/d", "postgresql://u@h/d"] {
            assert!(storage(url).places().is_ok(), "{url}");
        }
    }
}
