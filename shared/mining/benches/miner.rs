//! How long the search for itemsets and its steps take on one thread: `cargo bench -p affinsy-mining --bench miner`.
//! What the steps cost shows in what is asked: counting is the search alone, listing adds the canonical order.

use affinsy_mining::{Baskets, MineOptions, Strategy, count_itemsets, mine, mine_at_most};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;

/// A linear congruential generator (Knuth's MMIX constants), high bits only: the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// The smaller the number, the likelier, with a long tail.
    fn small_below(&mut self, bound: u32) -> u32 {
        let below = self.below(bound) + 1;
        self.below(below)
    }
}

/// Many products in short baskets, as a shop has them: some of the products of a theme together, and others.
fn sparse() -> Baskets {
    let mut random = Random(1);
    let basket = |_| {
        let theme = random.small_below(160);
        let mut basket: Vec<u32> = (0..random.below(7)).map(|_| theme * 12 + random.below(12)).collect();
        basket.extend((0..1 + random.below(10)).map(|_| random.small_below(2_000)));
        basket
    };
    (0..20_000).map(basket).collect()
}

/// Few items, many of them in the same baskets.
fn dense() -> Baskets {
    let mut random = Random(2);
    let basket = |_| (0..40).filter(|item| random.below(100) < 75 - item).collect::<Vec<u32>>();
    (0..3_000).map(basket).collect()
}

/// More items than sixteen bits count, each in a few baskets.
fn many_items() -> Baskets {
    let mut random = Random(3);
    let mut rows = vec![Vec::new(); 7_000];
    for item in 0..70_000 {
        rows[item as usize / 10].push(item);
        rows[item as usize / 7 % 7_000].push(item);
        rows[random.below(7_000) as usize].push(item);
    }
    rows.iter().collect()
}

/// Two equal baskets of so many items, and so many items more in a pair of baskets each: there is nothing to search,
/// all the time goes into the list.
fn nothing_but_a_list(together: u32, alone: u32) -> Baskets {
    let whole: Vec<u32> = (0..together).collect();
    let single = |item: u32| vec![together + item];
    (0..2).flat_map(|_| std::iter::once(whole.clone()).chain((0..alone).map(single))).collect()
}

fn one_thread(min_support_count: u32) -> MineOptions<'static> {
    MineOptions { threads: 1, ..MineOptions::with_support_count(min_support_count) }
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    // Every sample of as many runs: the slowest cases would not end in time with more and more of them.
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn searches(criterion: &mut Criterion) {
    let shapes = [("sparse", sparse(), 5), ("dense", dense(), 450), ("many items", many_items(), 2)];
    for (name, baskets, min_support_count) in &shapes {
        let options = one_thread(*min_support_count);
        let count = |options: &MineOptions<'_>| count_itemsets(baskets, options).expect("no bound to meet");
        let list = |options: &MineOptions<'_>| mine(baskets, options).expect("no bound to meet");
        let itemsets: u64 = count(&options).iter().sum();
        let mut group = group(criterion, name);
        group.throughput(Throughput::Elements(itemsets));
        for strategy in [Strategy::Auto, Strategy::Rows, Strategy::Bits] {
            let options = MineOptions { strategy, ..options };
            group.bench_function(format!("count {strategy:?}"), |bencher| bencher.iter(|| count(black_box(&options))));
            group.bench_function(format!("mine {strategy:?}"), |bencher| bencher.iter(|| list(black_box(&options))));
        }
        let pairs = MineOptions { max_itemset_size: Some(2), ..options };
        group.throughput(Throughput::Elements(count(&pairs).iter().sum()));
        group.bench_function("pairs", |bencher| bencher.iter(|| list(black_box(&pairs))));
        let ceiling = itemsets / 4;
        group.throughput(Throughput::Elements(ceiling));
        group.bench_function("a quarter at most", |bencher| {
            bencher.iter(|| mine_at_most(baskets, *min_support_count, black_box(ceiling), &options));
        });
        group.finish();
    }
}

/// The order is made of integers where all codes of an itemset fit one, else of slices.
fn lists(criterion: &mut Criterion) {
    let mut group = group(criterion, "list");
    for (name, together, alone) in [("17 of 17 items", 17, 0), ("17 of 9,000 items", 17, 9_000)] {
        let baskets = nothing_but_a_list(together, alone);
        let list = |options: &MineOptions<'_>| mine(&baskets, options).expect("no bound to meet");
        let options = one_thread(2);
        group.throughput(Throughput::Elements(list(&options).len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| list(black_box(&options))));
    }
    group.finish();
}

criterion_group!(benches, searches, lists);
criterion_main!(benches);
