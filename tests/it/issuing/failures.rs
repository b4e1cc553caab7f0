//! What can go wrong: each gives a clear error, and the keys that are there go on.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use super::rollover::{make_known_keys, rotate};
use super::{EXCHANGE, ISSUER, ask, basic, body, decoded, token};
use crate::support::http::Request;
use crate::support::idp::Idp;
use crate::support::jotgate::{self, Jotgate};
use crate::support::keys::SigningKey;
use crate::support::wait;

fn config(idp: &Idp, keys: &Value) -> Value {
    let hash = bcrypt::hash("hunter2", 4).expect("made");
    let ours = json!({ "issuer": ISSUER, "audiences": ["orders-api"], "keys": [{ "own": {} }] });
    let mut issuers = idp.issuers();
    issuers["ours"] = ours;
    json!({
        "issue": {
            "issuer": ISSUER,
            "keys": keys,
            "profiles": { "internal": { "audiences": ["orders-api"] } },
            "clients": { "admin": {
                "secret_hash": { "value": hash }, "profiles": ["internal"], "scopes": ["read"],
            }},
            "documents": { "login": { "profile": "internal", "keys_to_sign": ["access_token"] } },
        },
        "issuers": issuers,
    })
}

/// The same with a place for generated keys.
fn config_in(state: &Path, idp: &Idp, keys: &Value) -> Value {
    let mut config = config(idp, keys);
    let any = json!({ "listen": "127.0.0.1:0" });
    config["server"] = json!({ "state_dir": state, "grpc": any, "http": any, "admin": any });
    config
}

/// The name and the tag of what is published, after a token of it was issued and verified.
fn running_keys(jotgate: &Jotgate) -> String {
    let response = ask(jotgate, "admin:hunter2", "grant_type=client_credentials");
    let published = Request::get("/.well-known/jwks.json").send(jotgate.http());
    let set = serde_json::from_slice(&published.body).expect("a key set");
    assert_eq!(decoded(&set, &token(&response))["sub"], "admin");
    published.header("etag").expect("a tag").to_owned()
}

#[test]
fn requests_that_are_refused_say_why_and_change_nothing() {
    let idp = Idp::start();
    let jotgate = Jotgate::start_ready(config(&idp, &json!([{ "generate": {} }])));
    let before = running_keys(&jotgate);
    let stranger = SigningKey::generate("ES256", "k1");
    let claims = json!({
        "iss": idp.issuer(), "aud": "orders-api", "sub": "eve", "exp": 4_000_000_000_u64,
    });
    let forged = stranger.sign(&stranger.header(), &claims);
    for (subject, reason) in [
        (idp.token(&json!({ "exp": 1_000 })), "token_expired"),
        (
            idp.token(&json!({ "iss": "https://elsewhere/" })),
            "issuer_unknown",
        ),
        (
            idp.token(&json!({ "aud": "elsewhere" })),
            "audience_mismatch",
        ),
        (forged, "signature_invalid"),
    ] {
        let form = format!("{EXCHANGE}&subject_token={subject}");
        let refused = ask(&jotgate, "admin:hunter2", &form);
        let error = body(&refused);
        assert_eq!(
            (refused.status, &error["error"]),
            (400, &json!("invalid_request"))
        );
        let detail = error["error_description"].as_str().expect("a text");
        assert!(detail.contains(reason), "{detail}");
    }
    let huge = format!("{{\"x\": \"{}\"}}", "x".repeat(5 << 20));
    let deep = format!("{{\"x\": {}{}}}", "[".repeat(200), "]".repeat(200));
    for (text, status) in [(huge, 413), (deep, 400)] {
        let mut request =
            Request::new("POST", "/v1/sign/login").header("authorization", &basic("admin:hunter2"));
        request.body = text.into_bytes();
        let refused = request.send(jotgate.http());
        assert_eq!(
            (refused.status, &body(&refused)["error"]),
            (status, &json!("invalid_request"))
        );
    }
    assert_eq!(running_keys(&jotgate), before);
}

#[test]
fn what_a_consumer_says_of_itself_is_exchanged_for_no_token_of_ours() {
    let idp = Idp::start();
    let key = SigningKey::generate("HS256", "k");
    let secret = &key.source()["secret"]["value"];
    let credential = json!({
        "key": "app-key", "algorithm": "HS256", "secret": { "value": secret },
        "secret_is_base64": true,
    });
    let mut config = config(&idp, &json!([{ "generate": {} }]));
    config["consumers"] = json!({ "app": { "credentials": [credential] } });
    let jotgate = Jotgate::start_ready(config);
    let claims = json!({
        "iss": "app-key", "sub": "ceo", "scope": "read", "exp": 4_000_000_000_u64,
    });
    let consumers = key.sign(&json!({ "alg": "HS256" }), &claims);
    let passes = Request::get("/auth")
        .bearer(&consumers)
        .send(jotgate.http());
    assert_eq!(passes.status, 200);
    for (subject, status) in [(&consumers, 400), (&idp.token(&json!({})), 200)] {
        let form = format!("{EXCHANGE}&subject_token={subject}");
        let answer = ask(&jotgate, "admin:hunter2", &form);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[test]
fn a_key_file_that_cannot_be_read_keeps_it_from_starting_and_a_reload_from_being_applied() {
    let (idp, state) = (Idp::start(), tempfile::tempdir().expect("a directory"));
    let keys = tempfile::tempdir().expect("a directory");
    let given = keys.path().join("signing.jwk");
    let generated = state.path().join("signing-Ed25519.keys");
    let good = config_in(state.path(), &idp, &json!([{ "generate": {} }]));
    let jotgate = Jotgate::start_ready(good);
    let before = running_keys(&jotgate);
    // Where a directory is, nobody reads a file, root included.
    type Spoil<'a> = Box<dyn Fn() + 'a>;
    let cases: [(Value, Spoil<'_>, &str, &str, i32); 4] = [
        (
            json!({ "generate": { "alg": "Ed25519" } }),
            Box::new(|| {
                fs::create_dir(&generated).expect("made");
            }),
            "signing-Ed25519.keys",
            "cannot be read",
            3,
        ),
        (
            json!({ "generate": { "alg": "Ed25519" } }),
            Box::new(|| {
                fs::remove_dir(&generated).expect("removed");
                fs::write(&generated, "jotgate-signing-1 00\n[]").expect("written");
            }),
            "signing-Ed25519.keys",
            "damaged",
            3,
        ),
        (
            json!({ "file": &given }),
            Box::new(|| {
                fs::create_dir(&given).expect("made");
            }),
            "signing.jwk",
            "is not a file",
            64,
        ),
        (
            json!({ "file": &given }),
            Box::new(|| {
                fs::remove_dir(&given).expect("removed");
                fs::write(&given, "{\"kty\": \"EC\"}").expect("written");
            }),
            "issue.keys[0].file",
            "cannot be signed with",
            64,
        ),
    ];
    for (key, spoil, place, problem, code) in cases {
        spoil();
        let bad = config_in(state.path(), &idp, &json!([key, { "generate": {} }]));
        jotgate.reconfigure(bad.clone());
        let refused = wait::until("the reload is refused", || {
            let errors = jotgate.status()["configuration"]["last_reload"]["errors"].to_string();
            (errors.contains(place) && errors.contains(problem)).then_some(errors)
        });
        assert!(!refused.is_empty());
        assert_eq!(running_keys(&jotgate), before, "{refused}");

        let file = keys.path().join("config.yaml");
        fs::write(&file, bad.to_string()).expect("written");
        let output = jotgate::command()
            .args(["serve", "--config"])
            .arg(&file)
            .output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(place) && said.contains(problem), "{said}");
    }
}

/// On a file system that is really full, where that can be had: as root, or where users may have
/// file systems of their own. Else a directory is in the place of the file that is written first.
#[test]
fn a_full_disk_is_told_and_the_keys_that_are_there_go_on() {
    let (idp, state) = (Idp::start(), tempfile::tempdir().expect("a directory"));
    let seed = tempfile::tempdir().expect("a directory");
    make_known_keys(seed.path());
    let config = config_in(state.path(), &idp, &json!([{ "generate": {} }]));
    let is_real = in_small_file_system(state.path(), seed.path(), &Command::new("true"))
        .status()
        .is_ok_and(|status| status.success());
    let jotgate = Jotgate::start_within(config, |serve| {
        if is_real {
            return in_small_file_system(state.path(), seed.path(), serve);
        }
        let name = "signing-ES256.keys";
        fs::copy(seed.path().join(name), state.path().join(name)).expect("copied");
        same(serve)
    });
    jotgate.wait_until_ready();
    let before = running_keys(&jotgate);
    // The root of the process, in whose world the file system is.
    let seen = format!("/proc/{}/root{}", jotgate.id(), state.path().display());
    let filler = Path::new(&seen).join("filler");
    let blocker = state.path().join("signing-ES256.tmp");
    if is_real {
        let mut file = File::create(&filler).expect("made");
        let error = file.write_all(&[b'x'; 1 << 20]).expect_err("it is small");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    } else {
        fs::create_dir(&blocker).expect("made");
    }
    for _ in 0..2 {
        let (done, said) = rotate(&jotgate);
        assert!(!done && said.contains("signing-ES256.keys"), "{said}");
        assert!(said.contains("cannot be written"), "{said}");
        assert!(
            !is_real || said.contains("No space left on device"),
            "{said}"
        );
        assert_eq!(running_keys(&jotgate), before);
    }
    if is_real {
        fs::remove_file(&filler).expect("removed");
    } else {
        fs::remove_dir(&blocker).expect("removed");
    }
    let (done, said) = rotate(&jotgate);
    assert!(done, "{said}");
    // The key after the next one is made in the background.
    wait::until("other keys are published", || {
        (running_keys(&jotgate) != before).then_some(())
    });
}

/// `command`, for which the file system at `place` is a small one of its own, with what is in
/// `seed`. It ends with the command.
fn in_small_file_system(place: &Path, seed: &Path, command: &Command) -> Command {
    let script = "mount -t tmpfs -o size=64k none \"$1\" && cp \"$2\"/*.keys \"$1\" && shift 2 \
                  && exec \"$@\"";
    let mut wrapped = Command::new("unshare");
    wrapped.arg("--mount");
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|it| it.stdout == b"0\n");
    if !is_root {
        wrapped.arg("--map-root-user");
    }
    wrapped
        .args(["sh", "-c", script, "sh"])
        .arg(place)
        .arg(seed);
    wrapped.arg(command.get_program()).args(command.get_args());
    wrapped
}

fn same(command: &Command) -> Command {
    let mut same = jotgate::command();
    same.args(command.get_args());
    same
}

#[test]
fn replicas_that_share_a_secret_mount_agree_through_a_rollover_of_its_keys() {
    let idp = Idp::start();
    let mount = tempfile::tempdir().expect("a directory");
    let put = |name: &str| {
        let output = jotgate::command()
            .args(["keygen", "--alg", "ES256", "--kid", name])
            .output();
        fs::write(mount.path().join(name), output.expect("it runs").stdout).expect("written");
    };
    put("old");
    put("new");
    let listed = |names: &[&str]| {
        let files = names
            .iter()
            .map(|name| json!({ "file": mount.path().join(name) }));
        config(&idp, &files.collect::<Vec<_>>().into())
    };
    let replicas = [0, 1].map(|_| Jotgate::start_ready(listed(&["old"])));
    // Each in its own time, as kubelets bring a mount up to date: never two steps apart.
    let steps = [&["old", "new"][..], &["new", "old"], &["new"]];
    let mut signers = Vec::new();
    for names in steps {
        // A token of the last key must be over before that goes; these are not used any more.
        for replica in &replicas {
            replica.reconfigure(listed(names));
            wait::until("the keys are published", || {
                let set = Request::get("/.well-known/jwks.json")
                    .send(replica.http())
                    .json();
                let keys = set["keys"].as_array().expect("keys");
                let found: Vec<_> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
                (found == names).then_some(())
            });
            if names.len() == 1 {
                continue;
            }
            for issuing in &replicas {
                let issued = ask(issuing, "admin:hunter2", "grant_type=client_credentials");
                let issued = token(&issued);
                for judging in &replicas {
                    let passed = Request::get("/auth").bearer(&issued).send(judging.http());
                    assert_eq!(passed.status, 200, "{names:?}: {}", passed.text());
                }
                let kid = jsonwebtoken::decode_header(&issued).expect("a header").kid;
                signers.extend(kid.filter(|kid| !signers.contains(kid)));
            }
        }
    }
    assert_eq!(signers, ["old", "new"]);
}

#[test]
fn while_another_process_holds_the_keys_whatever_does_not_change_them_goes_on_and_the_end_comes() {
    let (idp, state) = (Idp::start(), tempfile::tempdir().expect("a directory"));
    make_known_keys(state.path());
    let keys = json!([{ "generate": {} }]);
    let mut jotgate = Jotgate::start_ready(config_in(state.path(), &idp, &keys));
    let lock = File::open(state.path().join("signing-ES256.lock")).expect("there");
    lock.lock().expect("nobody has it");
    let (sender, answers) = mpsc::channel();
    thread::scope(|scope| {
        for sender in [sender.clone(), sender] {
            let rotation = Request::new("POST", "/keys/rotate");
            let admin = jotgate.admin();
            scope.spawn(move || sender.send(rotation.try_send(admin)));
        }
        // One waits, and the other one is told so.
        let other = answers.recv().expect("one").expect("an answer");
        assert_eq!(other.status, 409);
        assert!(other.text().contains("under way"), "{}", other.text());
        running_keys(&jotgate);
        for path in ["/readyz", "/status", "/metrics"] {
            assert_eq!(
                Request::get(path).send(jotgate.admin()).status,
                200,
                "{path}"
            );
        }
        jotgate.terminate();
        // Cut off: nobody knows what has become of it.
        answers.recv().expect("the first").expect_err("no answer");
    });
    assert_eq!(jotgate.wait().code(), Some(0), "{}", jotgate.log());
}
