//! Systems Manager: documents, activations, nodes, sessions (control-plane.md 3).

mod connection_status;
mod create_activation;
mod create_document;
mod describe_document;
mod describe_instance_information;
mod describe_sessions;
mod document_description;
mod get_document;
mod node_filter;
mod register_managed_instance;
mod resume_session;
mod role_token;
mod session;
mod start_session;
mod terminate_session;
mod update_document;
mod update_instance_information;
mod update_public_key;

pub(crate) use connection_status::GetConnectionStatus;
pub(crate) use create_activation::CreateActivation;
pub(crate) use create_document::CreateDocument;
pub(crate) use describe_document::DescribeDocument;
pub(crate) use describe_instance_information::DescribeInstanceInformation;
pub(crate) use describe_sessions::DescribeSessions;
pub(crate) use get_document::GetDocument;
pub(crate) use register_managed_instance::RegisterManagedInstance;
pub(crate) use resume_session::ResumeSession;
pub(crate) use role_token::RequestManagedInstanceRoleToken;
pub(crate) use start_session::StartSession;
pub(crate) use terminate_session::TerminateSession;
pub(crate) use update_document::UpdateDocument;
pub(crate) use update_instance_information::UpdateInstanceInformation;
pub(crate) use update_public_key::UpdateManagedInstancePublicKey;
