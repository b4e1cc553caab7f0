//! Clients that mean harm, or are broken: they harm themselves.

mod crowds;
mod floods;
mod malformed;
mod slow;
mod streams;

use ::jotgate::listen::Address;
use serde_json::{Value, json};

use crate::support::h2::Raw;
use crate::support::http::Request;
use crate::support::idp::{Idp, merged};
use crate::support::jotgate::Jotgate;
use crate::support::rpc::{Rpc, check_request, check_verdict};

/// jotgate, and somebody who uses it as one should.
struct Stage {
    jotgate: Jotgate,
    token: String,
    /// Connected before anything happens, and all the time.
    good: Rpc,
}

impl Stage {
    fn start() -> Self {
        Self::start_with(&json!({}))
    }

    fn start_with(more: &Value) -> Self {
        let idp = Idp::start();
        let config = merged(json!({ "issuers": idp.issuers() }), more);
        let jotgate = Jotgate::start_ready(config);
        let good = Rpc::connect(jotgate.grpc());
        let token = idp.token(&json!({}));
        let stage = Self {
            jotgate,
            token,
            good,
        };
        stage.assert_good("from the start");
        stage
    }

    /// Good requests pass: over the connection that stands, and over new ones.
    fn assert_good(&self, when: &str) {
        let authorization = format!("Bearer {}", self.token);
        let request = check_request(&[("authorization", &authorization)]);
        for rpc in [&self.good, &Rpc::connect(self.jotgate.grpc())] {
            let answer = rpc.check(request.clone());
            let answer = answer.unwrap_or_else(|status| panic!("{when}: {status:?}"));
            assert_eq!(check_verdict(&answer).0, tonic::Code::Ok, "{when}");
        }
        let request = Request::get("/auth").bearer(&self.token);
        assert_eq!(request.send(self.jotgate.http()).status, 200, "{when}");
        assert_eq!(self.jotgate.metric("jotgate_panics_total"), 0, "{when}");
    }

    /// A connection to each of the two listeners.
    fn each(&self, open: impl Fn(&Address) -> Raw) -> [Raw; 2] {
        [self.jotgate.grpc(), self.jotgate.http()].map(open)
    }
}

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";
