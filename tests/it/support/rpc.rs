//! A gRPC client, for tests that are not async.

use std::future::Future;

use jotgate::listen::Address;
use tokio::runtime::{self, Runtime};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use jotgate::grpc::proto::envoy::config::core::v3::HeaderValueOption;
use jotgate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use jotgate::grpc::proto::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use jotgate::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use jotgate::grpc::proto::envoy::service::auth::v3::{
    AttributeContext, CheckRequest, CheckResponse,
};
use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use jotgate::grpc::proto::jotgate::v1::{VerifyBatchRequest, VerifyRequest, VerifyResponse};

/// A connection to jotgate's gRPC listener.
pub struct Rpc {
    runtime: Runtime,
    channel: Channel,
}

impl Rpc {
    pub fn connect(to: &Address) -> Self {
        let uri = match to {
            Address::Tcp(address) => format!("http://{address}"),
            Address::Unix(path) => format!("unix://{}", path.display()),
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let endpoint = Endpoint::from_shared(uri).expect("an address is a URI");
        let channel = runtime
            .block_on(endpoint.connect())
            .expect("jotgate accepts connections");
        Self { runtime, channel }
    }

    /// Runs one call, made of the channel.
    pub fn run<T, F: Future<Output = T>>(&self, call: impl FnOnce(Channel) -> F) -> T {
        self.runtime.block_on(call(self.channel.clone()))
    }

    pub fn check(&self, request: CheckRequest) -> Result<CheckResponse, tonic::Status> {
        self.run(|channel| async {
            let mut client = AuthorizationClient::new(channel);
            client.check(request).await.map(tonic::Response::into_inner)
        })
    }

    /// One call for many tokens; the answers are in their order.
    pub fn verify_batch(&self, requests: Vec<VerifyRequest>) -> Vec<VerifyResponse> {
        let answer = self.run(|channel| async {
            let mut client = VerifierClient::new(channel);
            client.verify_batch(VerifyBatchRequest { requests }).await
        });
        answer
            .expect("bad tokens are verdicts")
            .into_inner()
            .responses
    }

    pub fn verify(&self, request: VerifyRequest) -> VerifyResponse {
        let answer = self.run(|channel| async {
            let mut client = VerifierClient::new(channel);
            client.verify(request).await
        });
        answer.expect("a bad token is a verdict").into_inner()
    }
}

/// What Envoy sends about `GET /orders` with these headers.
pub fn check_request(headers: &[(&str, &str)]) -> CheckRequest {
    check_request_for("/orders", headers)
}

/// The same about another path.
pub fn check_request_for(path: &str, headers: &[(&str, &str)]) -> CheckRequest {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        host: "api.example.com".to_owned(),
        headers: headers.collect(),
        ..HttpRequest::default()
    };
    CheckRequest {
        attributes: Some(AttributeContext {
            request: Some(Request { http: Some(http) }),
            ..AttributeContext::default()
        }),
    }
}

/// Whether Envoy lets the request pass, and the headers of the answer.
pub fn check_verdict(answer: &CheckResponse) -> (Code, &[HeaderValueOption]) {
    // As in Envoy: no status is status 0, and that is a yes.
    let code = answer.status.as_ref().map_or(0, |status| status.code);
    let headers = match &answer.http_response {
        Some(HttpResponse::DeniedResponse(denied) | HttpResponse::ErrorResponse(denied)) => {
            &denied.headers[..]
        }
        Some(HttpResponse::OkResponse(ok)) => &ok.headers[..],
        None => &[],
    };
    (Code::from_i32(code), headers)
}

/// The value that an answer gives to a header.
pub fn set_header<'a>(headers: &'a [HeaderValueOption], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .filter_map(|option| option.header.as_ref())
        .find(|header| header.key == name)
        .map(|header| header.value.as_str())
}
