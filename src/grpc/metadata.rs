//! `forward.metadata`: who the token is about, for Envoy's dynamic metadata.

use std::collections::BTreeMap;

use prost_types::value::Kind as ProtoKind;
use prost_types::{ListValue, Struct, Value};

use crate::cache::VerifiedToken;
use crate::limits::CLAIMS_DEPTH_MAX;
use crate::rules::Rule;
use crate::token::json::{Json, Kind, scan_object};

/// Issuer or consumer (its name in the configuration), rule, subject and claims of a verified token.
#[must_use]
pub(super) fn of(token: &VerifiedToken, rule: &Rule) -> Struct {
    let mut fields = BTreeMap::new();
    if let Some(name) = &rule.settings.name {
        let name = ProtoKind::StringValue(name.to_string());
        fields.insert("rule".to_owned(), wrap(name));
    }
    if let Some(issuer) = token.signer.issuer_name() {
        fields.insert(
            "issuer".to_owned(),
            wrap(ProtoKind::StringValue(issuer.to_owned())),
        );
    }
    if let Some(consumer) = token.signer.consumer() {
        let name = ProtoKind::StringValue(consumer.name.to_string());
        fields.insert("consumer".to_owned(), wrap(name));
    }
    if let Some(subject) = &token.subject {
        fields.insert(
            "subject".to_owned(),
            wrap(ProtoKind::StringValue(subject.to_string())),
        );
    }
    // The payload was read before, within the limits: this is an object.
    if let Ok(claims) = scan_object(&token.payload, CLAIMS_DEPTH_MAX, |_| ()) {
        fields.insert("claims".to_owned(), value(claims));
    }
    Struct { fields }
}

/// JSON as `google.protobuf.Value`. Numbers are doubles there, so large ones lose digits.
fn value(json: Json<'_>) -> Value {
    wrap(match json.kind() {
        Kind::Array => ProtoKind::ListValue(ListValue {
            values: json.elements().map(value).collect(),
        }),
        Kind::Bool => ProtoKind::BoolValue(json.raw() == "true"),
        Kind::Null => ProtoKind::NullValue(0),
        // Beyond a double it is infinite, which the receiver would refuse: 0 would be a lie, so
        // such a number goes as text.
        Kind::Number => match json.as_f64() {
            Some(number) if number.is_finite() => ProtoKind::NumberValue(number),
            Some(_) | None => ProtoKind::StringValue(json.raw().to_owned()),
        },
        Kind::Object => {
            let members = json
                .members()
                .map(|(name, member)| (name.to_cow().into_owned(), value(member)));
            ProtoKind::StructValue(Struct {
                fields: members.collect(),
            })
        }
        Kind::String => {
            let text = json.as_text().map(|text| text.to_cow().into_owned());
            ProtoKind::StringValue(text.unwrap_or_default())
        }
    })
}

const fn wrap(kind: ProtoKind) -> Value {
    Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::value;
    use crate::token::json::scan_object;

    #[test]
    fn every_kind_of_json_has_its_kind_of_value() {
        let text = br#"{"a":[1,"x\n",true,null,{"b":1e400}]}"#;
        let json = scan_object(text, 8, |_| ()).expect("JSON");
        let shown = format!("{:?}", value(json));
        for part in [
            "NumberValue(1.0)",
            "StringValue(\"x\\n\")",
            "BoolValue(true)",
            "NullValue",
            "\"1e400\"",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}
