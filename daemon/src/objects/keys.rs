//! The keys of S3: from a file or the environment, and never shown. Knows nothing of where they open what.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Error, Result};

/// Names in the environment that hold keys and are no settings to be shown.
pub const SECRET_NAMES: [&str; 2] = ["PARKD_S3_ACCESS_KEY", "PARKD_S3_SECRET_KEY"];
const AWS_NAMES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
/// Belongs to keys that last for a while only.
const AWS_SESSION: &str = "AWS_SESSION_TOKEN";
/// More than any file of keys has, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// What proves to S3 who asks.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Keys {
    pub access: String,
    pub secret: String,
    pub session: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

/// The keys in `file`, or in the environment when there is none.
///
/// # Errors
/// When there are none, only one of the two, or others than the owner may read the file.
pub(super) fn read(file: Option<&Path>) -> Result<Keys> {
    match file {
        Some(file) => from_file(file),
        None => from_env(|name| std::env::var(name).ok().filter(|value| !value.is_empty())),
    }
}

fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<Keys> {
    for names @ [access, secret] in [SECRET_NAMES, AWS_NAMES] {
        match (get(access), get(secret)) {
            (Some(access), Some(secret)) => {
                let session = if names == AWS_NAMES { get(AWS_SESSION) } else { None };
                return Ok(Keys { access, secret, session });
            }
            (None, None) => {}
            _ => return Err(Error::Config(format!("of {access} and {secret} only one is set: set both"))),
        }
    }
    let [access, secret] = AWS_NAMES;
    Err(Error::Config(format!("there are no keys for the object store: set {access} and {secret}, or --s3-keys-file")))
}

fn from_file(file: &Path) -> Result<Keys> {
    let failed =
        |detail: String| Error::Config(format!("cannot take the keys of S3 from {}: {detail}", file.display()));
    let meta = std::fs::metadata(file).map_err(|e| failed(e.to_string()))?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(failed("others may read it: run chmod 600 on it".into()));
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err(failed(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    parse(&text).ok_or_else(|| {
        failed(
            "it must have two lines, access key and secret key, as they are or after access_key= and secret_key="
                .into(),
        )
    })
}

/// Two lines, or lines `name=value` with the names that AWS or this daemon use, in any order and case.
fn parse(text: &str) -> Option<Keys> {
    let (mut access, mut secret, mut session, mut plain) = (None, None, None, Vec::new());
    let is_noise = |line: &str| line.is_empty() || line.starts_with('#') || line.starts_with('[');
    for line in text.lines().map(str::trim).filter(|line| !is_noise(line)) {
        // A secret key may end in "=": a line is named only by a name that is known.
        let (name, value) = line.split_once('=').unwrap_or_default();
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"').to_string();
        match name.trim_start_matches("aws_").trim_start_matches("parkd_s3_") {
            "access_key" | "access_key_id" => access = Some(value),
            "secret_key" | "secret_access_key" => secret = Some(value),
            "session_token" => session = Some(value),
            _ => plain.push(line.to_string()),
        }
    }
    let (access, secret) = match (access, secret, <[String; 2]>::try_from(plain)) {
        (Some(access), Some(secret), Err(plain)) if plain.is_empty() => (access, secret),
        (None, None, Ok([access, secret])) => (access, secret),
        _ => return None,
    };
    (!access.is_empty() && !secret.is_empty()).then_some(Keys { access, secret, session })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(access: &str, secret: &str) -> Keys {
        Keys { access: access.into(), secret: secret.into(), session: None }
    }

    #[test]
    fn a_file_of_keys_is_read_in_every_form_that_people_have() {
        for text in [
            "AK\nSK=/+=\n",
            "AK\r\nSK=/+=",
            "access_key=AK\nsecret_key=SK=/+=",
            "# keys\nsecret_key = \"SK=/+=\"\n\naccess_key = AK\n",
            "[default]\naws_access_key_id = AK\naws_secret_access_key = SK=/+=\n",
            "PARKD_S3_SECRET_KEY=SK=/+=\nPARKD_S3_ACCESS_KEY=AK\n",
        ] {
            assert_eq!(parse(text), Some(keys("AK", "SK=/+=")), "{text}");
        }
        for text in ["", "AK", "AK\nSK\nmore", "access_key=\nsecret_key=x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn own_names_come_before_those_of_aws_and_half_a_pair_is_refused() {
        let from = |set: &[(&str, &str)]| {
            from_env(|name| set.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_string()))
        };
        let aws = [(AWS_NAMES[0], "a"), (AWS_NAMES[1], "s"), (AWS_SESSION, "t")];
        assert_eq!(from(&aws).expect("keys").session.as_deref(), Some("t"));
        let own = [(SECRET_NAMES[0], "x"), (SECRET_NAMES[1], "y")];
        assert_eq!(from(&[&aws[..], &own[..]].concat()).expect("keys"), keys("x", "y"));
        assert!(from(&[(SECRET_NAMES[0], "x"), aws[0], aws[1]]).is_err());
        assert!(from(&[]).is_err());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_keys_are_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("keys");
        std::fs::write(&file, "AK\nSK\n").expect("a file");
        for (mode, is_taken) in [(0o644, false), (0o640, false), (0o600, true), (0o400, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
            assert_eq!(read(Some(&file)).is_ok(), is_taken, "{mode:o}");
        }
        assert_eq!(format!("{:?}", keys("AK", "SK")), "Keys(***)");
    }
}
