//! What can go wrong in the database, in the terms of its users. Knows nothing of HTTP.

use sqlx::postgres::PgDatabaseError;

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, is busy for too long, or refuses to write.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It can be reached, and does not write.
    #[error("the database only reads: {0}")]
    ReadOnly(String),
    /// The connection broke in a commit, and the database cannot say what became of it.
    #[error("the database went away in the middle, so that nobody knows yet whether it was done: {0}")]
    Unknown(String),
    #[error("the disk of the database is full: {0}")]
    Full(String),
    /// Rows of one batch cannot be there at the same time, although one after the other they can.
    #[error("the database refuses a row: {0}")]
    Constraint(String),
    /// What it holds is not what the daemon wrote.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// It was written by a newer `parkd`.
    #[error("{0}")]
    Incompatible(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Something in `table` that cannot be read as what it should be.
    pub(super) fn corrupt(table: &str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("table {table}: {detail}"))
    }
}

/// SQLite's primary result codes (sqlite.org/rescode.html): SQLITE_INTERRUPT, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_CONSTRAINT, SQLITE_NOTADB.
const SQLITE_INTERRUPT: i32 = 9;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_NOTADB: i32 = 26;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let said = error.to_string();
        match &error {
            sqlx::Error::Database(database) => match database.try_downcast_ref::<PgDatabaseError>() {
                Some(postgres) => of_postgres(postgres.code(), said),
                None => of_sqlite(database.code().and_then(|code| code.parse().ok()), said),
            },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Corrupt(said)
            }
            _ => Self::Unavailable(said),
        }
    }
}

fn of_sqlite(code: Option<i32>, said: String) -> Error {
    // An extended code keeps the primary one in its low byte.
    match code.map(|code| code & 0xff) {
        Some(SQLITE_INTERRUPT) => Error::Unavailable("reading takes too long: ask for less at once".into()),
        Some(SQLITE_FULL) => Error::Full(said),
        Some(SQLITE_CONSTRAINT) => Error::Constraint(said),
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Error::Corrupt(said),
        _ => Error::Unavailable(said),
    }
}

/// By SQLSTATE (the manual's appendix "PostgreSQL Error Codes").
fn of_postgres(code: &str, said: String) -> Error {
    match code {
        // disk_full
        "53100" => Error::Full(said),
        // read_only_sql_transaction
        "25006" => Error::ReadOnly(said),
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Error::Corrupt(said),
        // Classes 22, data exception, and 23, integrity constraint violation: a row is at fault, and no other suffers from it.
        _ if code.starts_with("22") || code.starts_with("23") => Error::Constraint(said),
        _ => Error::Unavailable(format!("{said} (SQLSTATE {code})")),
    }
}
