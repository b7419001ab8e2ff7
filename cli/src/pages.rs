//! Lists that the daemon answers page by page, put together again.

use parking_api::client::{self, Page};
use parking_api::paths::PAGE_MAX;

use crate::error::Error;
use crate::output::Out;

/// How much of a long list.
#[derive(Debug, clap::Args)]
pub struct Limit {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

/// Asks for page after page until there is enough. That more exists is said, so that nobody takes a part for the whole.
pub async fn collect<T>(
    out: &mut Out,
    limit: &Limit,
    mut ask: impl AsyncFnMut(Option<String>, usize) -> Result<Page<T>, client::Error>,
) -> Result<Vec<T>, Error> {
    let most = if limit.all { usize::MAX } else { usize::try_from(limit.limit).unwrap_or(usize::MAX) };
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = ask(cursor.take(), (most - items.len()).min(PAGE_MAX)).await?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(items);
        }
        if items.len() >= most {
            items.truncate(most);
            out.talk("there are more; see --limit and --all")?;
            return Ok(items);
        }
    }
}
