//! The environment variables of this run, read once and passed in. Does not know what they mean.

use std::collections::BTreeMap;

/// The environment; a variable that is empty counts as not set.
#[derive(Debug, Clone, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// That of this process; what is not UTF-8 is left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether glyphs beyond ASCII arrive as such, by the POSIX order of the locale variables. Where none is set the system
    /// decides: only Unix then means plain ASCII.
    pub fn is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.get(name));
        locale.map_or(cfg!(not(unix)), |locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(vars: I) -> Self {
        Self(vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        assert!(Env::from_iter([("LANG", "id_ID.UTF-8")]).is_utf8());
        assert!(Env::from_iter([("LC_CTYPE", "C.utf8"), ("LANG", "C")]).is_utf8());
        assert!(!Env::from_iter([("LC_ALL", "C"), ("LANG", "id_ID.UTF-8")]).is_utf8());
        assert!(Env::from_iter([("LC_ALL", ""), ("LANG", "id_ID.UTF-8")]).is_utf8());
    }
}
