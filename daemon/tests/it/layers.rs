//! The architecture as a test: which part may know what, and how large its pieces may be. Reads the sources, nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most lines of a file, and of a function outside tests.
const FILE_LINES_MAX: usize = 450;
const FUNCTION_LINES_MAX: usize = 70;

/// A source file.
struct Source {
    /// From the root of the repository.
    path: String,
    text: String,
    /// The same without comments and texts, and without the tests at its end; every line stays where it was.
    code: String,
}

impl Source {
    /// Whether it is only there for tests.
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs" || part == "benches")
    }

    /// Lines whose code has this word, as `path:line: text`.
    fn lines_with(&self, word: &str) -> Vec<String> {
        let text = self.text.lines();
        let hits = self.code.lines().zip(text).enumerate().filter(|(_, (code, _))| has_word(code, word));
        hits.map(|(index, (_, line))| format!("{}:{}: {}", self.path, index + 1, line.trim())).collect()
    }
}

/// Whether `word` stands in `code` by itself, not as a part of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(is_part)
            && !code[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the daemon is in the workspace").to_path_buf()
}

/// Every Rust source below a folder of the repository.
fn sources(folder: &str) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                let code = without_tests(&stripped(&text));
                let path = path.strip_prefix(&root).expect("it is below").to_string_lossy().into_owned();
                found.push(Source { path, text, code });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Sources of the daemon that are below `src` and no tests.
fn daemon() -> Vec<Source> {
    let mut sources = sources("daemon/src");
    sources.retain(|source| !source.is_test());
    assert!(sources.len() > 40, "the sources were found");
    sources
}

/// Cuts off the tests, which stand last.
fn without_tests(code: &str) -> String {
    let at = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
    code[..at].to_string()
}

/// The code with every comment, text and character replaced by blanks.
fn stripped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = comment(rest).or_else(|| raw_text(rest)).or_else(|| quoted(rest)).unwrap_or(0);
        if len == 0 {
            // A name is taken whole, so that the r of `for"` is not the beginning of a raw text.
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let len = name.max(first.len_utf8());
            out.push_str(&rest[..len]);
            rest = &rest[len..];
        } else {
            out.extend(rest[..len].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[len..];
        }
    }
    out
}

/// Length of the comment that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.strip_prefix("/*").map(|inner| inner.find("*/").map_or(rest.len(), |end| end + 4))
}

/// Length of the raw text (`r#"…"#`) that `rest` begins with.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - body.len();
    Some(body.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

/// Length of the text or character that `rest` begins with. `'a` in `&'a str` is neither.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut inner = rest[1..].char_indices();
    let mut chars = 0;
    while let Some((at, c)) = inner.next() {
        if c == '\\' {
            inner.next();
        } else if c == quote {
            return Some(at + 2);
        }
        chars += 1;
        let is_escape = rest[1..].starts_with('\\');
        if quote == '\'' && chars > 1 && !is_escape {
            return None;
        }
    }
    Some(rest.len())
}

/// Name, first line and number of lines of every function.
fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !is_word || name.is_empty() {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        if let Some(len) = body_len(&code[at..]) {
            found.push((name, line, code[at..at + len].matches('\n').count() + 1));
        }
    }
    found
}

/// Length of a function up to the end of its body; `None` where it has none.
fn body_len(function: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in function.char_indices() {
        match c {
            ';' if depth == 0 => return None,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 && c == '}' {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn refuse(found: Vec<String>, why: &str) {
    assert!(found.is_empty(), "{why}:\n  {}", found.join("\n  "));
}

/// A rule's exception: the file, the word, and why.
type Exception = (&'static str, &'static str, &'static str);

/// Refuses each of `words` in `sources`, save for exceptions, each of which must be needed.
fn keep_out(sources: &[Source], words: &[&str], exceptions: &[Exception], why: &str) {
    let mut used = BTreeSet::new();
    let mut found = Vec::new();
    for source in sources {
        for word in words {
            let hits = source.lines_with(word);
            let is_excepted =
                exceptions.iter().position(|(file, excepted, _)| source.path == *file && excepted == word);
            match is_excepted {
                Some(index) if !hits.is_empty() => drop(used.insert(index)),
                _ => found.extend(hits),
            }
        }
    }
    refuse(found, why);
    let needless = exceptions.iter().enumerate().filter(|(index, _)| !used.contains(index));
    let needless: Vec<_> = needless.map(|(_, (file, word, reason))| format!("{file}: {word} ({reason})")).collect();
    refuse(needless, "these exceptions are no longer needed");
}

#[test]
fn http_is_known_to_its_own_folder_alone() {
    let mut sources = daemon();
    sources.retain(|source| !source.path.starts_with("daemon/src/http/"));
    let words = ["axum", "hyper", "hyper_util", "http_body_util", "tower", "tower_http", "utoipa_axum", "StatusCode"];
    keep_out(&sources, &words, &[], "HTTP is an adapter: the rest of the daemon does not know it");
}

#[test]
fn sql_is_known_to_the_store_alone() {
    let mut sources = daemon();
    sources.retain(|source| !source.path.starts_with("daemon/src/store/"));
    keep_out(&sources, &["sqlx"], &[], "only the store speaks SQL");
}

#[test]
fn a_decision_knows_neither_clock_nor_store_nor_socket() {
    let pure = ["ledger/state.rs", "ledger/audience.rs", "ledger/order.rs", "ledger/command.rs", "plan.rs"];
    let mut sources = daemon();
    sources.retain(|source| {
        let path = source.path.strip_prefix("daemon/src/").unwrap_or_default();
        path.starts_with("ledger/decide/")
            || path.starts_with("captures/probe")
            || path.starts_with("occupancy/")
            || pure.contains(&path)
    });
    assert!(sources.len() > 12, "the pure modules were found");
    let words = [
        "tokio",
        "futures_util",
        "axum",
        "hyper",
        "sqlx",
        "store",
        "objects",
        "clock",
        "now_v7",
        "new_v4",
        "rand",
        "getrandom",
        "SystemTime",
        "Instant",
        "fs",
        "env",
        "net",
        "thread",
        "tracing",
        "Mutex",
        "RwLock",
        "AtomicU64",
    ];
    keep_out(&sources, &words, &[], "a decision is a function of what it is given");
}

#[test]
fn knowledge_runs_in_one_direction() {
    let below = |folder: &str| {
        let mut sources = daemon();
        sources.retain(|source| source.path.starts_with(folder));
        assert!(!sources.is_empty(), "{folder} was found");
        sources
    };
    let keep_out_modules = |folder: &str, modules: &[&str]| {
        for source in below(folder) {
            for module in modules {
                let uses = source.code.lines().filter(|line| line.contains(&format!("crate::{module}")));
                let uses = uses.map(|line| format!("{}: {}", source.path, line.trim())).collect();
                refuse(uses, &format!("{folder} must not know {module}"));
            }
        }
    };
    let above_store = ["http", "auth", "captures", "cameras", "ledger", "objects", "socket", "serve", "config"];
    keep_out_modules("daemon/src/store/", &above_store);
    keep_out_modules("daemon/src/objects/", &["http", "auth", "captures", "cameras", "ledger", "store", "serve"]);
    keep_out_modules("daemon/src/ledger/", &["http", "auth", "captures", "cameras", "objects", "socket", "serve"]);
    keep_out_modules("daemon/src/captures/", &["http", "auth", "socket", "serve", "config"]);
    keep_out_modules("daemon/src/auth/", &["http", "captures", "cameras", "objects", "socket", "serve", "config"]);
    keep_out_modules("daemon/src/http/", &["serve", "commands", "config", "demo"]);
}

#[test]
fn nothing_is_printed_past_a_writer_and_nothing_is_left_undone() {
    let mut sources: Vec<_> = ["daemon", "cli"].into_iter().flat_map(sources).collect();
    // A build script talks to cargo by printing.
    sources.retain(|source| !source.is_test() && !source.path.ends_with("/build.rs"));
    let macros = ["println!", "eprintln!", "print!", "eprint!", "dbg!", "todo!", "unimplemented!"];
    let words: Vec<_> = macros.iter().map(|name| name.trim_end_matches('!')).collect();
    let mut found = Vec::new();
    for source in &sources {
        for (name, word) in macros.iter().zip(&words) {
            let hits = source.code.lines().enumerate().filter(|(_, line)| line.contains(name) && has_word(line, word));
            found.extend(hits.map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim())));
        }
    }
    refuse(found, "write through a writer, and finish what was begun");
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_enough_to_read() {
    let all = sources("");
    assert!(all.len() > 100, "the sources were found");
    let silent = all.iter().filter(|source| !source.text.starts_with("//! "));
    refuse(silent.map(|source| source.path.clone()).collect(), "a module begins with its purpose");
    let long = all.iter().filter(|source| source.text.lines().count() > FILE_LINES_MAX);
    refuse(long.map(|source| source.path.clone()).collect(), "these files are too long: split them by meaning");
}

#[test]
fn every_function_fits_on_a_screen() {
    let mut all = sources("");
    all.retain(|source| !source.is_test());
    let mut count = 0;
    let mut found = Vec::new();
    for source in &all {
        for (name, line, lines) in functions(&source.code) {
            count += 1;
            if lines > FUNCTION_LINES_MAX {
                found.push(format!("{}:{line}: fn {name} has {lines} lines", source.path));
            }
        }
    }
    assert!(count > 500, "only {count} functions were found");
    refuse(found, "these functions are too long");
}

#[test]
fn the_reader_of_sources_is_not_fooled() {
    let source = "fn a(x: &'a str, y: [u8; 2]) -> char {\n    let s = \"fn b() { // \\\" {\"; // fn c() {\n    '{'\n}\nfn d();\n";
    let code = stripped(source);
    assert_eq!(functions(&code), [("a".to_string(), 1, 4)]);
    let odd = "r#\"axum \"# + b'\\'' + '\\n' /* axum */ + \"axum\" + axum";
    assert_eq!((stripped(odd).matches("axum").count(), stripped(odd).len()), (1, odd.len()));
    assert!(has_word("use axum::http;", "axum") && !has_word("use axum_extra;", "axum"));
}
