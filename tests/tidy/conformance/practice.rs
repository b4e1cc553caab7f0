//! How tokens are carried, and the best current practice.

use super::Standard;

pub const RFC_6750: Standard = Standard {
    name: "RFC 6750",
    title: "Bearer Token Usage",
    beside: "Not here: tokens in a form (2.2), because a gate sees no bodies.",
    rules: &[
        (
            "2.1",
            "`Authorization: Bearer` with one token; the scheme in any case",
            &[
                "an_authorization_header_holds_one_scheme_and_one_token",
                "whoever_sends_two_tokens_gets_nowhere",
            ],
        ),
        (
            "2",
            "one way of sending a token in one request",
            &[
                "different_tokens_in_different_places_are_refused_or_the_first_place_wins",
                "whoever_sends_two_tokens_gets_nowhere",
            ],
        ),
        (
            "2.3",
            "a token in the query, only where it is configured",
            &["a_query_parameter_is_seen_however_its_name_is_spelled"],
        ),
        (
            "3",
            "a refusal has `WWW-Authenticate: Bearer` with its realm",
            &[
                "challenges_as_rfc_6750_says",
                "the_challenge_says_what_would_help",
            ],
        ),
        (
            "3",
            "`error_description` and `scope` hold only characters that they may",
            &["challenges_as_rfc_6750_says"],
        ),
        (
            "3.1",
            "no token, no error code",
            &["a_bad_token_is_challenged_with_an_error_and_a_missing_one_without"],
        ),
        (
            "3.1",
            "`invalid_token` with 401",
            &[
                "a_bad_token_is_challenged_with_an_error_and_a_missing_one_without",
                "codes_and_statuses_of_every_reason_are_the_published_ones",
            ],
        ),
        (
            "3.1",
            "`insufficient_scope` with 403, and the scopes that are needed",
            &["insufficient_scope_can_name_the_scopes"],
        ),
        (
            "5.2",
            "audience and lifetime are checked",
            &["refuses_each_fault_of_the_claims_for_its_own_reason"],
        ),
        (
            "5.3",
            "tokens are in no log and no answer",
            &[
                "logs_never_hold_a_token_or_a_claim",
                "debug_output_has_no_token",
                "a_leak_would_be_found",
            ],
        ),
        (
            "5.3",
            "a token in the query does not go upstream where it is to be stripped",
            &[
                "the_token_is_stripped_from_wherever_it_was",
                "a_token_is_stripped_from_wherever_it_was_found",
            ],
        ),
    ],
};

pub const RFC_8725: Standard = Standard {
    name: "RFC 8725",
    title: "JWT Best Current Practices",
    beside: "BCP 225. `jotgate inspect` holds a token against it as well.",
    rules: &[
        (
            "3.1",
            "algorithms are listed for each issuer, and nothing else is used",
            &["an_algorithm_outside_the_issuers_list_is_refused_before_its_key_is_looked_for"],
        ),
        (
            "3.1",
            "a key is used with one algorithm, checked when it is used",
            &[
                "every_form_gives_a_key_bound_to_one_algorithm",
                "every_algorithm_signs_what_its_verifying_key_accepts_and_nothing_else",
            ],
        ),
        (
            "3.1",
            "a public key is never a secret",
            &[
                "a_public_key_is_never_a_secret",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.2",
            "`none` and RSA1_5 are not supported; algorithms are current ones",
            &[
                "names_read_back_and_case_matters",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.3",
            "every cryptographic operation is validated; one failure rejects the whole",
            &["every_prefix_and_every_changed_byte_of_a_good_token_of_every_algorithm_is_refused"],
        ),
        (
            "3.4",
            "keys are validated: points on the curve, none of small order",
            &[
                "points_of_small_order_are_weak_whatever_their_sign",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.5",
            "secrets have the entropy of their hash at least",
            &["a_secret_shorter_than_its_hash_is_weak"],
        ),
        (
            "3.6",
            "nothing is decompressed",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.7",
            "UTF-8, and nothing else",
            &[
                "refuses_what_readers_disagree_about",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.8",
            "keys belong to an issuer; another's never verify",
            &[
                "every_cause_has_the_same_reason_however_one_asks",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.8",
            "metadata of another issuer is refused",
            &["metadata_of_another_issuer_or_with_unsafe_keys_is_refused"],
        ),
        (
            "3.9",
            "`aud` is checked; a token without it is refused",
            &["refuses_each_fault_of_the_claims_for_its_own_reason"],
        ),
        (
            "3.10",
            "`kid` is only compared; it has a bounded length",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.10",
            "`jku` and `x5u` lead nowhere, and an unknown `kid` causes no fetch of its own",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "whatever_clients_send_there_is_one_fetch_per_min_interval",
            ],
        ),
        (
            "3.11",
            "`typ` is checked",
            &["typ_is_compared_without_case_and_application"],
        ),
        (
            "3.12",
            "tokens of other kinds are refused: by `typ`, by audience, by required claims",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "required_claims_must_be_there_and_not_null",
            ],
        ),
    ],
};

/// After its text at revision 08 and the ones that follow: the sections are those of RFC 8725, and three
/// more. Rows say what it adds or sharpens; the rest stands under RFC 8725.
pub const RFC_8725_BIS: Standard = Standard {
    name: "draft-ietf-oauth-rfc8725bis",
    title: "JWT Best Current Practices, the successor",
    beside: "What it adds to RFC 8725, by the sections of revision 08. Not here: PBES2 and what is compressed \
             (3.13, 3.15) but for the proof that neither is done; keys at an address that a token names (3.10), \
             which are never fetched, so that no address has to be resolved and looked at.",
    rules: &[
        (
            "3.1",
            "the operator lists the algorithms, and none outside the list is used",
            &["an_algorithm_outside_the_issuers_list_is_refused_before_its_key_is_looked_for"],
        ),
        (
            "3.1",
            "`alg` is consistent with the algorithm of the key that `kid` leads to",
            &[
                "kid_and_algorithm_together_make_a_key",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.1",
            "what is permitted for this issuer is determined, and complied with",
            &[
                "an_algorithm_outside_the_issuers_list_is_refused_before_its_key_is_looked_for",
                "every_cause_has_the_same_reason_however_one_asks",
            ],
        ),
        (
            "3.1",
            "each key has exactly one algorithm, enforced when a signature is checked",
            &[
                "every_form_gives_a_key_bound_to_one_algorithm",
                "every_algorithm_signs_what_its_verifying_key_accepts_and_nothing_else",
            ],
        ),
        (
            "2.11, 3.1",
            "a list of what is allowed, never of what is not: `noNE` is no algorithm, in any case",
            &[
                "names_read_back_and_case_matters",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.2",
            "fully-specified identifiers: `Ed25519`, beside `EdDSA` as its older name",
            &[
                "good_tokens_of_every_algorithm_pass_however_one_asks",
                "names_read_back_and_case_matters",
            ],
        ),
        (
            "3.2",
            "`none` is neither consumed nor made",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "a_signed_token_names_the_algorithm_of_its_key",
            ],
        ),
        (
            "2.3, 3.3",
            "signed is not encrypted: a JWE is never taken where a JWS is expected",
            &[
                "refuses_what_is_no_compact_jws_of_json_objects",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.3, 3.11",
            "nested tokens are not supported, so none is judged by its outer layer",
            &[
                "refuses_each_fault_of_the_header_for_its_own_reason",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.5",
            "nothing shorter than the hash is the key of an HMAC, which most passwords are",
            &[
                "a_secret_shorter_than_its_hash_is_weak",
                "material_must_be_a_key_of_the_algorithm",
            ],
        ),
        (
            "3.8",
            "the subject is valid at the application: a string, there where it is required, and what rules ask",
            &[
                "required_claims_must_be_there_and_not_null",
                "every_test_of_every_type_of_claim",
                "every_decision_is_what_a_naive_reader_of_the_rules_comes_to",
            ],
        ),
        (
            "3.9",
            "without an audience, or with none of ours, a token is rejected",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "every_decision_is_what_a_naive_reader_of_the_rules_comes_to",
            ],
        ),
        (
            "3.10",
            "`kid` is input of an attacker: compared and nothing else, and bounded",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "a_key_id_of_a_mebibyte_is_refused_as_it_is_sent_on_every_way",
            ],
        ),
        (
            "3.10",
            "`jku` and `x5u` are followed nowhere",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.10",
            "keys are fetched from configured places; a redirect leads to no other host, and a scheme that is not HTTP nowhere",
            &[
                "every_fault_keeps_the_last_good_set_and_is_told",
                "no_other_scheme_is_ever_fetched",
            ],
        ),
        (
            "3.11",
            "a `typ` without a slash is as if `application/` stood before it",
            &["typ_is_compared_without_case_and_application"],
        ),
        (
            "3.11",
            "a `typ` that is there is an expected one",
            &[
                "typ_is_compared_without_case_and_application",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.13",
            "PBES2 is not supported, so that `p2c` costs nothing",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "2.13, 3.14",
            "letters, numbers, dash, underscore and period, and nothing else: no JSON serialization",
            &[
                "refuses_what_is_no_compact_jws_of_json_objects",
                "refuses_everything_but_the_one_spelling",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.15",
            "nothing is decompressed, so that there are no bombs",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
    ],
};
