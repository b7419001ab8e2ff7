//! `parkctl`, the command line of the Smart Parking System.
//!
//! `main` parses the arguments (`args`), finds out where the daemon is (`parking_api::client::settings`), lets the noun do its work (`slots`, `lots`,
//! `captures` …), and ends with an exit code (`exit`). Data goes to stdout and talk to stderr, both through `output` alone.
//! Nothing here knows a URL or a field of the wire: that is `parking_api`.

pub mod app;
pub mod args;
pub mod backup;
pub mod cameras;
pub mod captures;
pub mod clock;
pub mod completions;
pub mod config;
pub mod contexts;
pub mod doctor;
pub mod entropy;
pub mod error;
pub mod events;
pub mod exit;
pub mod files;
pub mod firmware;
pub mod follow;
pub mod hints;
pub mod identity;
pub mod lots;
pub mod output;
pub mod pages;
pub mod picture;
pub mod prompt;
pub mod serial;
pub mod sessions;
pub mod slots;
pub mod status;
pub mod terminal;
pub mod times;
pub mod tokens;
pub mod wait;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use parking_api::client::env::Env;

use app::App;
use args::{Cli, Command, Wishes};
use error::{Error, Report};
use exit::Exit;
use output::{Format, Out};
use terminal::{Color, Terminal};

/// Runs one command; the answer is its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let env = Env::of_process();
    if let Some(told) = completions::answer(&args, &env) {
        let mut out = Out::of_process(Format::Table, &Terminal::detect(Color::Never, &env), clock::now());
        // A shell that has gone away needs no candidates.
        let _ = out.data(&told).and_then(|()| out.flush());
        return ExitCode::SUCCESS;
    }
    let wishes = Wishes::scan(&args);
    let exit = match parse(&args, wishes.color) {
        Ok(cli) => run(cli, env),
        Err(error) => refuse(&error, wishes, &env),
    };
    ExitCode::from(exit.code())
}

fn parse(args: &[OsString], color: Color) -> Result<Cli, clap::Error> {
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let matches = Cli::command().color(choice).try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

/// Ends a run whose command line asks for help or cannot be used.
fn refuse(error: &clap::Error, wishes: Wishes, env: &Env) -> Exit {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let is_mistake = !is_help && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_mistake && wishes.format.is_json() {
        let text = error.render().to_string();
        // Clap answers in paragraphs: what is wrong, tips, the usage, where to read on.
        let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
        let report = Report {
            code: "usage".into(),
            message: one_line(message.trim_start_matches("error: ")),
            hint: Some(rest.split("\n\n").map(one_line).collect::<Vec<_>>().join("; ")),
            retryable: false,
            rows: Vec::new(),
        };
        Out::of_process(wishes.format, &Terminal::detect(wishes.color, env), clock::now()).report(&report);
    } else {
        // That nobody reads the help is no failure.
        let _ = error.print();
    }
    if is_help { Exit::Ok } else { Exit::Usage }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(cli: Cli, env: Env) -> Exit {
    let mut app = App::new(cli.global, env);
    match block_on(&mut app, cli.command).and_then(|()| app.out.flush()) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            app.report(&error);
            error.exit()
        }
    }
}

fn block_on(app: &mut App, command: Command) -> Result<(), Error> {
    // The second thread is for Ctrl-C, which has to work also while the first one waits for a disk, a pipe or a person.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Error::failed("no_runtime", format!("the system gave no thread or timer: {error}")))?;
    runtime.spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
    let result = runtime.block_on(dispatch(app, command));
    runtime.shutdown_background();
    result
}

async fn dispatch(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::Slot(command) => slots::run(app, command).await,
        Command::Lot(command) => lots::run(app, command).await,
        Command::Capture(command) => captures::run(app, command).await,
        Command::Session(command) => sessions::run(app, command).await,
        Command::Camera(command) => cameras::run(app, command).await,
        Command::Firmware(command) => firmware::run(app, command).await,
        Command::Event(command) => events::run(app, command).await,
        Command::Token(command) => tokens::run(app, command).await,
        Command::Context(command) => contexts::run(app, command).await,
        Command::Wait(args) => wait::run(app, args).await,
        Command::Config(command) => config::run(app, &command),
        Command::Doctor => doctor::run(app).await,
        Command::Backup => backup::run(app),
        Command::Whoami => identity::run(app).await,
        Command::Status => status::run(app).await,
        Command::Completions(args) => completions::run(app, &args),
        Command::ExitCodes => app.out.data(exit::HELP.as_bytes()),
        Command::Environment => app.out.data(args::ENVIRONMENT.as_bytes()),
    }
}
