//! What the workspace is built of, held against `deny.toml`: licences, crates that shall not be there, and where crates come from. The same
//! rules as `cargo deny check` has, for everybody who runs the tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `deny.toml` says.
struct Rules {
    allowed: Vec<String>,
    /// What a single crate may have besides.
    exceptions: BTreeMap<String, Vec<String>>,
    banned: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the daemon is in the workspace")
}

/// Every text in quotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

impl Rules {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
        // Remarks stand at the end of lines, and no value holds this sign.
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        let list = |name: &str| {
            let (_, rest) = text.split_once(&format!("\n{name} = [\n")).expect(name);
            rest.split_once("\n]").expect("the end of a list").0.to_string()
        };
        let exceptions = list("exceptions").lines().map(quoted).filter(|words| !words.is_empty()).collect::<Vec<_>>();
        let banned = list("deny").lines().filter_map(|line| quoted(line).into_iter().next()).collect();
        Self {
            allowed: quoted(&list("allow")),
            exceptions: exceptions.into_iter().map(|words| (words[0].clone(), words[1..].to_vec())).collect(),
            banned,
        }
    }

    fn allows(&self, name: &str, licence: &str) -> bool {
        let extra = self.exceptions.get(name);
        self.allowed.iter().chain(extra.into_iter().flatten()).any(|allowed| allowed == licence)
    }
}

/// Whether an SPDX expression holds when each licence in it is or is not allowed. `AND` binds more than `OR`.
fn holds(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    // Older manifests write a slash where either will do.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let is_met = either(&mut words, is_allowed);
    assert!(words.next().is_none(), "{expression:?} is no expression");
    is_met
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut is_met = both(words, is_allowed);
    while words.next_if_eq(&"OR").is_some() {
        is_met |= both(words, is_allowed);
    }
    is_met
}

fn both(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut is_met = one(words, is_allowed);
    while words.next_if_eq(&"AND").is_some() {
        is_met &= one(words, is_allowed);
    }
    is_met
}

fn one(words: &mut Words<'_>, is_allowed: &dyn Fn(&str) -> bool) -> bool {
    let word = words.next().expect("a licence");
    if word == "(" {
        let is_met = either(words, is_allowed);
        assert_eq!(words.next(), Some(")"));
        return is_met;
    }
    match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
        // An exception only gives: without it the licence is stricter.
        Some(exception) => is_allowed(&format!("{word} WITH {exception}")) || is_allowed(word),
        None => is_allowed(word),
    }
}

/// The packages that the workspace may be built of on this kind of machine.
fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--offline", "--locked", "--all-features", "--format-version", "1"]);
    command.args(["--filter-platform", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH)]);
    let output = command.current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let used: Vec<_> = nodes.iter().map(|node| &node["id"]).collect();
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages.filter(|package| used.contains(&&package["id"])).cloned().collect()
}

#[test]
fn everything_that_is_used_may_be_used() {
    let (rules, packages) = (Rules::read(), packages());
    assert!(rules.allowed.len() > 5 && rules.banned.len() > 2 && packages.len() > 100, "the rules were found");
    let mut found = Vec::new();
    for package in &packages {
        let text = |field: &str| package[field].as_str().unwrap_or_default();
        let (name, licence) = (text("name"), text("license"));
        if licence.is_empty() || !holds(licence, &|licence| rules.allows(name, licence)) {
            found.push(format!("{name} {}: its licence {licence:?} is not allowed", text("version")));
        }
        if rules.banned.iter().any(|banned| banned == name) {
            found.push(format!("{name} shall not be used"));
        }
        if package["source"].as_str().is_some_and(|source| source != CRATES_IO) {
            found.push(format!("{name} comes from {}", text("source")));
        }
        let own = package["dependencies"].as_array().into_iter().flatten().filter(|_| package["source"].is_null());
        for dependency in own.filter(|dependency| dependency["req"] == "*" && dependency["path"].is_null()) {
            found.push(format!("{name} takes any version of {}", dependency["name"]));
        }
    }
    assert!(found.is_empty(), "against deny.toml:\n{}", found.join("\n"));
}

#[test]
fn an_expression_holds_as_its_words_do() {
    let is_allowed = |licence: &str| matches!(licence, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception");
    for (expression, is_met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("(GPL-3.0 OR MIT) AND (ISC OR GPL-3.0)", true),
        ("(GPL-3.0 OR MIT) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(holds(expression, &is_allowed), is_met, "{expression}");
    }
}
