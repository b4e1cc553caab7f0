//! A `kid` of a mebibyte, which most ways of asking have no room for. It is no row of the table,
//! because not every way gets as far as a verdict.

use serde_json::json;

use super::{Forge, Stage};
use crate::agreement::court::Court;

#[test]
fn a_key_id_of_a_mebibyte_is_refused_as_it_is_sent_on_every_way() {
    let stage = Stage::open(&json!({}));
    let token = with_key_id(&stage.court, 1024 * 1024);
    assert_eq!(
        stage.court.outsize(&token),
        ("token_too_large".to_owned(), Some(431))
    );
    // Nobody else has to suffer for it.
    stage.court.judge(&stage.good());
}

#[test]
fn a_key_id_that_fits_a_token_of_a_mebibyte_is_too_long_for_a_name_all_the_same() {
    let limits = json!({ "token_bytes": "1MiB", "header_bytes": "1MiB" });
    let stage = Stage::open(&json!({ "limits": limits }));
    let token = with_key_id(&stage.court, 700 * 1024);
    assert_eq!(
        stage.court.outsize(&token),
        ("token_malformed".to_owned(), None)
    );
    stage.court.judge(&stage.good());
}

fn with_key_id(court: &Court, bytes: usize) -> String {
    Forge::new(court, String::new()).header(&json!({ "kid": "k".repeat(bytes) }))
}
