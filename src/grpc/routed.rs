//! Everything but `Check`: tonic's routes on a stream of `h2`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::Response;
use http_body::{Body, Frame};
use tokio::time::timeout;
use tonic::Status;

use super::messages::Messages;
use crate::gate::Held;
use crate::limits::REQUEST_TIMEOUT;

/// Sends what `routed` will answer, unless the client takes its question back before.
pub(super) async fn send<F, E>(routed: F, mut respond: SendResponse<Bytes>)
where
    F: Future<Output = Result<Response<tonic::body::Body>, E>>,
{
    let mut routed = pin!(routed);
    let answered = poll_fn(|context| {
        if respond.poll_reset(context).is_ready() {
            return Poll::Ready(None);
        }
        routed.as_mut().poll(context).map(Result::ok)
    });
    let response = match timeout(REQUEST_TIMEOUT, answered).await {
        Ok(Some(response)) => response,
        Ok(None) => return,
        // Its body does not come to an end.
        Err(_) => return respond.send_reset(Reason::CANCEL),
    };
    let (head, body) = response.into_parts();
    let is_whole = body.is_end_stream();
    match respond.send_response(Response::from_parts(head, ()), is_whole) {
        Ok(stream) if !is_whole => send_body(body, stream).await,
        Ok(_) => {}
        Err(error) => tracing::debug!(%error, "an answer found nobody"),
    }
}

/// Sends `body` as fast as the client takes it.
async fn send_body(mut body: tonic::body::Body, mut stream: SendStream<Bytes>) {
    loop {
        let next = poll_fn(|context| {
            if stream.poll_reset(context).is_ready() {
                return Poll::Ready(None);
            }
            Pin::new(&mut body).poll_frame(context).map(Some)
        });
        let frame = match next.await {
            // The client is gone.
            None => return,
            Some(None) => {
                let _ = stream.send_data(Bytes::new(), true);
                return;
            }
            Some(Some(Err(_))) => return stream.send_reset(Reason::INTERNAL_ERROR),
            Some(Some(Ok(frame))) => frame,
        };
        let sent = match frame.into_data() {
            Ok(data) => send_data(data, &mut stream).await,
            Err(frame) => match frame.into_trailers() {
                Ok(trailers) => {
                    let _ = stream.send_trailers(trailers);
                    return;
                }
                Err(_) => Ok(()),
            },
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "an answer found nobody");
            return;
        }
    }
}

/// Waits until there is room for `data` at the other end, part by part.
async fn send_data(mut data: Bytes, stream: &mut SendStream<Bytes>) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = poll_fn(|context| stream.poll_capacity(context));
        let room = match timeout(REQUEST_TIMEOUT, room).await {
            Ok(Some(room)) => room?,
            Ok(None) => return Err(Reason::CANCEL.into()),
            // It asks and reads nothing: what it sent would be held for as long as it likes.
            Err(_) => {
                stream.send_reset(Reason::CANCEL);
                return Err(Reason::CANCEL.into());
            }
        };
        let part = data.split_to(room.min(data.len()));
        if !part.is_empty() {
            stream.send_data(part, false)?;
        }
    }
    Ok(())
}

/// The body of a request as tonic reads it. What has been read makes room for more.
pub(super) struct RequestBody {
    body: RecvStream,
    messages: Messages,
}

impl RequestBody {
    pub(super) const fn new(body: RecvStream, held: Held) -> Self {
        let messages = Messages::new(held);
        Self { body, messages }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Self { body, messages } = self.get_mut();
        let failed = |error: h2::Error| Some(Err(Status::cancelled(error.to_string())));
        match ready!(body.poll_data(context)) {
            Some(Ok(data)) => {
                // It fails where the stream ends, which the next call tells.
                let _ = body.flow_control().release_capacity(data.len());
                if !messages.has_room_for(&data) {
                    let sentence = "too much is on its way at the same time: try again later";
                    return Poll::Ready(Some(Err(Status::resource_exhausted(sentence))));
                }
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Err(error)) => Poll::Ready(failed(error)),
            None => Poll::Ready(match ready!(body.poll_trailers(context)) {
                Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
                Err(error) => failed(error),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
