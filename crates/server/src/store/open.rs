//! How the database is opened: the file of SQLite, or PostgreSQL.
//!
//! Owns one invariant: one server writes to a database. SQLite's file lies in a directory that the server has locked; in
//! PostgreSQL the one writing connection holds an advisory lock, and without it there is no such connection.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, ConnectOptions, Connection, Executor, Row};

use super::{PostgresUrl, Store, StoreError};
use crate::config::Database;

/// Connections that read at the same time.
const READERS: u32 = 4;

/// How long a statement waits for a connection to PostgreSQL while that is away: then its caller hears of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every connection to SQLite is told: answers are on the disk before they are given.
const SQLITE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
    PRAGMA busy_timeout = 5000;";

/// Whether texts are compared by their bytes, as SQLite and this server do, and kept as UTF-8.
const IS_SUITABLE: &str = "SELECT CASE WHEN 'B' < 'a' AND current_setting('server_encoding') = 'UTF8' THEN 1 ELSE 0 END AS ok";

/// Takes the lock of the one server, for as long as the connection lives. Servers in schemas of their own do not meet.
const TAKE_LOCK: &str = "SELECT CASE WHEN pg_try_advisory_lock(hashtextextended('usher ' || current_schema(), 0)) \
    THEN 1 ELSE 0 END AS ok";

impl Store {
    /// Opens `database` and brings its schema up to date. The file of SQLite is made in `folder`, with mode 0600.
    pub(crate) async fn open(database: &Database, folder: &Path) -> Result<Self, StoreError> {
        match database {
            Database::InDataDir => Self::open_file(&folder.join("usher.db")).await,
            Database::Postgres(url) => Self::open_postgres(url).await,
        }
    }

    /// Opens `database`, which another process may be using, for reading alone.
    pub(crate) async fn open_to_read(
        database: &Database,
        folder: &Path,
    ) -> Result<Self, StoreError> {
        let readers = match database {
            Database::InDataDir => {
                let url = address_of(&folder.join("usher.db")) + "?mode=rw";
                sqlite(READERS).connect_with(options(&url)?).await?
            }
            Database::Postgres(url) => {
                let pool = postgres(READERS);
                pool.connect_with(options(url.as_str())?).await?
            }
        };
        Ok(Self {
            writer: readers.clone(),
            readers,
            appended: Arc::default(),
        })
    }

    async fn open_file(path: &Path) -> Result<Self, StoreError> {
        // The write-ahead log and its index inherit the mode of the database file.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| StoreError::File {
                path: path.to_owned(),
                source,
            })?;
        let options = options(&address_of(path))?;
        let writer = sqlite(1).connect_with(options.clone()).await?;
        sqlx::migrate!().run(&writer).await?;
        let readers = sqlite(READERS).connect_with(options).await?;
        Ok(Self {
            readers,
            writer,
            appended: Arc::default(),
        })
    }

    async fn open_postgres(url: &PostgresUrl) -> Result<Self, StoreError> {
        let options = options(url.as_str())?;
        check(&options, url).await?;
        let writer = postgres(1)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    match is_so(connection, TAKE_LOCK).await? {
                        true => Ok(()),
                        false => Err(sqlx::Error::Configuration(
                            "another server writes to the database".into(),
                        )),
                    }
                })
            })
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!().run(&writer).await?;
        let readers = postgres(READERS).connect_with(options).await?;
        Ok(Self {
            readers,
            writer,
            appended: Arc::default(),
        })
    }
}

/// What would go wrong later or without a clear word: said before anything is changed.
async fn check(options: &AnyConnectOptions, url: &PostgresUrl) -> Result<(), StoreError> {
    let unreachable = |source| StoreError::Unreachable {
        url: url.clone(),
        source,
    };
    let mut connection = options.connect().await.map_err(unreachable)?;
    if !is_so(&mut connection, IS_SUITABLE).await? {
        return Err(StoreError::Unsuitable { url: url.clone() });
    }
    if !is_so(&mut connection, TAKE_LOCK).await? {
        return Err(StoreError::HasServer { url: url.clone() });
    }
    Ok(connection.close().await?)
}

/// Asks a question whose answer is 1 or 0.
async fn is_so(
    connection: &mut AnyConnection,
    question: &'static str,
) -> Result<bool, sqlx::Error> {
    let row = connection.fetch_one(question).await?;
    Ok(row.try_get::<i32, _>("ok")? == 1)
}

fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    sqlx::any::install_default_drivers();
    Ok(url
        .parse::<AnyConnectOptions>()?
        .disable_statement_logging())
}

/// Connections to PostgreSQL.
fn postgres(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
}

/// Connections to SQLite.
pub(super) fn sqlite(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SQLITE).await?;
                Ok(())
            })
        })
}

/// SQLite's address form: a path in a URL, where `?`, `#` and `%` would end or bend it.
pub(super) fn address_of(path: &Path) -> String {
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(*byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}
