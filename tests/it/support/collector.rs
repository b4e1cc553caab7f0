//! A collector of traces: OTLP over HTTP, protobuf.

use std::sync::{Arc, Mutex};

use jotgate::listen::Address;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::http::{Request, Response, Server};
use super::wait;

pub struct Collector {
    server: Server,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A span, and the service that it is of.
#[derive(Clone, Debug)]
pub struct Seen {
    pub service: String,
    pub span: Span,
}

impl Collector {
    pub fn start() -> Self {
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let server = Server::start(move |request| {
            seen.lock().expect("nobody panicked").push(request.clone());
            Some(Response::new(200, "application/x-protobuf", ""))
        });
        Self { server, requests }
    }

    pub fn address(&self) -> Address {
        Address::Tcp(self.server.address())
    }

    /// As it came.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("nobody panicked").clone()
    }

    pub fn spans(&self) -> Vec<Seen> {
        let requests = self.requests();
        let exports = requests.iter().map(|request| {
            assert_eq!(request.target, "/v1/traces");
            ExportTraceServiceRequest::decode(&*request.body).expect("OTLP")
        });
        let groups = exports.flat_map(|export| export.resource_spans);
        let spans = groups.flat_map(|group| {
            let resource = group.resource.unwrap_or_default();
            let service = text(&resource.attributes, "service.name").unwrap_or_default();
            let spans = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| Seen {
                service: service.clone(),
                span,
            })
        });
        spans.collect()
    }

    /// Waits for the first span that `is_wanted`.
    pub fn wait_for(&self, what: &str, is_wanted: impl Fn(&Seen) -> bool) -> Seen {
        wait::until(what, || self.spans().into_iter().find(&is_wanted))
    }
}

impl Seen {
    pub fn text(&self, name: &str) -> Option<String> {
        text(&self.span.attributes, name)
    }
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    let Value::StringValue(text) = found.value.as_ref()?.value.as_ref()? else {
        return None;
    };
    Some(text.clone())
}
