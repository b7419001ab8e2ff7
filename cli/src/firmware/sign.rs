//! `firmware keygen` and `firmware sign`: who vouches for an image. Needs no daemon, and best no network.

use std::path::{Path, PathBuf};

use ed25519_dalek::{Signer, SigningKey};
use parking_api::digits::{bytes_of, digits_of};
use parking_api::firmware::{BOARD_MAX, IMAGE_BYTES_MAX, KEY_DIGITS, VERSION_MAX, is_board, is_version, signed_text};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::entropy;
use crate::error::Error;
use crate::files;
use crate::output::{Column, Record, Show};

pub const KEYGEN_EXAMPLES: &str = "\
Whoever has the file can sign what your cameras run: keep it away from the daemon, and keep a copy. The public key is no secret: give it to \
the daemon (PARKD_FIRMWARE_KEY), which accepts only what this key signed and hands it to every camera that is set up from then on.

Examples:
  parkctl firmware keygen firmware.key
  parkctl firmware keygen other.key -o json";

pub const SIGN_EXAMPLES: &str = "\
Writes IMAGE.json beside the image, which `parkctl firmware add` takes with it. The image is what `espflash save-image` makes of a build.

Examples:
  parkctl firmware sign camera.bin --key firmware.key --board aithinker --version 0.2.0";

/// Where an image for the ESP32 says what it is (`esp_app_desc_t`): after its head and that of its first segment; how that begins, and
/// where its version is.
const ABOUT_AT: usize = 32;
const ABOUT_MAGIC: [u8; 4] = 0xabcd_5432_u32.to_le_bytes();
const ABOUT_VERSION_AT: usize = ABOUT_AT + 16;

#[derive(Debug, clap::Args)]
pub struct KeygenArgs {
    /// New file for the private key, readable by you alone
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// The image
    image: PathBuf,
    /// File with the private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Name of the board that it is for, as its cameras report it
    #[arg(long)]
    board: String,
    /// Its version, as the image itself will report it
    #[arg(long)]
    version: String,
}

/// A new pair of keys.
#[derive(Debug, Serialize)]
struct Made {
    file: String,
    public_key: String,
}

/// What stands beside an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub board: String,
    pub version: String,
    pub bytes: u64,
    pub sha256: String,
    pub public_key: String,
    pub signature: String,
}

pub fn keygen(app: &mut App, args: &KeygenArgs) -> Result<(), Error> {
    if args.file.exists() {
        return Err(Error::usage(format!("{} exists already", args.file.display()))
            .hint("name a new file, or remove that one: what it signed stays valid"));
    }
    let key = SigningKey::from_bytes(&entropy::bytes());
    files::write_secret(&args.file, &digits_of(key.as_bytes()))?;
    let public_key = digits_of(key.verifying_key().as_bytes());
    app.out.one(&Made { file: files::name(&args.file), public_key })
}

pub fn sign(app: &mut App, args: &SignArgs) -> Result<(), Error> {
    if !is_board(&args.board) {
        return Err(Error::usage(format!("{:?} is no board: use 1 to {BOARD_MAX} of a-z 0-9 - _", args.board)));
    }
    if !is_version(&args.version) {
        let message = format!(
            "{:?} is no version: begin with a digit, use at most {VERSION_MAX} of A-Z a-z 0-9 . + - _",
            args.version
        );
        return Err(Error::usage(message));
    }
    let image = read_image(&args.image)?;
    if let Some(own) = own_version(&image).filter(|own| *own != args.version) {
        let message = format!("{} says that it is version {own}, not {}", files::name(&args.image), args.version);
        return Err(
            Error::usage(message).hint(format!("sign it with --version {own}, or build it as {}", args.version))
        );
    }
    let text = String::from_utf8(files::read(&args.key)?).unwrap_or_default();
    let key = bytes_of::<{ KEY_DIGITS / 2 }>(text.trim()).map(|seed| SigningKey::from_bytes(&seed));
    let key = key.ok_or_else(|| {
        Error::usage(format!("{} holds no private key", files::name(&args.key)))
            .hint("make one with `parkctl firmware keygen FILE`")
    })?;
    let sha256 = digits_of(&Sha256::digest(&image));
    let bytes = image.len() as u64;
    let signature = key.sign(signed_text(&args.board, &args.version, bytes, &sha256).as_bytes());
    let manifest = Manifest {
        board: args.board.clone(),
        version: args.version.clone(),
        bytes,
        sha256,
        public_key: digits_of(key.verifying_key().as_bytes()),
        signature: digits_of(&signature.to_bytes()),
    };
    let path = manifest_path(&args.image);
    files::write(&path, format!("{}\n", serde_json::to_string_pretty(&manifest)?).as_bytes())?;
    app.out.one(&manifest)?;
    app.out.talk(&format!("signed: {}", path.display()))
}

pub fn read_image(path: &Path) -> Result<Vec<u8>, Error> {
    let image = files::read(path)?;
    let refuse = |what: &str| Err(Error::failed("image_invalid", format!("{} {what}", files::name(path))));
    match image.len() {
        0 => refuse("is empty"),
        len if len > IMAGE_BYTES_MAX => refuse(&format!("has {len} bytes; cameras have room for {IMAGE_BYTES_MAX}")),
        _ if image.starts_with(b"\x7fELF") => {
            refuse("is what cargo builds, not an image: make one with `espflash save-image --chip esp32 ELF IMAGE`")
        }
        _ => Ok(image),
    }
}

/// The version that cameras will report, where the image says one.
fn own_version(image: &[u8]) -> Option<&str> {
    image.get(ABOUT_AT..)?.strip_prefix(&ABOUT_MAGIC)?;
    let version = image.get(ABOUT_VERSION_AT..ABOUT_VERSION_AT + VERSION_MAX)?;
    let version = version.split(|byte| *byte == 0).next()?;
    str::from_utf8(version).ok().filter(|version| !version.is_empty())
}

/// `IMAGE.json`.
pub fn manifest_path(image: &Path) -> PathBuf {
    let mut path = image.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

/// What was signed of an image, held to its bytes.
pub fn read_manifest(image: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    let path = manifest_path(image);
    let hint = "sign it: `parkctl firmware sign IMAGE --key FILE --board BOARD --version VERSION`";
    let text = files::read(&path).map_err(|error| Error::usage(error.to_string()).hint(hint))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| Error::usage(format!("{}: {error}", path.display())).hint(hint))?;
    if manifest.sha256 != digits_of(&Sha256::digest(bytes)) {
        return Err(Error::usage(format!("{} is of another image than {}", path.display(), image.display())).hint(hint));
    }
    Ok(manifest)
}

impl Record for Made {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("file", "/file", Show::Text).table("FILE", 0).flexible(),
            Column::new("public_key", "/public_key", Show::Text).table("PUBLIC KEY", 0),
        ]
    }
}

impl Record for Manifest {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("board", "/board", Show::Text).table("BOARD", 0),
            Column::new("version", "/version", Show::Text).table("VERSION", 0),
            Column::new("bytes", "/bytes", Show::Number).table("BYTES", 0),
            Column::new("sha256", "/sha256", Show::Text).table("SHA-256", 1).flexible(),
            Column::new("public_key", "/public_key", Show::Text),
            Column::new("signature", "/signature", Show::Text),
        ]
    }
}
