//! OpenID Connect providers: `CreateOpenIDConnectProvider`, `Get…`, `List…s`, `Delete…`, and the changes to clients and
//! thumbprints.
//!
//! Whose tags become session tags is said by the provider's own tags (`openid::mapping`), so that whoever may tag a
//! provider decides about OS users: `iam:TagOpenIDConnectProvider` is demanded at creation too.

use serde::{Deserialize, Serialize};

use super::owner::{Named, OidcProvider};
use super::tags::{Tag, check_tags, request_keys};
use crate::api::{Access, Call, Operation, Service};
use crate::codec::{IsoTime, list};
use crate::error::{ApiError, Code};
use crate::identity::{Resource, fresh_id};
use crate::limits;
use crate::openid::Issuer;
use crate::store::{EntityRow, Kind, ProviderRow, TagRow};

pub(crate) struct CreateOidcProvider;
pub(crate) struct GetOidcProvider;
pub(crate) struct ListOidcProviders;
pub(crate) struct DeleteOidcProvider;
pub(crate) struct AddClientId;
pub(crate) struct RemoveClientId;
pub(crate) struct UpdateThumbprint;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateInput {
    #[serde(rename = "Url")]
    url: String,
    #[serde(default, rename = "ClientIDList", deserialize_with = "list")]
    client_ids: Vec<String>,
    #[serde(default, rename = "ThumbprintList", deserialize_with = "list")]
    thumbprints: Vec<String>,
    #[serde(default, rename = "Tags", deserialize_with = "list")]
    tags: Vec<Tag>,
}

impl CreateInput {
    /// As it would be called; an address that is none has no name of its own.
    fn on(&self) -> Resource {
        let name = Issuer::parse(&self.url).map(|issuer| issuer.name().to_owned());
        Resource::EntityAt {
            kind: Kind::OidcProvider,
            path: "/".to_owned(),
            name: name.unwrap_or_default(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct ArnInput {
    #[serde(flatten)]
    provider: Named<OidcProvider>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ClientInput {
    #[serde(flatten)]
    provider: Named<OidcProvider>,
    #[serde(rename = "ClientID")]
    client_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ThumbprintInput {
    #[serde(flatten)]
    provider: Named<OidcProvider>,
    #[serde(rename = "ThumbprintList", deserialize_with = "list")]
    thumbprints: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListInput {}

#[derive(Debug, Serialize)]
pub(crate) struct CreateOutput {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
pub(crate) struct GetOutput {
    /// The address without its scheme, as AWS answers it.
    #[serde(rename = "Url")]
    url: String,
    #[serde(rename = "ClientIDList")]
    client_ids: Vec<String>,
    #[serde(rename = "ThumbprintList")]
    thumbprints: Vec<String>,
    #[serde(rename = "CreateDate")]
    create_date: IsoTime,
    #[serde(rename = "Tags")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    #[serde(rename = "Arn")]
    arn: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ListOutput {
    #[serde(rename = "OpenIDConnectProviderList")]
    providers: Vec<Listed>,
}

fn check_clients(client_ids: &[String]) -> Result<(), ApiError> {
    if client_ids.len() > limits::PROVIDER_CLIENTS {
        return Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {}",
                limits::PROVIDER_CLIENTS
            ),
        ));
    }
    match client_ids
        .iter()
        .all(|id| (1..=255).contains(&id.chars().count()))
    {
        true => Ok(()),
        false => Err(ApiError::constraint(
            "clientID",
            "Member must have 1 to 255 characters",
        )),
    }
}

/// SHA-1 in hexadecimal. AWS's API has them; certificates are checked by the platform's rules instead.
fn check_thumbprints(thumbprints: &[String]) -> Result<(), ApiError> {
    let is_one =
        |text: &String| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match thumbprints.len() <= 5 && thumbprints.iter().all(is_one) {
        true => Ok(()),
        false => Err(ApiError::constraint(
            "thumbprintList",
            "Member must have at most 5 items of 40 hexadecimal digits",
        )),
    }
}

async fn find(call: Call<'_>, named: &Named<OidcProvider>) -> Result<ProviderRow, ApiError> {
    let entity = named.find(call).await?;
    let row = call.context.store.provider_named(&entity.name).await?;
    row.ok_or_else(|| named.no_such())
}

impl Operation for CreateOidcProvider {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const ACCESS: Access<CreateInput> = Access::Keyed {
        action: "iam:CreateOpenIDConnectProvider",
        on: CreateInput::on,
        keys: |input| request_keys(&input.tags),
    };
    type Input = CreateInput;
    type Output = CreateOutput;

    async fn run(call: Call<'_>, input: CreateInput) -> Result<CreateOutput, ApiError> {
        let issuer = Issuer::parse(&input.url)
            .map_err(|error| ApiError::new(Code::InvalidInput, format!("Url: {error}.")))?;
        if !input.tags.is_empty() {
            let keys = request_keys(&input.tags);
            let action = "iam:TagOpenIDConnectProvider";
            call.demand_with(action, &input.on(), &keys).await?;
        }
        check_tags(&input.tags)?;
        check_clients(&input.client_ids)?;
        check_thumbprints(&input.thumbprints)?;
        let row = ProviderRow {
            entity: EntityRow {
                id: fresh_id("AOIP", 17)?,
                kind: Kind::OidcProvider,
                name: issuer.name().to_owned(),
                path: "/".to_owned(),
                boundary_id: None,
                created: call.context.now(),
            },
            issuer: issuer.url().to_owned(),
            client_ids: input.client_ids,
            thumbprints: input.thumbprints,
        };
        let tags: Vec<TagRow> = input.tags.into_iter().map(TagRow::from).collect();
        if !call.context.store.insert_provider(&row, &tags).await? {
            return Err(ApiError::new(
                Code::EntityAlreadyExists,
                format!("Provider with url {issuer} already exists."),
            ));
        }
        Ok(CreateOutput {
            arn: call.context.config.scope().arn_of(&row.entity),
            tags: tags.into_iter().map(Tag::from).collect(),
        })
    }
}

impl Operation for GetOidcProvider {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "GetOpenIDConnectProvider";
    const ACCESS: Access<ArnInput> = Access::Policy {
        action: "iam:GetOpenIDConnectProvider",
        on: |input| input.provider.resource(),
    };
    type Input = ArnInput;
    type Output = GetOutput;

    async fn run(call: Call<'_>, input: ArnInput) -> Result<GetOutput, ApiError> {
        let row = find(call, &input.provider).await?;
        let tags = call.context.store.tags(&row.entity.id).await?;
        Ok(GetOutput {
            url: row.entity.name,
            client_ids: row.client_ids,
            thumbprints: row.thumbprints,
            create_date: IsoTime(row.entity.created),
            tags: tags.into_iter().map(Tag::from).collect(),
        })
    }
}

impl Operation for ListOidcProviders {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const ACCESS: Access<ListInput> = Access::Policy {
        action: "iam:ListOpenIDConnectProviders",
        on: |_| Resource::Any,
    };
    type Input = ListInput;
    type Output = ListOutput;

    async fn run(call: Call<'_>, _: ListInput) -> Result<ListOutput, ApiError> {
        let scope = call.context.config.scope();
        let rows = call.context.store.providers().await?;
        let listed = |row: &ProviderRow| Listed {
            arn: scope.arn_of(&row.entity),
        };
        Ok(ListOutput {
            providers: rows.iter().map(listed).collect(),
        })
    }
}

impl Operation for DeleteOidcProvider {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "DeleteOpenIDConnectProvider";
    const ACCESS: Access<ArnInput> = Access::Policy {
        action: "iam:DeleteOpenIDConnectProvider",
        on: |input| input.provider.resource(),
    };
    type Input = ArnInput;
    type Output = ();

    async fn run(call: Call<'_>, input: ArnInput) -> Result<(), ApiError> {
        let row = find(call, &input.provider).await?;
        // The keys of everybody for whom it vouched go with it.
        call.context.store.delete_entity(&row.entity.id).await?;
        call.context.provider_keys.forget(&row.issuer);
        Ok(())
    }
}

impl Operation for AddClientId {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "AddClientIDToOpenIDConnectProvider";
    const ACCESS: Access<ClientInput> = Access::Policy {
        action: "iam:AddClientIDToOpenIDConnectProvider",
        on: |input| input.provider.resource(),
    };
    type Input = ClientInput;
    type Output = ();

    async fn run(call: Call<'_>, input: ClientInput) -> Result<(), ApiError> {
        let mut row = find(call, &input.provider).await?;
        if !row.client_ids.contains(&input.client_id) {
            row.client_ids.push(input.client_id);
        }
        check_clients(&row.client_ids)?;
        change(call, &row).await
    }
}

impl Operation for RemoveClientId {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "RemoveClientIDFromOpenIDConnectProvider";
    const ACCESS: Access<ClientInput> = Access::Policy {
        action: "iam:RemoveClientIDFromOpenIDConnectProvider",
        on: |input| input.provider.resource(),
    };
    type Input = ClientInput;
    type Output = ();

    async fn run(call: Call<'_>, input: ClientInput) -> Result<(), ApiError> {
        let mut row = find(call, &input.provider).await?;
        row.client_ids.retain(|id| *id != input.client_id);
        change(call, &row).await
    }
}

impl Operation for UpdateThumbprint {
    const SERVICE: Service = Service::Iam;
    const NAME: &'static str = "UpdateOpenIDConnectProviderThumbprint";
    const ACCESS: Access<ThumbprintInput> = Access::Policy {
        action: "iam:UpdateOpenIDConnectProviderThumbprint",
        on: |input| input.provider.resource(),
    };
    type Input = ThumbprintInput;
    type Output = ();

    async fn run(call: Call<'_>, input: ThumbprintInput) -> Result<(), ApiError> {
        check_thumbprints(&input.thumbprints)?;
        let row = find(call, &input.provider).await?;
        let row = ProviderRow {
            thumbprints: input.thumbprints,
            ..row
        };
        change(call, &row).await
    }
}

async fn change(call: Call<'_>, row: &ProviderRow) -> Result<(), ApiError> {
    let store = &call.context.store;
    Ok(store
        .change_provider(&row.entity.id, &row.client_ids, &row.thumbprints)
        .await?)
}
