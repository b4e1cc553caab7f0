//! RSA keys of a generator that was broken (CVE-2017-15361, "ROCA"): in smart cards and TPMs of
//! Infineon it only made primes of the form k·M + (65537^a mod M), for an M of many small primes, and a
//! modulus of two of those can be factored.
//!
//! Such a modulus is a power of 65537 modulo each of these small primes. One in some two hundred
//! million others is, too, and whoever has that one makes another.

/// Whether `modulus`, big-endian, looks as if it came from there.
pub(super) fn is_from_there(modulus: &[u8]) -> bool {
    let mut primes = PRIMES.iter();
    primes.all(|prime| is_power(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    let digit = |rest, byte: &u8| (rest * 256 + u32::from(*byte)) % prime;
    number.iter().fold(0, digit)
}

/// Whether it is 65537 to some power, modulo `prime`.
fn is_power(number: u32, prime: u32) -> bool {
    let next = |power: &u32| Some(power * 65_537 % prime).filter(|power| *power != 1);
    std::iter::successors(Some(1), next).any(|power| power == number)
}

/// Those below 168 of which not every number is a power of 65537. First those that tell the most, so
/// that most keys are looked at once.
const PRIMES: [u32; 17] = [
    97, 37, 79, 11, 151, 127, 73, 61, 157, 109, 107, 103, 71, 53, 19, 17, 13,
];

#[cfg(test)]
mod tests {
    use super::{PRIMES, is_from_there, is_power};
    use crate::keys::PublicKey;
    use crate::signature::{Algorithm, KeyDefect};

    /// 65537 to the power of 128, which has 2049 bits and is what it is modulo anything.
    fn suspicious() -> Vec<u8> {
        let mut number: Vec<u8> = vec![1];
        for _ in 0..128 {
            // Little-endian: itself, and itself two bytes further on.
            let mut sum = vec![0; number.len() + 3];
            let mut carry = 0;
            for (index, byte) in sum.iter_mut().enumerate() {
                let digit = |index: usize| number.get(index).map_or(0, |it| u16::from(*it));
                let shifted = index.checked_sub(2).map_or(0, digit);
                let total = digit(index) + shifted + carry;
                *byte = total.to_le_bytes()[0];
                carry = total >> 8;
            }
            while sum.last() == Some(&0) {
                sum.pop();
            }
            number = sum;
        }
        number.reverse();
        number
    }

    #[test]
    fn a_key_of_the_broken_generator_is_weak_for_every_algorithm_of_rsa() {
        let modulus = suspicious();
        assert_eq!((modulus.len(), modulus[0]), (257, 1));
        assert!(is_from_there(&modulus));
        let exponent = vec![1, 0, 1];
        let key = PublicKey::Rsa { modulus, exponent };
        for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
            assert_eq!(key.verifying_key(algorithm).err(), Some(KeyDefect::Weak));
        }
    }

    #[test]
    fn other_keys_are_not_taken_for_one() {
        let modulus = suspicious();
        // Every one that is near: none of them is a power modulo all of the primes.
        for step in 1..=50_u8 {
            let mut near = modulus.clone();
            near[200] = near[200].wrapping_add(step);
            assert!(!is_from_there(&near), "{step}");
        }
    }

    #[test]
    fn each_prime_tells_something() {
        for prime in PRIMES {
            let powers = (1..prime).filter(|number| is_power(*number, prime)).count();
            assert!(
                is_power(65_537 % prime, prime) && powers * 2 < prime as usize,
                "{prime}"
            );
        }
    }
}
