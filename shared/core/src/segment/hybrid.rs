//! Parquet's hybrid of run lengths and packed bits, in which levels and dictionary indices are written. Knows no
//! column. Form: <https://parquet.apache.org/docs/file-format/data-pages/encodings/>, RLE = 3.

/// Calls `take` with each value and how often it comes in a row, `count` values in all; `None` where the bytes end
/// before or a value is wider. A value has `width` bits, at most 32.
pub(super) fn each_run(mut bytes: &[u8], width: u32, count: usize, mut take: impl FnMut(u32, usize)) -> Option<()> {
    let (value_bytes, mut left) = (width.div_ceil(8) as usize, count);
    while left > 0 {
        let header = varint(&mut bytes)?;
        let length = (header >> 1) as usize;
        if header & 1 == 0 {
            let mut value = [0; 4];
            value[..value_bytes].copy_from_slice(bytes.split_off(..value_bytes)?);
            let value = u32::from_le_bytes(value);
            if u64::from(value) >> width != 0 {
                return None;
            }
            take(value, length.min(left));
            left -= length.min(left);
        } else {
            // Groups of eight; the last one may be cut short.
            let values = length.checked_mul(8)?.min(left);
            let packed_bytes = (values * width as usize).div_ceil(8);
            let packed = bytes.get(..packed_bytes)?;
            (0..values).for_each(|at| take(unpacked(packed, width, at), 1));
            bytes = bytes.get((length * width as usize).min(bytes.len())..)?;
            left -= values;
        }
    }
    Some(())
}

/// The value at a place of packed bits.
fn unpacked(packed: &[u8], width: u32, at: usize) -> u32 {
    let bit = at * width as usize;
    let (byte, mask) = (bit / 8, (1 << width) - 1);
    let word = match packed.get(byte..byte + 8) {
        Some(eight) => u64::from_le_bytes(eight.try_into().expect("a slice of eight")),
        None => {
            let (rest, mut eight) = (&packed[byte.min(packed.len())..], [0; 8]);
            eight[..rest.len()].copy_from_slice(rest);
            u64::from_le_bytes(eight)
        }
    };
    ((word >> (bit % 8)) & mask) as u32
}

/// A number of at most 32 bits, seven a byte.
fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], width: u32, count: usize, expected: Option<&[u32]>) {
        let mut values = Vec::new();
        let read = each_run(bytes, width, count, |value, times| values.extend(std::iter::repeat_n(value, times)));
        assert_eq!(read.map(|()| values.as_slice()), expected, "{bytes:?}");
    }

    #[test]
    fn runs_and_packed_values() {
        check(&[], 1, 0, Some(&[]));
        check(&[8 << 1, 1], 1, 3, Some(&[1, 1, 1]));
        check(&[2 << 1, 7, 3 << 1, 9], 8, 4, Some(&[7, 7, 9, 9]));
        // The example of the format's description: 0 to 7 in three bits each.
        check(&[1 << 1 | 1, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 8, Some(&[0, 1, 2, 3, 4, 5, 6, 7]));
        check(
            &[1 << 1 | 1, 0b1000_1000, 0b1100_0110, 0b1111_1010, 1 << 1, 5],
            3,
            9,
            Some(&[0, 1, 2, 3, 4, 5, 6, 7, 5]),
        );
        check(&[0x90, 0x01, 5], 3, 2, Some(&[5, 5]));
        check(&[2 << 1], 0, 2, Some(&[0, 0]));
        check(&[1 << 1 | 1, 0xFF, 0xFF, 0xFF, 0xFF], 32, 1, Some(&[u32::MAX]));
    }

    #[test]
    fn bytes_that_end_early_or_hold_wider_values_are_refused() {
        check(&[], 1, 1, None);
        check(&[1 << 1], 8, 1, None);
        check(&[1 << 1 | 1, 0], 3, 8, None);
        check(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1, 1, None);
        check(&[0, 1, 0, 1], 1, 1, None);
        check(&[2 << 1, 2], 1, 2, None);
    }
}
