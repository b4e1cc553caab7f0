//! `server`

use std::net::SocketAddr;

use crate::config::ServerSettings;
use crate::config::problems::At;
use crate::config::raw::{self, Threads};
use crate::listen::Address;

use super::{Context, tls};

/// Converts `server`.
pub(super) fn server(raw: &raw::Server, at: &At<'_>, context: &mut Context<'_>) -> ServerSettings {
    let mut tls = |name: &str, listen: &Address, raw: Option<&raw::Tls>| {
        tls::settings(raw?, listen, &at.key(name).key("tls"), context)
    };
    let grpc_tls = tls("grpc", &raw.grpc.listen.0, raw.grpc.tls.as_ref());
    let http_tls = tls("http", &raw.http.listen.0, raw.http.tls.as_ref());
    let settings = ServerSettings {
        grpc: raw.grpc.listen.0.clone(),
        grpc_tls,
        http: raw.http.listen.0.clone(),
        http_tls,
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
