//! Objects are written once, whole, by one writer.

use super::samples::NOW;
use crate::ports::{Objects, Put, Random};
use bytes::Bytes;
use futures::future::join_all;

pub async fn objects(objects: &dyn Objects, random: &dyn Random) {
    written_once(objects, &random.id("conformance/", NOW)).await;
    one_winner(objects, &random.id("conformance/", NOW)).await;
    let unknown = objects.read(&random.id("conformance/", NOW)).await.expect("reads");
    assert_eq!(unknown, None, "an object that nobody wrote is none");
    listed_and_removed(objects, &random.id("conformance/", NOW)).await;
}

/// All keys below a prefix, page by page.
async fn keys_below(objects: &dyn Objects, prefix: &str) -> Vec<(String, u64)> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = objects.list(prefix, after.as_deref()).await.expect("lists");
        keys.extend(page.items.into_iter().map(|object| (object.key, object.bytes)));
        match page.next_after {
            Some(next) => after = Some(next),
            None => return keys,
        }
    }
}

async fn listed_and_removed(objects: &dyn Objects, base: &str) {
    let prefix = format!("{base}/a/");
    let mut expected: Vec<(String, u64)> = (0..25).map(|at| (format!("{prefix}{at:02} +%&"), at)).collect();
    for (key, bytes) in &expected {
        objects.create(key, Bytes::from(vec![7; *bytes as usize])).await.expect("creates");
    }
    objects.create(&format!("{base}/ab"), Bytes::new()).await.expect("creates");
    assert_eq!(keys_below(objects, &prefix).await, expected, "a list has what begins with its prefix, in order");
    assert_eq!(keys_below(objects, &format!("{base}/none/")).await, []);
    let (removed, _) = expected.remove(3);
    for _ in 0..2 {
        objects.delete(&removed).await.expect("a deletion may come twice");
    }
    assert_eq!(objects.read(&removed).await.expect("reads"), None, "what is deleted is gone");
    assert_eq!(keys_below(objects, &prefix).await, expected);
    assert_eq!(objects.create(&removed, Bytes::new()).await.expect("creates"), Put::Created, "its key is free again");
}

async fn written_once(objects: &dyn Objects, key: &str) {
    let bytes = Bytes::from((0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    assert_eq!(objects.create(key, bytes.clone()).await.expect("creates"), Put::Created);
    assert_eq!(objects.read(key).await.expect("reads"), Some(bytes.clone()), "what was written is read");
    let part = objects.read_range(key, 100, 50).await.expect("reads");
    assert_eq!(part, Some(bytes.slice(100..150)), "a range is read as it was written");
    let end = objects.read_range(key, bytes.len() as u64 - 5, 50).await.expect("reads");
    assert_eq!(end, Some(bytes.slice(bytes.len() - 5..)), "a range ends with the object");
    assert_eq!(objects.create(key, Bytes::from_static(b"other")).await.expect("answers"), Put::AlreadyThere);
    assert_eq!(objects.read(key).await.expect("reads"), Some(bytes), "a taken key keeps its bytes");
}

async fn one_winner(objects: &dyn Objects, key: &str) {
    let writers = (0..20).map(|writer| objects.create(key, Bytes::from(format!("writer {writer}"))));
    let puts: Vec<Put> = join_all(writers).await.into_iter().map(|put| put.expect("answers")).collect();
    let winners: Vec<usize> = (0..puts.len()).filter(|at| puts[*at] == Put::Created).collect();
    assert_eq!(winners.len(), 1, "of 20 writers of one key one wins: {puts:?}");
    let stored = objects.read(key).await.expect("reads").expect("is there");
    assert_eq!(stored, format!("writer {}", winners[0]), "the winner's bytes stand");
}
