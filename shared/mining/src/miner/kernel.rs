//! The two inner loops over bit sets, compiled three times on x86-64: for any processor, for one with AVX2, BMI2
//! and POPCNT, and for one that counts bits in vectors (AVX-512 VPOPCNTDQ). The first worker looks for what the
//! processor has. Other architectures have what they need in their baseline.

#![expect(unsafe_code, reason = "calls of functions for processors that `Kernel::detect` has looked for")]

/// Which version of the loops runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The fastest that this processor runs.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let is_avx2 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("popcnt");
            let is_avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vpopcntdq");
            if is_avx2 && is_avx512 {
                return Self::Avx512;
            }
            if is_avx2 {
                return Self::Avx2;
            }
        }
        Self::Plain
    }

    /// How many words of two bit sets are counted in the time that an occurrence on rows takes, with what follows from
    /// it: measured on sets of a few kilobytes.
    pub fn words_per_increment(self) -> u64 {
        match self {
            Self::Plain => 1,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 8,
        }
    }

    /// `counts[j]` = number of bits that `own` and the `j`-th of `sets` have in common.
    pub fn count_common(self, own: &[u64], sets: &[u64], counts: &mut [u32]) {
        match self {
            Self::Plain => count_common(own, sets, counts),
            // SAFETY: `detect` has seen every feature that the function is compiled for.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { x86_64::count_common_avx2(own, sets, counts) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { x86_64::count_common_avx512(own, sets, counts) },
        }
    }

    /// Moves the bits of `set` at the places where `own` has one to the front, in order. `into` must be 0 and
    /// have room for as many bits as `own` has.
    pub fn pack(self, own: &[u64], set: &[u64], into: &mut [u64]) {
        match self {
            Self::Plain => pack(own, set, into, extract_bits),
            // SAFETY: `detect` has seen every feature that the function is compiled for.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx512 => unsafe { x86_64::pack(own, set, into) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    pub fn count_common_avx2(own: &[u64], sets: &[u64], counts: &mut [u32]) {
        super::count_common(own, sets, counts);
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512vl,avx512vpopcntdq")]
    pub fn count_common_avx512(own: &[u64], sets: &[u64], counts: &mut [u32]) {
        super::count_common(own, sets, counts);
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    pub fn pack(own: &[u64], set: &[u64], into: &mut [u64]) {
        super::pack(own, set, into, |word, mask| core::arch::x86_64::_pext_u64(word, mask));
    }
}

#[inline(always)]
fn count_common(own: &[u64], sets: &[u64], counts: &mut [u32]) {
    match own.len() {
        1 => count_fixed::<1>(own, sets, counts),
        2 => count_fixed::<2>(own, sets, counts),
        3 => count_fixed::<3>(own, sets, counts),
        4 => count_fixed::<4>(own, sets, counts),
        words => {
            for (count, set) in counts.iter_mut().zip(sets.chunks_exact(words)) {
                *count = own.iter().zip(set).map(|(a, b)| (a & b).count_ones()).sum();
            }
        }
    }
}

/// With the number of words known, the loop over them unrolls.
#[inline(always)]
fn count_fixed<const WORDS: usize>(own: &[u64], sets: &[u64], counts: &mut [u32]) {
    let own: &[u64; WORDS] = own.try_into().expect("the caller matched the length");
    for (count, set) in counts.iter_mut().zip(sets.as_chunks::<WORDS>().0) {
        let mut sum = 0;
        for word in 0..WORDS {
            sum += (own[word] & set[word]).count_ones();
        }
        *count = sum;
    }
}

#[inline(always)]
fn pack(own: &[u64], set: &[u64], into: &mut [u64], extract: impl Fn(u64, u64) -> u64) {
    let mut filled = 0u32;
    for (&mask, &word) in own.iter().zip(set) {
        let bits = extract(word, mask);
        if bits != 0 {
            let (at, shift) = ((filled / 64) as usize, filled % 64);
            into[at] |= bits << shift;
            if shift > 0 && bits >> (64 - shift) != 0 {
                into[at + 1] |= bits >> (64 - shift);
            }
        }
        filled += mask.count_ones();
    }
}

/// The bits of `word` under `mask`, moved together at the low end.
fn extract_bits(word: u64, mask: u64) -> u64 {
    let mut common = word & mask;
    let mut bits = 0;
    while common != 0 {
        let lowest = common & common.wrapping_neg();
        bits |= 1 << (mask & (lowest - 1)).count_ones();
        common ^= lowest;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splitmix64: the tests need bits without a pattern, not randomness.
    fn bits(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[test]
    fn the_fast_loops_equal_the_plain_ones() {
        kernels().into_iter().for_each(check_kernel);
    }

    /// Every kernel that this processor runs.
    fn kernels() -> Vec<Kernel> {
        match Kernel::detect() {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => vec![Kernel::Plain, Kernel::Avx2, Kernel::Avx512],
            fastest => vec![Kernel::Plain, fastest],
        }
    }

    fn check_kernel(kernel: Kernel) {
        let mut state = 7;
        for words in 1..40 {
            let own: Vec<u64> = (0..words).map(|_| bits(&mut state) & bits(&mut state)).collect();
            let sets: Vec<u64> = (0..words * 9).map(|_| bits(&mut state)).collect();
            let (mut fast, mut plain) = ([0; 9], [0; 9]);
            kernel.count_common(&own, &sets, &mut fast);
            for (count, set) in plain.iter_mut().zip(sets.chunks(words)) {
                *count = own.iter().zip(set).map(|(a, b)| (a & b).count_ones()).sum::<u32>();
            }
            assert_eq!(fast, plain);
            check_pack(kernel, &own, &sets[..words]);
        }
        check_pack(kernel, &[u64::MAX, u64::MAX], &[1, u64::MAX]);
        check_pack(kernel, &[0, 0], &[1, u64::MAX]);
    }

    fn check_pack(kernel: Kernel, own: &[u64], set: &[u64]) {
        let places = (0..own.len() * 64).filter(|place| own[place / 64] >> (place % 64) & 1 == 1);
        let expected: Vec<bool> = places.map(|place| set[place / 64] >> (place % 64) & 1 == 1).collect();
        let (mut fast, mut plain) = (vec![0; expected.len().div_ceil(64)], vec![0; expected.len().div_ceil(64)]);
        kernel.pack(own, set, &mut fast);
        pack(own, set, &mut plain, extract_bits);
        let unpacked: Vec<bool> = (0..expected.len()).map(|place| fast[place / 64] >> (place % 64) & 1 == 1).collect();
        assert_eq!((&fast, unpacked), (&plain, expected));
    }
}
