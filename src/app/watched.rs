//! What is asked on one HTTP connection, watched: when, and for how long.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::service::Service;
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};

use crate::limits::REQUEST_TIMEOUT;
use crate::listen::Farewell;

/// A service that tells when it is asked, once that matters, and gives up on a request that takes
/// [`REQUEST_TIMEOUT`]: its client sends the body a byte at a time, or not at all.
pub(super) struct Watched<S> {
    service: S,
    farewell: Rc<Farewell>,
    asked: Rc<Notify>,
}

impl<S> Watched<S> {
    /// `asked` is told of the first request after the farewell is due.
    pub(super) fn new(service: S, farewell: Rc<Farewell>, asked: Rc<Notify>) -> Self {
        Self {
            service,
            farewell,
            asked,
        }
    }
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = io::Error;
    type Future = Bounded<S::Future>;

    fn call(&self, request: R) -> Self::Future {
        if self.farewell.is_due() {
            self.asked.notify_one();
        }
        Bounded {
            answer: self.service.call(request),
            end: None,
        }
    }
}

/// An answer that must not take too long. One that is there at once, as almost all are, costs no
/// timer.
pub(super) struct Bounded<F> {
    answer: F,
    end: Option<Pin<Box<Sleep>>>,
}

impl<T, F> Future for Bounded<F>
where
    F: Future<Output = Result<T, Infallible>> + Unpin,
{
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.get_mut();
        if let Poll::Ready(Ok(answer)) = Pin::new(&mut this.answer).poll(context) {
            return Poll::Ready(Ok(answer));
        }
        let end = this
            .end
            .get_or_insert_with(|| Box::pin(sleep(REQUEST_TIMEOUT)));
        // An error, not an answer: the stream is reset, in HTTP/1.1 the connection closed.
        let late = |()| Err(io::ErrorKind::TimedOut.into());
        end.as_mut().poll(context).map(late)
    }
}
