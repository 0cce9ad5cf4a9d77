//! The address of a PostgreSQL database, as an operator says it.
//!
//! Owns two invariants: it holds no password, so it may be shown, and over a network the database proves who it is and
//! nobody reads along. Anything in it that would have no effect is refused.

use std::net::IpAddr;
use std::str::FromStr;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What may follow the `?`, in libpq's words.
const PARAMETERS: [&str; 8] = [
    "host",
    "port",
    "user",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
];

/// A parameter of the database's own, such as `options[search_path]`.
const OPTION: &str = "options[";

/// `postgres://USER@HOST:PORT/NAME?PARAMETERS`, without a password: that comes from the file `~/.pgpass` or the one that
/// the variable PGPASSFILE names, as for every client of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

/// Why a database is not used as it was named.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PostgresUrlError {
    /// Not a URL, or one of something else.
    #[error(
        "it is no URL of PostgreSQL: write it as postgres://usher@db.example.com/usher?sslmode=verify-full"
    )]
    NotOne,
    /// The password would stand in settings, backups of them and process lists.
    #[error(
        "it holds a password: take it out, and put it into ~/.pgpass of the server's user, or into a file of mode 0600 that \
         the variable PGPASSFILE names"
    )]
    Password,
    /// No such parameter.
    #[error("its parameter {0} is not known: known are {PARAMETERS:?} and options[NAME]")]
    UnknownParameter(String),
    /// A value that PostgreSQL's driver does not take.
    #[error("the value of one of its parameters is not valid: {0}")]
    NotValid(String),
    /// Somebody between could read everything, or be the database.
    #[error(
        "{0} is another machine, and without sslmode=verify-full nobody could tell it from one that pretends: add \
         ?sslmode=verify-full, and sslrootcert=/path/to/ca.pem if its authority is your own"
    )]
    NotVerified(String),
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, PostgresUrlError> {
        let options: AnyConnectOptions = text.parse().map_err(|_| PostgresUrlError::NotOne)?;
        let url = options.database_url;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
            return Err(PostgresUrlError::NotOne);
        }
        if url.password().is_some() {
            return Err(PostgresUrlError::Password);
        }
        for (name, _) in url.query_pairs() {
            if name == "password" {
                return Err(PostgresUrlError::Password);
            }
            if !PARAMETERS.contains(&&*name) && !name.starts_with(OPTION) {
                return Err(PostgresUrlError::UnknownParameter(name.into_owned()));
            }
        }
        let read = PgConnectOptions::from_str(url.as_str())
            .map_err(|error| PostgresUrlError::NotValid(error.to_string()))?;
        let is_verified = matches!(read.get_ssl_mode(), PgSslMode::VerifyFull);
        if read.get_socket().is_none() && !is_here(read.get_host()) && !is_verified {
            return Err(PostgresUrlError::NotVerified(read.get_host().to_owned()));
        }
        Ok(Self(url.into()))
    }
}

impl PostgresUrl {
    /// As a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `host` is this machine: a directory of sockets, or loopback.
fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<PostgresUrl>().unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_address_of_postgresql_is_refused() {
        for text in [
            "",
            "usher.db",
            "mysql://db/usher",
            "sqlite://usher.db",
            "postgres:usher:x",
        ] {
            let sentence = refusal(text);
            assert!(sentence.contains("postgres://usher@"), "{text}: {sentence}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "postgres://usher:geheim@localhost/usher",
            "postgres://usher@localhost/usher?password=geheim",
            "postgres://:geheim@db.example.com/usher?sslmode=verify-full",
        ] {
            let sentence = refusal(text);
            assert!(sentence.contains("PGPASSFILE"), "{text}: {sentence}");
            assert!(!sentence.contains("geheim"), "{sentence}");
        }
    }

    #[test]
    fn a_parameter_that_would_have_no_effect_is_refused() {
        let sentence = refusal("postgres://localhost/usher?sslmod=verify-full");
        assert!(
            sentence.contains("sslmod") && sentence.contains("sslrootcert"),
            "{sentence}"
        );
        let sentence = refusal("postgres://localhost/usher?sslmode=perhaps");
        assert!(sentence.contains("perhaps"), "{sentence}");
    }

    #[test]
    fn another_machine_has_to_prove_who_it_is() {
        for text in [
            "postgres://db.example.com/usher",
            "postgres://db.example.com/usher?sslmode=require",
            "postgres://192.0.2.1/usher?sslmode=verify-ca",
            "postgres:///usher?host=db.example.com",
            "postgres://localhost.example.com/usher",
        ] {
            let sentence = refusal(text);
            assert!(sentence.contains("verify-full"), "{text}: {sentence}");
        }
        for text in [
            "postgres://db.example.com/usher?sslmode=verify-full",
            "postgres://usher@localhost:5433/usher",
            "postgresql://127.0.0.1/usher?options[search_path]=usher",
            "postgres://[::1]/usher",
            "postgres:///usher?host=/run/postgresql&user=usher",
            "postgres://%2Frun%2Fpostgresql/usher",
        ] {
            let url = text.parse::<PostgresUrl>();
            assert!(url.is_ok(), "{text}: {url:?}");
        }
    }
}
