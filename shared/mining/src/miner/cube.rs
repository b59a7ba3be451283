//! Hypercubes: the itemsets `path ∪ S` for all subsets `S` of a set of items that every row of the path's
//! projection holds. They all have the path's support.

/// How many of these itemsets have at most `max_size` items; saturates. The empty path itself is no itemset.
pub(super) fn size(path: usize, cube: usize, max_size: usize) -> u64 {
    let empty = u64::from(path == 0);
    if path.saturating_add(cube) <= max_size {
        let all = if cube < 64 { 1u64 << cube } else { u64::MAX };
        return all.saturating_sub(empty);
    }
    let wanted = max_size.saturating_sub(path);
    binomials(cube).take(wanted + 1).fold(0u64, u64::saturating_add).saturating_sub(empty)
}

/// What they weigh together when one of a length weighs `weight(length)`; saturates.
pub(super) fn weigh(path: usize, cube: usize, max_size: usize, weight: impl Fn(usize) -> u64) -> u64 {
    let wanted = max_size.saturating_sub(path);
    let lengths = binomials(cube).take(wanted.saturating_add(1)).enumerate().filter(|(more, _)| path + more > 0);
    lengths.fold(0u64, |sum, (more, count)| sum.saturating_add(count.saturating_mul(weight(path + more))))
}

/// C(n, 0), C(n, 1), … C(n, n), each saturating at `u64::MAX`.
pub(super) fn binomials(n: usize) -> impl Iterator<Item = u64> {
    let mut exact = Some(1u128);
    (0..=n).map(move |k| {
        // By symmetry the row falls again after the middle, but once past 64 bits no caller can hold it.
        if k > 0 {
            exact = exact.and_then(|value| value.checked_mul((n - k + 1) as u128)).map(|value| value / k as u128);
        }
        match exact {
            Some(value) => u64::try_from(value).unwrap_or(u64::MAX),
            None => u64::MAX,
        }
    })
}

/// Calls `emit` with the path and every subset of the cube of at most `max_size` items together, until it fails.
pub(super) fn for_each<E>(
    path: &[u32],
    cube: &[u32],
    max_size: usize,
    emit: &mut impl FnMut(&[u32]) -> Result<(), E>,
) -> Result<(), E> {
    let mut set = path.to_vec();
    subsets(&mut set, cube, max_size, emit)
}

fn subsets<E>(
    set: &mut Vec<u32>,
    rest: &[u32],
    max_size: usize,
    emit: &mut impl FnMut(&[u32]) -> Result<(), E>,
) -> Result<(), E> {
    if !set.is_empty() {
        emit(set)?;
    }
    if set.len() == max_size {
        return Ok(());
    }
    for (index, &code) in rest.iter().enumerate() {
        set.push(code);
        subsets(set, &rest[index + 1..], max_size, emit)?;
        set.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn for_each_of(codes: &[u32], path: usize, max_size: usize, mut emit: impl FnMut(&[u32])) {
        let emit = &mut |set: &[u32]| {
            emit(set);
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(()) = for_each(&codes[..path], &codes[path..], max_size, emit);
    }

    fn check(path: usize, cube: usize, max_size: usize) {
        let codes: Vec<u32> = (0..(path + cube) as u32).collect();
        let mut listed = 0;
        for_each_of(&codes, path, max_size, |_| listed += 1);
        assert_eq!(size(path, cube, max_size), listed, "{path} {cube} {max_size}");
        assert_eq!(weigh(path, cube, max_size, |_| 1), listed, "{path} {cube} {max_size}");
        let mut items = 0;
        for_each_of(&codes, path, max_size, |set| items += set.len() as u64);
        assert_eq!(weigh(path, cube, max_size, |length| length as u64), items, "{path} {cube} {max_size}");
    }

    #[test]
    fn the_size_is_what_is_listed() {
        for path in 0..4 {
            for cube in 0..8 {
                for max_size in path.max(1)..13 {
                    check(path, cube, max_size);
                }
            }
        }
    }

    #[test]
    fn sizes_saturate() {
        assert_eq!(size(0, 64, usize::MAX), u64::MAX - 1);
        assert_eq!(size(1, 100_000, usize::MAX), u64::MAX);
        assert_eq!(size(1, 100_000, 2), 100_001);
        assert_eq!(size(0, 100_000, 50_000), u64::MAX - 1);
        assert_eq!(binomials(5).collect::<Vec<_>>(), [1, 5, 10, 10, 5, 1]);
        assert_eq!(binomials(200).nth(100), Some(u64::MAX));
    }
}
