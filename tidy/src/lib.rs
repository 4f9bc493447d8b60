//! Tests that hold the house in shape: see `tests/it`.
