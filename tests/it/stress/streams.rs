//! Calls that go on for as long as the client likes.

use jotgate::grpc::proto::jotgate::v1::VerifyRequest;
use jotgate::grpc::proto::jotgate::v1::verifier_client::VerifierClient;
use jotgate::limits::VERIFY_STREAMS;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use super::Stage;
use crate::support::rpc::Rpc;
use crate::support::wait;

#[test]
fn streams_that_ask_nothing_are_bounded_and_those_that_are_closed_make_room() {
    let stage = Stage::start();
    let connections = [(); 4].map(|()| Rpc::connect(stage.jotgate.grpc()));
    let open = |number: usize| {
        connections[number % connections.len()].run(|channel| async {
            let (asker, questions) = mpsc::channel::<VerifyRequest>(1);
            let mut client = VerifierClient::new(channel);
            let verdicts = client.verify_stream(ReceiverStream::new(questions)).await?;
            Ok::<_, Status>((asker, verdicts))
        })
    };
    let mut streams: Vec<_> = (0..VERIFY_STREAMS)
        .map(|number| open(number).unwrap_or_else(|status| panic!("{number}: {status:?}")))
        .collect();
    let refused = open(0).map(|_| ()).expect_err("there are enough");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("VerifyBatch"), "{refused:?}");
    stage.assert_good("beside them");

    streams.pop();
    wait::until("there is room again", || open(VERIFY_STREAMS - 1).ok());
}
