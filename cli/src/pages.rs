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

/// What there was, up to the limit.
#[derive(Debug)]
pub struct Part<T> {
    pub items: Vec<T>,
    has_more: bool,
}

impl<T> Part<T> {
    /// Says that there is more, so that nobody takes a part for the whole.
    pub fn say(&self, out: &mut Out) -> Result<(), Error> {
        if self.has_more { out.talk("there are more; see --limit and --all") } else { Ok(()) }
    }
}

/// Asks for page after page until the last, and hands each on before the next is asked for.
pub async fn each<T>(
    mut ask: impl AsyncFnMut(Option<String>, usize) -> Result<Page<T>, client::Error>,
    mut take: impl FnMut(Vec<T>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut cursor = None;
    loop {
        let page = ask(cursor.take(), PAGE_MAX).await?;
        take(page.items)?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Asks for page after page until there is enough.
pub async fn collect<T>(
    limit: &Limit,
    mut ask: impl AsyncFnMut(Option<String>, usize) -> Result<Page<T>, client::Error>,
) -> Result<Part<T>, Error> {
    let most = if limit.all { usize::MAX } else { usize::try_from(limit.limit).unwrap_or(usize::MAX) };
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = ask(cursor.take(), (most - items.len()).min(PAGE_MAX)).await?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || items.len() >= most {
            let has_more = cursor.is_some() || items.len() > most;
            items.truncate(most);
            return Ok(Part { items, has_more });
        }
    }
}
