//! One request on a connection: `Check` from its message, everything else by tonic's routes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::time::timeout;

use super::check;
use super::frame::{Framed, PREFIX_BYTES, only_message};
use crate::gate::{Gate, Held};
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
    let mut incoming = Incoming::new(request.into_body(), gate.bodies().begin());
    if let Poll::Ready(message) = incoming.poll(context) {
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
                let message = poll_fn(|context| incoming.poll(context));
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
    /// What came before the last part.
    before: BytesMut,
    held: Held,
    last: Option<Bytes>,
}

impl Incoming {
    fn new(body: RecvStream, held: Held) -> Self {
        Self {
            body,
            held,
            before: BytesMut::new(),
            last: None,
        }
    }

    /// All of it, or why not. It nearly always is one part, which is not copied.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Reason>> {
        loop {
            if self.last.is_some() && self.body.is_end_stream() {
                return Poll::Ready(Ok(self.whole()));
            }
            match ready!(self.body.poll_data(context)) {
                None => return Poll::Ready(Ok(self.whole())),
                Some(Err(_)) => return Poll::Ready(Err(Reason::Internal)),
                Some(Ok(part)) => {
                    if let Some(last) = self.last.replace(part) {
                        if !self.held.grow(last.len()) {
                            return Poll::Ready(Err(Reason::Overloaded));
                        }
                        self.before.extend_from_slice(&last);
                        // The client may send more. Of one part, all is given back at the end.
                        let _ = self.body.flow_control().release_capacity(last.len());
                    }
                    let length = self.before.len() + self.last.as_ref().map_or(0, Bytes::len);
                    if length > PREFIX_BYTES + MESSAGE_BYTES {
                        return Poll::Ready(Err(Reason::Internal));
                    }
                }
            }
        }
    }

    fn whole(&mut self) -> Bytes {
        let last = self.last.take().unwrap_or_default();
        if self.before.is_empty() {
            return last;
        }
        self.before.extend_from_slice(&last);
        self.before.split().freeze()
    }
}
