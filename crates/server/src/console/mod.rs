//! The web console: its pages, sign-in, and the same API as everybody's, for a browser that holds a cookie.
//!
//! Owns two invariants. Each route stands in [`ROUTES`] with who may call it, and the router is built from that table
//! alone. A cookie says only which access key a browser acts by: what that key may do is judged by `api` and `identity`
//! at each request, as if it had signed. Must not know SQL, policies or what the pages show.

mod api;
mod assets;
mod became;
mod buckets;
mod cookie;
mod door;
mod headers;
mod key_proof;
mod link;
mod nonce;
mod permissions;
mod refusal;
mod session;
mod terminal;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};

use crate::context::Context;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Everybody: it holds nothing of anybody's.
    Anybody,
    /// A page of ours, whoever reads it: what it posts carries its own authority.
    OurPage,
    /// A page of ours in a browser that has signed in.
    SignedIn,
    /// Whoever signs by SigV4.
    Signer,
}

/// One route.
struct Route {
    path: &'static str,
    who: Who,
    answers: fn() -> MethodRouter<Arc<Context>>,
}

const fn route(path: &'static str, who: Who, answers: fn() -> MethodRouter<Arc<Context>>) -> Route {
    Route { path, who, answers }
}

/// Every route of the console.
const ROUTES: &[Route] = &[
    route("/console", Who::Anybody, || get(assets::to_the_page)),
    route("/console/", Who::Anybody, || get(assets::page)),
    route("/console/assets/{name}", Who::Anybody, || {
        get(assets::asset)
    }),
    route("/console/sign-in/nonce", Who::OurPage, || {
        post(nonce::issue)
    }),
    route("/console/sign-in/key", Who::OurPage, || {
        post(key_proof::sign_in)
    }),
    route("/console/sign-in/link", Who::OurPage, || {
        post(link::sign_in)
    }),
    route("/console/links", Who::Signer, || post(link::issue)),
    route("/console/session", Who::SignedIn, || {
        post(session::describe)
    }),
    route("/console/sign-out", Who::SignedIn, || {
        post(session::sign_out)
    }),
    route("/console/became", Who::SignedIn, || post(became::ask)),
    route("/console/buckets", Who::SignedIn, || post(buckets::list)),
    route("/console/data-channel/{session}", Who::SignedIn, || {
        get(terminal::open)
    }),
    route("/console/permissions", Who::SignedIn, || {
        post(permissions::ask)
    }),
    route("/console/api/{service}/{operation}", Who::SignedIn, || {
        post(api::call)
    }),
];

/// The console's part of the router.
pub(crate) fn routes(context: &Arc<Context>) -> Router<Arc<Context>> {
    let mut router = Router::new();
    for Route { path, who, answers } in ROUTES {
        let answers = answers();
        let guarded = match who {
            Who::Anybody | Who::Signer => answers,
            Who::OurPage => answers.layer(from_fn(door::our_page)),
            Who::SignedIn => answers
                .layer(from_fn_with_state(Arc::clone(context), door::signed_in))
                .layer(from_fn(door::our_page)),
        };
        router = router.route(path, guarded);
    }
    router.layer(from_fn(headers::protect))
}

/// Each route with who may call it, for the table of routes.
#[cfg(test)]
pub(crate) fn table() -> Vec<(&'static str, &'static str)> {
    let who = |who: Who| match who {
        Who::Anybody => "everybody: it holds nothing of anybody's",
        Who::OurPage => {
            "a page of the console, which brings its own authority: a proof of a key, or a link's word"
        }
        Who::SignedIn => {
            "a page of the console in a browser that has signed in; what it asks is judged as the key's holder"
        }
        Who::Signer => "whoever signs",
    };
    ROUTES
        .iter()
        .map(|route| (route.path, who(route.who)))
        .collect()
}
