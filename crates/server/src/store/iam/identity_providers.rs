//! OpenID Connect providers.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::entities::{entity, insert};
use super::{EntityRow, Kind, TagRow, folded};
use crate::store::{Store, StoreError};

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRow {
    /// What it shares with other entities; the name is the issuer without its scheme.
    pub(crate) entity: EntityRow,
    /// With its scheme.
    pub(crate) issuer: String,
    /// Clients whose tokens count.
    pub(crate) client_ids: Vec<String>,
    /// As they were given.
    pub(crate) thumbprints: Vec<String>,
}

fn provider(row: &AnyRow) -> Result<ProviderRow, StoreError> {
    let list = |column| {
        let text: String = row.try_get(column)?;
        serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    Ok(ProviderRow {
        entity: entity(row)?,
        issuer: row.try_get("issuer")?,
        client_ids: list("client_ids")?,
        thumbprints: list("thumbprints")?,
    })
}

fn text(list: &[String]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(error.into()))?)
}

impl Store {
    /// Makes a provider with its first tags. False if there is one of that address.
    pub(crate) async fn insert_provider(
        &self,
        row: &ProviderRow,
        tags: &[TagRow],
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        if !insert(&mut write, &row.entity, tags).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO iam_identity_providers (provider_id, issuer, client_ids, thumbprints) VALUES ($1, $2, $3, $4)",
        )
        .bind(&row.entity.id)
        .bind(&row.issuer)
        .bind(text(&row.client_ids)?)
        .bind(text(&row.thumbprints)?)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(true)
    }

    /// The provider of that name, in any case: the issuer without its scheme.
    pub(crate) async fn provider_named(
        &self,
        name: &str,
    ) -> Result<Option<ProviderRow>, StoreError> {
        let row = sqlx::query(
            "SELECT * FROM iam_entities e JOIN iam_identity_providers p ON p.provider_id = e.entity_id \
             WHERE e.kind = $1 AND e.name_folded = $2",
        )
        .bind(Kind::OidcProvider.word())
        .bind(folded(name))
        .fetch_optional(self.readers())
        .await?;
        row.as_ref().map(provider).transpose()
    }

    /// Every provider, by name.
    pub(crate) async fn providers(&self) -> Result<Vec<ProviderRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM iam_entities e JOIN iam_identity_providers p ON p.provider_id = e.entity_id \
             WHERE e.kind = $1 ORDER BY e.name_folded",
        )
        .bind(Kind::OidcProvider.word())
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(provider)
        .collect()
    }

    /// Exchanges a provider's clients and thumbprints.
    pub(crate) async fn change_provider(
        &self,
        id: &str,
        client_ids: &[String],
        thumbprints: &[String],
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE iam_identity_providers SET client_ids = $2, thumbprints = $3 WHERE provider_id = $1",
        )
        .bind(id)
        .bind(text(client_ids)?)
        .bind(text(thumbprints)?)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }
}
