//! Points of Ed25519 that are nobody's key.
//!
//! The library checks that bytes are a point, and no more. To a point of small order (RFC 8032 8.4)
//! one and the same signature is right for every message, or for every eighth: whoever gets it
//! into a key set, or finds it there, signs what he likes (RFC 8725 3.4).

/// The 32 bytes of a point: y, little-endian, and the sign of x as the highest bit (RFC 8032 5.1.2).
pub(super) type Point = [u8; 32];

/// Whether y is spelled as the number below 2^255 - 19 that it is. The library takes the others, too.
pub(super) fn is_canonical(point: &Point) -> bool {
    let [first, rest @ .., _] = point;
    let is_beyond = y(point)[31] == 0x7f && rest.iter().all(|byte| *byte == 0xff) && *first >= 0xed;
    !is_beyond
}

/// Whether eight times the point is nothing. There are eight such points; of those with the same y
/// only the sign differs.
pub(super) fn has_small_order(point: &Point) -> bool {
    SMALL_ORDER.contains(&y(point))
}

const fn y(point: &Point) -> Point {
    let mut y = *point;
    y[31] &= 0x7f;
    y
}

/// Their y: of order 4, 1, 2, 8 and 8.
const SMALL_ORDER: [Point; 5] = [
    [0; 32],
    with_first([0; 32], 1),
    with_first(ones(), 0xec),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// 2^255 - 1.
const fn ones() -> Point {
    let mut point = [0xff; 32];
    point[31] = 0x7f;
    point
}

const fn with_first(mut point: Point, first: u8) -> Point {
    point[0] = first;
    point
}

#[cfg(test)]
mod tests {
    use super::{SMALL_ORDER, is_canonical, ones, with_first};
    use crate::signature::{KeyDefect, VerifyingKey};

    #[test]
    fn points_of_small_order_are_weak_whatever_their_sign() {
        for point in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut point = point;
                point[31] |= sign;
                let key = VerifyingKey::ed25519(&point);
                assert_eq!(key.err(), Some(KeyDefect::Weak), "{point:?}");
            }
        }
    }

    #[test]
    fn a_point_has_one_spelling() {
        for first in 0xed..=0xff {
            let point = with_first(ones(), first);
            assert!(!is_canonical(&point));
            assert_eq!(VerifyingKey::ed25519(&point).err(), Some(KeyDefect::Curve));
        }
        assert!(is_canonical(&with_first(ones(), 0xec)));
        let mut lower = ones();
        lower[17] = 0xfe;
        assert!(is_canonical(&lower));
    }
}
