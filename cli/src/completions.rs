//! Completions. `parkctl completions` prints a script that hands each TAB to `parkctl` itself, which answers with commands and options,
//! and with what there is at the daemon right now: slots, cameras, lots. What the daemon does not tell in time is left out.

use std::ffi::OsString;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Arg, CommandFactory, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;
use parking_api::cameras::CameraStatus;
use parking_api::client::contexts::{Contexts, LOCAL};
use parking_api::client::env::Env;
use parking_api::client::settings::{Settings, Wishes};
use parking_api::client::{self, Client, SlotQuery};
use parking_api::regions::RegionsMode;
use parking_api::sessions::{SessionKind, SessionState};
use parking_api::slots::{SlotKind, SlotState, Source};
use parking_api::tokens::Role;

use crate::app::App;
use crate::args::Cli;
use crate::error::Error;

pub const EXAMPLES: &str = "\
Slots, cameras, lots and contexts are completed as they are at that moment, if the daemon answers at once.

Examples:
  parkctl completions bash > ~/.local/share/bash-completion/completions/parkctl
  parkctl completions zsh > ~/.zfunc/_parkctl
  parkctl completions fish > ~/.config/fish/completions/parkctl.fish
  parkctl completions powershell > parkctl.ps1";

/// By which a script says that it wants to know what could follow, and for which shell.
const VARIABLE: &str = "PARKCTL_COMPLETE";
/// Longest wait for the daemon: with the start of the program less than a person notices.
const LIVE_WITHIN: Duration = Duration::from_millis(60);
/// More than that nobody reads.
const CANDIDATES_MAX: usize = 2_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which shell: bash, zsh, fish, powershell or elvish
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Elvish => "elvish",
        }
    }
}

impl ValueEnum for Shell {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Bash, Self::Zsh, Self::Fish, Self::Powershell, Self::Elvish]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

pub fn run(app: &mut App, args: &Args) -> Result<(), Error> {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(args.shell.name()) else {
        return Err(Error::usage(format!("there are no completions for {}", args.shell.name())));
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "parkctl", "parkctl", "parkctl", &mut script)?;
    app.out.data(&script)
}

/// Answers a shell that wants to know what could follow; none when nobody asked.
pub fn answer(args: &[OsString], env: &Env) -> Option<Vec<u8>> {
    let shells = Shells::builtins();
    let shell = shells.completer(env.get(VARIABLE)?)?;
    let escape = args.iter().position(|word| word == "--")?;
    let words: Vec<OsString> = args[escape + 1..].to_vec();
    let wishes = wishes(&words);
    let mut command = attach(Cli::command(), "", &wishes, env);
    let mut told = Vec::new();
    let cwd = std::env::current_dir().ok();
    // A shell shows nothing of an error, and there is nobody else to tell.
    shell.write_complete(&mut command, words, cwd.as_deref(), &mut told).ok()?;
    Some(told)
}

/// What the words before say about whom to ask.
fn wishes(words: &[OsString]) -> Wishes {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let value = |long: &str| {
        words.iter().enumerate().find_map(|(i, word)| match word.strip_prefix(long)? {
            "" => words.get(i + 1).map(ToString::to_string),
            rest => rest.strip_prefix('=').map(String::from),
        })
    };
    Wishes {
        context: value("--context"),
        server: value("--server"),
        token_file: value("--token-file").map(Into::into),
        ca_file: value("--ca-file").map(Into::into),
        lot: value("--lot").and_then(|lot| lot.parse().ok()),
        timeout: Some(LIVE_WITHIN),
    }
}

/// What there is to choose from.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Slots,
    Cameras,
    Lots,
    Zones,
    Tokens,
    Contexts,
    Words(fn() -> Vec<&'static str>),
}

macro_rules! words {
    ($($kind:ty),+) => {
        [$(|| <$kind>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()),+]
    };
}

/// Of an argument, by its noun and its id.
fn choice(noun: &str, verb: &str, arg: &Arg) -> Option<Choice> {
    let [slot_states, slot_kinds, sources, session_states, session_kinds, roles, modes] =
        words![SlotState, SlotKind, Source, SessionState, SessionKind, Role, RegionsMode];
    Some(match (noun, arg.get_id().as_str()) {
        (_, "slots" | "slot") | ("camera", "free") => Choice::Slots,
        ("camera", "mode") if verb != "health" => Choice::Words(modes),
        ("camera", "id") if verb != "create" && verb != "provision" => Choice::Cameras,
        (_, "camera") => Choice::Cameras,
        ("lot", "id") if verb != "create" => Choice::Lots,
        (_, "lot") => Choice::Lots,
        (_, "zone") => Choice::Zones,
        ("token", "token") => Choice::Tokens,
        ("context", "name" | "from") if verb != "add" => Choice::Contexts,
        (_, "context") => Choice::Contexts,
        ("session", "state") => Choice::Words(session_states),
        ("session", "kind") => Choice::Words(session_kinds),
        ("slot", "state" | "expect") => Choice::Words(slot_states),
        ("slot", "kind") => Choice::Words(slot_kinds),
        ("slot", "source") => Choice::Words(sources),
        ("token", "role") => Choice::Words(roles),
        _ => return None,
    })
}

/// Gives each argument what it can be completed with; nothing is asked before it is needed.
fn attach(command: clap::Command, path: &str, wishes: &Wishes, env: &Env) -> clap::Command {
    let (noun, verb) = path.split_once(' ').unwrap_or((path, ""));
    let command = command.mut_args(|arg| match choice(noun, verb, &arg) {
        Some(choice) => {
            let (wishes, env) = (wishes.clone(), env.clone());
            arg.add(ArgValueCandidates::new(move || candidates(choice, &wishes, &env)))
        }
        None => arg,
    });
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_string()).collect();
    names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}").trim().to_string();
        command.mut_subcommand(name, |verb| attach(verb, &path, wishes, env))
    })
}

fn candidates(choice: Choice, wishes: &Wishes, env: &Env) -> Vec<CompletionCandidate> {
    let found = match choice {
        Choice::Words(words) => words().into_iter().map(|word| (word.to_string(), None)).collect(),
        Choice::Contexts => contexts(env),
        live => ask(live, wishes, env).unwrap_or_default(),
    };
    let told = |(value, help): (String, Option<String>)| CompletionCandidate::new(value).help(help.map(Into::into));
    found.into_iter().take(CANDIDATES_MAX).map(told).collect()
}

type Found = Vec<(String, Option<String>)>;

fn contexts(env: &Env) -> Found {
    let Ok(contexts) = Contexts::load(env) else { return Found::new() };
    let mut found: Found = contexts.iter().map(|(name, about)| (name.into(), Some(about.server.clone()))).collect();
    found.push((LOCAL.into(), Some("the daemon of this machine".into())));
    found
}

fn ask(choice: Choice, wishes: &Wishes, env: &Env) -> Option<Found> {
    let client = Settings::resolve(wishes, env).ok()?.client(concat!("parkctl/", env!("CARGO_PKG_VERSION"))).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let answer = runtime.block_on(async { tokio::time::timeout(LIVE_WITHIN, live(choice, &client)).await });
    // A name that is looked up may take its time; nobody waits for it.
    runtime.shutdown_background();
    answer.ok()?.ok()
}

async fn live(choice: Choice, client: &Client) -> Result<Found, client::Error> {
    Ok(match choice {
        Choice::Slots => {
            let slots = client.slots(&SlotQuery::default()).await?;
            slots.into_iter().map(|slot| (slot.code.to_string(), Some(slot.state.to_string()))).collect()
        }
        Choice::Zones => {
            let zones = client.slot_stats().await?.zones;
            zones
                .into_iter()
                .filter_map(|zone| Some((zone.zone?, Some(format!("{} free", zone.counts.free)))))
                .collect()
        }
        Choice::Cameras => {
            let status = |status: CameraStatus| Some(status.to_string());
            client.cameras().await?.into_iter().map(|camera| (camera.id.to_string(), status(camera.status))).collect()
        }
        Choice::Lots => client.lots().await?.into_iter().map(|lot| (lot.id.to_string(), Some(lot.name))).collect(),
        Choice::Tokens => {
            let tokens = client.tokens().await?.into_iter().filter(|token| token.revoked_at.is_none());
            tokens.map(|token| (token.prefix, Some(token.name))).collect()
        }
        Choice::Contexts | Choice::Words(_) => Found::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_ask_is_read_from_the_words_before() {
        let words = ["parkctl", "--context=north", "slot", "set", "--lot", "upper", ""].map(OsString::from);
        let wishes = wishes(&words);
        assert_eq!(
            (wishes.context.as_deref(), wishes.lot.map(|lot| lot.to_string())),
            (Some("north"), Some("upper".into()))
        );
    }

    #[test]
    fn what_is_new_is_not_completed_with_what_there_is() {
        let arg = |id: &'static str| Arg::new(id);
        assert!(matches!(choice("camera", "get", &arg("id")), Some(Choice::Cameras)));
        assert!(matches!(choice("context", "use", &arg("name")), Some(Choice::Contexts)));
        for (noun, verb, id) in [("camera", "create", "id"), ("lot", "create", "id"), ("context", "add", "name")] {
            assert!(choice(noun, verb, &arg(id)).is_none(), "{noun} {verb}");
        }
    }
}
