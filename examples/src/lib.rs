//! Real systems as revision folders, with the traffic of their applications, run live by tests and by the demo.

pub mod crm;
