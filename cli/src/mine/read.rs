//! A file into baskets, whatever its form.

use affinsy_mining::Baskets;

use super::args::MineArgs;
use super::items::Names;
use super::watch::Reading;
use super::{fimi, orders};
use crate::failure::Failure;
use crate::input::table::Table;
use crate::input::{self, Form, Opened};

/// What a file holds for the miner.
#[derive(Debug)]
pub struct Read {
    pub baskets: Baskets,
    pub names: Names,
    pub orders_left_out: usize,
    pub rows_left_out: u64,
}

pub fn read(args: &MineArgs, reading: &Reading<'_>) -> Result<Read, Failure> {
    let path = args.file.as_path();
    match input::open_as(path, args.format)? {
        Opened::Text(Form::Fimi, source) => {
            let baskets = fimi::read(path, source, reading)?;
            Ok(Read { baskets, names: Names::Numbers, orders_left_out: 0, rows_left_out: 0 })
        }
        Opened::Text(Form::Ndjson, source) => orders::read_ndjson(path, source, reading).map(of_orders),
        Opened::Text(Form::Csv, source) if args.format.is_none() && input::looks_fimi(source.head()) => {
            Err(Failure::input(format!(
                "{} begins with numbers where a table has its header; --format fimi reads them as baskets",
                path.display()
            )))
        }
        opened => match Table::of(path, opened)? {
            Some(table) => orders::read_table(path, table, &args.mapping, reading).map(of_orders),
            None => Err(Failure::input(format!("{} holds no table", path.display()))),
        },
    }
}

fn of_orders(read: orders::OrderBaskets) -> Read {
    Read {
        baskets: read.baskets,
        names: read.names,
        orders_left_out: read.orders_left_out,
        rows_left_out: read.rows_left_out,
    }
}
