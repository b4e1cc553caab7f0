//! `jotgate.v1.Signer`: tokens for those who may have them.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::proto::jotgate::v1::signer_server::Signer;
use super::proto::jotgate::v1::{SignRequest, SignResponse};
use crate::issue::{ClientError, Desk, MintError, SignError};

/// The service.
#[derive(Clone, Debug)]
pub(super) struct SignerService {
    desk: Arc<Desk>,
}

impl SignerService {
    /// A service that signs what is in force at `desk`.
    #[must_use]
    pub(super) const fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }
}

#[tonic::async_trait]
impl Signer for SignerService {
    async fn sign(&self, request: Request<SignRequest>) -> Result<Response<SignResponse>, Status> {
        let nothing = || Status::failed_precondition("nothing is issued here: configure `issue`");
        let in_force = self.desk.in_force().ok_or_else(nothing)?;
        let authorization = request.metadata().get("authorization");
        let authorization = authorization.map(|value| value.as_encoded_bytes().to_vec());
        let SignRequest {
            profile,
            claims_json,
        } = request.into_inner();
        let recognised = self
            .desk
            .recognise(&in_force, authorization.as_deref(), None);
        let client = recognised.await.map_err(|error| {
            in_force.refused(&profile);
            unrecognised(error)
        })?;
        let name = (!profile.is_empty()).then_some(&*profile);
        let profile = client.profile(name).map_err(|_| {
            in_force.refused(&profile);
            Status::permission_denied("the client may not have tokens of this profile")
        })?;
        let issued = in_force.sign(profile, &claims_json, self.desk.now());
        let issued = issued.map_err(|error| match error {
            SignError::Malformed
            | SignError::NoClaims(_)
            | SignError::Mint(MintError::TooLarge) => Status::invalid_argument(error.to_string()),
            SignError::Mint(MintError::NoKey | MintError::Signing(_)) => {
                Status::internal("the token cannot be signed")
            }
        })?;
        Ok(Response::new(SignResponse {
            token: issued.token,
            expires_at: Some(prost_types::Timestamp {
                seconds: issued.expires_at.seconds(),
                nanos: 0,
            }),
            key_id: issued.key_id.into(),
        }))
    }
}

fn unrecognised(error: ClientError) -> Status {
    match error {
        ClientError::Missing | ClientError::Wrong => {
            Status::unauthenticated("name and secret in HTTP Basic are needed, in `authorization`")
        }
        ClientError::TooMany(_) => Status::resource_exhausted("too many requests"),
        ClientError::Busy => Status::unavailable("too many secrets wait to be checked"),
    }
}
