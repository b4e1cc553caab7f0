//! What to paste, and what will come of it.

use std::io::{self, Write};

use super::{Addresses, Tokens};
use crate::cli::terminal::{BAD, GOOD, TITLE};

/// Everything that someone needs to try it.
pub(super) struct Guide<'d> {
    pub(super) addresses: &'d Addresses,
    pub(super) tokens: &'d Tokens,
}

impl Guide<'_> {
    /// Prints it for people with a shell.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Addresses { grpc, http, admin } = self.addresses;
        let Tokens {
            good,
            expired,
            tampered,
        } = self.tokens;
        writeln!(
            out,
            "{TITLE}jotgate demo{TITLE:#}: one issuer, a fresh key, nothing to set up."
        )?;
        writeln!(out)?;
        writeln!(
            out,
            "  gRPC   {grpc}  Envoy ext_authz, jotgate.v1.Verifier, health"
        )?;
        writeln!(
            out,
            "  HTTP   {http}  /auth for nginx, Traefik, Caddy; /envoy; /v1/verify"
        )?;
        writeln!(
            out,
            "  admin  {admin}  /metrics /livez /readyz /status /version"
        )?;
        writeln!(out, "\n{TITLE}Paste into another shell{TITLE:#}")?;
        writeln!(out, "TOKEN={good}\nEXPIRED={expired}\nTAMPERED={tampered}")?;
        for Trial {
            passes,
            title,
            command,
        } in self.trials()
        {
            let (style, word) = if passes {
                (GOOD, "allow")
            } else {
                (BAD, "deny")
            };
            writeln!(out, "\n# {style}{word}{style:#}: {title}\n{command}")?;
        }
        writeln!(out, "\nCtrl-C ends it.")
    }

    fn trials(&self) -> Vec<Trial> {
        let Addresses { grpc, http, .. } = self.addresses;
        let bearer = |variable: &str| {
            format!("curl -i -H \"Authorization: Bearer ${variable}\" http://{http}/auth")
        };
        let question = r#""{\"token\": \"$TOKEN\", \"explain\": true}""#;
        let check = r#""{\"attributes\": {\"request\": {\"http\": {\"method\": \"GET\", \"path\": \"/\", \"headers\": {\"authorization\": \"Bearer $TOKEN\"}}}}}""#;
        let bare = r#"'{"attributes": {"request": {"http": {"method": "GET", "path": "/"}}}}'"#;
        let service = "envoy.service.auth.v3.Authorization/Check";
        vec![
            Trial::allow("the subject comes back as x-user-id", bearer("TOKEN")),
            Trial::deny(
                "no token, a challenge",
                format!("curl -i http://{http}/auth"),
            ),
            Trial::deny("its time is over", bearer("EXPIRED")),
            Trial::deny(
                "another subject under the old signature",
                bearer("TAMPERED"),
            ),
            Trial::allow(
                "the same question as JSON, with every step",
                format!("curl -s -d {question} http://{http}/v1/verify"),
            ),
            Trial::allow(
                "over gRPC",
                format!("grpcurl -plaintext -d {question} {grpc} jotgate.v1.Verifier/Verify"),
            ),
            Trial::allow(
                "as Envoy asks",
                format!("grpcurl -plaintext -d {check} {grpc} {service}"),
            ),
            Trial::deny(
                "as Envoy asks, without a token",
                format!("grpcurl -plaintext -d {bare} {grpc} {service}"),
            ),
        ]
    }
}

/// One line to paste.
struct Trial {
    passes: bool,
    title: &'static str,
    command: String,
}

impl Trial {
    const fn allow(title: &'static str, command: String) -> Self {
        Self {
            passes: true,
            title,
            command,
        }
    }

    const fn deny(title: &'static str, command: String) -> Self {
        Self {
            passes: false,
            title,
            command,
        }
    }
}
