//! Real systems as revision folders, with the traffic of their applications, run live by tests and
//! by the demo.

pub mod alphapulse;
pub mod crm;
pub mod devmatrix;
pub mod ecomind;
pub mod roadmaps;
pub mod system;
