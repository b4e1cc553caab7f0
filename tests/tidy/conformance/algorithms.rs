//! JSON Web Algorithms.

use super::Standard;

pub const RFC_7518: Standard = Standard {
    name: "RFC 7518",
    title: "JSON Web Algorithms",
    beside: "With RFC 8037 (Ed25519), RFC 9864 (`Ed25519` as a name) and RFC 8812 left out. Not here: everything for encryption (4, 5).",
    rules: &[
        (
            "3.2",
            "a secret is at least as long as the hash",
            &["a_secret_shorter_than_its_hash_is_weak"],
        ),
        (
            "3.2",
            "an HMAC has its full length",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.3",
            "RSA keys have 2048 bits or more",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "3.3",
            "PKCS #1 v1.5 is checked to the last byte of its padding",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.4",
            "an ECDSA signature is r and s, each as long as the curve asks",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.4",
            "r and s lie between 1 and n - 1",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "3.4",
            "ES256 goes with P-256, ES384 with P-384, ES512 with P-521",
            &[
                "every_attack_meets_its_reason_without_a_cache",
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
            ],
        ),
        (
            "3.5",
            "PSS: the salt is as long as the hash",
            &[
                "tokens_of_every_algorithm_verify_with_another_library_from_the_published_keys",
                "the_published_examples_verify_and_come_out_the_same_where_signing_is_deterministic",
            ],
        ),
        (
            "3.6",
            "`none` is never accepted",
            &[
                "refuses_each_fault_of_the_header_for_its_own_reason",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "6.2.1",
            "coordinates are as long as the curve asks; the point is on it",
            &[
                "an_unusable_key_is_counted_by_its_cause_and_spoils_no_other",
                "every_attack_meets_its_reason_without_a_cache",
            ],
        ),
        (
            "6.3.1",
            "RSA: an odd modulus, an odd exponent of 3 or more",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "6.4",
            "a symmetric key in a key set is passed by",
            &["an_unusable_key_is_counted_by_its_cause_and_spoils_no_other"],
        ),
        (
            "RFC 8037 2",
            "Ed25519: 32 bytes that are a point, none of small order",
            &[
                "points_of_small_order_are_weak_whatever_their_sign",
                "a_point_has_one_spelling",
            ],
        ),
        (
            "RFC 8032 5.1.7",
            "S lies below L",
            &["every_attack_meets_its_reason_without_a_cache"],
        ),
        (
            "RFC 9864 2.2",
            "`Ed25519` and `EdDSA` are the same",
            &["good_tokens_of_every_algorithm_pass_however_one_asks"],
        ),
        (
            "8.8",
            "nothing of an algorithm that is not in the list, whatever key there is",
            &["an_algorithm_outside_the_issuers_list_is_refused_before_its_key_is_looked_for"],
        ),
    ],
};
