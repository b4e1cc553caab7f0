//! JSON Web Signature, Key and Token.

use super::Standard;

pub const RFC_7515: Standard = Standard {
    name: "RFC 7515",
    title: "JSON Web Signature",
    beside: "Not here: the JSON serializations (7.2), detached content (F), keys that the token names or brings (4.1.2 to 4.1.8), which \
are not looked at.",
    rules: &[
        (
            "2",
            "base64url without padding, line breaks, white space or other characters",
            &[
                "refuses_everything_but_the_one_spelling",
                "every_text_that_decodes_is_the_encoding_of_its_bytes",
            ],
        ),
        (
            "4",
            "names in the header are unique",
            &[
                "refuses_what_readers_disagree_about",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4",
            "parameters that are not understood are ignored, unless `crit` lists them",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "4.1.1",
            "`alg` is there, a string, and compared with its case",
            &[
                "refuses_each_fault_of_the_header_for_its_own_reason",
                "names_read_back_and_case_matters",
            ],
        ),
        (
            "4.1.2, 4.1.5",
            "`jku`, `x5u`: nothing is fetched",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "a_token_cannot_choose_how_it_is_checked",
            ],
        ),
        (
            "4.1.3, 4.1.6",
            "`jwk`, `x5c`: no key is taken out of a token",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "a_token_cannot_choose_how_it_is_checked",
            ],
        ),
        (
            "4.1.4",
            "`kid` is a string, compared with its case",
            &[
                "refuses_each_fault_of_the_header_for_its_own_reason",
                "kid_and_algorithm_together_make_a_key",
            ],
        ),
        (
            "4.1.9",
            "`typ` is compared without case, with `application/` or without",
            &["typ_is_compared_without_case_and_application"],
        ),
        (
            "4.1.11",
            "`crit` with what is not implemented is refused: nothing is, so every `crit` is",
            &[
                "a_header_that_demands_an_extension_says_so_whatever_its_value",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "5.2, 1 to 4",
            "three parts; the header is base64url, UTF-8 and one JSON object",
            &[
                "refuses_what_is_no_compact_jws_of_json_objects",
                "every_prefix_and_every_changed_byte_of_a_good_token_of_every_algorithm_is_refused",
            ],
        ),
        (
            "5.2, 8",
            "the signature is checked over the header and the payload as they were sent",
            &[
                "every_prefix_and_every_changed_byte_of_a_good_token_of_every_algorithm_is_refused",
                "accepts_a_good_token_of_each_key",
            ],
        ),
        (
            "5.2",
            "no signature, no claims: nothing is acted on before",
            &["a_wrong_signature_hides_what_the_claims_say"],
        ),
        (
            "7.1",
            "the compact serialization, and the examples of appendix A",
            &["the_published_examples_verify_and_come_out_the_same_where_signing_is_deterministic"],
        ),
        (
            "10.6",
            "HMACs are compared in constant time",
            &["every_algorithm_signs_what_its_verifying_key_accepts_and_nothing_else"],
        ),
        (
            "10.7",
            "a signature of another algorithm or key is none",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "every_algorithm_signs_what_its_verifying_key_accepts_and_nothing_else",
            ],
        ),
        (
            "10.12",
            "JSON is read strictly: no trailing data, no duplicates",
            &[
                "refuses_what_readers_disagree_about",
                "accepts_what_rfc_8259_allows",
            ],
        ),
        (
            "10.13",
            "texts are compared as code points, escapes resolved",
            &["texts_compare_by_what_they_say"],
        ),
    ],
};

pub const RFC_7517: Standard = Standard {
    name: "RFC 7517",
    title: "JSON Web Key",
    beside: "Not here: encrypted keys (7) and certificates in keys (4.6 to 4.9), which are not looked at.",
    rules: &[
        (
            "4",
            "members of a key are unique; those that are not understood are ignored",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "reads_the_public_keys_of_rfc_7517_and_rfc_8037",
            ],
        ),
        (
            "4.1",
            "`kty` is there, and compared with its case",
            &["an_unusable_key_is_counted_by_its_cause_and_spoils_no_other"],
        ),
        (
            "4.2",
            "a key whose `use` is not `sig` verifies nothing",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4.3",
            "a key whose `key_ops` lacks `verify` verifies nothing",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4.4",
            "a key with `alg` is for that algorithm alone",
            &[
                "kid_and_algorithm_together_make_a_key",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4.5",
            "keys of one `kid` are told apart by their algorithm, and else all tried",
            &[
                "keys_that_share_a_kid_are_all_tried",
                "four_keys_of_one_kid_and_algorithm_are_kept_and_copies_do_not_count",
            ],
        ),
        (
            "5",
            "a set is an object with an array `keys`",
            &["what_is_no_key_set_is_refused_as_a_whole"],
        ),
        (
            "5",
            "keys of an unknown type, or that lack something, are passed by",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "a_set_is_good_for_its_good_key_and_the_others_are_counted_by_cause",
            ],
        ),
        (
            "9.2",
            "private keys and secrets are not published",
            &[
                "a_public_jwk_has_nothing_private",
                "no_private_member_of_any_type_of_key_is_published",
            ],
        ),
        (
            "9.2",
            "a private key among public ones is nobody's any more",
            &["a_private_key_in_a_set_of_the_operator_is_an_error"],
        ),
    ],
};

pub const RFC_7519: Standard = Standard {
    name: "RFC 7519",
    title: "JSON Web Token",
    beside: "Not here: nested tokens (they are refused) and claims repeated in the header (5.3), which are not looked at.",
    rules: &[
        (
            "2",
            "a NumericDate is a number, also with a fraction",
            &[
                "a_numeric_date_is_a_finite_number_in_range",
                "times_are_judged_to_the_millisecond_with_leeway",
            ],
        ),
        (
            "4",
            "claim names are unique",
            &[
                "refuses_what_readers_disagree_about",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4",
            "claims that are not understood are ignored",
            &["values_are_read_where_they_lie"],
        ),
        (
            "4.1.1",
            "`iss` is compared to the letter",
            &[
                "refuses_each_fault_of_the_claims_for_its_own_reason",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "4.1.2",
            "`sub` is a string",
            &["refuses_each_fault_of_the_claims_for_its_own_reason"],
        ),
        (
            "4.1.3",
            "`aud` is a string or an array of strings, and names us",
            &[
                "refuses_each_fault_of_the_claims_for_its_own_reason",
                "any_audience_still_has_to_be_an_audience",
            ],
        ),
        (
            "4.1.4",
            "not from `exp` on; a few seconds of leeway",
            &["times_are_judged_to_the_millisecond_with_leeway"],
        ),
        (
            "4.1.5",
            "not before `nbf`; a few seconds of leeway",
            &["times_are_judged_to_the_millisecond_with_leeway"],
        ),
        (
            "4.1.6",
            "`iat` is a number",
            &["refuses_each_fault_of_the_claims_for_its_own_reason"],
        ),
        (
            "4.1.7",
            "`jti` is a string",
            &["refuses_each_fault_of_the_claims_for_its_own_reason"],
        ),
        (
            "5.1",
            "`typ` says what kind of token it is",
            &[
                "typ_is_compared_without_case_and_application",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "5.2",
            "`cty: JWT` is a token in a token, which is refused",
            &[
                "refuses_each_fault_of_the_header_for_its_own_reason",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "6",
            "an unsecured token is refused",
            &[
                "an_unsecured_token_is_well_formed_and_left_to_the_algorithm_check",
                "refuses_each_fault_of_the_header_for_its_own_reason",
            ],
        ),
        (
            "7.2",
            "what fails any step is rejected",
            &[
                "every_prefix_and_every_changed_byte_of_a_good_token_of_every_algorithm_is_refused",
                "the_first_failure_in_the_order_of_judgement_is_the_reason",
            ],
        ),
        (
            "7.2, 10",
            "the payload is UTF-8 and one JSON object",
            &[
                "refuses_what_is_no_compact_jws_of_json_objects",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "7.3",
            "texts are compared as they are, escapes resolved",
            &["texts_compare_by_what_they_say"],
        ),
        (
            "RFC 7800 3.1",
            "a token that is bound to a key is no bearer token",
            &[
                "refuses_each_fault_of_the_claims_for_its_own_reason",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
    ],
};
