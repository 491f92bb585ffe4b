//! Empty: only the dependencies are of use.
