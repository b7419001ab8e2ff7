//! The two schemas: the same tables, columns, types by meaning and indexes, save for what is listed here with its reason.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query_as, query_scalar};

use super::*;

/// Indexes that only PostgreSQL has, and why.
const POSTGRES_ONLY: [(&str, &str); 2] = [
    (
        "events_by_slot",
        "the last events of one of many slots, in a log of a year; in SQLite each change would write a page more",
    ),
    ("events_by_actor", "the same for who changed something seldom"),
];

/// One column: its type, whether it may be null, and its place in the primary key.
type Column = (String, bool, Option<i64>);

#[derive(Debug, Default, PartialEq)]
struct Schema {
    columns: BTreeMap<(String, String), Column>,
    /// By name: the table, whether it is unique, its columns, and which rows it holds.
    indexes: BTreeMap<String, (String, bool, Vec<String>, String)>,
}

/// A condition without what one database adds when it is told one.
fn plain(condition: &str) -> String {
    condition.to_lowercase().replace("::text", "").replace(['(', ')'], "").trim().to_string()
}

async fn of_sqlite(url: &str) -> Schema {
    let mut database = SqliteConnection::connect(url).await.expect("the database");
    let mut schema = Schema::default();
    let tables: Vec<String> =
        query_scalar("select name from sqlite_master where type = 'table' and name not like '\\_%' escape '\\'")
            .fetch_all(&mut database)
            .await
            .expect("tables");
    for table in tables {
        let columns: Vec<(String, String, bool, i64)> =
            query_as("select name, lower(type), \"notnull\", pk from pragma_table_info($1)")
                .bind(&table)
                .fetch_all(&mut database)
                .await
                .expect("columns");
        for (name, kind, is_required, key) in columns {
            schema.columns.insert((table.clone(), name), (kind, !is_required, (key > 0).then_some(key)));
        }
        let indexes: Vec<(String, bool, String)> = query_as(
            "select l.name, l.\"unique\", m.sql from pragma_index_list($1) l join sqlite_master m on m.name = l.name where l.origin = 'c'",
        )
        .bind(&table)
        .fetch_all(&mut database)
        .await
        .expect("indexes");
        for (name, is_unique, text) in indexes {
            let columns = query_scalar("select name from pragma_index_info($1) order by seqno").bind(&name);
            let columns = columns.fetch_all(&mut database).await.expect("its columns");
            let condition = text.split_once(" where ").map_or(String::new(), |(_, condition)| plain(condition));
            schema.indexes.insert(name, (table.clone(), is_unique, columns, condition));
        }
    }
    schema
}

async fn of_postgres(url: &str) -> Schema {
    let mut database = PgConnection::connect(url).await.expect("the database");
    let mut schema = Schema::default();
    let columns: Vec<(String, String, String, bool, Option<i64>)> = query_as(
        "select c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'YES', array_position(i.indkey::int2[], a.attnum)::int8 + 1
         from information_schema.columns c
         join pg_attribute a on a.attrelid = c.table_name::regclass and a.attname = c.column_name
         left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
         where c.table_schema = 'public' and c.table_name not like '\\_%'",
    )
    .fetch_all(&mut database)
    .await
    .expect("columns");
    for (table, name, kind, is_nullable, key) in columns {
        schema.columns.insert((table, name), (kind, is_nullable, key));
    }
    let indexes: Vec<(String, String, bool, Vec<String>, String)> = query_as(
        "select i.indexrelid::regclass::text, i.indrelid::regclass::text, i.indisunique,
                array(select a.attname::text from unnest(i.indkey) with ordinality k(attnum, place)
                      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.place),
                coalesce(pg_get_expr(i.indpred, i.indrelid), '')
         from pg_index i join pg_class c on c.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and not i.indisprimary",
    )
    .fetch_all(&mut database)
    .await
    .expect("indexes");
    for (name, table, is_unique, columns, condition) in indexes {
        schema.indexes.insert(name, (table, is_unique, columns, plain(&condition)));
    }
    schema
}

#[tokio::test]
async fn the_two_databases_have_the_same_tables_columns_and_indexes() {
    let (sqlite, postgres) = (Stage::new(Database::Sqlite).await, Stage::new(Database::Postgres).await);
    let (sqlite, mut postgres) = (of_sqlite(&sqlite.url).await, of_postgres(&postgres.url).await);
    assert!(sqlite.columns.len() > 70 && sqlite.indexes.len() > 5, "they were read: {sqlite:?}");
    for (index, reason) in POSTGRES_ONLY {
        assert!(postgres.indexes.remove(index).is_some(), "{index} is not there any more ({reason})");
    }
    assert_eq!(sqlite.columns, postgres.columns);
    assert_eq!(sqlite.indexes, postgres.indexes);
}

#[test]
fn the_two_folders_of_migrations_have_the_same_numbers_and_names() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let names = |folder: &str| -> BTreeSet<_> {
        let entries = std::fs::read_dir(root.join(folder)).expect("migrations");
        entries.map(|entry| entry.expect("a file").file_name()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn texts_of_keys_and_indexes_compare_by_bytes_on_any_server() {
    let stage = Stage::new(Database::Postgres).await;
    let mut database = PgConnection::connect(&stage.url).await.expect("the database");
    let others: Vec<String> = query_scalar(
        "select distinct i.indexrelid::regclass::text || '.' || a.attname
         from pg_index i join pg_class c on c.oid = i.indrelid, unnest(i.indkey) k(attnum), pg_attribute a
         where c.relnamespace = 'public'::regnamespace and c.relname not like '\\_%'
           and a.attrelid = i.indrelid and a.attnum = k.attnum and a.attcollation not in (0, (select oid from pg_collation where collname = 'C'))",
    )
    .fetch_all(&mut database)
    .await
    .expect("columns");
    assert_eq!(others, [""; 0]);
}

/// The database as a released version left it, with a little in it.
async fn released(database: Database, dump: &'static str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match database {
        Database::Sqlite => {
            let url = embedded_url(folder.path());
            let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.expect("a database");
            sqlx::raw_sql(dump).execute(&mut connection).await.expect("the dump is read");
            connection.close().await.expect("it is closed");
            url
        }
        Database::Postgres => {
            let url = postgres::empty_database();
            let mut connection = PgConnection::connect(&url).await.expect("a database");
            sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut connection).await.expect("the dump is read");
            url
        }
    };
    let store = Store::open(&url, CONNECTIONS).await.expect("it is upgraded");
    let lots = store.lots().await.expect("lots");
    assert!(!lots.is_empty());
    for (lot, head) in lots {
        assert!(head.seq > 1, "there is something in it");
        let report = parkd::ledger::verify(&store, &lot.id, parkd::ledger::Depth::Whole)
            .await
            .expect("a report")
            .expect("the lot");
        assert_eq!(report.findings, []);
    }
    store.close().await;
}

#[tokio::test]
async fn a_database_of_every_released_version_is_brought_up_to_date() {
    released(Database::Sqlite, include_str!("released/0.1.0.sqlite.sql")).await;
    released(Database::Postgres, include_str!("released/0.1.0.postgres.sql")).await;
}
