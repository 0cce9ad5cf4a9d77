//! Systems Manager: documents, activations, nodes, sessions (control-plane.md 3).

mod connection_status;
mod create_activation;
mod create_document;
mod delete_activation;
mod delete_document;
mod deregister_managed_instance;
mod describe_activations;
mod describe_document;
mod describe_instance_information;
mod describe_sessions;
mod document_description;
mod document_filter;
mod explain_run_as;
mod get_document;
mod list_document_versions;
mod list_documents;
mod node_filter;
mod paging;
mod parameters;
mod register_managed_instance;
mod report_session_log;
mod resource_tags;
mod resume_session;
mod role_token;
mod session;
mod session_logs;
mod session_recording;
mod start_session;
mod terminate_session;
mod update_default_version;
mod update_document;
mod update_instance_information;
mod update_instance_role;
mod update_public_key;

pub(crate) use connection_status::GetConnectionStatus;
pub(crate) use create_activation::CreateActivation;
pub(crate) use create_document::CreateDocument;
pub(crate) use delete_activation::DeleteActivation;
pub(crate) use delete_document::DeleteDocument;
pub(crate) use deregister_managed_instance::DeregisterManagedInstance;
pub(crate) use describe_activations::DescribeActivations;
pub(crate) use describe_document::DescribeDocument;
pub(crate) use describe_instance_information::DescribeInstanceInformation;
pub(crate) use describe_sessions::DescribeSessions;
pub(crate) use explain_run_as::ExplainRunAs;
pub(crate) use get_document::GetDocument;
pub(crate) use list_document_versions::ListDocumentVersions;
pub(crate) use list_documents::ListDocuments;
pub(crate) use parameters::{
    DeleteParameter, DeleteParameters, DescribeParameters, GetParameter, GetParameters,
    GetParametersByPath, ParameterCode, PutParameter,
};
pub(crate) use register_managed_instance::RegisterManagedInstance;
pub(crate) use report_session_log::ReportSessionLog;
pub(crate) use resource_tags::{AddTagsToResource, ListTagsForResource, RemoveTagsFromResource};
pub(crate) use resume_session::ResumeSession;
pub(crate) use role_token::RequestManagedInstanceRoleToken;
pub(crate) use session_logs::{DescribeSessionLogs, RetrySessionLogs, TestSessionLogs};
pub(crate) use session_recording::{GetSessionRecording, VerifySessionRecording};
pub(crate) use start_session::StartSession;
pub(crate) use terminate_session::TerminateSession;
pub(crate) use update_default_version::UpdateDocumentDefaultVersion;
pub(crate) use update_document::UpdateDocument;
pub(crate) use update_instance_information::UpdateInstanceInformation;
pub(crate) use update_instance_role::UpdateManagedInstanceRole;
pub(crate) use update_public_key::UpdateManagedInstancePublicKey;
