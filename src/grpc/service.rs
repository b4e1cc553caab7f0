//! The gRPC side of one worker: `Check` from its bytes, everything else by tonic's routes.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tower_service::Service;

use super::check;
use super::proto::DESCRIPTORS;
use super::proto::jotgate::v1::signer_server::SignerServer;
use super::proto::jotgate::v1::verifier_server::VerifierServer;
use super::signer::SignerService;
use super::verifier::VerifierService;
use crate::gate::Gate;
use crate::issue::Desk;
use crate::limits::MESSAGE_BYTES;
use crate::metrics::Transport;
use crate::reason::Reason;

/// Everything that `server.grpc` answers.
#[derive(Clone)]
pub struct GrpcService {
    gate: Arc<Gate>,
    routes: Routes,
}

/// Tells health checks that this server goes away.
pub type HealthReporter = tonic_health::server::HealthReporter;

impl GrpcService {
    /// The services, and who reports on their health. Until then only the server as a whole is
    /// known, and `SERVING`.
    #[must_use]
    pub fn new(gate: Arc<Gate>, desk: Arc<Desk>) -> (Self, HealthReporter) {
        let (health, health_service) = tonic_health::server::health_reporter();
        let verifier = VerifierServer::new(VerifierService::new(Arc::clone(&gate)))
            .max_decoding_message_size(MESSAGE_BYTES);
        let signer =
            SignerServer::new(SignerService::new(desk)).max_decoding_message_size(MESSAGE_BYTES);
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let reflection_v1 = reflection()
            .build_v1()
            .expect("descriptors come from the compiler");
        let reflection_v1alpha = reflection()
            .build_v1alpha()
            .expect("descriptors come from the compiler");
        let mut routes = Routes::builder();
        routes
            .add_service(verifier)
            .add_service(signer)
            .add_service(health_service)
            .add_service(reflection_v1)
            .add_service(reflection_v1alpha);
        (
            Self {
                gate,
                routes: routes.routes(),
            },
            health,
        )
    }
}

/// Reports the same health for every service.
pub async fn report_health(reporter: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        reporter.set_service_status(service, status).await;
    }
}

/// The services whose health is reported, beside the server as a whole (the empty name).
const SERVICES: [&str; 4] = [
    "",
    "envoy.service.auth.v3.Authorization",
    "jotgate.v1.Signer",
    "jotgate.v1.Verifier",
];

const CHECK_PATH: &str = "/envoy.service.auth.v3.Authorization/Check";

impl hyper::service::Service<Request<Incoming>> for GrpcService {
    type Response = Response<GrpcBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if request.uri().path() == CHECK_PATH && request.method() == Method::POST {
            let gate = Arc::clone(&self.gate);
            return Box::pin(async move { Ok(check(&gate, request.into_body()).await) });
        }
        let routed = self
            .routes
            .clone()
            .call(request.map(tonic::body::Body::new));
        Box::pin(async move { routed.await.map(|response| response.map(GrpcBody::Routed)) })
    }
}

async fn check(gate: &Gate, body: Incoming) -> Response<GrpcBody> {
    let answer = match gate.enter(Transport::Check) {
        None => check::refuse(gate, Reason::Overloaded),
        Some(_entered) => match Limited::new(body, MESSAGE_BYTES).collect().await {
            Ok(body) => match message(body.to_bytes()) {
                Some(message) => check::answer(gate, &message),
                None => check::refuse(gate, Reason::Internal),
            },
            // Too long, or the client is gone and will not read this.
            Err(_) => check::refuse(gate, Reason::Internal),
        },
    };
    let mut response = Response::new(GrpcBody::unary(&answer));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// The one message in the body of a unary call; `None` if it is compressed, cut or not alone.
fn message(mut body: Bytes) -> Option<Bytes> {
    const PREFIX_BYTES: usize = 5;
    if body.len() < PREFIX_BYTES || body.get_u8() != 0 {
        return None;
    }
    let length = usize::try_from(body.get_u32()).ok()?;
    (body.len() == length).then_some(body)
}

/// The body of an answer.
pub enum GrpcBody {
    /// One message that is there as a whole, then the trailers that say OK.
    Unary(Option<Bytes>, bool),
    /// Whatever tonic makes.
    Routed(tonic::body::Body),
}

impl GrpcBody {
    fn unary(message: &[u8]) -> Self {
        let mut framed = BytesMut::with_capacity(message.len() + 5);
        framed.extend_from_slice(&[0]);
        let length = u32::try_from(message.len()).expect("answers are far below 4 GiB");
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(message);
        Self::Unary(Some(framed.freeze()), false)
    }
}

impl Body for GrpcBody {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        match self.get_mut() {
            Self::Unary(message, has_ended) => {
                if let Some(message) = message.take() {
                    return Poll::Ready(Some(Ok(Frame::data(message))));
                }
                if std::mem::replace(has_ended, true) {
                    return Poll::Ready(None);
                }
                let mut trailers = HeaderMap::with_capacity(1);
                trailers.insert("grpc-status", HeaderValue::from_static("0"));
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            Self::Routed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Unary(message, has_ended) => message.is_none() && *has_ended,
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Unary(message, _) => {
                SizeHint::with_exact(message.as_ref().map_or(0, |message| message.len() as u64))
            }
            Self::Routed(body) => body.size_hint(),
        }
    }
}
