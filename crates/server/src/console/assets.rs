//! The console's files, embedded when the program was built, compressed once and never again.
//!
//! `console/dist` is made by `npm run build`. Where it was not there at the time, the page says how to make it: a build
//! without Node is whole but for the console. Names of assets hold a hash of their content and may be kept for ever.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../../console/dist"]
struct Built;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Usher</title>\
<h1>This build has no console</h1>\
<p>It was built without Node. Build the console first, then Usher:</p>\
<pre>cd console &amp;&amp; npm ci &amp;&amp; npm run build &amp;&amp; cd .. &amp;&amp; cargo build</pre>\
<p>or let <code>cargo xtask run</code> do both.</p>\
<p lang=\"ja\">このビルドにはコンソールが含まれていません。上のコマンドでコンソールをビルドしてから、もう一度 Usher をビルドしてください。</p></html>";

/// `GET /console`.
pub(super) async fn to_the_page() -> Redirect {
    Redirect::permanent("/console/")
}

/// `GET /console/`: the one page.
pub(super) async fn page(headers: HeaderMap) -> Response {
    if !is_built() {
        return (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response();
    }
    file("index.html", "no-cache", &headers)
}

/// `GET /console/assets/{name}`.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(
        &format!("assets/{name}"),
        "public, max-age=31536000, immutable",
        &headers,
    )
}

/// Whether the console is part of this build.
fn is_built() -> bool {
    Built::get("site/index.html.gz").is_some()
}

fn file(name: &str, caching: &'static str, headers: &HeaderMap) -> Response {
    let accepts = |coding: &str| {
        headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|given| is_accepted(given, coding))
    };
    let wanted = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(coding));
    let found = wanted
        .filter_map(|(coding, suffix)| {
            Some((coding, Built::get(&format!("site/{name}.{suffix}"))?))
        })
        .next();
    let Some((coding, content)) = found else {
        return match Built::get(&format!("site/{name}.gz")) {
            Some(_) => (
                StatusCode::NOT_ACCEPTABLE,
                "This file comes compressed: accept gzip or br.\n",
            )
                .into_response(),
            None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
        };
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type(name))),
        (CONTENT_ENCODING, HeaderValue::from_static(coding)),
        (VARY, HeaderValue::from_static("accept-encoding")),
        (CACHE_CONTROL, HeaderValue::from_static(caching)),
    ];
    (headers, content.data).into_response()
}

/// Whether one member of `Accept-Encoding` names the coding and does not refuse it.
fn is_accepted(given: &str, coding: &str) -> bool {
    let mut parts = given.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(coding));
    let refused = parts.any(|parameter| {
        parameter
            .strip_prefix("q=")
            .and_then(|quality| quality.parse::<f32>().ok())
            .is_some_and(|quality| quality <= 0.0)
    });
    named && !refused
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_that_is_refused_or_not_named_is_not_used() {
        for given in ["", "gzip", "br;q=0", "br; q=0.0", "brotli", "xbr"] {
            assert!(!is_accepted(given, "br"), "{given}");
        }
        for given in ["br", " br", "BR;q=0.5"] {
            assert!(is_accepted(given, "br"), "{given}");
        }
    }
}
