//! Where settings come from, and above all where the admin token of this machine goes.

use tempfile::TempDir;

use super::*;

const URL: &str = "http://127.0.0.1:4711";
const SECRET: &str = "pk_secret";

/// The data directory of a daemon that runs.
fn data_dir() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join(URL_FILE), format!("{URL}\n")).expect("written");
    std::fs::write(dir.path().join(TOKEN_FILE), format!("{SECRET}\n")).expect("written");
    dir
}

fn env(dir: &TempDir, vars: &[(&str, &str)]) -> Env {
    let dir = dir.path().to_str().expect("a name");
    vars.iter().copied().chain([("PARKD_DATA_DIR", dir), ("PARKCTL_CONFIG_DIR", dir)]).collect()
}

fn with_server(server: &str) -> Wishes {
    Wishes { server: Some(server.into()), ..Wishes::default() }
}

#[test]
fn the_daemon_of_this_machine_is_found_with_its_token_and_its_lot() {
    let dir = data_dir();
    std::fs::write(dir.path().join(LOT_FILE), "demo\n").expect("written");
    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &[])).expect("found");
    assert_eq!((settings.server.as_str(), settings.lot.as_str()), (URL, "demo"));
    assert_eq!(settings.token.as_deref(), Some(SECRET));
    assert!(settings.is_local);
}

#[test]
fn the_token_of_this_machine_goes_to_its_own_daemon_and_to_no_other() {
    let dir = data_dir();
    std::fs::write(dir.path().join(LOT_FILE), "demo").expect("written");
    for same in [URL, "http://127.0.0.1:4711/", "http://localhost:4711", "HTTP://LOCALHOST:4711"] {
        let settings = Settings::resolve(&with_server(same), &env(&dir, &[])).expect("found");
        assert_eq!(settings.token.as_deref(), Some(SECRET), "{same}");
    }
    for other in [
        "http://127.0.0.1:4712",
        "http://127.0.0.1",
        "https://127.0.0.1:4711",
        "http://127.0.0.2:4711",
        "http://parking.example:4711",
        "http://127.0.0.1:4711@parking.example",
        "http://127.0.0.1:47110",
        "http://127.0.0.1:4711.parking.example",
        "http://localhost.parking.example:4711",
    ] {
        let by_flag = Settings::resolve(&with_server(other), &env(&dir, &[])).expect("resolved");
        let by_variable = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_SERVER", other)]));
        for settings in [by_flag, by_variable.expect("resolved")] {
            assert_eq!((settings.token, settings.is_local), (None, false), "{other}");
            assert_eq!(settings.lot.as_str(), "main", "{other}");
        }
    }
}

#[test]
fn without_a_running_daemon_no_token_is_sent_to_whoever_answers_at_the_default_address() {
    let dir = data_dir();
    std::fs::remove_file(dir.path().join(URL_FILE)).expect("removed");
    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &[])).expect("resolved");
    assert_eq!((settings.server.as_str(), settings.token), (SERVER_DEFAULT, None));
}

#[test]
fn a_flag_counts_before_a_variable_and_a_variable_before_a_file() {
    let dir = data_dir();
    let file = dir.path().join("other.token");
    std::fs::write(&file, "from-file\n").expect("written");
    let path = file.to_str().expect("a name");

    let vars = [("PARKCTL_TOKEN", "from-variable"), ("PARKCTL_TOKEN_FILE", path), ("PARKCTL_LOT", "north")];
    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &vars)).expect("resolved");
    assert_eq!((settings.token.as_deref(), settings.lot.as_str()), (Some("from-variable"), "north"));

    let wishes =
        Wishes { token_file: Some(file.clone()), lot: Some("south".parse().expect("an id")), ..Wishes::default() };
    let settings = Settings::resolve(&wishes, &env(&dir, &vars)).expect("resolved");
    assert_eq!((settings.token.as_deref(), settings.lot.as_str()), (Some("from-file"), "south"));

    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &vars[1..2])).expect("resolved");
    assert_eq!(settings.token.as_deref(), Some("from-file"));
}

#[test]
fn a_token_file_that_cannot_be_used_is_named_and_its_content_is_not() {
    let dir = data_dir();
    let missing = dir.path().join("none");
    let wishes = Wishes { token_file: Some(missing.clone()), ..Wishes::default() };
    let error = Settings::resolve(&wishes, &env(&dir, &[])).expect_err("there is no such file");
    assert!(error.to_string().contains(missing.to_str().expect("a name")));
    assert!(matches!(error, Error::Config { .. }));

    std::fs::write(&missing, " \n").expect("written");
    assert!(Settings::resolve(&wishes, &env(&dir, &[])).is_err());
}

#[test]
fn a_token_of_this_machine_that_is_not_readable_is_remembered_for_the_hint() {
    let dir = data_dir();
    std::fs::remove_file(dir.path().join(TOKEN_FILE)).expect("removed");
    std::fs::create_dir(dir.path().join(TOKEN_FILE)).expect("made");
    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &[])).expect("resolved");
    assert_eq!(settings.token, None);
    assert!(settings.token_missed.expect("remembered").contains(TOKEN_FILE));
}

#[test]
fn no_secret_is_shown_by_a_debug_line() {
    let dir = data_dir();
    let settings = Settings::resolve(&Wishes::default(), &env(&dir, &[])).expect("found");
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn a_lot_that_cannot_be_one_is_refused_with_its_origin() {
    let dir = data_dir();
    let error = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_LOT", "../x")])).expect_err("no lot id");
    assert!(error.to_string().starts_with("PARKCTL_LOT: "), "{error}");
}

/// A context `north` on another server, with a token, a lot and a bundle of certificates.
fn with_context(dir: &TempDir) {
    let context = Context {
        server: "https://parking.example".into(),
        lot: Some("north".parse().expect("an id")),
        ca_file: Some("/etc/parking/ca.pem".into()),
    };
    let mut contexts = Contexts::load(&env(dir, &[])).expect("none yet");
    contexts.add("north", context, Some("pk_north".into())).expect("kept");
}

fn in_context(name: &str) -> Wishes {
    Wishes { context: Some(name.into()), ..Wishes::default() }
}

#[test]
fn a_context_says_server_token_lot_and_certificates() {
    let dir = data_dir();
    with_context(&dir);
    let by_flag = Settings::resolve(&in_context("north"), &env(&dir, &[])).expect("found");
    let by_variable = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_CONTEXT", "north")]));
    Contexts::load(&env(&dir, &[])).expect("there").choose("north").expect("chosen");
    let by_choice = Settings::resolve(&Wishes::default(), &env(&dir, &[]));
    for settings in [by_flag, by_variable.expect("found"), by_choice.expect("found")] {
        assert_eq!((settings.context.as_str(), settings.server.as_str()), ("north", "https://parking.example"));
        assert_eq!((settings.token.as_deref(), settings.lot.as_str()), (Some("pk_north"), "north"));
        assert_eq!(settings.ca_file.as_deref(), Some(Path::new("/etc/parking/ca.pem")));
        assert_eq!(settings.token_from, Some(Origin::Context("north".into())));
        assert!(!settings.is_local);
    }
    let local = Settings::resolve(&in_context(LOCAL), &env(&dir, &[("PARKCTL_SERVER", "http://host")])).expect("found");
    assert_eq!((local.server.as_str(), local.token.as_deref()), (URL, Some(SECRET)));
}

#[test]
fn a_variable_counts_before_a_context_unless_a_flag_names_the_context() {
    let dir = data_dir();
    with_context(&dir);
    Contexts::load(&env(&dir, &[])).expect("there").choose("north").expect("chosen");
    let vars = env(&dir, &[("PARKCTL_LOT", "south"), ("PARKCTL_TOKEN", "pk_variable"), ("PARKCTL_TIMEOUT", "2.5")]);
    let chosen = Settings::resolve(&Wishes::default(), &vars).expect("found");
    assert_eq!((chosen.lot.as_str(), chosen.token.as_deref()), ("south", Some("pk_variable")));
    assert_eq!(
        (chosen.timeout, chosen.timeout_from),
        (Duration::from_millis(2_500), Origin::Variable("PARKCTL_TIMEOUT"))
    );
    let named = Settings::resolve(&in_context("north"), &vars).expect("found");
    assert_eq!((named.lot.as_str(), named.token.as_deref()), ("north", Some("pk_north")));
}

#[test]
fn nothing_of_a_context_goes_to_another_server() {
    let dir = data_dir();
    with_context(&dir);
    let wishes = Wishes { server: Some("https://parking.example.evil".into()), ..in_context("north") };
    let by_flag = Settings::resolve(&wishes, &env(&dir, &[])).expect("resolved");
    Contexts::load(&env(&dir, &[])).expect("there").choose("north").expect("chosen");
    let by_variable = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_SERVER", "https://host")]));
    for settings in [by_flag, by_variable.expect("resolved")] {
        assert_eq!((settings.token, settings.ca_file, settings.lot.as_str()), (None, None, "main"));
    }
    let same = Wishes { server: Some("https://Parking.example/".into()), ..in_context("north") };
    let same = Settings::resolve(&same, &env(&dir, &[])).expect("resolved");
    assert_eq!(same.token.as_deref(), Some("pk_north"));
}

#[test]
fn a_context_that_is_not_there_is_refused_with_those_that_are() {
    let dir = data_dir();
    with_context(&dir);
    let error = Settings::resolve(&in_context("south"), &env(&dir, &[])).expect_err("no such context").to_string();
    assert_eq!(error, "there is no context \"south\" (--context); there is north, local");
    let error = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_TIMEOUT", "soon")]));
    assert!(error.expect_err("no number").to_string().starts_with("PARKCTL_TIMEOUT: "));
    let minutes = Settings::resolve(&Wishes::default(), &env(&dir, &[("PARKCTL_TIMEOUT", "5m")]));
    assert_eq!(minutes.expect("a span, as --timeout takes it").timeout, Duration::from_secs(300));
}
