//! What can go wrong in the database, in the terms of its users. Knows nothing of HTTP.

/// Why the database did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, is busy for too long, or refuses to write.
    #[error("the database is not available: {0}")]
    Unavailable(String),
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

/// SQLite's primary result codes (sqlite.org/rescode.html): SQLITE_CORRUPT, SQLITE_FULL, SQLITE_CONSTRAINT, SQLITE_NOTADB.
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CONSTRAINT: i32 = 19;
const SQLITE_NOTADB: i32 = 26;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<i32>().ok());
        // An extended code keeps the primary one in its low byte.
        match (code.map(|code| code & 0xff), &error) {
            (Some(SQLITE_FULL), _) => Self::Full(error.to_string()),
            (Some(SQLITE_CONSTRAINT), _) => Self::Constraint(error.to_string()),
            (Some(SQLITE_CORRUPT | SQLITE_NOTADB), _) => Self::Corrupt(error.to_string()),
            (_, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_)) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
