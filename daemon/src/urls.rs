//! URLs as they may be shown.

/// The same URL with its passwords replaced, and anything else unchanged. What is not quite a URL loses rather too much than too little.
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    // A path has no user; elsewhere the last @ ends the password, whatever that has in it.
    let user = if rest.starts_with('/') { None } else { rest.rsplit_once('@') };
    let (user, place) = match user.map(|(user, place)| (user.split_once(':'), place)) {
        Some((Some((name, _)), place)) => (format!("{name}:***@"), place),
        _ => (String::new(), rest),
    };
    let (place, query) = place.split_once('?').map_or((place, None), |(place, query)| (place, Some(query)));
    let query = query.map(|query| {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}=***"),
            _ => pair.to_string(),
        });
        format!("?{}", pairs.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{user}{place}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(redacted("postgres://park:s3cret@db/lot?x=1"), "postgres://park:***@db/lot?x=1");
        assert_eq!(redacted("postgres://park:s3/c?r@et@db/lot"), "postgres://park:***@db/lot");
        assert_eq!(redacted("postgres://park@db/lot"), "postgres://park@db/lot");
        assert_eq!(
            redacted("postgres://db/lot?user=park&password=s3&x=1"),
            "postgres://db/lot?user=park&password=***&x=1"
        );
        assert_eq!(redacted("sqlite:///data/a@b:c.db"), "sqlite:///data/a@b:c.db");
    }
}
