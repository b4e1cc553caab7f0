//! The application behind a gateway: it answers with the request that reached it.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard};

use jotgate::listen::Address;
use serde_json::{Value, json};

use super::http::{Request, Response, Server};

pub struct Upstream {
    server: Server,
    targets: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub fn start() -> Self {
        let targets = Arc::default();
        let seen = Arc::clone(&targets);
        let server = Server::start(move |request| {
            lock(&seen).push(request.target.clone());
            let seen = json!({ "target": request.target, "headers": request.headers });
            Some(Response::new(200, "application/json", seen.to_string()))
        });
        Self { server, targets }
    }

    pub fn address(&self) -> Address {
        Address::Tcp(self.server.address())
    }

    /// The targets of all requests since this was asked, also of those whose answer went astray.
    pub fn take_targets(&self) -> Vec<String> {
        mem::take(&mut *lock(&self.targets))
    }
}

fn lock(targets: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    targets.lock().expect("no thread panics with it")
}

/// The request as the application saw it.
pub struct Seen(Value);

impl Seen {
    /// # Panics
    ///
    /// If the gateway answered for itself.
    pub fn from(response: &Response) -> Self {
        assert_eq!(response.status, 200, "{}", response.text());
        Self(response.json())
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.0["target"].as_str().expect("text")
    }

    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let headers = self.0["headers"].as_array().expect("an array");
        headers
            .iter()
            .filter(|field| field[0] == name)
            .filter_map(|field| field[1].as_str())
            .collect()
    }
}

/// Sends the request to a gateway and reports what came out behind it.
pub fn through(gateway: &Address, request: &Request) -> Seen {
    Seen::from(&request.send(gateway))
}
