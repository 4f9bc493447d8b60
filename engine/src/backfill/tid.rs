//! A row's place in its table, as a statement's parameter.

use bytes::{BufMut, BytesMut};
use std::error::Error;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// PostgreSQL's `tid` at the start of a block. Before every row of the block, since rows count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockStart(pub(crate) u32);

impl BlockStart {
    pub(crate) fn of(block: i64) -> BlockStart {
        // A table has at most 2^32 - 1 blocks.
        BlockStart(u32::try_from(block).unwrap_or(u32::MAX))
    }
}

impl ToSql for BlockStart {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u32(self.0);
        out.put_u16(0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TID
    }

    to_sql_checked!();
}
