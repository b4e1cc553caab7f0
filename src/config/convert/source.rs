//! `issuers.*.keys[*]`

use url::Url;

use crate::config::problems::{At, one_of};
use crate::config::raw::{self, Discovery, HeaderText, Scalar};
use crate::limits::{KEY_SET_BYTES, REFRESH_MIN_INTERVAL};
use crate::refresh::{HttpSettings, RefreshSettings, SourceKind, SourceSettings, is_loopback};
use crate::secret::SecretSource;
use crate::signature::AlgorithmSet;

use super::{Context, material};

/// What a source has to fit.
#[derive(Clone, Copy)]
pub(super) struct Owner<'r> {
    /// The issuer's `iss`, if it could be read.
    pub(super) issuer: Option<&'r str>,
    /// Its `algorithms`.
    pub(super) algorithms: AlgorithmSet,
}

/// Converts one source; `None` if it is none.
pub(super) fn source(
    raw: &mut raw::KeySource,
    owner: Owner<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceSettings> {
    let refresh = refresh(&mut raw.refresh, &at.key("refresh"), context);
    let kind = match only_kind(raw, at, context)? {
        "discovery" => discovery(raw, owner, at, context),
        "jwks_url" => url(raw, at, context),
        "jwks_file" => material::file(raw, owner, at, context),
        "jwks" => material::inline(raw, owner, at, context),
        "own" => Some(SourceKind::Own),
        "pem" => material::pem(raw, owner, at, context),
        _ => material::secret(raw, at, context),
    };
    Some(SourceSettings {
        kind: kind?,
        refresh,
    })
}

/// The one kind of source that it says it is, with nothing that belongs to another kind.
fn only_kind(raw: &raw::KeySource, at: &At<'_>, context: &mut Context<'_>) -> Option<&'static str> {
    let present = [
        raw.discovery.is_some(),
        raw.jwks_url.is_some(),
        raw.jwks_file.is_some(),
        raw.jwks.is_some(),
        raw.own.is_some(),
        raw.pem.is_some(),
        raw.secret.is_some(),
    ];
    let mut kinds = KINDS
        .into_iter()
        .zip(present)
        .filter_map(|(kind, present)| present.then_some(kind));
    let kind = match (kinds.next(), kinds.next()) {
        (Some(kind), None) => kind,
        (None, _) => {
            let problem = format!("names no source of keys: write one of {}", one_of(KINDS));
            context.problems.push(at, problem);
            return None;
        }
        (Some(one), Some(other)) => {
            let problem =
                format!("is `{one}` and `{other}` at once: write an entry of the list for each");
            context.problems.push(at, problem);
            return None;
        }
    };
    for (key, present, kinds) in belongings(raw) {
        if present && !kinds.contains(&kind) {
            let problem = format!(
                "means nothing for `{kind}`, only for {}: remove it",
                one_of(kinds)
            );
            context.problems.push(&at.key(key), problem);
        }
    }
    Some(kind)
}

/// Keys that only some kinds of sources have, whether they are there, and which kinds.
fn belongings(raw: &raw::KeySource) -> [(&'static str, bool, &'static [&'static str]); 11] {
    const GIVEN: &[&str] = &["pem", "secret"];
    const FETCHED: &[&str] = &["discovery", "jwks_url"];
    [
        ("kid", raw.kid.is_some(), GIVEN),
        ("alg", raw.alg.is_some(), GIVEN),
        ("encoding", raw.encoding.is_some(), &["secret"]),
        ("ca_file", raw.ca_file.is_some(), FETCHED),
        ("client_cert_file", raw.client_cert_file.is_some(), FETCHED),
        ("client_key_file", raw.client_key_file.is_some(), FETCHED),
        ("spki_sha256", raw.spki_sha256.is_some(), FETCHED),
        ("headers", raw.headers.is_some(), FETCHED),
        ("proxy", raw.proxy.is_some(), FETCHED),
        ("max_bytes", raw.max_bytes.is_some(), FETCHED),
        ("allow_http", raw.allow_http.is_some(), FETCHED),
    ]
}

fn refresh(raw: &mut raw::Refresh, at: &At<'_>, context: &mut Context<'_>) -> RefreshSettings {
    // Who shortens the usual pause alone means the shortest one, too.
    if raw.min_interval.0 == REFRESH_MIN_INTERVAL {
        raw.min_interval.0 = REFRESH_MIN_INTERVAL.min(raw.every.0);
    }
    let settings = RefreshSettings {
        every: raw.every.0,
        min_interval: raw.min_interval.0,
        timeout: raw.timeout.0,
        max_stale: raw.max_stale.map(|age| age.0),
    };
    let problems = &mut context.problems;
    for (key, duration) in [
        ("every", settings.every),
        ("min_interval", settings.min_interval),
        ("timeout", settings.timeout),
    ] {
        if duration.is_zero() {
            problems.push(&at.key(key), "must be longer than 0");
        }
    }
    if settings.min_interval > settings.every {
        let problem = format!(
            "is longer than `every` ({}): shorten it, or lengthen `every`",
            settings.every.write()
        );
        problems.push(&at.key("min_interval"), problem);
    }
    if settings.max_stale.is_some_and(|age| age < settings.every) {
        let problem = format!(
            "is shorter than `every` ({}), so good keys would be dropped between two fetches: \
             lengthen it, or shorten `every`",
            settings.every.write()
        );
        problems.push(&at.key("max_stale"), problem);
    }
    settings
}

fn discovery(
    raw: &mut raw::KeySource,
    owner: Owner<'_>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<SourceKind> {
    let Discovery {} = raw.discovery.as_ref()?;
    let at_discovery = at.key("discovery");
    let http = http(raw, at, context);
    // Without an issuer there is an error about that already.
    let issuer = owner.issuer?;
    match <Url as Scalar>::parse(issuer) {
        Ok(url) if url.query().is_some() => {
            let problem = "needs an `issuer` without a query (RFC 8414 2): use `jwks_url` instead";
            context.problems.push(&at_discovery, problem);
        }
        Ok(url) => check_scheme(&url, &http, &at_discovery, context),
        Err(problem) => {
            let problem = format!(
                "needs an `issuer` that is a URL, but this one {problem}; or use `jwks_url` instead"
            );
            context.problems.push(&at_discovery, problem);
        }
    }
    Some(SourceKind::Discovery(http))
}

fn url(raw: &mut raw::KeySource, at: &At<'_>, context: &mut Context<'_>) -> Option<SourceKind> {
    let url = raw.jwks_url.as_ref()?.0.clone();
    let http = http(raw, at, context);
    check_scheme(&url, &http, &at.key("jwks_url"), context);
    Some(SourceKind::Url(url, http))
}

/// Keys that came over plain http may be anybody's.
fn check_scheme(url: &Url, http: &HttpSettings, at: &At<'_>, context: &mut Context<'_>) {
    if url.scheme() != "https" && !is_loopback(url) && !http.allow_http {
        let problem = "plain http lets anybody on the way replace the keys: use https, or say \
                       `allow_http: true`";
        context.problems.push(at, problem);
    }
}

fn http(raw: &mut raw::KeySource, at: &At<'_>, context: &mut Context<'_>) -> HttpSettings {
    let max_bytes = raw
        .max_bytes
        .get_or_insert(raw::Written(raw::ByteCount(KEY_SET_BYTES)))
        .0
        .0;
    if max_bytes == 0 {
        let problem = "0 would refuse every answer: write a larger size";
        context.problems.push(&at.key("max_bytes"), problem);
    }
    let allow_http = *raw.allow_http.get_or_insert(false);
    let ca_file = raw.ca_file.as_ref().map(|file| {
        let at = at.key("ca_file");
        let (path, content) = context.file(&at, file);
        material::check_certificates(content.as_deref(), &at, context);
        path
    });
    if raw.spki_sha256.as_ref().is_some_and(Vec::is_empty) {
        let problem = "is empty, so no server could be right: list a hash, or remove the key";
        context.problems.push(&at.key("spki_sha256"), problem);
    }
    HttpSettings {
        ca_file,
        client_certificate: client_certificate(raw, at, context),
        spki_sha256: raw
            .spki_sha256
            .iter()
            .flatten()
            .map(|pin| pin.0.0)
            .collect(),
        headers: headers(raw.headers.as_ref(), at, context),
        proxy: raw.proxy.as_ref().map(|proxy| proxy.0.clone()),
        max_bytes,
        allow_http,
    }
}

fn client_certificate(
    raw: &raw::KeySource,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<(std::path::PathBuf, std::path::PathBuf)> {
    match (&raw.client_cert_file, &raw.client_key_file) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let (certificate_at, key_at) = (at.key("client_cert_file"), at.key("client_key_file"));
            let (certificate, content) = context.file(&certificate_at, certificate);
            material::check_certificates(content.as_deref(), &certificate_at, context);
            let (key, content) = context.file(&key_at, key);
            material::check_private_key(content.map(Into::into), &key_at, context);
            Some((certificate, key))
        }
        (Some(_), None) => {
            let remedy = "`client_cert_file` needs the private key to its certificate";
            context.problems.missing(at, "client_key_file", remedy);
            None
        }
        (None, Some(_)) => {
            let remedy = "`client_key_file` needs the certificate to its key";
            context.problems.missing(at, "client_cert_file", remedy);
            None
        }
    }
}

/// Converts `headers`, of whatever is `at`.
pub(super) fn headers(
    raw: Option<&raw::Entries<http::HeaderName, HeaderText>>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Vec<(http::HeaderName, SecretSource)> {
    let at = at.key("headers");
    let mut headers: Vec<(http::HeaderName, SecretSource)> = Vec::new();
    for (name, value) in raw.into_iter().flat_map(|headers| &headers.0) {
        let at = at.key(name.0.as_str());
        let read = match value {
            HeaderText::Secret(secret) => context.secret(&at, secret),
            HeaderText::Text(text) => {
                let bytes = text.0.as_bytes().to_vec().into();
                Some((SecretSource::Value(text.0.clone()), bytes))
            }
        };
        let Some((source, bytes)) = read else {
            continue;
        };
        if http::HeaderValue::from_bytes(&bytes).is_err() {
            let problem = "holds a control character or line break, which no header can carry";
            context.problems.push(&at, problem);
        }
        if headers.iter().any(|(other, _)| *other == name.0) {
            let problem = "is sent twice: remove one (case does not matter)";
            context.problems.push(&at, problem);
        }
        headers.push((name.0.clone(), source));
    }
    headers
}

const KINDS: [&str; 7] = [
    "discovery",
    "jwks_url",
    "jwks_file",
    "jwks",
    "own",
    "pem",
    "secret",
];
