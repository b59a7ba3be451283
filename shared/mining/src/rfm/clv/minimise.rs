//! Nelder and Mead's simplex method (1965), started again from its own result until that no longer helps.

const MAX_ROUNDS: usize = 6;
const MAX_STEPS: usize = 600;
const TOLERANCE: f64 = 1e-9;

/// The best point found from `start`, and the value there.
pub fn minimise<const N: usize>(start: [f64; N], value: impl Fn(&[f64; N]) -> f64) -> ([f64; N], f64) {
    let mut best = (start, finite(value(&start)));
    for _ in 0..MAX_ROUNDS {
        let found = simplex(best.0, &value);
        let gain = best.1 - found.1;
        if found.1 <= best.1 {
            best = found;
        }
        if gain.is_nan() || gain < TOLERANCE {
            break;
        }
    }
    best
}

fn simplex<const N: usize>(start: [f64; N], value: &impl Fn(&[f64; N]) -> f64) -> ([f64; N], f64) {
    let at = |point: [f64; N]| (point, finite(value(&point)));
    let mut corners = vec![at(start)];
    for side in 0..N {
        let mut corner = start;
        corner[side] += 0.5;
        corners.push(at(corner));
    }
    for _ in 0..MAX_STEPS {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0].1, corners[N].1);
        if worst - best <= TOLERANCE * (1.0 + best.abs()) * 1e-3 {
            break;
        }
        let centre = centre(&corners[..N]);
        let along = |far: f64| at(std::array::from_fn(|i| centre[i] + far * (corners[N].0[i] - centre[i])));
        let reflected = along(-1.0);
        let candidate = if reflected.1 < best {
            let expanded = along(-2.0);
            if expanded.1 < reflected.1 { expanded } else { reflected }
        } else if reflected.1 < corners[N - 1].1 {
            reflected
        } else if reflected.1 < worst {
            along(-0.5)
        } else {
            along(0.5)
        };
        if candidate.1 < worst {
            corners[N] = candidate;
        } else {
            let towards = corners[0].0;
            for corner in &mut corners[1..] {
                *corner = at(std::array::from_fn(|i| (corner.0[i] + towards[i]) / 2.0));
            }
        }
    }
    corners.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).expect("a simplex has corners")
}

fn centre<const N: usize>(corners: &[([f64; N], f64)]) -> [f64; N] {
    std::array::from_fn(|i| corners.iter().map(|(point, _)| point[i]).sum::<f64>() / corners.len() as f64)
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_bent_valley() {
        let rosenbrock = |p: &[f64; 2]| (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2);
        let ([x, y], _) = minimise([-1.2, 1.0], rosenbrock);
        assert!((x - 1.0).abs() < 1e-3 && (y - 1.0).abs() < 1e-3, "{x} {y}");
    }
}
