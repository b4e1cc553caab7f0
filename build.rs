//! Compiles `proto/` without protoc and notes the commit for `jotgate --version`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(
        [
            "jotgate/v1/signer.proto",
            "jotgate/v1/verifier.proto",
            "envoy/service/auth/v3/external_auth.proto",
        ],
        ["proto"],
    )?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), prost_encode(&descriptors))?;
    tonic_prost_build::configure()
        // Claims are handed on from the cache without a copy.
        .bytes(".jotgate.v1.VerifyResponse.claims_json")
        .compile_fds(descriptors)?;

    println!("cargo::rerun-if-env-changed=JOTGATE_COMMIT");
    // Git knows where it writes down every commit: in a worktree `.git` is no directory. A path
    // that is not there would make every build start over.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rustc-env=JOTGATE_COMMIT={}", commit());
    Ok(())
}

fn prost_encode(descriptors: &impl protox::prost::Message) -> Vec<u8> {
    descriptors.encode_to_vec()
}

/// The commit this is built from: given by the release, asked of git, or unknown.
fn commit() -> String {
    if let Ok(given) = env::var("JOTGATE_COMMIT") {
        return given;
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

/// What git says, if it is there and this is a checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
