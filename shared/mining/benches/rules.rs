//! How long rules, and the statistics behind them, take on one thread: `cargo bench -p affinsy-mining --bench rules`.

use affinsy_mining::stats::{FisherExact, benjamini_hochberg};
use affinsy_mining::{Baskets, Itemsets, MineOptions, Ratio, RuleOptions, RuleSort, mine, rules};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const BASKETS: u32 = 20_000;

/// A linear congruential generator (Knuth's MMIX constants), high bits only: the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(bound)) >> 32) as u32
    }
}

/// Baskets as a shop has them: most of their items come from a few themes of a dozen products each.
fn itemsets() -> Itemsets {
    let mut random = Random(3);
    let mut baskets = Baskets::default();
    for _ in 0..BASKETS {
        let mut basket = Vec::new();
        for _ in 0..1 + random.below(3) {
            // The smaller of two numbers: some themes, and in each some products, are in demand.
            let theme = random.below(120).min(random.below(120));
            for _ in 0..2 + random.below(6) {
                basket.push(theme * 12 + random.below(12).min(random.below(12)));
            }
        }
        basket.push(1_440 + random.below(2_000));
        baskets.push(&basket);
    }
    mine(&baskets, &MineOptions { threads: 1, ..MineOptions::with_support_count(30) }).expect("no bound to meet")
}

fn all_rules(criterion: &mut Criterion) {
    let itemsets = itemsets();
    let everything = RuleOptions { threads: 1, ..RuleOptions::everything(Ratio::new(3, 10)) };
    let report = RuleOptions {
        min_lift: Ratio::ONE,
        max_q_value: Ratio::new(1, 20),
        include_redundant: false,
        max_rules: Some(1_000),
        ..everything
    };
    let one_item = RuleOptions { max_consequent_size: Some(1), ..report };
    let by_q_value = RuleOptions { sort_by: RuleSort::QValue, ..report };
    let found = |options| rules(&itemsets, BASKETS.into(), options).expect("no order to stop");
    let mut group = criterion.benchmark_group("rules");
    let cases =
        [("everything", everything), ("best", report), ("best one-item", one_item), ("best by q-value", by_q_value)];
    for (name, options) in &cases {
        group.throughput(Throughput::Elements(found(options).tested));
        group.bench_function(*name, |bencher| bencher.iter(|| found(black_box(options))));
    }
    group.finish();
}

fn statistics(criterion: &mut Criterion) {
    let fisher = FisherExact::new(BASKETS);
    let mut random = Random(5);
    let tables: Vec<[u32; 3]> = (0..10_000)
        .map(|_| {
            let (a, b) = (30 + random.below(1_500), 30 + random.below(1_500));
            [1 + random.below(a.min(b)), a, b]
        })
        .collect();
    let p_value = |&[both, a, b]: &[u32; 3]| fisher.p_value(both, a, b);
    let p_values: Vec<f64> = tables.iter().map(p_value).collect();
    let mut group = criterion.benchmark_group("statistics");
    group.throughput(Throughput::Elements(tables.len() as u64));
    group.bench_function("Fisher's exact test", |bencher| {
        bencher.iter(|| black_box(&tables).iter().map(p_value).sum::<f64>());
    });
    group.bench_function("Benjamini-Hochberg", |bencher| {
        bencher.iter_batched(|| p_values.clone(), |p_values| benjamini_hochberg(&p_values), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, all_rules, statistics);
criterion_main!(benches);
