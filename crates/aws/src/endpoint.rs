//! An endpoint is a scheme, a host and a port, and nothing else: paths, queries and user names in it are
//! refused, because what is signed must be exactly what is sent.

use std::fmt;
use std::str::FromStr;

use http::Uri;

/// Base address of every service: `http(s)://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    authority: String,
}

/// Why a text is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL at all.
    #[error("`{0}` is not a URL")]
    NotAUrl(String),
    /// Another scheme than http or https.
    #[error("`{0}` must begin with http:// or https://")]
    Scheme(String),
    /// A path, a query or a user name.
    #[error("`{0}` must name a host and a port only")]
    MoreThanHost(String),
}

impl Endpoint {
    /// The address AWS gives a service in a region, used when nothing else is configured.
    #[must_use]
    pub fn of_aws(service: &str, region: &str) -> Self {
        Self {
            secure: true,
            authority: format!("{service}.{region}.amazonaws.com"),
        }
    }

    /// Whether it is one of AWS's own.
    #[must_use]
    pub fn is_of_aws(&self) -> bool {
        is_host_of_aws(self.authority.split(':').next().unwrap_or_default())
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Host and port as they stand in the `Host` header: default ports left out.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// URL of a request; `path` begins with `/` and may carry a query.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// Where a service at this place is dialled that calls itself `url`: there, unless that is one of AWS's names and this
    /// place is not. A service elsewhere takes such a name for clients that dial no other, who route it by themselves.
    #[must_use]
    pub fn dialled(&self, url: &str) -> String {
        let is_ours = |host: &str| is_host_of_aws(host) && !self.is_of_aws();
        match url.parse::<Uri>() {
            Ok(uri) if uri.host().is_some_and(is_ours) => {
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                self.websocket_url(path)
            }
            _ => url.to_owned(),
        }
    }

    /// URL of a WebSocket at the same place.
    #[must_use]
    pub fn websocket_url(&self, path: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{path}", self.authority)
    }
}

fn is_host_of_aws(host: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"]
        .iter()
        .any(|suffix| host.ends_with(suffix))
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let uri: Uri = text
            .parse()
            .map_err(|_| EndpointError::NotAUrl(text.to_owned()))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(EndpointError::Scheme(text.to_owned())),
        };
        let authority = uri
            .authority()
            .ok_or_else(|| EndpointError::NotAUrl(text.to_owned()))?;
        if authority.as_str().contains('@')
            || uri.query().is_some()
            || !matches!(uri.path(), "" | "/")
        {
            return Err(EndpointError::MoreThanHost(text.to_owned()));
        }
        Ok(Self {
            secure,
            authority: host_header(secure, authority),
        })
    }
}

/// What an HTTP client writes into `Host`: the default port of the scheme is never written, so it must not be signed.
pub(crate) fn host_header(secure: bool, authority: &http::uri::Authority) -> String {
    let default_port = if secure { 443 } else { 80 };
    let host = authority.host().to_ascii_lowercase();
    match authority.port_u16() {
        Some(port) if port != default_port => format!("{host}:{port}"),
        _ => host,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}",
            if self.secure { "https" } else { "http" },
            self.authority
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_beyond_host_and_port_is_refused() {
        for text in [
            "http://h/base",
            "http://h/?a=b",
            "http://me@h",
            "https://me:secret@h:1/",
        ] {
            assert_eq!(
                text.parse::<Endpoint>(),
                Err(EndpointError::MoreThanHost(text.to_owned())),
                "{text}"
            );
        }
        for text in ["ws://h", "ftp://h", "h:8480", "localhost"] {
            assert_eq!(
                text.parse::<Endpoint>(),
                Err(EndpointError::Scheme(text.to_owned())),
                "{text}"
            );
        }
        assert_eq!(
            "not a url".parse::<Endpoint>(),
            Err(EndpointError::NotAUrl("not a url".to_owned()))
        );
    }

    #[test]
    fn default_ports_are_left_out_because_the_host_header_leaves_them_out() {
        let written = |text: &str| text.parse::<Endpoint>().unwrap().to_string();
        assert_eq!(written("http://Node.example:80/"), "http://node.example");
        assert_eq!(written("https://node.example:443"), "https://node.example");
        assert_eq!(
            written("http://node.example:443"),
            "http://node.example:443"
        );
        assert_eq!(written("http://[::1]:8480"), "http://[::1]:8480");
    }

    #[test]
    fn websockets_follow_the_scheme() {
        let plain: Endpoint = "http://127.0.0.1:8480".parse().unwrap();
        assert_eq!(
            plain.websocket_url("/v1/x?role=a"),
            "ws://127.0.0.1:8480/v1/x?role=a"
        );
        assert_eq!(
            Endpoint::of_aws("ssm", "usher-1").websocket_url("/"),
            "wss://ssm.usher-1.amazonaws.com/"
        );
    }

    #[test]
    fn a_name_of_aws_is_dialled_where_the_service_is() {
        let path = "/v1/data-channel/s?role=publish_subscribe";
        let shaped = format!("wss://ssmmessages.usher-1.amazonaws.com{path}");
        for (endpoint, url, dialled) in [
            (
                "https://usher.example",
                shaped.as_str(),
                format!("wss://usher.example{path}"),
            ),
            (
                "http://127.0.0.1:8480",
                &shaped,
                format!("ws://127.0.0.1:8480{path}"),
            ),
            ("https://ssm.usher-1.amazonaws.com", &shaped, shaped.clone()),
            (
                "https://usher.example",
                "wss://gateway.example/x",
                "wss://gateway.example/x".to_owned(),
            ),
            (
                "https://usher.example",
                "wss://amazonaws.com.evil.example/x",
                "wss://amazonaws.com.evil.example/x".to_owned(),
            ),
        ] {
            let endpoint: Endpoint = endpoint.parse().unwrap();
            assert_eq!(endpoint.dialled(url), dialled);
        }
    }
}
