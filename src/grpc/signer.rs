//! `jotgate.v1.Signer`: tokens for those who may have them.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::ClientAddress;
use super::proto::jotgate::v1::signer_server::Signer;
use super::proto::jotgate::v1::{SignRequest, SignResponse};
use crate::issue::{ClientError, Desk, InForce, MintError, SignError};

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
        let mut profile = request.get_ref().profile.clone();
        let answered = self.answer(&in_force, request, &mut profile).await;
        answered.inspect_err(|_| in_force.refused(&profile))
    }
}

impl SignerService {
    /// `label` becomes the profile's name, as soon as that is known.
    async fn answer(
        &self,
        in_force: &InForce,
        request: Request<SignRequest>,
        label: &mut String,
    ) -> Result<Response<SignResponse>, Status> {
        let mut sent = request.metadata().get_all("authorization").iter();
        let authorization = match (sent.next(), sent.next()) {
            (Some(one), None) => Some(one.as_encoded_bytes().to_vec()),
            (Some(_), Some(_)) | (None, _) => None,
        };
        let address = request.extensions().get::<ClientAddress>();
        let address = address.and_then(|ClientAddress(address)| *address);
        let SignRequest {
            profile,
            claims_json,
        } = request.into_inner();
        let recognised = self
            .desk
            .recognise(in_force, authorization.as_deref(), address);
        let client = recognised.await.map_err(unrecognised)?;
        let forbidden =
            || Status::permission_denied("the client may not have tokens of this profile signed");
        let name = (!profile.is_empty()).then_some(&*profile);
        let profile = client.profile(name).map_err(|_| forbidden())?;
        (*profile.name).clone_into(label);
        if !client.signs {
            return Err(forbidden());
        }
        let issued = in_force.sign(&client, profile, &claims_json, self.desk.now());
        let issued = issued.map_err(unsigned)?;
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

fn unsigned(error: SignError) -> Status {
    let detail = error.to_string();
    match error {
        SignError::Malformed
        | SignError::NoClaims(_)
        | SignError::Mint(MintError::TooLarge | MintError::Undecided(_)) => {
            Status::invalid_argument(detail)
        }
        SignError::Mint(MintError::Scope(_)) => Status::permission_denied(detail),
        SignError::Mint(MintError::NoKey | MintError::Signing(_)) => {
            Status::internal("the token cannot be signed")
        }
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
