//! A row's place in its table, as a statement's parameter.

use bytes::{BufMut, BytesMut};
use std::error::Error;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// PostgreSQL's `tid`: a block and the number of a row on it, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tid {
    block: u32,
    row: u16,
}

impl Tid {
    /// Before every row of a block.
    pub(crate) fn start_of(block: i64) -> Tid {
        // A table has at most 2^32 - 1 blocks.
        Tid {
            block: u32::try_from(block).unwrap_or(u32::MAX),
            row: 0,
        }
    }

    /// The first row of a block.
    pub(crate) fn first_of(block: i64) -> Tid {
        Tid {
            row: 1,
            ..Tid::start_of(block)
        }
    }
}

impl ToSql for Tid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u32(self.block);
        out.put_u16(self.row);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TID
    }

    to_sql_checked!();
}
