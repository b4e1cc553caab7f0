//! Commands that a reader may paste, run against a service like `jotgate demo`.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::document::{Block, Document};
use crate::support::jotgate::Jotgate;
use crate::support::keys::SigningKey;

#[test]
fn every_command_prints_what_is_written() {
    let (usual, issuing) = (Stage::start(), Stage::issuing());
    let mut count = 0;
    for document in Document::all() {
        let is_issuing = document.name == ISSUING;
        let stage = if is_issuing { &issuing } else { &usual };
        let blocks = document.blocks();
        for (index, block) in blocks.iter().enumerate() {
            if block.info != "sh run" {
                continue;
            }
            let expected = blocks.get(index + 1).filter(|next| next.info == "text");
            let expected = expected.unwrap_or_else(|| {
                panic!(
                    "{}: a `text` block with the output has to follow",
                    block.place
                )
            });
            stage.run(block, &expected.text);
            count += 1;
        }
    }
    assert!(count > 0, "no block is marked `sh run`");
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    for (pattern, text, matches) in [
        ("a", "a\n", true),
        ("a", "b", false),
        ("a", "ab", false),
        ("a…c", "a b c", true),
        ("a…c", "ac", true),
        ("a…c", "a b", false),
        ("a\n…\nb\n…", "a\nx\ny\nb\n", true),
        ("a\n…\nb\n…", "a\nb\nc", true),
        ("a\n…\nb", "b\na", false),
        ("…b", "a b", true),
        ("…b", "b a", false),
    ] {
        assert_eq!(is_like(text, pattern), matches, "{pattern:?} {text:?}");
    }
}

/// A service, and what the demo would have printed.
struct Stage {
    jotgate: Jotgate,
    good: String,
    expired: String,
}

impl Stage {
    fn start() -> Self {
        let key = SigningKey::generate("ES256", "demo-1");
        let jotgate = Jotgate::start_ready(json!({
            "issuers": { "demo": {
                "issuer": ISSUER, "audiences": ["demo"], "keys": [key.source()],
            }},
            "forward": { "headers": { "x-user-id": "sub" } },
        }));
        let token = |seconds: i64| {
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .expect("after 1970");
            let expires_at = since.as_secs().saturating_add_signed(seconds);
            let claims = json!({
                "iss": ISSUER, "aud": "demo", "sub": "alice", "scope": "orders:read",
                "exp": expires_at,
            });
            key.sign(&key.header(), &claims)
        };
        Self {
            good: token(3600),
            expired: token(-3600),
            jotgate,
        }
    }

    /// With the configuration that the document on issuing shows above its commands.
    fn issuing() -> Self {
        let blocks = Document::read(ISSUING).blocks();
        let mut shown = blocks.iter().filter(|block| block.info == "yaml jotgate");
        let shown = shown.find(|block| block.text.contains("clients:"));
        let shown = shown.expect("a configuration with clients");
        let config = serde_saphyr::from_str(&shown.text).expect("YAML");
        Self {
            jotgate: Jotgate::start_ready(config),
            good: String::new(),
            expired: String::new(),
        }
    }

    fn run(&self, block: &Block, expected: &str) {
        let mut script = block.text.clone();
        for (documented, actual) in [
            ("127.0.0.1:9191", self.jotgate.grpc()),
            ("127.0.0.1:9192", self.jotgate.http()),
            ("127.0.0.1:9193", self.jotgate.admin()),
        ] {
            script = script.replace(documented, &actual.to_string());
        }
        let directory = tempfile::tempdir().expect("a directory");
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(directory.path())
            .env("PATH", path_with_jotgate())
            .env("TOKEN", &self.good)
            .env("EXPIRED", &self.expired)
            .env_remove("JOTGATE_CONFIG")
            .stdin(Stdio::null())
            .output()
            .expect("there is bash");
        let printed = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        assert!(
            output.status.success() && is_like(&printed, expected),
            "{}: {}\nprinted:\n{printed}\n{}\nwritten:\n{expected}",
            block.place,
            output.status,
            String::from_utf8_lossy(&output.stderr),
        );
    }
}

fn path_with_jotgate() -> std::ffi::OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_jotgate"));
    let directory = binary.parent().expect("it is in a directory").to_path_buf();
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths([directory].into_iter().chain(env::split_paths(&path))).expect("a path")
}

/// Whether a text is as the pattern says, where `…` is anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.trim(), pattern.trim().replace("\n…\n", "…"));
    let Some((start, pattern)) = pattern.split_once('…') else {
        return text == pattern;
    };
    let text = format!("{text}\n");
    let Some(mut rest) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = pattern.rsplit_once('…').unwrap_or(("", pattern));
    for piece in middle.split('…') {
        let Some((_, behind)) = rest.split_once(piece) else {
            return false;
        };
        rest = behind;
    }
    rest.trim_end().ends_with(end)
}

const ISSUING: &str = "docs/issuing.md";
const ISSUER: &str = "https://demo.jotgate.invalid/";
