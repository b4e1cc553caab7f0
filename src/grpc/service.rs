//! The gRPC side of one worker: `Check` from its bytes, everything else by tonic's routes.

use std::net::IpAddr;
use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{Method, Request};
use tonic::Status;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tower_service::Service as _;

use super::answer;
use super::proto::DESCRIPTORS;
use super::proto::jotgate::v1::signer_server::SignerServer;
use super::proto::jotgate::v1::verifier_server::VerifierServer;
use super::routed::{self, RequestBody};
use super::signer::SignerService;
use super::verifier::VerifierService;
use crate::gate::Gate;
use crate::issue::Desk;
use crate::limits::MESSAGE_BYTES;

/// Everything that `server.grpc` answers.
#[derive(Clone)]
pub struct GrpcService {
    gate: Arc<Gate>,
    routes: Routes,
    address: ClientAddress,
}

/// Of whoever holds the connection; nothing on a Unix socket.
#[derive(Clone, Copy)]
pub(super) struct ClientAddress(pub(super) Option<IpAddr>);

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
                address: ClientAddress(None),
            },
            health,
        )
    }

    /// The same services for a connection from `address`; none is known of a Unix socket.
    #[must_use]
    pub fn for_client(self, address: Option<IpAddr>) -> Self {
        let address = ClientAddress(address);
        Self { address, ..self }
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

impl GrpcService {
    /// Answers one request; the answer may come later.
    pub(super) fn answer(
        &self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        context: &mut Context<'_>,
    ) {
        if request.uri().path() == CHECK_PATH && request.method() == Method::POST {
            return answer::check(&self.gate, request, respond, context);
        }
        let Some(head) = self.gate.bodies().hold_head(request.headers()) else {
            if let Err(error) = respond.send_response(full().into_http(), true) {
                tracing::debug!(%error, "an answer found nobody");
            }
            return;
        };
        let held = self.gate.bodies().begin();
        let body = |body| tonic::body::Body::new(RequestBody::new(body, held));
        let mut request = request.map(body);
        request.extensions_mut().insert(self.address);
        let routed = self.routes.clone().call(request);
        tokio::task::spawn_local(async move {
            routed::send(routed, respond).await;
            drop(head);
        });
    }
}

fn full() -> Status {
    Status::resource_exhausted("too many calls wait for their messages")
}
