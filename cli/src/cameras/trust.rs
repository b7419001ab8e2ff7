//! Whom a camera is told to trust when it is claimed: by whose key firmware is signed, and by whose certificate the daemon is known.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use improv::command::{AUTHORITY_PART_MAX, TRUST_LEN};
use improv::{Command, ErrorCode};
use parking_api::ProblemCode;
use parking_api::client::{self, Client};
use parking_api::digits::bytes_of;

use super::cable::Cable;
use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;
use crate::serial::Trouble;

/// Longest certificate that a camera keeps, in bytes.
const AUTHORITY_MAX: usize = 8 * AUTHORITY_PART_MAX;
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

#[derive(Debug, Clone, clap::Args)]
pub struct TrustArgs {
    /// Public key of whoever signs its firmware [default: that of the daemon, if it has one]
    #[arg(long, value_name = "KEY")]
    firmware_key: Option<String>,
    /// Certificate (PEM) of the authority by which the camera knows an https:// daemon [default: --ca-file]
    #[arg(long, value_name = "FILE")]
    camera_ca: Option<PathBuf>,
}

/// What a camera is told to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    key: Option<[u8; TRUST_LEN]>,
    /// As DER; empty where the daemon's certificate is one that everybody trusts, or it has none.
    authority: Vec<u8>,
}

impl Trust {
    /// Found out before anything is changed.
    pub async fn find(app: &mut App, client: &Client, args: &TrustArgs, url: &str) -> Result<Self, Error> {
        let digits = match &args.firmware_key {
            Some(digits) => Some(digits.clone()),
            None => match client.firmware_key().await {
                Ok(found) => found.key,
                // An older daemon has no firmware.
                Err(client::Error::Refused(problem)) if problem.code == ProblemCode::NotFound => None,
                Err(error) => return Err(error.into()),
            },
        };
        let key = digits.map(|digits| {
            bytes_of(digits.trim()).ok_or_else(|| {
                Error::usage(format!("{digits:?} is no public key: it has {} hexadecimal digits", 2 * TRUST_LEN))
                    .hint("`parkctl firmware keygen` prints one")
            })
        });
        let file = args.camera_ca.as_deref().or(app.global.ca_file.as_deref()).filter(|_| url.starts_with("https://"));
        Ok(Self { key: key.transpose()?, authority: file.map(certificate).transpose()?.unwrap_or_default() })
    }

    /// After the claim that it belongs to: the camera keeps all of it aside until it has worked.
    pub async fn hand_over(&self, cable: &mut Cable, doing: &str) -> Result<(), Error> {
        if let Some(key) = self.key {
            told(cable.ask(Command::Trust(key)).await, "firmware keys", doing)?;
        }
        let parts = self.authority.len().div_ceil(AUTHORITY_PART_MAX) as u8;
        for (part, bytes) in (0..).zip(self.authority.chunks(AUTHORITY_PART_MAX)) {
            told(cable.ask(Command::Authority { part, parts, bytes }).await, "certificates", doing)?;
        }
        Ok(())
    }
}

fn told<T>(answer: Result<T, Trouble>, what: &str, doing: &str) -> Result<(), Error> {
    match answer {
        Ok(_) => Ok(()),
        Err(Trouble::Refused(ErrorCode::UnknownCommand)) => {
            let message = format!("{doing}: the firmware of this camera knows nothing of {what}");
            Err(Error::here(Exit::Device, "firmware_too_old", message).hint("flash a newer one over the cable first"))
        }
        Err(trouble) => Err(trouble.at(doing)),
    }
}

/// The first certificate of a file, as DER.
fn certificate(path: &Path) -> Result<Vec<u8>, Error> {
    let text = String::from_utf8(files::read(path)?).unwrap_or_default();
    let refuse = |what: String| Error::usage(format!("{}: {what}", files::name(path)));
    let inner = text.split_once(PEM_BEGIN).and_then(|(_, rest)| rest.split_once(PEM_END));
    let der = inner
        .and_then(|(inner, _)| {
            let digits: String = inner.split_whitespace().collect();
            STANDARD.decode(digits).ok().filter(|der| !der.is_empty())
        })
        .ok_or_else(|| refuse("this is no certificate in PEM".into()))?;
    if der.len() > AUTHORITY_MAX {
        return Err(refuse(format!("the certificate has {} bytes; a camera keeps {AUTHORITY_MAX}", der.len()))
            .hint("use one with an elliptic curve, or with RSA up to 4,096 bits"));
    }
    Ok(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_out_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, format!("words\n{PEM_BEGIN}\naGVs\nbG8=\n{PEM_END}\n{PEM_BEGIN}\nAAAA\n{PEM_END}\n"))
            .expect("written");
        assert_eq!(certificate(&file).expect("the first"), b"hello");
        for bad in
            ["no certificate".into(), format!("{PEM_BEGIN}\n{PEM_END}\n"), format!("{PEM_BEGIN}\na$b=\n{PEM_END}\n")]
        {
            std::fs::write(&file, bad).expect("written");
            assert!(certificate(&file).is_err());
        }
    }

    #[test]
    fn a_camera_that_cannot_keep_keys_is_said_to_be_too_old() {
        let refused: Result<(), _> = Err(Trouble::Refused(ErrorCode::UnknownCommand));
        let said = told(refused, "firmware keys", "hand over the key").expect_err("it was not kept");
        assert!(matches!(said, Error::Here { exit: Exit::Device, code: "firmware_too_old", .. }), "{said:?}");
    }
}
