//! Columns read from the pages of a row group without a value object for each row: a value is looked at once for
//! each entry of the dictionary, and a row is a number that points there. Reads the encodings that segments are
//! written in, and refuses others.

use super::SegmentProblem;
use super::hybrid::each_run;
use super::schema::AMOUNT_BYTES;
use crate::decimal::Amount;
use crate::history::{LARGE, UNPRICED, packed};
use bytes::{Buf, Bytes};
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::reader::RowGroupReader;
use std::collections::HashMap;
use std::iter::repeat_n;

/// DECIMAL(38): the bound of an amount.
const MAX_BILLIONTHS: u128 = 10u128.pow(38);
/// Stands for a null among codes.
pub(super) const NO_CODE: u32 = u32::MAX;
/// Stands for a null among whole numbers.
pub(super) const NO_NUMBER: i64 = i64::MIN;

/// One column of a row group.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    nullable: bool,
    /// How many rows the row group has.
    rows: usize,
}

/// One data page taken apart.
struct Values {
    /// For a nullable column which rows have a value.
    levels: Option<Bytes>,
    rows: usize,
    encoding: Encoding,
    values: Bytes,
}

impl Pages {
    pub fn open(group: &dyn RowGroupReader, at: usize, rows: usize) -> Result<Self, SegmentProblem> {
        let nullable = group.metadata().column(at).column_descr().max_def_level() > 0;
        Ok(Self { pages: group.get_column_page_reader(at)?, nullable, rows })
    }

    /// The code of each row's text, [`NO_CODE`] where there is none; `code` gives a text its code.
    pub fn texts(self, mut code: impl FnMut(&str) -> u32) -> Result<Vec<u32>, SegmentProblem> {
        let mut dictionary = Vec::new();
        self.read(NO_CODE, |reading, values, count, codes| match reading {
            Reading::Dictionary => plain_texts(values, count, &mut code, &mut dictionary),
            Reading::Values(Encoding::PLAIN) => plain_texts(values, count, &mut code, codes),
            Reading::Values(indices) => looked_up(indices, values, count, &dictionary, codes),
        })
    }

    /// The whole number of each row, [`NO_NUMBER`] where there is none.
    pub fn numbers(self) -> Result<Vec<i64>, SegmentProblem> {
        let mut dictionary = Vec::new();
        self.read(NO_NUMBER, |reading, values, count, numbers| match reading {
            Reading::Dictionary => plain_numbers(values, count, &mut dictionary),
            Reading::Values(Encoding::PLAIN) => plain_numbers(values, count, numbers),
            Reading::Values(indices) => looked_up(indices, values, count, &dictionary, numbers),
        })
    }

    /// The amount of each row as a line holds it, and those that do not fit into it, in the order of their rows.
    pub fn amounts(self) -> Result<(Vec<i64>, Vec<Amount>), SegmentProblem> {
        let (mut dictionary, mut large_entries, mut large) = (Vec::new(), HashMap::new(), Vec::new());
        let amounts = self.read(UNPRICED, |reading, values, count, amounts| match reading {
            Reading::Dictionary => each_amount(values, count, |amount| {
                let entry = packed(amount);
                if entry == LARGE {
                    large_entries.insert(dictionary.len() as u32, amount);
                }
                dictionary.push(entry);
            }),
            Reading::Values(Encoding::PLAIN) => each_amount(values, count, |amount| {
                amounts.push(packed(amount));
                large.extend((packed(amount) == LARGE).then_some(amount));
            }),
            Reading::Values(indices) => {
                looked_up(indices, values, count, &dictionary, amounts)?;
                if large_entries.is_empty() {
                    return Ok(());
                }
                each_index(indices, values, count, |place, times| {
                    large.extend(large_entries.get(&place).into_iter().flat_map(|each| repeat_n(*each, times)));
                })
            }
        })?;
        Ok((amounts, large))
    }

    /// One value a row. `take` appends so many values of a page; `null` stands where there is none.
    fn read<T: Copy>(
        mut self,
        null: T,
        mut take: impl FnMut(Reading, &[u8], usize, &mut Vec<T>) -> Result<(), SegmentProblem>,
    ) -> Result<Vec<T>, SegmentProblem> {
        let (mut all, mut present) = (Vec::with_capacity(self.rows), Vec::new());
        while let Some(page) = self.pages.get_next_page()? {
            let page = match page {
                Page::DictionaryPage { buf, num_values, .. } => {
                    take(Reading::Dictionary, &buf, num_values as usize, &mut all)?;
                    continue;
                }
                page => self.taken_apart(page)?,
            };
            if page.rows > self.rows - all.len() {
                return Err(SegmentProblem::Corrupt("its columns differ in length".to_owned()));
            }
            let Some(levels) = page.levels else {
                take(Reading::Values(page.encoding), &page.values, page.rows, &mut all)?;
                continue;
            };
            let mut count = 0;
            each_run(&levels, 1, page.rows, |level, rows| count += level as usize * rows).ok_or_else(broken)?;
            if count == page.rows {
                take(Reading::Values(page.encoding), &page.values, count, &mut all)?;
                continue;
            }
            present.clear();
            if count > 0 {
                take(Reading::Values(page.encoding), &page.values, count, &mut present)?;
            }
            let mut values = present.iter().copied();
            let spread = |level, rows| match level {
                0 => all.extend(repeat_n(null, rows)),
                _ => all.extend(values.by_ref().take(rows)),
            };
            each_run(&levels, 1, page.rows, spread).ok_or_else(broken)?;
        }
        if all.len() == self.rows { Ok(all) } else { Err(broken()) }
    }

    fn taken_apart(&self, page: Page) -> Result<Values, SegmentProblem> {
        match page {
            Page::DataPage { mut buf, num_values, encoding, .. } => {
                let mut levels = None;
                if self.nullable {
                    let length = buf.try_get_u32_le().map_err(|_| broken())? as usize;
                    levels = Some(front(&mut buf, length)?);
                }
                Ok(Values { levels, rows: num_values as usize, encoding, values: buf })
            }
            Page::DataPageV2 { mut buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                front(&mut buf, rep_levels_byte_len as usize)?;
                let levels = front(&mut buf, def_levels_byte_len as usize)?;
                let levels = self.nullable.then_some(levels);
                Ok(Values { levels, rows: num_values as usize, encoding, values: buf })
            }
            Page::DictionaryPage { .. } => Err(broken()),
        }
    }
}

/// What the bytes are that a column is to take values from.
enum Reading {
    Dictionary,
    Values(Encoding),
}

fn front(bytes: &mut Bytes, length: usize) -> Result<Bytes, SegmentProblem> {
    if length > bytes.len() { Err(broken()) } else { Ok(bytes.split_to(length)) }
}

/// Texts one behind the other, each after its length.
fn plain_texts(
    mut bytes: &[u8],
    count: usize,
    code: &mut impl FnMut(&str) -> u32,
    codes: &mut Vec<u32>,
) -> Result<(), SegmentProblem> {
    for _ in 0..count {
        let length = bytes.try_get_u32_le().map_err(|_| broken())? as usize;
        let text = bytes.split_off(..length).ok_or_else(broken)?;
        codes.push(code(std::str::from_utf8(text)?));
    }
    Ok(())
}

/// Numbers of eight bytes, one behind the other.
fn plain_numbers(bytes: &[u8], count: usize, numbers: &mut Vec<i64>) -> Result<(), SegmentProblem> {
    let (values, _) = bytes.as_chunks::<8>();
    numbers.extend(values.get(..count).ok_or_else(broken)?.iter().map(|value| i64::from_le_bytes(*value)));
    Ok(())
}

fn each_amount(bytes: &[u8], count: usize, mut take: impl FnMut(Amount)) -> Result<(), SegmentProblem> {
    let (values, _) = bytes.as_chunks::<AMOUNT_BYTES>();
    values.get(..count).ok_or_else(broken)?.iter().try_for_each(|value| {
        take(amount(*value)?);
        Ok(())
    })
}

/// The entries of a dictionary that a page's indices point to.
fn looked_up<T: Copy>(
    encoding: Encoding,
    bytes: &[u8],
    count: usize,
    dictionary: &[T],
    values: &mut Vec<T>,
) -> Result<(), SegmentProblem> {
    let mut is_whole = true;
    each_index(encoding, bytes, count, |place, times| match (dictionary.get(place as usize), times) {
        (Some(entry), 1) => values.push(*entry),
        (Some(entry), _) => values.extend(repeat_n(*entry, times)),
        (None, _) => is_whole = false,
    })?;
    if is_whole { Ok(()) } else { Err(broken()) }
}

/// Places in the dictionary; the first byte tells how many bits each takes.
fn each_index(
    encoding: Encoding,
    bytes: &[u8],
    count: usize,
    take: impl FnMut(u32, usize),
) -> Result<(), SegmentProblem> {
    if !matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) {
        return Err(unknown(encoding));
    }
    let (width, runs) = bytes.split_first().filter(|(width, _)| **width <= 32).ok_or_else(broken)?;
    each_run(runs, u32::from(*width), count, take).ok_or_else(broken)
}

fn amount(bytes: [u8; AMOUNT_BYTES]) -> Result<Amount, SegmentProblem> {
    let billionths = i128::from_be_bytes(bytes);
    if billionths.unsigned_abs() >= MAX_BILLIONTHS {
        return Err(SegmentProblem::Corrupt("it has an amount out of range".to_owned()));
    }
    Ok(Amount::from_billionths(billionths))
}

fn broken() -> SegmentProblem {
    SegmentProblem::Corrupt("a page of it does not hold what it says".to_owned())
}

fn unknown(encoding: Encoding) -> SegmentProblem {
    SegmentProblem::Corrupt(format!("a column of it has the encoding {encoding}, which segments do not use"))
}
