//! `jotgate verify`: one decision with its explanation.

mod print;

use std::collections::HashMap;
use std::io::Write;

use clap::Args;

use super::serve::failed;
use super::{ConfigFile, Exit, Failure, input};
use crate::app::{self, Answer};
use crate::grpc::proto::jotgate::v1::{RequestContext, Verdict, VerifyRequest, VerifyResponse};
use crate::time::{Clock as _, SystemClock};

/// Arguments of `jotgate verify`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    request: AskedRequest,
    /// Judge by the rule of this name instead of by the request.
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Print one JSON document, as `POST /v1/verify` answers.
    #[arg(long)]
    json: bool,
    /// The token, or `-` to read it from standard input.
    #[arg(value_name = "TOKEN|-", allow_hyphen_values = true)]
    token: String,
}

/// The request that the token came with, as far as it is told.
#[derive(Args, Debug)]
struct AskedRequest {
    /// The request's method: GET, POST, …
    #[arg(long, value_name = "M")]
    method: Option<String>,
    /// The request's host, with or without port.
    #[arg(long, value_name = "H")]
    host: Option<String>,
    /// The request's path, with its query.
    // `path` is the configuration's id.
    #[arg(id = "request_path", long = "path", value_name = "P")]
    path: Option<String>,
    /// One of the request's headers.
    #[arg(long = "header", value_name = "K: V", value_parser = header)]
    headers: Vec<(String, String)>,
}

impl Verify {
    /// Does it. Ends with `No` if the token is denied, with `Undecided` if nobody could tell.
    ///
    /// # Errors
    /// [`Failure`] if the token or the configuration cannot be read, or the configuration is bad.
    pub fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let token = input::token(&self.token)?;
        let question = question(token, self.request, self.rule)?;
        let config = self.config.load()?;
        let Answer { response, missing } = app::ask(config, &question).map_err(failed)?;
        if self.json {
            print::json(&response, out)?;
        } else {
            print::text(&response, SystemClock.now(), out)?;
            print::missing(&missing, out)?;
        }
        Ok(exit(&response))
    }
}

/// The question as it goes to the service, too, so that all ways of asking agree. Without anything
/// about a request the token alone is judged.
fn question(
    token: String,
    request: AskedRequest,
    rule: Option<String>,
) -> Result<VerifyRequest, Failure> {
    let AskedRequest {
        method,
        host,
        path,
        headers: pairs,
    } = request;
    let is_told = method.is_some() || host.is_some() || path.is_some() || !pairs.is_empty();
    let mut headers = HashMap::new();
    for (name, value) in pairs {
        if headers.contains_key(&name) {
            let message = format!("--header {name} is given twice: give all values in one");
            return Err(Failure::new(Exit::Usage, message));
        }
        headers.insert(name, value);
    }
    let request = is_told.then(|| RequestContext {
        method: method.unwrap_or_default(),
        host: host.unwrap_or_default(),
        path: path.unwrap_or_default(),
        headers,
    });
    Ok(VerifyRequest {
        token,
        request,
        rule: rule.unwrap_or_default(),
        explain: true,
        ..VerifyRequest::default()
    })
}

fn exit(response: &VerifyResponse) -> Exit {
    match response.verdict() {
        Verdict::Allow => Exit::Good,
        Verdict::Deny => Exit::No,
        Verdict::Unavailable | Verdict::Unspecified => Exit::Undecided,
    }
}

/// `name: value`; the name in lower case, as requests carry it.
fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write 'name: value'")?;
    let name = http::HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| format!("{name:?} is no name of a header"))?;
    Ok((name.as_str().to_owned(), value.trim().to_owned()))
}

const EXAMPLES: &str =
    "Keys are fetched once if the configuration names URLs. Without --method, --host, --path and \
--header the token alone is judged.

Examples:
  jotgate verify --config jotgate.yaml - < token.txt
  jotgate verify --config jotgate.yaml --method GET --path /orders/1 --json \"$TOKEN\"";

#[cfg(test)]
mod tests;
