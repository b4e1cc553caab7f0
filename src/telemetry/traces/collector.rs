//! Sending spans: OTLP over HTTP, protobuf.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;

use super::{TraceSettings, TracesError};
use crate::limits::{SPAN_ANSWER_BYTES, SPAN_EXPORT_TIMEOUT};

/// What sends spans to the collector.
///
/// # Errors
/// See [`super::Traces::start`].
pub(super) fn exporter(settings: &TraceSettings) -> Result<SpanExporter, TracesError> {
    let failed = |error: Box<dyn Error>| TracesError(error.to_string());
    let client = Client {
        client: client(settings).map_err(failed)?,
        runtime: Handle::current(),
    };
    let mut endpoint = settings.endpoint.clone();
    let path = format!("{}/v1/traces", endpoint.path().trim_end_matches('/'));
    endpoint.set_path(&path);
    SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(endpoint.to_string())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(SPAN_EXPORT_TIMEOUT)
        .with_headers(headers(settings)?)
        .build()
        .map_err(|error| failed(error.into()))
}

fn headers(settings: &TraceSettings) -> Result<HashMap<String, String>, TracesError> {
    let read = settings.headers.iter().map(|(name, source)| {
        let secret = source.read().map_err(TracesError)?;
        let text = String::from_utf8(secret.to_vec());
        let text = text.map_err(|_| TracesError(format!("the header {name} is not UTF-8")))?;
        Ok((name.to_string(), text))
    });
    read.collect()
}

fn client(settings: &TraceSettings) -> Result<reqwest::Client, Box<dyn Error>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let tls = if settings.endpoint.scheme() == "https" {
        let system = rustls_platform_verifier::Verifier::new(provider)?;
        builder
            // Named so because a verifier could be careless; this is the system's.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(system))
            .with_no_client_auth()
    } else {
        builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("jotgate/", env!("CARGO_PKG_VERSION")))
        .timeout(SPAN_EXPORT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(client)
}

/// Sends on the control plane's runtime, whichever thread asks.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Client {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        let client = self.client.clone();
        let sent = self
            .runtime
            .spawn(async move { send(&client, request).await });
        Box::pin(async move { sent.await? })
    }
}

async fn send(
    client: &reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let mut response = client.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    // What a collector says of spans that it did not take is short.
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > SPAN_ANSWER_BYTES {
            return Err(format!("the answer is longer than {SPAN_ANSWER_BYTES} bytes").into());
        }
        body.extend_from_slice(&part);
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = response.status();
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    Ok(whole)
}
