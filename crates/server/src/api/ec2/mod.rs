//! EC2's one operation that clients of Session Manager call before they call it: which instances are there?

mod code;
mod describe_instances;
mod filter;

pub(crate) use code::Ec2Code;
pub(crate) use describe_instances::DescribeInstances;
