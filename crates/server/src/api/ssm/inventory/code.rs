//! The error codes that only the inventory has (botocore's model of SSM, `errors` of GetInventory).

/// Why the inventory refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InventoryCode {
    /// Counting, which is not served.
    InvalidAggregator,
    /// Not `AWS:…` or `Custom:…`.
    InvalidTypeName,
}

impl InventoryCode {
    /// The code's spelling; its status is 400.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvalidAggregator => "InvalidAggregatorException",
            Self::InvalidTypeName => "InvalidTypeNameException",
        }
    }
}
