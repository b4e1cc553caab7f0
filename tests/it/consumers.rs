//! Consumers, as upstreams and operators meet them.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::http::{Request, Response};
use crate::support::idp::{AUDIENCE, Idp};
use crate::support::jotgate::Jotgate;
use crate::support::keys::SigningKey;
use crate::support::wait;

#[test]
fn upstreams_hear_which_consumer_calls_and_clients_cannot_pretend() {
    let idp = Idp::start();
    let alice = Application::new("alice-app");
    let mut consumers = alice.entry();
    consumers["alice-app"]["custom_id"] = json!("crm-42");
    consumers["guest"] = json!({ "id": "guest-id" });
    let jotgate = Jotgate::start_ready(json!({
        "issuers": idp.issuers(),
        "consumers": consumers,
        "anonymous_consumer": "guest",
        "rules": [
            { "name": "shop", "match": { "paths": ["/shop"] }, "access": "optional" },
            { "name": "intern", "match": { "paths": ["/intern"] }, "issuers": ["corp"] },
            { "name": "rest" },
        ],
    }));
    let issuers = idp.token(&json!({ "aud": AUDIENCE }));
    let consumers = alice.token();
    let nobody = ["", "", "", "", ""];
    for (path, token, status, headers) in [
        (
            "/shop",
            Some(&consumers),
            200,
            ["alice-id", "crm-42", "alice-app", "alice-app-key", ""],
        ),
        (
            "/rest",
            Some(&consumers),
            200,
            ["alice-id", "crm-42", "alice-app", "alice-app-key", ""],
        ),
        ("/shop", None, 200, ["guest-id", "", "guest", "", "true"]),
        ("/shop", Some(&issuers), 200, nobody),
        ("/rest", None, 401, nobody),
        ("/intern", Some(&issuers), 200, nobody),
        ("/intern", Some(&consumers), 401, nobody),
    ] {
        let mut request = Request::get("/auth")
            .header("x-original-method", "GET")
            .header("x-original-uri", path);
        for name in HEADERS {
            request = request.header(name, "forged");
        }
        if let Some(token) = token {
            request = request.bearer(token);
        }
        let response = request.send(jotgate.http());
        assert_eq!(response.status, status, "{path}");
        let found = HEADERS.map(|name| response.header(name).unwrap_or_default().to_owned());
        assert_eq!(found, headers, "{path}");
    }
}

#[test]
fn a_file_of_consumers_is_followed_and_a_bad_one_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("consumers.json");
    let [alice, bob] = ["alice-app", "bob-app"].map(Application::new);
    put(&file, &alice.entry());
    let jotgate = Jotgate::start_ready(json!({ "consumers_file": file }));
    let ask = |application: &Application| {
        let token = application.token();
        Request::get("/auth").bearer(&token).send(jotgate.http())
    };
    let is = |response: &Response, status| response.status == status;
    assert!(is(&ask(&alice), 200));
    assert!(is(&ask(&bob), 401));

    // Large enough not to be read whenever it is looked at.
    let mut crowd = bob.entry();
    for number in 0..20_000 {
        let name = format!("application-{number}");
        let member = Application::entry_of(&name, "a secret of at least thirty-two bytes");
        crowd[&name] = member;
    }
    put(&file, &crowd);
    wait::until("the new file is in force", || {
        is(&ask(&bob), 200).then_some(())
    });
    assert!(is(&ask(&alice), 401));

    let refused = r#"jotgate_config_reload_total{outcome="refused"}"#;
    crowd["application-7"]["credentials"][0]["secret"]["value"] = json!("short");
    put(&file, &crowd);
    wait::until("it is refused", || {
        (jotgate.metric(refused) > 0).then_some(())
    });
    let errors = jotgate.status().to_string();
    assert!(
        errors.contains("application-7.credentials[0].secret"),
        "{errors}"
    );
    assert!(!jotgate.log().contains("thirty-two bytes"));
    assert!(is(&ask(&bob), 200));
}

/// An application with a secret of its own.
struct Application {
    name: &'static str,
    key: SigningKey,
}

impl Application {
    fn new(name: &'static str) -> Self {
        let key = SigningKey::generate("HS256", name);
        Self { name, key }
    }

    fn entry(&self) -> Value {
        let secret = self.key.source()["secret"]["value"].clone();
        let mut entry = Self::entry_of(self.name, secret.as_str().expect("text"));
        entry["id"] = json!(self.name.replace("-app", "-id"));
        entry["credentials"][0]["secret_is_base64"] = json!(true);
        Value::Object(Map::from_iter([(self.name.to_owned(), entry)]))
    }

    fn entry_of(name: &str, secret: &str) -> Value {
        let key = format!("{name}-key");
        let secret = json!({ "value": secret });
        json!({ "credentials": [{ "key": key, "algorithm": "HS256", "secret": secret }] })
    }

    fn token(&self) -> String {
        let claims = json!({ "iss": format!("{}-key", self.name), "exp": 4_000_000_000_u32 });
        self.key
            .sign(&json!({ "alg": "HS256", "typ": "JWT" }), &claims)
    }
}

/// Puts a file into its place at once.
fn put(file: &Path, content: &Value) {
    let edited = file.with_extension("edited");
    fs::write(&edited, content.to_string()).expect("the directory can be written to");
    fs::rename(&edited, file).expect("in the same directory");
}

const HEADERS: [&str; 5] = [
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-anonymous-consumer",
];
