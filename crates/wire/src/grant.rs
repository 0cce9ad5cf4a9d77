//! The grant: the server's signed permission to open one login on one node.
