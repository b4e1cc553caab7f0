//! Configurations that are good, and the files that they name.

/// A directory with the files that [`EVERYTHING`] names.
pub(in crate::config) fn files() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    for (name, content) in [
        ("secret.key", "a secret of at least thirty-two bytes\n"),
        (
            "key.pem",
            include_str!("../../../tests/golden/config_errors/ec-public.pem"),
        ),
        ("keys.json", KEY_SET),
        (
            "secret.b64",
            "_-8gYW5kIHRoaXJ0eSBvZiB0aGVtLCBhdCBsZWFzdCA=\n",
        ),
        (
            "consumers.yaml",
            "bob:\n  credentials: [{key: b1, algorithm: HS256, secret: {file: secret.key}}]\n",
        ),
    ] {
        std::fs::write(directory.path().join(name), content).expect("written");
    }
    let pair = rcgen::generate_simple_self_signed(["jotgate".to_owned()]).expect("generated");
    for (name, content) in [
        ("tls.crt", pair.cert.pem()),
        ("tls.key", pair.signing_key.serialize_pem()),
        ("ca.crt", pair.cert.pem()),
    ] {
        std::fs::write(directory.path().join(name), content).expect("written");
    }
    directory
}

pub(in crate::config) const LEAST: &str = "issuers:
  corp:
    issuer: https://idp.example.com/
    audiences: [orders-api]
    keys:
      - { discovery: {} }
";

/// The key of RFC 7517 A.1.
const KEY_SET: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// The example of the documentation, and whatever else can be said.
pub(in crate::config) const EVERYTHING: &str = r#"rules:
  - name: every requirement
    require:
      - scope: { all: ["orders:read"] }
      - role: { any: [admin, ops], claim: realm_access.roles }
      - { claim: ["https://example.com/roles"], contains: admin }
      - { claim: a, equals: { b: [1, 1.5, null] } }
      - { claim: a, one_of: [1, a] }
      - any:
          - { claim: a, prefix: "/" }
          - { claim: a, matches: "v[0-9]" }
          - all: [{ claim: a, at_least: 3 }, { claim: a, at_most: 4.5 }]
          - not: { claim: a, exists: true }
      - cel: claims.level >= 3 && request.method != "DELETE"
server:
  grpc: { listen: "unix:///run/jotgate/grpc.sock" }
  http:
    listen: "0.0.0.0:0"
    original: x_original
    tls:
      cert_file: tls.crt
      key_file: tls.key
      client_ca_file: ca.crt
      client_names: [gateway.internal, "spiffe://example.org/gateway"]
      min_version: TLSv1.3
  admin: { listen: "localhost:0" }
  threads: 4
  drain: 30s
  state_dir: /var/lib/jotgate
issuers:
  corp:
    issuer: https://idp.example.com/
    audiences: [orders-api]
    algorithms: [RS256, ES256, HS256]
    keys:
      - discovery: {}
        proxy: http://proxy.example.com:3128/
      - jwks_url: http://idp.internal/keys
        refresh: { every: 5m, min_interval: 1s, timeout: 500ms, max_stale: 24h }
        spki_sha256: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
        headers: { Authorization: { file: secret.key }, x-text: text }
        max_bytes: 2MiB
        allow_http: true
      - jwks_file: keys.json
      - jwks:
          keys:
            - { kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }
            - { kty: EC, crv: P-256, x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, y: 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM }
      - { pem: { file: key.pem }, kid: k1, alg: ES256 }
      - { secret: { file: secret.key }, kid: k2, alg: HS256, encoding: raw }
    leeway: 0
    require_exp: false
    max_age: 24h
    max_lifetime: 1h30m
    types: [application/at+jwt, absent]
    require_kid: true
    required_claims: [a.b, ["https://example.com/roles"]]
    optional: true
  any one:
    issuer: second
    audiences: any
    keys: [{ jwks_url: "http://127.0.0.1:8080/keys" }]
credentials:
  - header: authorization
    scheme: Bearer
  - header: X-Token
  - cookie: access_token
  - query: access_token
on_multiple_tokens: first
forward:
  token: strip
  headers:
    x-user-id: sub
    X-Roles: { claim: realm_access.roles, format: json }
    x-groups: { claim: ["https://example.com/groups"], format: first }
    x-tenant: ["https://example.com/tenant"]
  payload_header: x-jwt-payload
  metadata: true
deny:
  realm: api
  format: text
  message: "Token is not valid or has expired"
  expose_reason: true
  on_unavailable: defer
  unavailable_status: 403
traces:
  endpoint: https://collector.example.com/otlp
  ratio: 0.25
  headers: { Authorization: { file: secret.key }, x-tenant: ops }
bypass_cors_preflight: true
consumers:
  alice-app:
    id: 7f0c1d2e
    custom_id: crm-42
    groups: [gold]
    audiences: [orders-api]
    credentials:
      - { key: a36c, algorithm: HS256, secret: { file: secret.b64 }, secret_is_base64: true }
      - { key: alice-es, algorithm: ES256, public_key: { file: key.pem } }
  guest: { id: guest }
consumer_key_claim: kid
consumers_file: consumers.yaml
anonymous_consumer: guest
cache: { max_bytes: 0, ttl: 1m }
limits: { token_bytes: 8KiB, claims_depth: 8, concurrent_requests: 100, header_bytes: 32KiB, connections: 200 }
log: { level: debug, format: text, decisions: all, fingerprint_key: { file: secret.key } }
"#;
