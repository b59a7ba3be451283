//! Commands that need a running suite, without one.

use crate::kit::{Folder, check};

#[test]
fn without_a_stack_the_way_to_one_is_shown() {
    let folder = Folder::new();
    let orders = folder.file("o.csv", "order_id,product\n1,A\n");
    let data = folder.path();
    check(&["push", &orders, "--dataset", "d", "--data", data], 2, "", "affinsy local");
    check(&["report", "--template", "standard_mba", "--dataset", "d", "--data", data], 2, "", "affinsy local");
}
