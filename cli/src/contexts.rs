//! `parkctl context`: the servers that a person works with, by name. Talks to none of them.

use std::path::PathBuf;

use clap::Subcommand;
use parking_api::LotId;
use parking_api::client::contexts::{Context, Contexts, LOCAL};
use parking_api::client::settings::{Settings, Wishes};
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use crate::{files, prompt};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep a server under a name, with its token, its lot and its certificates
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// Use a context from now on where nothing else is said
    #[command(after_help = USE_EXAMPLES)]
    Use {
        /// Name of the context, or local
        name: String,
    },
    /// List the contexts; their tokens are not shown
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Give a context another name
    #[command(after_help = RENAME_EXAMPLES)]
    Rename {
        /// Name of the context
        from: String,
        /// Its new name
        to: String,
    },
    /// Forget a context and its token
    #[command(after_help = REMOVE_EXAMPLES)]
    Remove {
        /// Name of the context
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

const ADD_EXAMPLES: &str = "\
What is kept is said with the global options --server, --lot, --ca-file and --token-file (- is standard input).
Without --token-file the token is asked for on a terminal. It is kept in a file that nobody else can read.

Examples:
  parkctl context add north --server https://parking.example --token-file - --lot north < desk.token
  parkctl context add test --server http://127.0.0.1:8080 --use";

const USE_EXAMPLES: &str = "\
Examples:
  parkctl context use north
  parkctl context use local";

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl context list
  parkctl context list -o json";

const RENAME_EXAMPLES: &str = "\
Examples:
  parkctl context rename north n";

const REMOVE_EXAMPLES: &str = "\
Examples:
  parkctl context remove north --yes";

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// What it is called here: 1 to 32 letters, digits, - _ and .
    name: String,
    /// Use it from now on
    #[arg(long = "use")]
    is_used: bool,
    /// Take the place of a context that has this name already
    #[arg(long)]
    replace: bool,
}

/// A context as a list shows it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// It is used where nothing else is said.
    current: bool,
    server: String,
    lot: Option<LotId>,
    ca_file: Option<PathBuf>,
    /// There is a token for it.
    token: bool,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    let mut contexts = Contexts::load(&app.env)?;
    match command {
        Command::Add(args) => add(app, contexts, args).await,
        Command::List => {
            let rows = rows(app, &contexts)?;
            app.out.list(&rows, "")
        }
        Command::Use { name } => {
            demand(contexts.choose(&name)?, &name)?;
            app.out.talk(&format!("using context {name} from now on"))?;
            let louder = ["PARKCTL_CONTEXT", "PARKCTL_SERVER"].into_iter().find(|name| app.env.get(name).is_some());
            louder.map_or(Ok(()), |name| app.out.talk(&format!("but {name} is set, and counts before it")))
        }
        Command::Rename { from, to } => {
            demand(contexts.get(&from).is_some(), &from)?;
            refuse_taken(&contexts, &to, "name another, or remove that one first")?;
            contexts.rename(&from, &to)?;
            app.out.talk(&format!("context {from} is called {to} now"))
        }
        Command::Remove { name, yes } => {
            demand(contexts.get(&name).is_some(), &name)?;
            app.confirm(&format!("Forget context {name} and its token"), yes)?;
            contexts.remove(&name)?;
            app.out.talk(&format!("context {name} is forgotten"))
        }
    }
}

async fn add(app: &mut App, mut contexts: Contexts, args: AddArgs) -> Result<(), Error> {
    let Some(server) = app.global.server.clone() else {
        return Err(Error::usage("the address of the server is missing").hint("name it with --server URL"));
    };
    if !args.replace {
        refuse_taken(&contexts, &args.name, "replace it with --replace, or name another")?;
    }
    let ca_file = app.global.ca_file.as_deref().map(|path| {
        let failed = |error| Error::failed("file_unreadable", format!("cannot read {}: {error}", path.display()));
        // It is to be found from wherever the next command runs.
        path.canonicalize().map_err(failed)
    });
    let context = Context { server, lot: app.global.lot.clone(), ca_file: ca_file.transpose()? };
    let token = token(app).await?;
    contexts.add(&args.name, context, token)?;
    app.out.talk(&format!("context {} is kept", args.name))?;
    match args.is_used {
        true => {
            contexts.choose(&args.name)?;
            app.out.talk(&format!("using context {} from now on", args.name))
        }
        false => app.out.talk(&format!("use it with `parkctl context use {}`, or once with --context", args.name)),
    }
}

/// From a file, from standard input or from a person, and never from the command line.
async fn token(app: &mut App) -> Result<Option<String>, Error> {
    let text = match app.global.token_file.clone() {
        Some(path) => {
            let bytes = files::read(&path)?;
            let text = String::from_utf8_lossy(&bytes).trim().to_string();
            if text.is_empty() {
                return Err(Error::failed("file_invalid", format!("{} holds no token", files::name(&path))));
            }
            text
        }
        None if app.terminal.can_ask() => prompt::secret(app, "Token (Enter for none):").await?.trim().to_string(),
        None => String::new(),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn demand(is_there: bool, name: &str) -> Result<(), Error> {
    let what = || Error::here(Exit::NotFound, "context_not_found", format!("there is no context {name}"));
    if is_there { Ok(()) } else { Err(what().hint("see `parkctl context list`")) }
}

fn refuse_taken(contexts: &Contexts, name: &str, hint: &str) -> Result<(), Error> {
    let what = || Error::here(Exit::Conflict, "already_exists", format!("there is a context {name} already"));
    if contexts.get(name).is_some() { Err(what().hint(hint)) } else { Ok(()) }
}

fn rows(app: &App, contexts: &Contexts) -> Result<Vec<Row>, Error> {
    let here = Wishes { context: Some(LOCAL.into()), ..Wishes::default() };
    let here = Settings::resolve(&here, &app.env)?;
    let local = Row {
        name: LOCAL.into(),
        current: contexts.current() == LOCAL,
        server: here.server,
        lot: (!here.lot_from.is_default()).then_some(here.lot),
        ca_file: None,
        token: here.token_from.is_some(),
    };
    let mut rows = vec![local];
    for (name, context) in contexts.iter() {
        let Context { server, lot, ca_file } = context.clone();
        let (current, token) = (contexts.current() == name, contexts.token(name)?.is_some());
        rows.push(Row { name: name.into(), current, server, lot, ca_file, token });
    }
    Ok(rows)
}

fn current(row: &serde_json::Value, look: &Look) -> Shown {
    match row["current"].as_bool() {
        Some(true) => Shown::tinted(look.glyph("●", "*"), Tint::Green),
        _ => Shown::plain(""),
    }
}

fn token_word(word: &str, _: &Look) -> Shown {
    if word == "true" { Shown::plain("kept") } else { Shown::tinted("none", Tint::Yellow) }
}

impl Record for Row {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("now", "", Show::Record(current)).table("", 0).derived(),
            Column::new("name", "/name", Show::Text).table("CONTEXT", 0),
            Column::new("current", "/current", Show::Text),
            Column::new("server", "/server", Show::Text).table("SERVER", 0).flexible(),
            Column::new("lot", "/lot", Show::Text).table("LOT", 1),
            Column::new("token", "/token", Show::Word(token_word)).table("TOKEN", 2),
            Column::new("ca_file", "/ca_file", Show::Text).table("CERTIFICATES", 3).flexible(),
        ]
    }
}
