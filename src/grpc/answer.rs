//! One request on a connection: `Check` from its message, everything else by tonic's routes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::time::timeout;

use super::check;
use super::frame::{Framed, PREFIX_BYTES, only_message};
use crate::gate::{Bodies, Gate, NotTaken, Parts};
use crate::limits::{MESSAGE_BYTES, REQUEST_TIMEOUT};
use crate::metrics::Transport;
use crate::reason::Reason;
use crate::telemetry::TraceContext;

/// Answers a `Check`: now, if its message is there, else when it is.
pub(super) fn check(
    gate: &Arc<Gate>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    context: &mut Context<'_>,
) {
    let within = gate.trace_context(|name| request.headers().get(name)?.to_str().ok());
    let mut incoming = Incoming::new(request.into_body());
    if let Poll::Ready(message) = incoming.poll(gate.bodies(), context) {
        let answer = match gate.pass(Transport::Check) {
            Some(_passing) => judge(gate, within, message),
            None => check::refuse(gate, &within, Reason::Overloaded),
        };
        return send(respond, answer);
    }
    let gate = Arc::clone(gate);
    tokio::task::spawn_local(async move {
        let answer = match gate.enter(Transport::Check) {
            Some(_entered) => {
                let message = poll_fn(|context| incoming.poll(gate.bodies(), context));
                let message = timeout(REQUEST_TIMEOUT, message).await;
                judge(&gate, within, message.unwrap_or(Err(Reason::Internal)))
            }
            None => check::refuse(&gate, &within, Reason::Overloaded),
        };
        send(respond, answer);
    });
}

/// What came, or that it cannot be read: too long, too slow, cut, or the client is gone and will
/// not read the answer either.
fn judge(gate: &Gate, within: TraceContext, body: Result<Bytes, Reason>) -> Framed {
    match body.and_then(|body| only_message(body).ok_or(Reason::Internal)) {
        Ok(message) => check::answer_within(gate, within, &message),
        Err(reason) => check::refuse(gate, &within, reason),
    }
}

/// Sends a message and the trailers that say OK. Where that fails the client is gone.
fn send(mut respond: SendResponse<Bytes>, message: Framed) {
    let mut head = Response::new(());
    head.headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let sent = respond.send_response(head, false).and_then(|mut stream| {
        stream.send_data(message.0, false)?;
        stream.send_trailers(trailers)
    });
    if let Err(error) = sent {
        tracing::debug!(%error, "an answer found nobody");
    }
}

/// The body of a request on its way.
struct Incoming {
    body: RecvStream,
    parts: Parts,
}

impl Incoming {
    fn new(body: RecvStream) -> Self {
        let parts = Parts::new(PREFIX_BYTES + MESSAGE_BYTES);
        Self { body, parts }
    }

    /// All of it, or why not.
    fn poll(
        &mut self,
        bodies: &Arc<Bodies>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Bytes, Reason>> {
        loop {
            if self.parts.has_begun() && self.body.is_end_stream() {
                return Poll::Ready(Ok(self.parts.whole()));
            }
            let part = match ready!(self.body.poll_data(context)) {
                None => return Poll::Ready(Ok(self.parts.whole())),
                Some(Err(_)) => return Poll::Ready(Err(Reason::Internal)),
                Some(Ok(part)) => part,
            };
            match self.parts.push(part, bodies) {
                Ok(0) => {}
                Ok(copied) => {
                    // The client may send more. Of one part, all is given back at the end.
                    let _ = self.body.flow_control().release_capacity(copied);
                }
                Err(NotTaken::Overloaded) => return Poll::Ready(Err(Reason::Overloaded)),
                Err(NotTaken::TooLong) => return Poll::Ready(Err(Reason::Internal)),
            }
        }
    }
}
