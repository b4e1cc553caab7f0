//! `server`

use std::net::SocketAddr;

use crate::config::ServerSettings;
use crate::config::problems::At;
use crate::config::raw::{self, Threads};
use crate::listen::Address;

use super::Context;

/// Converts `server`.
pub(super) fn server(raw: &raw::Server, at: &At<'_>, context: &mut Context<'_>) -> ServerSettings {
    let settings = ServerSettings {
        grpc: raw.grpc.listen.0.clone(),
        http: raw.http.listen.0.clone(),
        admin: raw.admin.listen.0.clone(),
        original: raw.http.original.0,
        threads: match raw.threads.0 {
            Threads::Auto => None,
            Threads::Count(count) => Some(count),
        },
        drain: raw.drain.0,
        state_dir: raw
            .state_dir
            .as_ref()
            .map(|directory| context.files.resolve(&directory.0)),
    };
    let listeners = [
        ("grpc", &settings.grpc),
        ("http", &settings.http),
        ("admin", &settings.admin),
    ];
    for (index, (name, address)) in listeners.into_iter().enumerate() {
        let first = listeners[..index]
            .iter()
            .find(|(_, other)| collide(address, other));
        if let Some((first, other)) = first {
            let problem = format!("{address} is taken by {first} ({other}): choose another port");
            context.problems.push(&at.key(name).key("listen"), problem);
        }
    }
    settings
}

/// Whether two listeners would get in each other's way.
fn collide(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Tcp(one), Address::Tcp(other)) => {
            let everywhere = |address: &SocketAddr| address.ip().is_unspecified();
            one.port() != 0
                && one.port() == other.port()
                && (one.ip() == other.ip() || everywhere(one) || everywhere(other))
        }
        (Address::Unix(one), Address::Unix(other)) => one == other,
        (Address::Tcp(_), Address::Unix(_)) | (Address::Unix(_), Address::Tcp(_)) => false,
    }
}
