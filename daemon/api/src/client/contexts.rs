//! The servers that a person works with, by name: one file that says where they are, and one beside it, for its owner alone, with their
//! tokens. Sends nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Error;
use super::env::Env;
use crate::LotId;

/// The context that is always there: the daemon of this machine.
pub const LOCAL: &str = "local";
/// Longest name of a context, in characters.
pub const NAME_CHARS_MAX: usize = 32;

const CONTEXTS_FILE: &str = "contexts.json";
const TOKENS_FILE: &str = "tokens.json";

/// Where one server is, and how it is talked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    pub server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotId>,
    /// Certificates that its own must be signed by, as PEM, besides those that this machine trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// What is used where nobody says otherwise; [`LOCAL`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, Context>,
}

/// All contexts of this user. The tokens stay in their file until one is asked for.
#[derive(Debug, Clone)]
pub struct Contexts {
    /// None where no home is known: then there are none, and none can be kept.
    dir: Option<PathBuf>,
    named: Named,
}

type Tokens = BTreeMap<String, String>;

impl Contexts {
    /// From `PARKCTL_CONFIG_DIR`, else from the folder `parkctl` of the configuration.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn load(env: &Env) -> Result<Self, Error> {
        let dir = match env.get("PARKCTL_CONFIG_DIR") {
            Some(dir) => Some(dir.into()),
            None => etcetera::choose_base_strategy().ok().map(|base| base.config_dir().join("parkctl")),
        };
        let named = match &dir {
            Some(dir) => read(&dir.join(CONTEXTS_FILE))?.unwrap_or_default(),
            None => Named::default(),
        };
        Ok(Self { dir, named })
    }

    /// The file that holds them, if there is a place for one.
    pub fn file(&self) -> Option<PathBuf> {
        self.dir.as_ref().map(|dir| dir.join(CONTEXTS_FILE))
    }

    /// What is used where nobody says otherwise.
    pub fn current(&self) -> &str {
        self.named.current.as_deref().unwrap_or(LOCAL)
    }

    pub fn get(&self, name: &str) -> Option<&Context> {
        self.named.contexts.get(name)
    }

    /// By name, without [`LOCAL`].
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Context)> {
        self.named.contexts.iter().map(|(name, context)| (name.as_str(), context))
    }

    /// The token that is kept for `name`.
    ///
    /// # Errors
    /// When the file of tokens cannot be read, or others may read it too.
    pub fn token(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.tokens()?.remove(name))
    }

    /// Keeps `context` under `name`, in the place of one that has this name already; without a token none is kept for it.
    ///
    /// # Errors
    /// When the name cannot be one, or the files cannot be written.
    pub fn add(&mut self, name: &str, context: Context, token: Option<String>) -> Result<(), Error> {
        check_name(name)?;
        super::check_server(&context.server)?;
        self.named.contexts.insert(name.into(), context);
        let mut tokens = self.tokens()?;
        match token {
            Some(token) => tokens.insert(name.into(), token),
            None => tokens.remove(name),
        };
        self.save(&tokens)
    }

    /// Whether there was one to remove. What is used by default is then the daemon of this machine, if it was this one.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn remove(&mut self, name: &str) -> Result<bool, Error> {
        if self.named.contexts.remove(name).is_none() {
            return Ok(false);
        }
        self.named.current.take_if(|current| current == name);
        let mut tokens = self.tokens()?;
        tokens.remove(name);
        self.save(&tokens)?;
        Ok(true)
    }

    /// Whether there was one of the name `from`. One that is called `to` already would be lost: the caller has looked.
    ///
    /// # Errors
    /// When `to` cannot be a name, or the files cannot be written.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<bool, Error> {
        check_name(to)?;
        let Some(context) = self.named.contexts.remove(from) else { return Ok(false) };
        self.named.contexts.insert(to.into(), context);
        if self.named.current.as_deref() == Some(from) {
            self.named.current = Some(to.into());
        }
        let mut tokens = self.tokens()?;
        if let Some(token) = tokens.remove(from) {
            tokens.insert(to.into(), token);
        }
        self.save(&tokens)?;
        Ok(true)
    }

    /// Uses `name` from now on where nobody says otherwise; whether there is one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn choose(&mut self, name: &str) -> Result<bool, Error> {
        if name != LOCAL && self.get(name).is_none() {
            return Ok(false);
        }
        self.named.current = (name != LOCAL).then(|| name.into());
        self.save(&self.tokens()?)?;
        Ok(true)
    }

    fn tokens(&self) -> Result<Tokens, Error> {
        let Some(dir) = &self.dir else { return Ok(Tokens::new()) };
        let path = dir.join(TOKENS_FILE);
        if is_open_to_others(&path) {
            let path = path.display();
            return Err(refuse(format!("{path} can be read by others: take that away with `chmod 600 {path}`")));
        }
        Ok(read(&path)?.unwrap_or_default())
    }

    /// The tokens first: a context without its token can be repaired, a token without a context is forgotten in a file.
    fn save(&self, tokens: &Tokens) -> Result<(), Error> {
        let Some(dir) = &self.dir else {
            return Err(refuse("there is no folder for contexts: set HOME or PARKCTL_CONFIG_DIR".into()));
        };
        fs::create_dir_all(dir).map_err(|error| refuse(format!("cannot make {}: {error}", dir.display())))?;
        let path = dir.join(TOKENS_FILE);
        if !tokens.is_empty() || path.exists() {
            write(&path, tokens)?;
        }
        write(&dir.join(CONTEXTS_FILE), &self.named)
    }
}

fn refuse(detail: String) -> Error {
    Error::Config { detail }
}

/// What can be typed and completed without quotes, and is not [`LOCAL`].
fn check_name(name: &str) -> Result<(), Error> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let begins_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if name == LOCAL {
        return Err(refuse(format!("{LOCAL} is the daemon of this machine: give the context another name")));
    }
    if !begins_well || name.len() > NAME_CHARS_MAX || !name.bytes().all(is_plain) {
        return Err(refuse(format!(
            "{name:?} cannot be the name of a context: 1 to {NAME_CHARS_MAX} letters, digits, - _ and ., the first of them no sign"
        )));
    }
    Ok(())
}

/// None where there is no such file.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(format!("cannot read {}: {error}", path.display()))),
    };
    // Where the mistake is, and never what stands there: it may be a token.
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        refuse(format!("{} is not as parkctl writes it: line {line}, column {column}", path.display()))
    })
}

/// For its owner alone, and as a whole or as it was.
fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = serde_json::to_vec_pretty(value).map_err(io::Error::from).and_then(|mut text| {
        text.push(b'\n');
        let mut file = options.open(&part)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    written.map_err(|error| {
        // What is left of it is of no use to anybody.
        let _ = fs::remove_file(&part);
        refuse(format!("cannot write {}: {error}", path.display()))
    })
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "pk_hunter2";

    fn env(dir: &Path) -> Env {
        Env::from_iter([("PARKCTL_CONFIG_DIR", dir.to_str().expect("a name"))])
    }

    fn north() -> Context {
        Context { server: "https://parking.example".into(), lot: None, ca_file: None }
    }

    #[test]
    fn a_context_is_kept_with_its_token_until_it_is_removed() {
        let dir = tempfile::tempdir().expect("a folder");
        let env = env(&dir.path().join("not/there/yet"));
        let mut contexts = Contexts::load(&env).expect("none yet");
        assert_eq!((contexts.current(), contexts.iter().count()), (LOCAL, 0));
        contexts.add("north", north(), Some(SECRET.into())).expect("kept");
        assert!(contexts.choose("north").expect("chosen"));

        let mut again = Contexts::load(&env).expect("there");
        assert_eq!((again.current(), again.get("north")), ("north", Some(&north())));
        assert_eq!(again.token("north").expect("readable").as_deref(), Some(SECRET));
        assert!(again.rename("north", "N.1").expect("renamed"));
        assert_eq!((again.current(), again.token("N.1").expect("readable").as_deref()), ("N.1", Some(SECRET)));
        assert!(again.remove("N.1").expect("removed"));
        assert_eq!((again.current(), again.token("N.1").expect("readable")), (LOCAL, None));
        assert!(!again.remove("N.1").expect("nothing there") && !again.choose("N.1").expect("nothing there"));
    }

    #[cfg(unix)]
    #[test]
    fn tokens_are_for_their_owner_alone_and_are_refused_otherwise() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let mut contexts = Contexts::load(&env(dir.path())).expect("none yet");
        contexts.add("north", north(), Some(SECRET.into())).expect("kept");
        let path = dir.path().join(TOKENS_FILE);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(!fs::read_to_string(dir.path().join(CONTEXTS_FILE)).expect("there").contains(SECRET));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        let error = contexts.token("north").expect_err("others may read it").to_string();
        assert!(error.contains("chmod 600") && !error.contains(SECRET), "{error}");
    }

    #[test]
    fn a_name_that_could_not_be_typed_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut contexts = Contexts::load(&env(dir.path())).expect("none yet");
        for bad in ["", "-x", "a b", "a/b", LOCAL, &"x".repeat(NAME_CHARS_MAX + 1)] {
            assert!(contexts.add(bad, north(), None).is_err(), "{bad:?}");
        }
        assert!(contexts.add("x", Context { server: "parking.example".into(), ..north() }, None).is_err());
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_its_content_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(CONTEXTS_FILE), format!("{{\"token\": \"{SECRET}\"}}")).expect("written");
        let error = Contexts::load(&env(dir.path())).expect_err("an unknown field").to_string();
        assert!(error.contains(CONTEXTS_FILE) && !error.contains(SECRET), "{error}");
    }
}
