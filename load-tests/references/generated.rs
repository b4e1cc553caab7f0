//! The reference: `Check` as one writes it first, with tonic's server, the generated types and
//! jsonwebtoken, and a cache of verdicts. Takes the public key (a JWK file), the issuer, the audience,
//! and `one-thread` or `many-threads`, which is tokio's default; prints its port.

use std::env;
use std::fs;

use jotgate::grpc::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use jotgate::grpc::proto::envoy::config::core::v3::{HeaderValue, HeaderValueOption};
use jotgate::grpc::proto::envoy::service::auth::v3::authorization_server::{
    Authorization, AuthorizationServer,
};
use jotgate::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use jotgate::grpc::proto::envoy::service::auth::v3::{
    CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use jotgate::grpc::proto::envoy::r#type::v3::HttpStatus;
use jotgate::grpc::proto::google::rpc;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use moka::sync::Cache;
use serde::Deserialize;
use tokio::runtime::Builder;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, keys, issuer, audience, threads] = &arguments[..] else {
        return Err("usage: KEYS ISSUER AUDIENCE one-thread|many-threads".into());
    };
    let mut runtime = match threads.as_str() {
        "one-thread" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let service = Authorizer::new(keys, issuer, audience)?;
    runtime.enable_all().build()?.block_on(serve(service))
}

async fn serve(service: Authorizer) -> Result<(), Box<dyn std::error::Error>> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?.with_nodelay(Some(true));
    println!("{}", incoming.local_addr()?.port());
    let service = AuthorizationServer::new(service);
    Server::builder()
        .add_service(service)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

struct Authorizer {
    key: DecodingKey,
    validation: Validation,
    /// The subject by the token.
    verdicts: Cache<String, String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Authorizer {
    fn new(keys: &str, issuer: &str, audience: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let keys: JwkSet = serde_json::from_slice(&fs::read(keys)?)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        Ok(Self {
            key: DecodingKey::from_jwk(&keys.keys[0])?,
            validation,
            verdicts: Cache::new(100_000),
        })
    }

    fn subject(&self, request: &CheckRequest) -> Option<String> {
        let request = request.attributes.as_ref()?.request.as_ref()?;
        let header = request.http.as_ref()?.headers.get("authorization")?;
        let token = header.strip_prefix("Bearer ")?;
        if let Some(subject) = self.verdicts.get(token) {
            return Some(subject);
        }
        let data = decode::<Claims>(token, &self.key, &self.validation).ok()?;
        self.verdicts
            .insert(token.to_owned(), data.claims.sub.clone());
        Some(data.claims.sub)
    }
}

#[tonic::async_trait]
impl Authorization for Authorizer {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let Some(subject) = self.subject(request.get_ref()) else {
            let denied = DeniedHttpResponse {
                status: Some(HttpStatus { code: 401 }),
                ..DeniedHttpResponse::default()
            };
            return Ok(Response::new(CheckResponse {
                status: Some(rpc::Status {
                    code: 16,
                    ..rpc::Status::default()
                }),
                http_response: Some(HttpResponse::DeniedResponse(denied)),
                ..CheckResponse::default()
            }));
        };
        let header = |key: &str, value: String| HeaderValueOption {
            header: Some(HeaderValue {
                key: key.to_owned(),
                value,
                ..HeaderValue::default()
            }),
            append: Some(false),
            append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
            ..HeaderValueOption::default()
        };
        let ok = OkHttpResponse {
            headers: vec![header("x-user-id", subject)],
            ..OkHttpResponse::default()
        };
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status::default()),
            http_response: Some(HttpResponse::OkResponse(ok)),
            ..CheckResponse::default()
        }))
    }
}
